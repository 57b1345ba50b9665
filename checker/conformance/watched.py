"""A trace on the spec and on a store, side by side: after each step both states and what was run.

`Replay` takes the steps and compares; this keeps what it saw. The state of the store is read back
from its rows and from the memory of the processes. Ghosts are in neither: they have the value that
the spec gives them.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from checker.conformance.beside_spec import Divergence
from checker.conformance.heard import Heard, InFile, OnServer, Role
from checker.runs.story import RANGE, Line
from checker.runs.trace import BadTrace, Trace, binding_of
from impl.derive.design import derive
from impl.derive.mapping import Unmapped, abstract
from impl.derive.view import Inexpressible
from impl.sqlite.file.files import MEMORY
from impl.terms.unusable import StoreError
from spec.failures.edits import NONE, Edits
from spec.language.scope import Scope, State

if TYPE_CHECKING:
    from impl.postgresql.trial.embedded import Server

NO_REPLAY = (BadTrace, StoreError, Inexpressible)
"""What `beside` raises; each says in one line why there is nothing to see."""


@dataclass(frozen=True)
class Ran:
    """A statement that the store ran, with its parameters by name or by number.

    `role` says what for: `step` is the guarded statement, of which the database writes the row of
    the trace, and `guards` asks which guard refused it.
    """

    role: Role
    sql: str
    parameters: Mapping[str, Any]


@dataclass(frozen=True)
class Seen:
    """One step on both: the state that the spec is in after it, and the state of the store.

    `refused` is the guard that both refuse it for, or the range that it would leave. The store has
    no state where it holds a row that the spec knows nothing of.
    """

    line: Line
    model: State
    store: State | None
    ran: tuple[Ran, ...]
    refused: str | None
    difference: Divergence | None


@dataclass(frozen=True)
class Beside:
    """A trace on both, as far as both go: up to the step that is refused, or in which they differ.

    `broken`: the property of the trace is violated in the store, after the last step.
    """

    scope: Scope
    start: State
    steps: tuple[Seen, ...]
    broken: bool

    @property
    def refused(self) -> str | None:
        """The guard of the last step that both refuse, as `action.guard`."""
        last = self.steps[-1] if self.steps else None
        if last is None or last.refused is None or last.refused.startswith(RANGE):
            return None
        missing = " " in last.refused
        return last.refused if missing else f"{last.line.action}.{last.refused}"

    @property
    def taken(self) -> int:
        """How many steps both took alike; one that leaves a range is taken, and stores nothing."""
        return len(self.steps) - (self.refused is not None or self.difference is not None)

    @property
    def difference(self) -> Divergence | None:
        """Where both differ, if they do."""
        return self.steps[-1].difference if self.steps else None


def beside(
    trace: Trace, edits: Edits = NONE, path: str = MEMORY, server: Server | None = None
) -> Beside:
    """Run a trace on a fresh store beside the spec, with the edits made in both: on a file of
    SQLite, or on a server if there is one.

    With none, CHECKs guard the rows as well; they are left out beside an edit, whose loss they
    could hide. A run that never ends is followed once around; no one state is to blame for it.
    Raises `BadTrace`, `StoreError`, `Inexpressible`, or `Misuse` for an unknown protection.
    """
    if trace.start is not None:
        fact = "begins where no run may ever lead, and a fresh store begins at the beginning"
        raise BadTrace(trace.where, fact, "name a trace that ffq check has saved")
    checks = not edits
    design = derive(edits.on(trace.scope), checks=checks)
    replay = InFile(design, path) if server is None else OnServer(design, server, checks)
    with contextlib.closing(replay.store):
        return _follow(trace, replay.scope, replay)


def replay_trace(
    trace: Trace, edits: Edits = NONE, path: str = MEMORY, server: Server | None = None
) -> Beside:
    """Run a trace as `beside` does, where both should agree; raises `Divergence`, too."""
    found = beside(trace, edits, path, server)
    if found.difference is not None:
        raise found.difference
    return found


def _follow(trace: Trace, scope: Scope, replay: Heard) -> Beside:
    watched = _Watched(replay)
    start, seen = replay.state, list[Seen]()
    for line in trace.lines:
        one = (
            _missing(line, replay) if line.action not in scope.spec.actions else watched.take(line)
        )
        seen.append(one)
        if one.difference is not None or one.refused is not None:
            fails = one.difference is None and one.refused == trace.violated
            return Beside(scope, start, tuple(seen), fails)
    one_state = trace.loop is None and trace.violated in scope.spec.properties
    broken = one_state and replay.broken(trace.violated)
    return Beside(scope, start, tuple(seen), broken)


def _missing(line: Line, replay: Heard) -> Seen:
    """Return that there is no such step: an edit brought it in, and is not made here."""
    fact = f"{line.action} does not exist"
    return Seen(line, replay.state, replay.state, (), fact, None)


class _Watched:
    """A replay of which every statement is kept."""

    def __init__(self, replay: Heard) -> None:
        self.replay = replay
        self.ran: list[Ran] = []

    def take(self, line: Line) -> Seen:
        """Take one step on both."""
        replay = self.replay
        action = replay.scope.spec.actions[line.action]
        instance = replay.steps.find(action.name, binding_of(replay.scope, action, line))
        self.ran, self.inside = [], True
        replay.hear(lambda sql, bound: self._keep(action.name, sql, bound))
        refused: str | None = None
        difference = None
        try:
            refused = replay.step(instance)
        except Divergence as differs:
            difference = differs
        finally:
            replay.hear(None)
        model = replay.state
        if difference is not None and instance.refusal(model) is None:
            model = instance.after(model)
        return Seen(line, model, self._store(model), tuple(self.ran), refused, difference)

    def _keep(self, action: str, sql: str, bound: Any) -> None:
        # What comes after the transaction only reads the state back.
        if self.inside:
            role = self.replay.role(action, sql)
            self.ran.append(Ran(role, sql, _parameters(sql, bound)))
        self.inside = self.inside and sql not in ("COMMIT", "ROLLBACK")

    def _store(self, model: State) -> State | None:
        try:
            return abstract(self.replay.store, self.replay.memories, model)
        except Unmapped:
            return None


def _parameters(sql: str, bound: Any) -> dict[str, Any]:
    """Return what the statement's parameters stand for, leaving out what it does not name."""
    if isinstance(bound, Mapping):
        return {
            name: bound[name] for name in dict.fromkeys(re.findall(r"(?<!:):([^\W\d]\w*)", sql))
        }
    return {str(n): value for n, value in enumerate(bound or (), 1)}


# ---------------------------------------------------------------- in words
def told(trace: Trace) -> list[str]:
    """Return in sentences what SQLite does with a trace, without its protections and with them;
    raises what `beside` does.
    """
    found = [(beside(trace), "With every protection")]
    if trace.edits:
        how = f"With the same missing from its SQL ({', '.join(trace.edits)})"
        found.insert(0, (beside(trace, trace.edits), how))
    return [f"{how}: {outcome(trace, seen)}" for seen, how in found]


def outcome(trace: Trace, seen: Beside) -> str:
    """Return in a sentence how far both went alike, and what came of it."""
    agree = (
        f"{seen.taken} of {len(trace.lines)} steps agree with the spec in every column and all "
        "memory"
    )
    if seen.difference is not None:
        return f"{agree}; {seen.difference}."
    if seen.refused is not None:
        last = seen.steps[-1].line
        who = f"step {last.n}, {last.call} of {last.actor}"
        return f"{agree}; {who}, is refused, as by the spec: {seen.refused}."
    if trace.loop is not None:
        return f"{agree}; no state can break {trace.violated}, a run without end can."
    return f"{agree}; {trace.violated} {'is broken' if seen.broken else 'holds'} in the database."
