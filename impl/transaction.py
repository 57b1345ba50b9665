"""Several steps in one transaction, each with its row of the trace: all of them are done or none.

What a process remembers changes only once the transaction is committed.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import apsw

from impl import steps
from impl.derive import Design
from impl.outcomes import Done, Receipt, Refused, Unseen
from spec.language.scope import Value
from spec.language.types import Sort


@dataclass(eq=False)
class Process:
    """A process of the spec: which one, what it remembers, and its steps since its last row in the
    trace, which left the store as it was. Its threads take its steps one at a time, under `lock`.
    """

    sort: type[Sort]
    element: int
    memory: dict[str, Value]
    unseen: list[Unseen] = field(default_factory=list)
    lock: threading.RLock = field(default_factory=threading.RLock)


def newcomer(design: Design, sort: type[Sort], element: int) -> Process:
    """Return a process that remembers nothing yet."""
    return Process(sort, element, dict(design.blank[sort]))


@dataclass
class _Pending:
    memory: dict[str, Value]
    unseen: list[Unseen]


class Transaction:
    """A transaction that is open: steps of the spec, and statements on what it leaves out."""

    def __init__(self, design: Design, connection: apsw.Connection) -> None:
        self._design, self._connection = design, connection
        self._pending: dict[Process, _Pending] = {}
        self.receipts: list[Receipt] = []

    def take(
        self,
        action: str,
        process: Process | None = None,
        *,
        note: str | None = None,
        constants: Mapping[str, int] | None = None,
        claim: Mapping[str, Value] | None = None,
        **params: int,
    ) -> Done | Refused:
        """Take a step of the process, or one that no process remembers.

        `note` goes into the trace beside it. `claim` is what the process must remember of the claim
        that the step is for: if it has let go of that one, it is refused as `fenced`. A refusal
        leaves the transaction open and as it was. Raises `CheckFailed`; the transaction must be
        given up then.
        """
        t = self._design.transitions[action]
        pending = _Pending({}, [])
        given: dict[str, Value] = dict(params)
        if t.seen.process is not None:
            assert process is not None, f"{action} is a step of a process"
            given[t.seen.process.name] = process.element
            kept = _Pending(dict(process.memory), list(process.unseen))
            pending = self._pending.setdefault(process, kept)
        if claim is not None and not claim.items() <= pending.memory.items():
            return Refused("fenced")
        step = steps.step_of(self._design, action, given, pending.memory, constants)
        outcome = steps.within(self._connection, step)
        if isinstance(outcome, Refused):
            return outcome
        if t.writes:
            self._write(step, outcome, pending.unseen, note)
            pending.unseen.clear()
        else:
            pending.unseen.append(Unseen(self.last(), action, steps.named(t, given)))
        pending.memory |= {name: after for name, (_, after) in outcome.memory.items()}
        return outcome

    def execute(self, sql: str, values: Any = ()) -> list[Any]:
        """Run a statement on what the spec leaves out, and return its rows."""
        return self._connection.execute(sql, values).fetchall()

    def changes(self, sql: str, values: Any = ()) -> int:
        """Run such a statement and return how many rows it changed."""
        before = self._connection.total_changes()
        self.execute(sql, values)
        return self._connection.total_changes() - before

    def last(self) -> int:
        """Return the number of the last row of the trace; 0 if there is none."""
        return last(self._connection)

    def _write(self, step: steps.Step, done: Done, unseen: list[Unseen], note: str | None) -> None:
        listed = [[u.after, u.action, u.params] for u in unseen]
        seq = steps.write_trace(self._connection, step, done, listed, note)
        given = json.dumps(steps.named(step.transition, step.params))
        self.receipts.append(Receipt(seq, step.transition.action.name, given))

    def remember(self) -> None:
        """Let every process remember what it did, once it is committed."""
        for process, pending in self._pending.items():
            process.memory, process.unseen = pending.memory, pending.unseen


def last(connection: apsw.Connection) -> int:
    """Return the number of the last row of the trace; 0 if there is none."""
    found = connection.execute("SELECT coalesce(max(seq), 0) FROM trace").fetchall()
    seq: int = found[0][0]  # type: ignore[assignment]
    return seq
