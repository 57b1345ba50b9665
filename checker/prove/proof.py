"""What is proved of a spec by both solvers, for any number of everything; remembered by content.

The key holds the claims, the text of the prover and the versions of the solvers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from importlib import metadata
from pathlib import Path
from typing import Any

from checker.cache import place, recall, remember, source
from checker.prove.answer import Answer
from checker.prove.decided import Decided, Told, decide, solvers
from checker.prove.obligations import Prover, inductive
from checker.prove.progress import AFTER, Progress
from checker.prove.standing import Standing, furthest, strongest
from spec.language.hashes import claims_hash
from spec.language.model import Property, Spec

CLAIMED = ("invariant", "lemma", "step", "leads_to", "settles", "stays", "recurs")
PACKAGES = {"z3": "z3-solver", "cvc5": "cvc5"}


@dataclass(frozen=True)
class Proof:
    """What became of each obligation, and which lemmas no proof needs.

    `decided` has each obligation once: of a claim that fell, as it was when it fell. `ceased` lists
    for a stage the finite faults that would undo it if they went on for ever. `first` names the
    obligations that failed when everything was assumed: others failed for want of what these took.
    """

    spec: Spec
    decided: tuple[Decided, ...]
    first: frozenset[str]
    idle: tuple[str, ...]
    ceased: Mapping[str, tuple[str, ...]]

    @cached_property
    def of(self) -> dict[str, list[Decided]]:
        """The obligations of each claim and stage."""
        found: dict[str, list[Decided]] = {}
        for d in self.decided:
            found.setdefault(d.claim, []).append(d)
        return found

    def proves(self, claim: str) -> bool:
        """Return whether the claim is proved by both solvers."""
        asked = self.of.get(claim, [])
        return bool(asked) and all(d.verdict == "proved" for d in asked)

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
        safety = strongest(spec, both, told)
        progress = furthest(spec, safety, both, told)
    decided = (*safety.decided, *progress.decided)
    first = safety.first or progress.first
    ceased = _ceased(progress.spec, safety.standing)
    proof = Proof(spec, decided, first, _idle(spec, safety), ceased)
    remember(_file(spec), {**asdict(replace(proof, spec=None)), "first": sorted(first)})  # type: ignore[arg-type]
    return proof


def known(spec: Spec) -> Proof | None:
    """Return the proof of this very spec if it was made before, by the solvers that are here."""
    stored = recall(_file(spec))
    try:
        decided = tuple(_decided(one) for one in stored["decided"])
        first, idle = (tuple(map(str, stored[name])) for name in ("first", "idle"))
        ceased = {str(k): tuple(map(str, v)) for k, v in stored["ceased"].items()}
        return Proof(spec, decided, frozenset(first), idle, ceased)
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


def _idle(spec: Spec, safety: Standing) -> tuple[str, ...]:
    """Return the lemmas without which everything else is still proved."""
    found = []
    for lemma in [p for p in safety.standing if p.kind == "lemma" and p.id != "range"]:
        others = [d for d in safety.decided if d.claim != lemma.name and d.verdict == "proved"]
        users = [d.name for d in others if lemma.name in d.z3.core]
        fewer = Prover(spec, [p for p in safety.standing if p is not lemma])
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
