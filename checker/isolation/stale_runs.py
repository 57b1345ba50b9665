"""A run of the spec with a guard that is stale, and what each isolation level makes of it.

What the spec says, before any server is asked. READ COMMITTED takes every step of the run, for it
knows nothing of what was seen before. REPEATABLE READ refuses a write to a row that somebody else
has written since the look: first come, first served. SERIALIZABLE does so too, and refuses some
step unless the run leaves the database as whole steps would, one after the other, each at its look
or at its write. The same is said of whole steps, of which the last two come at once.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from checker.runs.walk import Followed, Walk, follow
from checker.search import plain
from impl.derive.design import derive
from impl.postgresql.text.isolation import REMEDY, Level
from spec.failures.edits import Edits
from spec.language.evaluate import Evaluator, Instance, Step
from spec.language.reads import Kind, kind_of
from spec.language.scope import Scope, State, Value
from spec.language.terms.types import Sort
from spec.queue import SCOPES

REST = "_rest"
"""What the name of a look ends in where it is the write."""

CONFLICT = "40001"
"""What PostgreSQL calls a transaction that does not fit to the others."""

BROKEN = "broken"
"""The run went through, and the property is violated in the database."""

WENT_THROUGH = "went through"
"""Every step was taken, and nothing is broken."""

SMALL = replace(SCOPES["one-job"], bounds={**SCOPES["one-job"].bounds, "Recoverer": 1})
"""Where the runs are looked for: one recoverer is enough for each of them."""

Row = tuple[type[Sort] | None, Value]


@dataclass(frozen=True)
class StaleRun:
    """The shortest run to a violation in a scope whose `guard` is stale."""

    guard: str
    kind: Kind
    healthy: Scope
    scope: Scope
    walk: Walk
    violated: str

    @cached_property
    def wide(self) -> bool:
        """Whether some guard of the spec reads more than its row, so that nothing is derived."""
        spec = self.healthy.spec
        guards = ((a, g.condition) for a in spec.actions.values() for g in a.guards)
        return any(kind_of(spec, action, e) in REMEDY for action, e in guards)

    @property
    def action(self) -> str:
        """The action that looks and writes."""
        return self.guard.partition(".")[0]

    def predicted(self, level: Level) -> str:
        """Return what comes of the run at a level: it goes through, or is refused."""
        match level:
            case "READ COMMITTED":
                passes = True
            case "REPEATABLE READ":
                passes = not self._overwrites
            case "SERIALIZABLE":
                passes = not self._overwrites and self._serial
        return BROKEN if passes else CONFLICT

    @cached_property
    def _overwrites(self) -> bool:
        """Whether a write goes to a row that somebody else has written since the look."""
        begun: dict[Value, list[int]] = {}
        written = list(self._written())
        for n, step in enumerate(self.walk.steps):
            if step.action.name == self.action:
                begun.setdefault(self.who(step), []).append(n)
            if step.action.name == self.action + REST:
                since = written[begun[self.who(step)].pop(0) : n]
                if any(written[n] & other for other in since):
                    return True
        return False

    def _written(self) -> Iterator[set[Row]]:
        """Return of each step which rows it writes."""
        for step, before in zip(self.walk.steps, self.walk.states, strict=False):
            yield _rows(self.scope, step, before)

    def who(self, step: Step) -> Value:
        """Return who looks or writes: the one parameter that both have."""
        (key,) = self.scope.spec.actions[self.action + REST].params
        return step.binding[key.name]

    @cached_property
    def _serial(self) -> bool:
        """Whether whole steps, one after the other, would leave the database as the run does."""
        looks = sum(step.action.name == self.action for step in self.walk.steps)
        kept = [place.field.survival == "durable" for place in self.healthy.places]
        end = [v for v, durable in zip(self.walk.states[-1], kept, strict=False) if durable]
        for early in itertools.product((False, True), repeat=looks):
            found = follow(Evaluator(self.healthy), self.whole(early))
            after = [v for v, durable in zip(found.walk.states[-1], kept, strict=False) if durable]
            if found.refused is None and found.left is None and after == end:
                return True
        return False

    def whole(self, early: Sequence[bool] = ()) -> list[Step]:
        """Return the same run of the healthy spec, as far as it goes: each look and its write are
        one step, which comes in the place of the write; or `early`, for each, of the look.
        """
        begun: dict[Value, list[tuple[Step, bool]]] = {}
        at_look, found = iter(early), list[Step]()
        for step in self.walk.steps:
            match step.action.name.removeprefix(self.action):
                case "":
                    whole = Step(self.healthy.spec.actions[self.action], step.binding)
                    begun.setdefault(self.who(step), []).append((whole, next(at_look, False)))
                    found += [whole for _, now in begun[self.who(step)][-1:] if now]
                case "_rest":
                    whole, before = begun[self.who(step)].pop(0)
                    found += [] if before else [whole]
                case "_refused":
                    begun[self.who(step)].pop(0)
                case _:
                    found.append(Step(self.healthy.spec.actions[step.action.name], step.binding))
        return found

    @cached_property
    def refused(self) -> str | None:
        """The guard that refuses a step of the same run of the healthy spec."""
        return self._followed.refused

    @cached_property
    def _followed(self) -> Followed:
        return follow(Evaluator(self.healthy), self.whole())

    @property
    def steps(self) -> list[Step]:
        """The same run of the healthy spec, with the step that is refused."""
        return self.whole()[: len(self._followed.taken) + 1]

    def at_once(self, level: Level) -> str:
        """Return what comes of that if the last step is sent before the one before is committed.

        It sees the rows as they were before, but for one that it has to wait for: that is asked
        again, or refused, as the level has it.
        """
        *_, first, last = self.steps
        before = self._followed.walk.states[-2]
        refused = Instance(Evaluator(self.healthy), last.action, last.binding).refusal(before)
        same = _rows(self.healthy, first, before) & _rows(self.healthy, last, before)
        if refused is not None and not (same and self._inserts(last)):
            return refused
        if same and level != "READ COMMITTED":
            return CONFLICT
        if same and self.kind == "own row":
            return str(self.refused)
        if level == "SERIALIZABLE" and self.swapped is None:
            return CONFLICT
        return BROKEN if self.swapped is None else WENT_THROUGH

    def _inserts(self, step: Step) -> bool:
        """Return whether a step puts a row in: then the index is asked, which has the newest."""
        if self.wide:
            return False
        statement = derive(self.healthy).transitions[step.action.name].statement
        return statement is not None and statement.form == "insert"

    @cached_property
    def swapped(self) -> State | None:
        """The state after these steps with the last two the other way round, if that is a run."""
        *earlier, first, last = self.steps
        found = follow(Evaluator(self.healthy), [*earlier, last, first])
        return found.walk.states[-1] if found.refused is None and found.left is None else None


def _rows(scope: Scope, step: Step, before: State) -> set[Row]:
    """Return which rows a step writes."""
    meaning = Evaluator(scope).meaning
    written = [u for u in step.action.updates(scope.spec) if u.field.survival == "durable"]
    return {
        (u.field.over, None if u.index is None else meaning(u.index, step.binding)(before, before))
        for u in written
    }


def stale_run(healthy: Scope, guard: str) -> StaleRun | None:
    """Return the shortest run to a violation if the guard is stale; None if nothing breaks."""
    scope = Edits([f"stale {guard}"]).on(healthy)
    safety = [p.name for p in scope.spec.properties.values() if p.kind in ("invariant", "step")]
    found = plain.explore(scope, until=frozenset(safety))
    broken = [n for n in found.violations if n in safety]
    if not broken:
        return None
    violated = min(broken, key=lambda n: (found.violations[n], n))
    action = healthy.spec.actions[guard.partition(".")[0]]
    name = guard.partition(".")[2]
    condition = next(g.condition for g in action.guards if g.name == name)
    kind = kind_of(healthy.spec, action, condition)
    return StaleRun(guard, kind, healthy, scope, found.walk(violated), violated)


def stale_runs(healthy: Scope) -> Iterator[StaleRun]:
    """Return a run for each guard that is missed when it is stale."""
    for action in healthy.spec.actions.values():
        for g in action.guards:
            guard = f"{action.name}.{g.name}"
            if Edits([f"stale {guard}"]).refused(healthy.spec) is None:
                run = stale_run(healthy, guard)
                if run is not None:
                    yield run
