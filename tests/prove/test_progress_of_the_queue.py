"""What comes to be in the queue: no stage of the argument, and no guard behind it, can go."""

from __future__ import annotations

import itertools

import pytest

from checker.prove.obligations import Prover
from checker.prove.progress import Progress
from checker.prove.proof import Proof, prove
from checker.prove.solvers import cvc5_solver, z3_solver
from spec.language import Spec
from spec.language.edited.edits import without
from spec.queue.holding.periods import periods
from spec.queue.reference import reference, whole
from spec.queue.scopes import life, requests, shared
from spec.queue.stores.keeping import keeping

SPECS = [life, requests, shared, whole, periods, keeping, reference]


@pytest.mark.parametrize("solver", [z3_solver, cvc5_solver])
@pytest.mark.parametrize("spec", SPECS, ids=lambda s: s.name)
def test_what_holds_in_the_end_has_a_model(spec: Spec, solver: object) -> None:
    # Else every claim would follow from it.
    progress = Progress(Prover(spec))
    facts = progress._facts(list(spec.stages.values()), None)
    text = "\n".join([*progress.prover.assumed(), *facts, "(check-sat)", ""])
    assert solver.decide(text).verdict == "refuted"  # type: ignore[attr-defined]


def failing(spec: Spec) -> list[str]:
    """Return the obligations about fair runs that z3 does not prove from every hypothesis."""
    every = Progress(Prover(spec)).all()
    return [o.name for o in every if z3_solver.decide(o.text).verdict != "proved"]


@pytest.mark.parametrize(
    ("guard", "premise"),
    [
        # After the deadline the heart would beat on, and the lease never run out for good.
        ("heartbeat.in_time", "heartbeat/claims_expire"),
        # Anybody would renew the lease of an orphan.
        ("heartbeat.fenced", "heartbeat/orphans_expire"),
        # A job could be claimed for ever.
        ("claim.ready", "claim/way_to_go"),
    ],
)
def test_without_its_guard_an_argument_fails_where_the_guard_protects_it(
    guard: str, premise: str
) -> None:
    every = Progress(Prover(without(life, guard))).all()
    (asked,) = (o for o in every if o.name == premise)
    assert z3_solver.decide(asked.text).verdict != "proved"


@pytest.mark.deep
@pytest.mark.parametrize(
    ("spec", "stage"),
    [
        (spec, stage)
        for spec, stage in itertools.product((life, requests), (*life.stages,))
        # What ends orphans is needed only where no deadline ends every claim.
        if stage in spec.stages
        and not (spec is life and stage in ("orphans_are_seen", "orphans_are_ended"))
    ]
    # A job that is forgotten would be given its attempts back.
    + [(keeping, "way_of_a_key")],
    ids=lambda x: x if isinstance(x, str) else x.name,
)
def test_no_stage_of_the_queue_can_be_left_out(spec: Spec, stage: str) -> None:
    gone = {stage}
    while more := {n for n, s in spec.stages.items() if s.after in gone} - gone:
        gone |= more
    fewer = {n: s for n, s in spec.stages.items() if n not in gone}
    assert failing(spec.edited("fewer", stages=fewer))


@pytest.mark.deep
def test_fallen_stages_take_with_them_what_leans_on_them() -> None:
    made: Proof = prove(without(requests, "heartbeat.fenced"))
    assert not made.proves("orphans_are_freed")
    assert made.proves("the_guardian_returns")
