"""What is proved of a spec by both solvers, for any number of everything; remembered by content.

The key holds the claims, the text of the prover and the versions of the solvers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

from checker.prove import minimised
from checker.prove.fixpoint import furthest, strongest
from checker.prove.obligations import Prover, inductive
from checker.prove.portfolio import Decided, Told, solvers
from checker.prove.progress import Progress
from checker.prove.solvers.answer import answer_of
from checker.runs.cache import Place, place, recall, remember
from checker.runs.sources import Sources
from spec.language.declared.model import Spec
from spec.language.hashes import claims_hash

CLAIMED = ("invariant", "lemma", "step", "leads_to", "settles", "stays", "recurs")
Names = Mapping[str, tuple[str, ...]]

_DECIDES = Sources(__name__)


@dataclass(frozen=True)
class Proof:
    """What became of each obligation, and which lemmas no proof needs.

    `decided` has each obligation once: of a claim that fell, as it was when it fell. `first` names
    the obligations that failed when everything was assumed: others failed for want of what these
    took. `lemmas`: for an obligation those it needs. `stages`: for a stage or `leads_to` those that
    are enough. `faults`: for a stage the finite faults that must have ceased.
    """

    spec: Spec
    decided: tuple[Decided, ...]
    first: frozenset[str]
    lemmas: Names
    stages: Names
    faults: Names

    @cached_property
    def of(self) -> dict[str, list[Decided]]:
        """The obligations of each claim and stage."""
        found: dict[str, list[Decided]] = {}
        for d in self.decided:
            found.setdefault(d.claim, []).append(d)
        return found

    @property
    def fallen(self) -> frozenset[str]:
        """The claims of states and steps that are not proved."""
        steps = [p for p in self.spec.properties.values() if p.kind == "step"]
        claims = (*inductive(self.spec), *steps)
        return frozenset(p.name for p in claims if not self.proves(p.name))

    def proves(self, claim: str) -> bool:
        """Return whether the claim is proved by both solvers."""
        asked = self.of.get(claim, [])
        return bool(asked) and all(d.verdict == "proved" for d in asked)

    @property
    def idle(self) -> tuple[str, ...]:
        """The lemmas without which everything else is still proved."""
        known = [p.name for p in self.spec.properties.values() if p.kind == "lemma"]
        needed = {name for names in self.lemmas.values() for name in names}
        return tuple(name for name in known if self.proves(name) and name not in needed)

    def lemmas_of(self, claim: str) -> list[str]:
        """Return the lemmas that the proof of a claim needs."""
        asked = (d.name for d in self.of.get(claim, []))
        return list(dict.fromkeys(n for name in asked for n in self.lemmas.get(name, ())))

    def fairness(self, claim: str) -> list[str]:
        """Return what the proof of a `leads_to` assumes of runs: `recover strong`."""
        used, left = set[str](), [claim]
        while left:
            new = set(self.stages.get(left.pop(), ())) - used
            used |= new
            left += new
        found: dict[str, None] = {}
        for stage in (s for s in self.spec.stages.values() if s.name in used):
            if stage.by:
                found[f"{stage.by} {self.spec.actions[stage.by].fair}"] = None
            found |= dict.fromkeys(f"{fault} finite" for fault in self.faults.get(stage.name, ()))
        return list(found)


def prove(spec: Spec, told: Told | None = None, every: bool = False) -> Proof:
    """Return the proof of every claim, remembered if this spec was proved before.

    With `every` the solvers are asked each obligation as it stands, those too that need no solver
    or only lines that were proved before.
    """
    made = known(spec, every)
    if made is not None:
        return made
    with solvers(every) as both:
        safety = strongest(spec, both, told)
        progress = furthest(spec, safety, both, told)
    proof = Proof(
        spec,
        (*safety.decided, *progress.decided),
        safety.first or progress.first,
        minimised.lemmas(spec, safety),
        minimised.stages(progress.spec, safety.standing),
        minimised.faults(progress.spec, safety.standing),
    )
    stored = {name: value for name, value in vars(proof).items() if name not in ("spec", "of")}
    stored |= {"decided": [asdict(d) for d in proof.decided], "first": sorted(proof.first)}
    remember(_place(spec, every), stored)
    return proof


def asked(spec: Spec) -> list[str]:
    """Return the name of each obligation of a spec; where it was proved before, none is made."""
    if (made := known(spec)) is not None:
        return [d.name for d in made.decided]
    prover = Prover(spec)
    return [*prover.names(), *(obligation.name for obligation in Progress(prover).all())]


def known(spec: Spec, every: bool = False) -> Proof | None:
    """Return the proof of this very spec if it was made before, by the solvers that are here."""

    def read(stored: Any) -> Proof:
        decided = tuple(_decided(one) for one in stored["decided"])
        first = frozenset(map(str, stored["first"]))
        named = (_names(stored[name]) for name in ("lemmas", "stages", "faults"))
        return Proof(spec, decided, first, *named)

    return recall(_place(spec, every), read)


def _names(stored: Any) -> Names:
    return {str(name): tuple(map(str, names)) for name, names in stored.items()}


def _place(spec: Spec, every: bool) -> Place:
    return place("proofs", _DECIDES, [claims_hash(spec, *CLAIMED), every])


def _decided(stored: Any) -> Decided:
    name, claim, says, text = (str(stored[part]) for part in ("name", "claim", "says", "text"))
    return Decided(name, claim, says, answer_of(stored["z3"]), answer_of(stored["cvc5"]), text)
