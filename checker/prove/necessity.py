"""Whether a guard is needed for any size: does induction survive without it?

Without a guard only the obligations of its action change. If one of them fails, induction is lost
for its claim: a run that violates it exists, or a lemma is missing that would exclude the step. If
all are still proved, the guard is redundant for safety, however many there are of everything.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from checker.prove.obligations import Prover
from checker.prove.portfolio import Solvers, Told
from checker.runs.cache import Place, place, recall, remember
from checker.runs.sources import Sources
from spec.language.declared.model import Spec
from spec.language.edited.edits import without
from spec.language.hashes import claims_hash

LOST_REACHABLE = "lost, and reachable"
LOST_UNREACHED = "lost, not reachable in any scope"
LOST_UNFINISHED = "lost, and a limit was reached"
KEPT = "kept"
UNDECIDED = "?"

_DECIDES = Sources(__name__)


@dataclass(frozen=True)
class Necessity:
    """The claims for which induction is lost in a spec without a guard, in the order declared.

    `undecided`: claims of which nothing can be said, because a solver does not know, or because
    they are not proved with the guard either.
    """

    guard: str
    spec: str
    lost: tuple[str, ...]
    undecided: tuple[str, ...]

    def column(self, reachable: bool, finished: bool = True) -> str:
        """Return what is to be said of the guard; `reachable`: a run of some scope breaks a
        claim.
        """
        if self.lost:
            if reachable:
                return LOST_REACHABLE
            return LOST_UNREACHED if finished else LOST_UNFINISHED
        return UNDECIDED if self.undecided else KEPT


def needed(specs: Sequence[Spec], guard: str, both: Solvers, told: Told | None = None) -> Necessity:
    """Return what is lost in the first of the specs that loses something; remembered."""
    found = None
    for spec in specs:
        now = _asked(spec, guard, both, told)
        # What nobody knows is not covered up by another spec that loses nothing.
        if found is None or now.lost or (now.undecided and not found.undecided):
            found = now
        if now.lost:
            break
    assert found is not None, f"no spec has {guard}"
    return found


def _asked(spec: Spec, guard: str, both: Solvers, told: Told | None) -> Necessity:
    at = _place(spec, guard)
    known = recall(at, _necessity)
    if known is not None:
        return known
    action = guard.split(".")[0]
    edited = Prover(without(spec, guard))
    names = [name for name in edited.names() if name.split("/")[0] == action]
    decided = both.decide([edited.obligation(name) for name in names], told)
    lost = [d for d in decided if d.verdict == "refuted"]
    before = Prover(spec)
    stood = both.decide([before.obligation(d.name) for d in lost])
    fallen = {d.claim for d in stood if d.verdict != "proved"}
    unknown = {d.claim for d in decided if d.verdict == "unknown"}
    found = Necessity(
        guard,
        spec.name,
        tuple(d.claim for d in lost if d.claim not in fallen),
        tuple(d.claim for d in decided if d.claim in fallen | unknown),
    )
    if not found.undecided:
        remember(at, asdict(found))
    return found


def _place(spec: Spec, guard: str) -> Place:
    claimed = claims_hash(spec, "invariant", "lemma", "step")
    return place("necessity", _DECIDES, [claimed, spec.name, guard])


def _necessity(kept: Any) -> Necessity:
    lost, undecided = (tuple(map(str, kept[name])) for name in ("lost", "undecided"))
    return Necessity(str(kept["guard"]), str(kept["spec"]), lost, undecided)
