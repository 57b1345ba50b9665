"""What is proved of a spec by both solvers, for any number of everything; remembered by content.

The invariants and lemmas lean on each other, so one that falls is taken from what the others may
assume, and the rest is proved again, until what is left stands on nothing that fell.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from checker.prove.answer import Answer
from checker.prove.decided import Decided, Solvers, Told, decide, solvers
from checker.prove.obligations import Prover, inductive
from checker.remembered import place, recall, remember, source
from checker.trace import spec_hash
from spec.language.model import Property, Spec

PACKAGES = {"z3": "z3-solver", "cvc5": "cvc5"}


@dataclass(frozen=True)
class Proof:
    """What became of each obligation, and which lemmas no proof needs.

    `decided` has each obligation once: of a claim that fell, as it was when it fell.
    """

    spec: Spec
    decided: tuple[Decided, ...]
    idle: tuple[str, ...]

    @property
    def fallen(self) -> frozenset[str]:
        """The claims of which an obligation is not proved."""
        return frozenset(d.claim for d in self.decided if d.verdict != "proved")

    def proves(self, claim: str) -> bool:
        """Return whether the claim is proved by both solvers."""
        return claim not in self.fallen and any(d.claim == claim for d in self.decided)

    def leans_on(self, claim: str) -> list[str]:
        """Return the other claims that z3 used for this one, in the order of the spec."""
        used = {name for d in self.decided if d.claim == claim for name in d.z3.core}
        return [p.name for p in inductive(self.spec) if p.name in used and p.name != claim]


def prove(spec: Spec, told: Told | None = None) -> Proof:
    """Return the proof of every safety property, remembered if this spec was proved before."""
    made = known(spec)
    if made is not None:
        return made
    with solvers() as both:
        decided = _strongest(spec, both, told)
        proof = Proof(spec, tuple(decided), _idle(spec, decided))
    remember(_file(spec), {"decided": [asdict(d) for d in proof.decided], "idle": proof.idle})
    return proof


def known(spec: Spec) -> Proof | None:
    """Return the proof of this very spec if it was made before, by the solvers that are here."""
    stored = recall(_file(spec))
    try:
        decided = tuple(_decided(one) for one in stored["decided"])
        return Proof(spec, decided, tuple(map(str, stored["idle"])))
    except (KeyError, TypeError, ValueError):
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


def _strongest(spec: Spec, both: Solvers, told: Told | None) -> list[Decided]:
    """Decide every obligation, from no hypothesis that does not stand itself."""
    standing: list[Property] = list(inductive(spec))
    fell: dict[str, Decided] = {}
    while True:
        asked = list(Prover(spec, standing).all(without={d.claim for d in fell.values()}))
        decided = both.decide(asked, told)
        new = {d.claim for d in decided if d.verdict != "proved"}
        fell |= {d.name: d for d in decided if d.claim in new}
        if not new & {p.name for p in standing}:
            return [*(d for d in decided if d.claim not in new), *fell.values()]
        standing = [p for p in standing if p.name not in new]


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
    return place("proofs", [spec_hash(spec), text, sorted(versions().items())])


def _decided(stored: Any) -> Decided:
    z3, cvc5 = (
        Answer(a["verdict"], float(a["seconds"]), tuple(map(str, a["core"])), str(a["why"]))
        for a in (stored["z3"], stored["cvc5"])
    )
    return Decided(str(stored["name"]), str(stored["claim"]), str(stored["says"]), z3, cvc5)
