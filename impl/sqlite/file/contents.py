"""What is in the file of a store: its trace, its rows, and whether SQLite finds it damaged."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from impl.derive.mapping import rows_of
from impl.sqlite.file.opened import Opened
from impl.terms.outcomes import Traced, Unseen
from impl.terms.unusable import RESTORE, Damaged, StoreError
from spec.language.scope import Value
from spec.language.terms.types import Sort


class Contents(Opened):
    """A store that is open, to be read."""

    def check(self) -> None:
        """Raise `StoreError` if the file is damaged, as far as SQLite can tell."""
        ((found,),) = self._all("PRAGMA integrity_check(1)")
        if found != "ok":
            fact = f"is damaged: {' '.join(str(found).split())}"
            raise StoreError(self.path, fact, RESTORE)

    def trace(self, after: int = 0) -> Iterator[Traced]:
        """Yield the durable steps that came after one of them, oldest first."""
        query = """\
SELECT seq, actor, action, params, before, after, unseen, note FROM trace WHERE seq > ?
ORDER BY seq LIMIT 1000"""
        while page := self._all(query, (after,)):
            for seq, actor, action, *texts, note in page:
                params, before, changed, unseen = (self._json(seq, text) for text in texts)
                if not isinstance(unseen, list):
                    raise self._no_step(seq, unseen)
                steps_before = tuple(self._unseen(seq, step) for step in unseen)
                yield Traced(seq, actor, action, params, before, changed, steps_before, note)
            after = page[-1][0]

    def unseen(self, after: int = 0) -> Iterator[tuple[int, Unseen]]:
        """Yield the steps that left the store as it was, each with the row that lists it, in the
        order in which they were read; those that are listed after one of the rows.
        """
        query = """\
SELECT seq, step.value FROM trace, json_each(unseen) AS step WHERE seq > ?
ORDER BY step.value ->> 0, seq, step.key"""
        for seq, step in self.connection.execute(query, (after,)):
            yield int(str(seq)), self._unseen(seq, self._json(seq, str(step)))

    def _unseen(self, seq: Any, step: Any) -> Unseen:
        match step:
            case [int(after), str(action), dict(params)]:
                return Unseen(after, action, params)
            case [int(after), str(action), dict(params), dict(over)]:
                return Unseen(after, action, params, over)
        raise self._no_step(seq, step)

    def _no_step(self, seq: Any, step: Any) -> Damaged:
        fact = f"row {seq} of the trace lists what is no step: {repr(step)[:80]}"
        return Damaged(self.path, fact, RESTORE)

    def _json(self, seq: Any, text: Any) -> Any:
        try:
            return json.loads(text)
        except (ValueError, TypeError, RecursionError):
            fact = f"row {seq} of the trace is not JSON: {repr(text)[:80]}"
            raise Damaged(self.path, fact, RESTORE) from None

    def rows(self, now: int = 0) -> dict[type[Sort], dict[int, dict[str, Value]]]:
        """Return every row of every table at a moment, by sort and element."""
        return rows_of(self.design, self._all, now)

    def _all(self, query: str, values: Any = ()) -> list[Any]:
        return self.connection.execute(query, values).fetchall()
