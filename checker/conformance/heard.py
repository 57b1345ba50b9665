"""A store beside the spec of which every statement is heard: in a file, or on a server."""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from checker.conformance.beside_spec import BesideSpec, Replay, Steps
from impl.derive.design import Design

if TYPE_CHECKING:
    from impl.postgresql.trial.embedded import Server
    from impl.postgresql.trial.stored import Stored

Role = Literal["transaction", "step", "guards", "other"]

Hear = Callable[[str, Any], None]
"""Is told a statement and its values, before it is run."""

_PARAMETER = re.compile(r"%\((\w+)\)s")


class Heard(BesideSpec):
    """A store beside the spec, of which each statement is heard."""

    @abstractmethod
    def hear(self, hear: Hear | None) -> None:
        """Tell of each statement from now on, or of none."""

    @abstractmethod
    def _roles(self, action: str) -> dict[str, Role]:
        """Return what the statements of an action are for, by their text."""

    def role(self, action: str, sql: str) -> Role:
        """Return what a statement is for, when this action is taken."""
        if sql.split()[0] in ("BEGIN", "COMMIT", "ROLLBACK"):
            return "transaction"
        return self._roles(action).get(sql, "other")


class InFile(Heard, Replay):
    """A fresh file of SQLite beside the spec."""

    def hear(self, hear: Hear | None) -> None:
        """Tell of each statement from now on, or of none."""
        told = None if hear is None else partial(_told, hear)
        self.store.connection.exec_trace = told

    def _roles(self, action: str) -> dict[str, Role]:
        t = self.design.transitions[action]
        known: dict[str, Role] = {t.verdicts: "guards"}
        return known if t.statement is None else known | {t.statement.text: "step"}


class OnServer(Heard):
    """A fresh store on a server beside the spec."""

    store: Stored

    def __init__(
        self, design: Design, server: Server, checks: bool = True, *, steps: Steps | None = None
    ) -> None:
        """Begin; without `checks`, rows that break an invariant are let in."""
        from impl.postgresql.trial.stored import Stored

        super().__init__(design, Stored(design, server, checks), steps)

    def hear(self, hear: Hear | None) -> None:
        """Tell of each statement from now on, or of none."""
        self.store.hear = None if hear is None else partial(_told_as_ours, hear)

    def _roles(self, action: str) -> dict[str, Role]:
        from impl.postgresql.text.statements import statement

        said = statement(self.design.transitions[action])
        known: dict[str, Role] = {}
        if said is not None:
            known[said.verdicts] = "guards"
            known |= dict.fromkeys(said.tries, "step")
        return known


def _told(hear: Hear, _: Any, sql: str, bound: Any) -> bool:
    hear(sql, bound)
    return True


def _told_as_ours(hear: Hear, sql: str, bound: Any) -> None:
    from impl.postgresql.step import SAID

    hear(_PARAMETER.sub(r":\1", sql).replace("%%", "%").replace(SAID, ":now"), bound)
