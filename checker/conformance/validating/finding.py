"""Why a run is no behaviour of the spec: the first step that is not allowed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from spec.language.declared.model import Action

Kind = Literal["unreadable", "order", "process", "guard", "field", "property", "table"]


@dataclass(frozen=True)
class Position:
    """A step of a run: a row of the trace, or one listed in it that was read after row `after`.
    Without a call, the state that is recorded after the row.
    """

    seq: int
    actor: str
    call: str
    after: int | None = None

    def __str__(self) -> str:
        if not self.call:
            return f"the state recorded after row {self.seq}, {self.actor}"
        if self.after is None:
            return f"row {self.seq}, {self.call} of {self.actor}"
        return f"{self.call} of {self.actor}, listed in row {self.seq}, after row {self.after}"


@dataclass(frozen=True)
class Finding:
    """What is wrong, and where; at the end of a run there is no position.

    `values`: what the guard, or the property, reads there. `possible`: the steps that were possible
    instead, the most like first. `elsewhere`: the nearest row after which just this step was
    possible.
    """

    kind: Kind
    what: str
    position: Position | None = None
    want: Any = None
    got: Any = None
    values: Mapping[str, Any] = field(default_factory=dict)
    possible: tuple[str, ...] = ()
    elsewhere: int | None = None

    def text(self) -> list[str]:
        """Return it for people, in lines."""
        where = "at the end" if self.position is None else str(self.position)
        lines = [f"{where}: {self.what}"]
        if self.want is not None or self.got is not None:
            lines.append(f"  want {self.want}, got {self.got}")
        if self.values:
            read = ", ".join(f"{place} = {value}" for place, value in self.values.items())
            lines.append(f"  there {read}")
        if self.possible:
            lines.append(f"  possible there, the most like first: {', '.join(self.possible)}")
        if self.elsewhere is not None:
            lines.append(f"  just this step was possible after row {self.elsewhere}")
        return lines

    def as_json(self) -> dict[str, Any]:
        """Return it for programs."""
        return asdict(self)


@dataclass(frozen=True)
class Claimed:
    """A step as the trace has it; of one without a row it does not say what changed, and of its
    row only which timers it has found to be `over`.
    """

    where: Position
    action: Action
    binding: dict[str, int]
    before: Mapping[str, Any] | None = None
    after: Mapping[str, Any] | None = None
    over: Mapping[str, Any] | None = None

    @property
    def tells(self) -> bool:
        """Whether it is in the trace: that a timer has run out before it is not."""
        return self.before is not None or self.over is not None


class NotAllowed(Exception):
    """The spec does not allow this step, or it cannot be read."""

    def __init__(self, finding: Finding, step: Claimed | None = None) -> None:
        super().__init__("\n".join(finding.text()))
        self.finding, self.step = finding, step
