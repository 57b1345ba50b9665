"""Timers in a trace: no row says that one has run out, until a step finds that it has.

Each step tells of the timers of its row which are over at its moment: a row of the trace of all
that are, a step without one of those that it has looked at. Before it they have run out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from checker.conformance.validating.finding import Claimed
from checker.conformance.validating.sparse import Sparse
from impl.derive.design import Design
from spec.language.declared.model import Action
from spec.language.terms.types import is_timer, phases


@dataclass(frozen=True)
class Told:
    """A timer that a step can tell of: its place, by name and number, what it is called while it
    runs and once it is over, and whether the step says that it is.
    """

    place: str
    at: int
    running: str
    ended: str
    over: bool
    elapse: Action

    def ran_out(self, step: Claimed, sparse: Sparse) -> Claimed:
        """Return the step by which it has run out before another one."""
        _, element = sparse.place(self.at)
        return Claimed(step.where, self.elapse, {p.name: element for p in self.elapse.params})


def told_by(design: Design, sparse: Sparse, step: Claimed) -> Iterator[Told]:
    """Yield the timers that a step can tell of."""
    t = design.transitions[step.action.name]
    timers = _told(design, step.action.name)
    if not timers:
        return
    sparse.now.update(step.binding)
    key = t.seen.key
    element = 0 if key is None else sparse.evaluator.meaning(key, {})(sparse.now, sparse.now)
    if element is None:
        return
    for name, running, ended, elapse in timers:
        at = sparse.at(name, element)
        place = sparse.name(at)
        said = (step.over or {}).get(name) if step.before is None else step.before.get(place)
        yield Told(place, at, running, ended, said == ended, elapse)


@cache
def _told(design: Design, action: str) -> tuple[tuple[str, str, str, Action], ...]:
    """Return the timers of which such a step tells: its name, what it is called while it runs and
    once it is over, and the action by which it runs out.
    """
    t = design.transitions[action]
    if t.table is None or t.statement is None:
        return ()
    looked = {f for f, _ in t.statement.returned}
    elapses = {a.elapses: a for a in design.scope.spec.actions.values()}
    found = []
    for f in t.table.timers:
        if t.writes or f in looked:
            assert is_timer(f.type)
            _, running, ended = phases(f.type)
            found.append((f.name, running, ended, elapses[f]))
    return tuple(found)
