"""What is proved of a spec by both solvers, for any number of everything; remembered by content.

Invariants, lemmas and stages lean on each other, so one that falls is taken from what the others
may assume, and the rest is proved again, until what is left stands on nothing that fell.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from importlib import metadata
from pathlib import Path
from typing import Any

from checker.prove.answer import Answer
from checker.prove.decided import Decided, Solvers, Told, decide, solvers
from checker.prove.obligations import Prover, inductive
from checker.prove.progress import AFTER, Progress
from checker.remembered import place, recall, remember, source
from checker.trace import claims_hash
from spec.language.model import Property, Spec

CLAIMED = ("invariant", "lemma", "step", "leads_to", "settles", "stays", "recurs")
PACKAGES = {"z3": "z3-solver", "cvc5": "cvc5"}


@dataclass(frozen=True)
class Proof:
    """What became of each obligation, and which lemmas no proof needs.

    `decided` has each obligation once: of a claim that fell, as it was when it fell. `ceased` lists
    for a stage the finite faults that would undo it if they went on for ever.
    """

    spec: Spec
    decided: tuple[Decided, ...]
    idle: tuple[str, ...]
    ceased: Mapping[str, tuple[str, ...]]

    @property
    def fallen(self) -> frozenset[str]:
        """The claims of which an obligation is not proved."""
        return frozenset(d.claim for d in self.decided if d.verdict != "proved")

    def proves(self, claim: str) -> bool:
        """Return whether the claim is proved by both solvers."""
        return claim not in self.fallen and any(d.claim == claim for d in self.decided)

    def leans_on(self, claim: str) -> list[str]:
        """Return the other claims and stages that z3 used for this one, in the order of the
        spec.
        """
        used = {
            name.removesuffix(AFTER) for d in self.decided if d.claim == claim for name in d.z3.core
        }
        known = [p.name for p in inductive(self.spec)] + list(self.spec.stages)
        stage = self.spec.stages.get(claim)
        if stage and stage.after:
            used.add(stage.after)
        return [name for name in known if name in used and name != claim]

    def fairness(self, claim: str) -> list[str]:
        """Return what the proof of a `leads_to` assumes of runs: `recover strong`."""
        stages, left = set[str](), [claim]
        while left:
            new = [
                n for n in self.leans_on(left.pop()) if n in self.spec.stages and n not in stages
            ]
            stages.update(new)
            left += new
        found: dict[str, None] = {}
        for stage in (s for s in self.spec.stages.values() if s.name in stages):
            if stage.by:
                found[f"{stage.by} {self.spec.actions[stage.by].fair}"] = None
            found |= dict.fromkeys(f"{fault} finite" for fault in self.ceased.get(stage.name, ()))
        return list(found)


def prove(spec: Spec, told: Told | None = None) -> Proof:
    """Return the proof of every claim, remembered if this spec was proved before."""
    made = known(spec)
    if made is not None:
        return made
    with solvers() as both:
        decided, standing = _strongest(spec, both, told)
        progress, stages = _progress(spec, standing, both, told)
        ceased = _ceased(stages, standing)
        proof = Proof(spec, (*decided, *progress), _idle(spec, decided), ceased)
    stored = {"decided": [asdict(d) for d in proof.decided], "idle": proof.idle, "ceased": ceased}
    remember(_file(spec), stored)
    return proof


def known(spec: Spec) -> Proof | None:
    """Return the proof of this very spec if it was made before, by the solvers that are here."""
    stored = recall(_file(spec))
    try:
        decided = tuple(_decided(one) for one in stored["decided"])
        ceased = {str(k): tuple(map(str, v)) for k, v in stored["ceased"].items()}
        return Proof(spec, decided, tuple(map(str, stored["idle"])), ceased)
    except (AttributeError, KeyError, TypeError, ValueError):
        return None


def versions() -> dict[str, str]:
    """Return the versions of the solvers, or that one is missing, without loading them."""
    found = {}
    for solver, package in PACKAGES.items():
        try:
            found[solver] = metadata.version(package)
        except metadata.PackageNotFoundError:
            found[solver] = "missing"
    return found


def _strongest(
    spec: Spec, both: Solvers, told: Told | None
) -> tuple[list[Decided], list[Property]]:
    """Decide what is claimed of states and steps, from no hypothesis that does not stand itself;
    return the hypotheses that do.
    """
    standing: list[Property] = list(inductive(spec))
    fell: dict[str, Decided] = {}
    while True:
        gone = {d.claim for d in fell.values()}
        decided = both.decide(list(Prover(spec, standing).all(without=gone)), told)
        new = {d.claim for d in decided if d.verdict != "proved"}
        fell |= {d.name: d for d in decided if d.claim in new}
        if not new & {p.name for p in standing}:
            return [*(d for d in decided if d.claim not in new), *fell.values()], standing
        standing = [p for p in standing if p.name not in new]


def _progress(
    spec: Spec, standing: Sequence[Property], both: Solvers, told: Told | None
) -> tuple[list[Decided], Spec]:
    """Decide what is claimed of fair runs, from no stage that does not stand itself; return the
    spec with the stages that do.
    """
    fell: dict[str, Decided] = {}
    while True:
        decided = both.decide(list(Progress(Prover(spec, standing)).all()), told)
        new = {d.claim for d in decided if d.verdict != "proved"}
        fallen = {s.name for s in spec.stages.values() if {s.name, s.after} & new}
        if not fallen:
            return [*decided, *fell.values()], spec
        fell |= {d.name: d for d in decided if d.claim in fallen}
        stages = {name: s for name, s in spec.stages.items() if name not in fallen}
        spec = spec.edited("fallen stages", stages=stages)


def _ceased(spec: Spec, standing: Sequence[Property]) -> dict[str, tuple[str, ...]]:
    """Return for each stage the finite faults without whose end it is not proved."""
    names = [a.name for a in spec.actions.values() if a.finite]
    endless = {name: replace(spec.actions[name], finite=False) for name in names}
    lasting = spec.edited("faults for ever", actions={**spec.actions, **endless})
    found: dict[str, list[str]] = {}
    for obligation in Progress(Prover(lasting, standing)).all():
        where = obligation.name.split("/")[0]
        asked = where in endless and obligation.claim in spec.stages
        if asked and decide(obligation).verdict != "proved":
            found.setdefault(obligation.claim, []).append(where)
    return {stage: tuple(faults) for stage, faults in found.items()}


def _idle(spec: Spec, decided: Sequence[Decided]) -> tuple[str, ...]:
    """Return the lemmas without which everything else is still proved."""
    fallen = {d.claim for d in decided if d.verdict != "proved"}
    standing = [p for p in inductive(spec) if p.name not in fallen]
    found = []
    for lemma in [p for p in standing if p.kind == "lemma" and p.id != "range"]:
        users = {d.name for d in decided if lemma.name in d.z3.core and d.claim != lemma.name}
        fewer = Prover(spec, [p for p in standing if p is not lemma])
        if all(decide(o).verdict == "proved" for o in map(fewer.obligation, users)):
            found.append(lemma.name)
    return tuple(found)


def _file(spec: Spec) -> Path:
    text = source("spec/language", "checker/prove")
    claimed = claims_hash(spec, *CLAIMED)
    return place("proofs", [claimed, text, sorted(versions().items())])


def _decided(stored: Any) -> Decided:
    z3, cvc5 = (
        Answer(a["verdict"], float(a["seconds"]), tuple(map(str, a["core"])), str(a["why"]))
        for a in (stored["z3"], stored["cvc5"])
    )
    return Decided(str(stored["name"]), str(stored["claim"]), str(stored["says"]), z3, cvc5)
