"""A store that is being made of what is there: whole, or not at all."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from impl.derive.tables import Table
from spec.language.scope import Value


class Making(Protocol):
    """A new store, which nobody else sees before it is made; no step is taken in it."""

    def own(self, sql: str, values: Any = ()) -> list[Any]:
        """Run a statement of the queue's, and return its rows. Raises `BadRequest` where the store
        cannot hold a value.
        """

    def put(
        self,
        table: Table,
        number: int,
        state: Mapping[str, Value],
        moments: Mapping[str, int | None],
        carried: Sequence[Any],
    ) -> None:
        """Put a row into a table of the spec, whose timers are these moments, with what it carries.
        Raises as `own` does.
        """


Fill = Callable[[Making], None]
"""Fills a store; what it raises leaves none."""
