"""What can come of a step, and the rows of the trace that say what came."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from spec.language.scope import Value

Values = Mapping[str, Value]
Change = tuple[Value, Value]


@dataclass(frozen=True)
class Done:
    """The step is committed: what columns of the row are now, and the memory of the process before
    and after. `beside`: what else was asked of the row.

    Its process must now remember what `memory` says.
    """

    row: Mapping[str, Value]
    memory: Mapping[str, Change]
    beside: Sequence[Any] = ()


@dataclass(frozen=True)
class Refused:
    """The step is not possible now: the first guard that is false, or `reference`."""

    guard: str


@dataclass(frozen=True)
class Unknown:
    """COMMIT failed: the step is durable or it is not. Read the row before anything else."""

    error: str


Outcome = Done | Refused | Unknown


class CheckFailed(Exception):
    """The step breaks what must hold and was taken back: `name` is a range or an invariant."""

    def __init__(self, name: str, sql: str) -> None:
        super().__init__(f"{name}: {sql}")
        self.name, self.sql = name, sql
        # No step of the spec does so to a row that is sound.
        self.fact, self.remedy = f"{name}: a row of the file breaks it", "restore a copy"


class OutcomeUnknown(Exception):
    """COMMIT failed, and so did the question whether it took place: it may be durable or not."""


class Disagreement(Exception):
    """A statement and its guards say different things; the step was taken back."""


RENAMED: Mapping[str, str] = {}
"""What actions of older specs are called now."""


@dataclass(frozen=True)
class Unseen:
    """A step that left the store as it was, taken when `after` was the last row of the trace; the
    timers that it has found to be `over`. A store that has no last row says which row of it was
    read, and `after` how often that one had changed; none, if the step read nothing.
    """

    after: int
    action: str
    params: dict[str, Any]
    over: dict[str, Any] = field(default_factory=dict)
    row: str | None = None


@dataclass(frozen=True)
class Traced:
    """A row of the trace: places such as `status[job1]`, and values as trace files hold them.

    `unseen`: what its process did since its row before. `note`: what the spec does not speak of.
    """

    seq: int
    actor: str
    action: str
    params: dict[str, Any]
    before: dict[str, Any]
    after: dict[str, Any]
    unseen: tuple[Unseen, ...]
    note: str | None


@dataclass(frozen=True)
class Receipt:
    """What a committed step can be known by: its row of the trace, parameters as they are there."""

    seq: int
    action: str
    params: str
