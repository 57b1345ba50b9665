"""What is known of the run that is open: the quick parts at once, the slow ones when they come."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from checker.explain.branches import same
from checker.explain.clauses import Clause, guard_clauses
from checker.explain.fate.questions import Asked, cures, marks_after
from checker.explain.moves import Move, moves, refusals
from checker.explain.run import Run
from checker.process.ask import Aside
from spec.language.evaluate import Evaluator, Instance
from spec.language.hashes import claims_hash
from spec.language.scope import State
from tui.rows import glyphs
from tui.rows.invariants import Judge


@dataclass
class Known:
    """What was computed in another process, state by state; it is the same for all branches."""

    marks: dict[State, Mapping[str, str]] = field(default_factory=dict)
    cures: dict[tuple[State, str], Mapping[str, str]] = field(default_factory=dict)


class Explained:
    """A run, and everything that screens say of it."""

    def __init__(self, run: Run, known: Known | None = None) -> None:
        self.run = run
        self.known = known or Known()
        self.judge = Judge(run)

    def state(self, k: int) -> State:
        """Return the state after step `k`; where there is none, the one before."""
        return self.run.states[min(k, self.run.end)]

    def moves(self, k: int) -> list[Move]:
        """Return every move after step `k`."""
        return moves(self.run, self.state(k))

    def next_of(self, k: int) -> Instance | None:
        """Return the step that the run takes from state `k`."""
        return self.run.steps[k] if k < len(self.run.steps) else None

    def is_next(self, k: int, move: Move) -> bool:
        """Return whether the run takes this move from state `k`."""
        after = self.next_of(k)
        return after is not None and same(after, move.instance)

    def clauses(self, k: int, move: Move) -> list[Clause]:
        """Return every condition of a move after step `k`."""
        return guard_clauses(self.run, k, move.instance)

    # ---------------------------------------------------------------- what takes long
    @cached_property
    def asked(self) -> Asked:
        """What another process is asked about."""
        scope = self.run.scope
        key = repr([claims_hash(scope.spec), scope.name, sorted(scope.bounds.items())])
        violated = self.run.trace.violated
        return Asked(f"{key} {violated}", scope, violated)

    def mark_after(self, k: int, move: Move) -> str:
        """Return where a move leads as a mark, as far as it is known."""
        return self.known.marks.get(self.state(k), {}).get(move.name, glyphs.RUNNING)

    def cures(self, k: int, move: Move) -> Mapping[str, str]:
        """Return what would make the false conditions of a move true, as far as it is known."""
        return self.known.cures.get((self.state(k), move.name), {})

    async def ask_marks(self, aside: Aside, k: int) -> bool:
        """Find out where the moves of a state lead; return whether that is new."""
        state = self.state(k)
        if state in self.known.marks:
            return False
        possible = [move for move in self.moves(k) if move.enabled]
        steps = [move.instance.step for move in possible]
        marks = await aside.ask(marks_after, self.asked, state, steps)
        names = (move.name for move in possible)
        self.known.marks[state] = dict(zip(names, marks, strict=True))
        return True

    async def ask_cures(self, aside: Aside, k: int, move: Move) -> bool:
        """Find out what would make a refused move possible; return whether that is new."""
        at = self.state(k), move.name
        if at in self.known.cures or move.enabled:
            return False
        clauses = [
            (f"{c.name} {c.text}", c.condition, c.binding)
            for c in self.clauses(k, move)
            if not c.holds and c.condition is not None
        ]
        step = move.instance.step
        self.known.cures[at] = await aside.ask(cures, self.asked, at[0], step, clauses)
        return True

    # ---------------------------------------------------------------- what was taken away
    @cached_property
    def _guarded(self) -> Run | None:
        """The run's states under the spec that has its guards back; None if nothing was taken."""
        trace = self.run.trace
        if not trace.edits.guards:
            return None
        scope = trace.edits.whole.on(trace.scope)
        return replace(self.run, scope=scope, evaluator=Evaluator(scope))

    def _back(self, instance: Instance) -> tuple[Run, Instance] | None:
        """Return the step with its guards back, if any of them was taken away."""
        name, guarded = instance.step.action.name, self._guarded
        if guarded is None or not self.run.trace.edits.removed_from(name):
            return None
        action = guarded.scope.spec.actions[name]
        return guarded, Instance(guarded.evaluator, action, instance.step.binding)

    def missed(self, k: int, move: Move) -> list[Clause]:
        """Return the clauses of those guards of a move that were taken away."""
        found = self._back(move.instance)
        if found is None:
            return []
        guarded, instance = found
        names = self._taken_away(move)
        return [c for c in guard_clauses(guarded, k, instance) if c.name in names]

    def missed_guard(self, state: State, move: Move) -> str:
        """Return the guard that was taken away and would refuse the move here, or nothing."""
        found = self._back(move.instance)
        if found is None or not move.enabled:
            return ""
        names = self._taken_away(move)
        return next((n for n in refusals(found[1], state) if n in names), "")

    def _taken_away(self, move: Move) -> frozenset[str]:
        return self.run.trace.edits.removed_from(move.instance.step.action.name)


def first_of(marks: Sequence[str], wanted: str) -> int | None:
    """Return the first state with this mark."""
    return next((k for k, mark in enumerate(marks) if mark == wanted), None)


TROUBLE = (glyphs.ARMED, glyphs.DOOMED, glyphs.VIOLATED)
"""The marks that `!` goes to."""
