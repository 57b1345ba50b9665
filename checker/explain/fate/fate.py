"""How near every state of a scope is to a violation: exact inside the scope, from its whole graph.

A digit says how many more faults a violation needs. *Armed*: it needs none. *No way back*: whatever
is done, faults too, neither a finished state nor one that no violation can be reached from comes
before a violation; so every move from there leads to another such state, or is the violation.
`marked` says what is finished: a state that owes nothing, in which no `leads_to` has its cause
without its outcome; and a state where a bound of the scope cut a step off, which may still finish.

A `leads_to` is violated by a run that never ends and no state of it is the violation: there the
digit says how many more faults it takes to come to where a fair run can go round for ever without
the outcome, which may take further faults, again and again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from checker.runs.cache import Place, keep, place
from checker.runs.exploration import Limits
from checker.runs.sources import Sources
from checker.runs.story import RANGE
from checker.search.compiled.code.layout import Layout, TooWide
from spec.language.evaluate import Claim, Evaluator, Instance, OutOfRange
from spec.language.hashes import claims_hash
from spec.language.scope import Scope, State

if TYPE_CHECKING:
    from checker.explain.fate.backwards import Array
    from checker.explain.run import Run

NEVER = 255
"""Stands in the arrays for a violation that cannot be reached."""

_DECIDES = Sources(__name__)


@dataclass(frozen=True)
class Fate:
    """How near one state is to a violation; `faults` is None where none can be reached.

    Where `exact` is false nothing is known: the graph was not completed, or no run leads here.
    """

    faults: int | None
    no_way_back: bool = False
    violated: bool = False
    exact: bool = True

    @property
    def armed(self) -> bool:
        """Whether a violation can be reached with no new fault."""
        return self.exact and self.faults == 0 and not self.violated


UNKNOWN = Fate(None, exact=False)
VIOLATED = Fate(0, violated=True)


def mark(fate: Fate) -> str:
    """Return a fate in one cell: `✗` violated, `●` no way back, `○` armed, a digit: so many faults
    are needed (9: at least), `·` no violation can be reached, `?` not known.
    """
    if not fate.exact:
        return "?"
    if fate.violated:
        return "✗"
    if fate.no_way_back:
        return "●"
    if fate.faults is None:
        return "·"
    return str(min(fate.faults, 9)) if fate.faults else "○"


def in_words(fate: Fate) -> str:
    """Return what a fate means in a sentence without its dot."""
    if not fate.exact:
        return "not known"
    if fate.violated:
        return "violated"
    if fate.no_way_back:
        return "no way back: whatever happens, nothing is finished before a violation"
    if fate.faults is None:
        return "no violation can be reached from here"
    if fate.armed:
        return "armed: a violation needs no new fault"
    return f"a violation needs {fate.faults} more fault{'s' * (fate.faults != 1)}"


class Fates:
    """The fate of every state that a scope can reach, with regard to one property.

    `why` says why nothing is known, if so. States are kept in order, packed as bytes.
    """

    def __init__(
        self, scope: Scope, violated: str, packed: Array, faults: Array, way_back: Array, why: str
    ) -> None:
        self.scope, self.violated, self.why = scope, violated, why
        self._packed, self._faults, self._way_back = packed, faults, way_back
        self._layout = Layout(scope) if len(packed) else None
        evaluator = Evaluator(scope)
        claim = scope.spec.properties.get(violated)
        self._claim = None if claim is None else Claim(evaluator, claim)
        self._states_break = claim is not None and claim.kind in ("invariant", "lemma")

    def __len__(self) -> int:
        return len(self._packed)

    def of(self, state: State) -> Fate:
        """Return the fate of a state; not known where no run leads to it."""
        return self.of_all([state])[0]

    def of_all(self, states: Sequence[State]) -> list[Fate]:
        """Return the fate of each state."""
        if self._layout is None or not states:
            return [UNKNOWN] * len(states)
        wanted = _packed(np.array([self._layout.pack(s) for s in states], np.int64))
        at = np.minimum(np.searchsorted(self._packed, wanted), len(self._packed) - 1)
        known = self._packed[at] == wanted
        rows = zip(states, known, self._faults[at], self._way_back[at], strict=True)
        return [self._fate(s, *map(int, row)) for s, *row in rows]

    def _fate(self, state: State, known: int, faults: int, way_back: int) -> Fate:
        if not known:
            return UNKNOWN
        if self._states_break and self._claim is not None and self._claim.holds(state) is not None:
            return VIOLATED
        return Fate(None if faults == NEVER else faults, not way_back)

    def after(self, instance: Instance, before: State) -> Fate:
        """Return the fate of a move that is possible: that of the state it leads to, violated if
        the step itself is the violation.
        """
        try:
            state = instance.after(before)
        except OutOfRange as leaving:
            asked = self.violated == RANGE + leaving.field and self._claim is None
            return VIOLATED if asked else UNKNOWN
        if self._step_breaks(before, state):
            return VIOLATED
        return self.of(state)

    def along(self, run: Run) -> list[Fate]:
        """Return the fate of each state of a run; one more if the last step leaves the range."""
        found = self.of_all(run.states)
        for k in range(1, len(run.states)):
            if self._step_breaks(run.states[k - 1], run.states[k]):
                found[k] = VIOLATED
        if len(run.states) == len(run.steps):
            found.append(self.after(run.steps[-1], run.states[-1]))
        return found

    def _step_breaks(self, before: State, after: State) -> bool:
        if self._claim is None or self._claim.property.kind != "step":
            return False
        return self._claim.holds(before, after) is not None


def fates(
    scope: Scope,
    violated: str,
    limits: Limits | None = None,
    watch: Callable[[], None] = lambda: None,
) -> Fates:
    """Return the fates in a scope with every edit made, for any property but a `sometimes`, or for
    `range_<field>`; remembered once the graph was completed. `watch` is called if there is work to
    do.

    Nothing is known of a graph that is too large, and of a `leads_to` if one of its states is
    reached by a run that owes the outcome and by one that does not.
    """
    claim = scope.spec.properties.get(violated)
    if claim is not None and claim.kind == "sometimes":
        return _unknown(scope, violated, "no run violates it: it says what some run reaches")
    at = _place(scope, violated)
    try:
        known = _recalled(at, scope, violated)
        if known is not None:
            return known
        watch()
        return _searched(scope, violated, limits, at)
    except TooWide as wide:
        return _unknown(scope, violated, str(wide))


def _unknown(scope: Scope, violated: str, why: str) -> Fates:
    nothing = np.zeros(0, np.uint8)
    return Fates(scope, violated, nothing, nothing, nothing, why)


def _searched(scope: Scope, violated: str, limits: Limits | None, at: Place) -> Fates:
    from checker.explain.fate.backwards import search
    from checker.explain.fate.explored import explored
    from checker.explain.fate.labels import Undecided, marked

    graph = explored(scope, limits)
    if isinstance(graph, str):
        return _unknown(scope, violated, graph)
    try:
        found = search(marked(scope, violated, Layout(scope), graph))
    except Undecided as undecided:
        return _unknown(scope, violated, str(undecided))
    packed = _packed(graph.states)
    order = np.argsort(packed)
    packed, faults, way_back = packed[order], found.faults[order], found.way_back[order]
    count = np.array([len(packed)], np.int64)
    keep(at, b"".join(part.tobytes() for part in (count, packed, faults, way_back)))
    return Fates(scope, violated, packed, faults, way_back, "")


def _packed(words: Array) -> Array:
    """Return states as bytes that sort as their words do, the first word first."""
    words = np.ascontiguousarray(words.astype(">i8"))
    return words.view(f"S{8 * words.shape[1]}")[:, 0]


# ---------------------------------------------------------------- remembering
def _place(scope: Scope, violated: str) -> Place:
    claims = {
        p.name: p
        for p in scope.spec.properties.values()
        if p.name == violated or p.kind == "leads_to"
    }
    kinds = dict.fromkeys(p.kind for p in claims.values())
    asked = claims_hash(scope.spec.edited("asked", properties=claims), *kinds)
    bounds = sorted(scope.bounds.items())
    return place("fates", _DECIDES, [asked, violated, bounds], ".fates")


def _recalled(at: Place, scope: Scope, violated: str) -> Fates | None:
    """Return what was remembered; whatever is not as it was written counts as forgotten."""
    width = 8 * Layout(scope).words
    try:
        data = np.memmap(at.file, np.uint8, "r")
        count = int(data[:8].view(np.int64)[0])
    except (OSError, ValueError):
        return None
    if count < 1 or len(data) != 8 + count * (width + 2):
        return None
    packed, faults, way_back = np.split(data[8:], [count * width, count * width + count])
    return Fates(scope, violated, packed.view(f"S{width}"), faults, way_back.view(bool), "")
