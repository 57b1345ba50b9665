"""Which claims stand: each proved from others that stand too, and from nothing that fell.

Invariants, lemmas and stages lean on each other. One that falls is taken from what the others may
assume, and the rest is proved again, until nothing more falls.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from checker.prove.obligations import Prover, inductive
from checker.prove.portfolio import Decided, Solvers, Told
from checker.prove.progress import Progress
from spec.language.declared.model import Property, Spec


@dataclass(frozen=True)
class Standing:
    """Each obligation once, of a claim that fell as it was when it fell; and what stands.

    `standing`: the hypotheses. `spec`: the spec with the stages. `first`: the obligations that
    failed while everything was assumed.
    """

    decided: tuple[Decided, ...]
    standing: tuple[Property, ...]
    spec: Spec
    first: frozenset[str]


def strongest(spec: Spec, both: Solvers, told: Told | None = None) -> Standing:
    """Decide what is claimed of states and steps."""
    standing = inductive(spec)
    fell: dict[str, Decided] = {}
    first: frozenset[str] | None = None
    while True:
        gone = {d.claim for d in fell.values()}
        decided = both.decide(list(Prover(spec, standing).all(without=gone)), told)
        failed = {d.name: d.claim for d in decided if d.verdict != "proved"}
        first = frozenset(failed) if first is None else first
        new = set(failed.values())
        fell |= {d.name: d for d in decided if d.claim in new}
        if not new & {p.name for p in standing}:
            kept = (d for d in decided if d.claim not in new)
            return Standing((*kept, *fell.values()), standing, spec, first)
        standing = tuple(p for p in standing if p.name not in new)


def furthest(spec: Spec, safety: Standing, both: Solvers, told: Told | None = None) -> Standing:
    """Decide what is claimed of fair runs, from the claims of states that stand."""
    standing: Sequence[Property] = safety.standing
    fell: dict[str, Decided] = {}
    first: frozenset[str] | None = None
    while True:
        decided = both.decide(list(Progress(Prover(spec, standing)).all()), told)
        failed = {d.name: d.claim for d in decided if d.verdict != "proved"}
        first = frozenset(failed) if first is None else first
        new = set(failed.values())
        fallen: set[str] = set()
        for stage in spec.stages.values():
            # A stage that waits for another's return falls with it, and so on down the line.
            if stage.name in new or stage.after in fallen:
                fallen.add(stage.name)
        if not fallen:
            return Standing((*decided, *fell.values()), safety.standing, spec, first)
        fell |= {d.name: d for d in decided if d.claim in fallen}
        stages = {name: s for name, s in spec.stages.items() if name not in fallen}
        spec = spec.edited("fallen stages", stages=stages)
