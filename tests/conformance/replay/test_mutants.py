"""A store with one fault in what was derived does not pass for the spec: every mutant is caught.

The CHECKs are left out, so that it is the comparison that catches it.
"""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from checker.conformance.beside_spec import Divergence, Replay, Steps
from checker.runs.trace import Trace, binding_of
from impl.derive.design import Design, derive
from impl.derive.statements import Assignment
from impl.derive.transition import Guard, Remember, Transition
from spec.language.scope import State, Value
from spec.language.terms.types import Nat, Type, is_enum, is_timer
from spec.queue import SCOPES
from tests.conformance.faults import replaced
from tests.counterexamples import GUARDS, counterexample
from tests.walks import Opened, Walks

DEEP = SCOPES["whole-deep"]
FEW = replace(DEEP, bounds={**DEEP.bounds, "MaxFails": 1})  # so that random runs meet the last one
TWO_JOBS = derive(FEW, checks=False)
SEEDS = range(1, 5)

# Two workers do each step one after the other, each with a job and a recoverer of its own.
TWINS = (
    "send enqueue confirm fall_due claim heartbeat start write_first write_second record lose_reply"
    " find_recorded settle_done",
    "send enqueue fall_due claim start settle_failed notify",
    "send enqueue fall_due claim settle_released fall_due claim pass_deadline expire look recover"
    " abandon notify",
    "send enqueue cancel notify",
    "send enqueue fall_due claim start write_first cancel abandon notify",
    "send enqueue fall_due claim expire look recoverer_crash recoverer_restart crash restart",
)


def differs_on_twins(design: Design, opened: Opened = Replay) -> bool:
    steps = Steps(design.scope)
    try:
        for script in TWINS:
            replay = opened(design, steps=steps)
            for action in script.split():
                for twin in range(2):
                    params = design.transitions[action].action.params
                    step = replay.steps.find(action, {p.name: twin for p in params})
                    assert replay.step(step) is None
            replay.store.close()
    except Divergence:
        return True
    return False


def differs_on_random_runs(design: Design, opened: Opened = Replay) -> bool:
    try:
        for seed in SEEDS:
            Walks(design, seed, opened).run(walks=7, steps=60)
    except Divergence:
        return True
    return False


def differs_on(trace: Trace, design: Design, opened: Opened = Replay) -> bool:
    """Return whether a run shows a difference, or another one in its scope does."""
    replay = opened(design, steps=Steps(design.scope))
    try:
        for line in trace.lines:
            binding = binding_of(trace.scope, trace.scope.spec.actions[line.action], line)
            if replay.step(replay.steps.find(line.action, binding)) is not None:
                break
    except Divergence:
        return True
    finally:
        replay.store.close()
    return differs_on_random_runs(design, opened)


# ---------------------------------------------------------------- one fault each


def unguarded(t: Transition, guard: str) -> Transition:
    """Return the transition that no longer asks for the guard."""
    s = t.statement
    if s is not None and s.form == "insert" and guard in s.shown:
        return replace(t, statement=replace(s, form="upsert"))  # takes the place of a row
    if s is not None and guard in s.shown:
        return on_any_row(t)
    if s is not None and any(c.guard == guard for c in s.where):
        kept = tuple(c for c in s.where if c.guard != guard)
        return replace(t, statement=replace(s, where=kept))
    asked = tuple(Guard(g.name, always) if g.name == guard else g for g in t.guards)
    return replace(t, guards=asked)


def always(s: State, t: State) -> bool:
    return True


def on_any_row(t: Transition) -> Transition:
    """Return the transition that does not say which row it means; an insert makes the next one."""
    assert t.statement is not None
    key = f"{t.statement.key} + 1" if t.statement.form == "insert" else "id"
    return replace(t, statement=replace(t.statement, key=key))


def setting(t: Transition, column: str) -> Transition:
    """Return the transition that sets the column to something else."""
    assert t.statement is not None
    kinds = {f.name: f.type for f in t.statement.table.columns}
    sets = tuple(
        Assignment(column, other(kinds[column], a.text)) if a.column == column else a
        for a in t.statement.sets
    )
    return replace(t, statement=replace(t.statement, sets=sets))


def other(t: Type, text: str) -> str:
    if is_timer(t):
        return f"CASE WHEN ({text}) IS NULL THEN :now + 1 WHEN ({text}) > :now THEN :now - 1 END"
    if is_enum(t):
        names = [str(member) for member in TWO_JOBS.scope.choices(t)]
        turned = zip(names, names[1:] + names[:1], strict=True)
        return f"CASE {text} " + " ".join(f"WHEN '{a}' THEN '{b}'" for a, b in turned) + " END"
    return f"({text}) + 1" if isinstance(t, Nat) else f"NOT ({text})"


def remembering(t: Transition, name: str) -> Transition:
    """Return the transition after which the process remembers something else."""

    def wrong(r: Remember) -> Remember:
        kind, right = r.field.type, r.value
        return replace(r, limit=None, value=lambda s, t: another(kind, right(s, t)))

    kept = tuple(wrong(r) if r.field.name == name else r for r in t.remembers)
    return replace(t, remembers=kept)


def another(t: Type, value: Value) -> Value:
    if is_enum(t):
        names = [str(member) for member in TWO_JOBS.scope.choices(t)]
        return names[(names.index(str(value)) + 1) % len(names)]
    if t is bool:
        return not value
    return int(value or 0) + 1


def faults() -> Iterator[tuple[str, Transition]]:
    """Yield every fault that random runs must find, and its name."""
    for name, t in TWO_JOBS.transitions.items():
        if t.statement is not None:
            yield f"{name} on any row", on_any_row(t)
            for a in t.statement.sets:
                yield f"{name} sets {a.column}", setting(t, a.column)
        for r in t.remembers:
            yield f"{name} remembers {r.field.name}", remembering(t, r.field.name)


FAULTS = dict(faults())


# ---------------------------------------------------------------- all are caught


@pytest.mark.parametrize("guard", GUARDS)
def test_a_guard_that_is_left_out_is_caught(guard: str) -> None:
    # Of the run that misses it, or of another one there, where nothing covers for it.
    trace, _ = counterexample(guard)
    there = without(derive(trace.scope, checks=False), guard)
    assert differs_on(trace, there) or differs_on_random_runs(without(TWO_JOBS, guard))


def without(design: Design, guard: str) -> Design:
    action, name = guard.split(".")
    return replaced(design, unguarded(design.transitions[action], name))


def test_twins_agree_and_take_every_action() -> None:
    assert not differs_on_twins(TWO_JOBS)
    assert set(" ".join(TWINS).split()) == set(TWO_JOBS.transitions)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_wrong_row_or_value_is_caught(fault: str) -> None:
    mutant = replaced(TWO_JOBS, FAULTS[fault])
    assert differs_on_twins(mutant) or differs_on_random_runs(mutant)
