"""Runs steps on the spec and on the reference implementation side by side, comparing after each.

What is compared is the whole state: every column of every row and the memory of every process, as
the refinement mapping reads them. Whoever refuses a step must name the same guard as the other.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Protocol

from checker.runs.story import RANGE, Plain, plain
from impl.derive.design import Design
from impl.derive.mapping import Memories, Rows, Unmapped, abstract
from impl.lab.connections import empty
from impl.sqlite.file.files import MEMORY
from impl.sqlite.store import Store
from impl.terms.outcomes import CheckFailed, Disagreement, Done, Outcome, Refused, Unknown, Values
from impl.terms.unusable import StoreError
from spec.language.evaluate import Claim, Evaluator, Instance, OutOfRange
from spec.language.scope import Scope, State, Value


class Divergence(Exception):
    """The implementation does otherwise than the spec: which step, where, what was wanted, what
    came, and the SQL that ran.
    """

    def __init__(self, step: int, call: str, place: str, want: Plain, got: Plain, sql: str) -> None:
        self.step, self.call, self.place = step, call, place
        self.want, self.got, self.sql = want, got, sql
        super().__init__(step, call, place, want, got, sql)  # what another process makes it of

    def __str__(self) -> str:
        return f"step {self.step}, {self.call}: {self.fact}"

    @property
    def fact(self) -> str:
        """Where, what was wanted, and what came."""
        return f"{self.place}: the spec says {self.want}, the store {self.got}"


class Steps:
    """The steps of a scope and the state they begin in, made once for all runs."""

    def __init__(self, scope: Scope) -> None:
        self.scope, self.evaluator = scope, Evaluator(scope)
        self.initial = self.evaluator.initial()
        self._known: dict[tuple[str, tuple[Value, ...]], Instance] = {}

    def find(self, action: str, binding: Mapping[str, Value]) -> Instance:
        """Return a step by the name of its action and its parameters."""
        params = self.scope.spec.actions[action].params
        key = action, tuple(binding[p.name] for p in params)
        if key not in self._known:
            chosen = self.scope.spec.actions[action]
            self._known[key] = Instance(self.evaluator, chosen, dict(binding))
        return self._known[key]

    @cached_property
    def every(self) -> list[Instance]:
        """Every step, in the order the actions are declared."""
        return [
            self.find(action.name, binding)
            for action in self.scope.spec.actions.values()
            for binding in self.scope.bindings(action.params)
        ]


class Kept(Rows, Protocol):
    """A store on which steps can be taken."""

    @property
    def path(self) -> str:
        """How people call it."""

    def take(self, action: str, params: Values, memory: Values, world: Values) -> Outcome:
        """Take a step by a process that remembers this and to which the world says this."""

    def close(self) -> None:
        """Let go of it."""


class BesideSpec:
    """A store and its processes, beside the state that the spec says they are in."""

    store: Kept

    def __init__(self, design: Design, store: Kept, steps: Steps | None = None) -> None:
        """Begin, with steps that were made before; raises `StoreError` if the store is not a fresh
        one.
        """
        self.design, self.scope = design, design.scope
        self.steps = steps or Steps(self.scope)
        self.evaluator = self.steps.evaluator
        self.store = store
        self._begin()

    def _begin(self) -> None:
        self.state = self.before = self.steps.initial
        self.memories = Memories(self.design)
        self.taken = 0
        if abstract(self.store, self.memories, self.state) != self.state:
            self.store.close()
            fact = "is in use: it has rows already"
            raise StoreError(self.store.path, fact, "name another file")

    def step(self, instance: Instance) -> str | None:
        """Try the step on both; return None if both take it, else the guard, or the range, that
        both refuse it for. Raises `Divergence`.
        """
        self.taken += 1
        want, after, leaving = instance.refusal(self.state), self.state, []
        if want is None:
            try:
                after = instance.after(self.state)
            except OutOfRange:
                leaving = _leaving(instance, self.state)
        if leaving and not any(self._is_kept(name) for name in leaving):
            return leaving[0]  # no store knows of it
        got = self._take(instance)
        if leaving:
            want = got if got in leaving else leaving[0]
        self._expect(instance, want, got)
        self._compare(instance, after)
        if want is None:
            self.before, self.state = self.state, after
        return want

    def _expect(self, instance: Instance, want: str | None, got: str | None) -> None:
        if want != got:
            words = [word and f"refused by {word}" for word in (want, got)]
            raise self._divergence(instance, "outcome", words[0] or "done", words[1] or "done")

    def broken(self, name: str) -> bool:
        """Return whether the state that was read from the store, or the last step, violates the
        property.
        """
        claim = Claim(self.evaluator, self.scope.spec.properties[name])
        now = abstract(self.store, self.memories, self.state)
        then = self.before if claim.property.kind == "step" else now
        return claim.holds(then, now) is not None

    def _take(self, instance: Instance) -> str | None:
        """Let the store take the step, and its process remember; return what refuses it."""
        try:
            outcome = self.memories.take(self.store.take, instance.step, self.state)
        except CheckFailed as failed:
            return failed.name
        except Disagreement as wrong:
            raise self._divergence(instance, "outcome", "one answer", str(wrong)) from None
        match outcome:
            case Done():
                return None
            case Refused():
                return outcome.guard
            case Unknown():
                raise self._divergence(instance, "outcome", "known", f"unknown: {outcome.error}")

    def _compare(self, instance: Instance, want: State) -> None:
        if (found := self.difference(want)) is not None:
            raise self._divergence(instance, *found)

    def difference(self, want: State) -> tuple[str, Plain, Plain] | None:
        """Return the first place where store or memory is not as in this state: how it is called,
        what was wanted and what is there.
        """
        try:
            got = abstract(self.store, self.memories, want)
        except Unmapped as row:
            return str(row), "no row", "a row"
        if got == want:
            return None
        return next(
            (place.name, plain(place.field.type, a), plain(place.field.type, b))
            for place, a, b in zip(self.scope.places, want, got, strict=True)
            if a != b
        )

    def _divergence(self, instance: Instance, place: str, want: Plain, got: Plain) -> Divergence:
        action = instance.step.action
        statement = self.design.transitions[action.name].statement
        sql = statement.text if statement else ""
        return Divergence(self.taken, instance.step.call, place, want, got, sql)

    def _is_kept(self, name: str) -> bool:
        return self.scope.spec.fields[name.removeprefix(RANGE)].kept


class Replay(BesideSpec):
    """A fresh file of SQLite and its processes, beside the state that the spec says they are in."""

    store: Store

    def __init__(self, design: Design, path: str = MEMORY, steps: Steps | None = None) -> None:
        """Begin, with steps that were made before; raises `StoreError` if the file is not a fresh
        one.
        """
        super().__init__(design, Store(design, path), steps)

    def again(self) -> None:
        """Begin anew, on the same store without what was in it."""
        empty(self.store)
        self._begin()


def _leaving(instance: Instance, state: State) -> list[str]:
    """Return `range_field` for each number that the step would take out of its range."""
    found = []
    for write in instance.writes:
        try:
            write.value(state)
        except OutOfRange as leaving:
            found.append(RANGE + leaving.field)
    return found
