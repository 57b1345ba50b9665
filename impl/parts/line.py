"""The line: which job is next, and until when the others wait.

Jobs stand in line by the clock of the boot, which nobody can set, and pauses are measured by it:
a wall clock that is put right must not keep them waiting. It is asked only for jobs that wait for a
moment. A worker looks for each of its kinds at the first one, so that others cost it nothing.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any

from impl.sqlite.steps import Beside, Chosen
from impl.sqlite.transaction import Process, Transaction
from impl.terms.backoff import Backoff
from impl.terms.clock import Clock
from impl.terms.outcomes import Done, Refused

Ask = Callable[[str, Any], list[Any]]
"""Returns the rows of a query."""

_FIRST = """\
SELECT id FROM job WHERE id IN (
  SELECT (SELECT id FROM job WHERE kind = mine.value AND due <= :now ORDER BY due, id LIMIT 1)
  FROM json_each(:kinds) AS mine
  UNION ALL
  SELECT (SELECT id FROM job WHERE kind = mine.value AND wait_until <= :wall
          ORDER BY wait_until, id LIMIT 1)
  FROM json_each(:kinds) AS mine
) ORDER BY coalesce(due, wait_until - :wall + :now), id LIMIT 1"""

_CLAIMED = "id, CAST(key AS BLOB), kind, CAST(payload AS BLOB), timeout_ms, retry_of"

_LEAVES = """\
UPDATE job
SET due = NULL, wait_until = NULL, lease_until = :now + :lease, deadline = :now + timeout_ms
WHERE id = :job"""

_OPEN = """\
SELECT 1 FROM json_each(:kinds) AS mine
WHERE EXISTS (SELECT 1 FROM job WHERE kind = mine.value AND due IS NOT NULL)
   OR EXISTS (SELECT 1 FROM job WHERE kind = mine.value AND wait_until IS NOT NULL)
   OR mine.value IN (SELECT kind FROM job WHERE lease_until IS NOT NULL)
LIMIT 1"""


@dataclass
class Line:
    """The jobs of a queue that are ready, by the clock of who asks; times in milliseconds."""

    clock: Clock
    backoff: Backoff
    chance: random.Random = field(default_factory=random.Random)

    # ------------------------------------------------------------ who is next
    def first(self, ask: Ask, kinds: Collection[str]) -> list[Any]:
        """Return the number of the job of these kinds that has been due longest, if any."""
        return ask(_FIRST, self._now(kinds))

    def _now(self, kinds: Collection[str]) -> dict[str, Any]:
        now, wall = self.clock.since_boot(), self.clock.wall()
        return {"now": now, "wall": wall, "kinds": json.dumps(list(kinds))}

    def is_over(self, ask: Ask, kinds: Collection[str]) -> bool:
        """Return whether all jobs of these kinds are done or dead."""
        return not ask(_OPEN, {"kinds": json.dumps(list(kinds))})

    # ------------------------------------------------------------ coming and going
    def place(self, delay_ms: int) -> dict[str, int]:
        """Return the place of a new job, or the moment that it waits for."""
        if delay_ms:
            return {"wait_until": self.clock.wall() + delay_ms}
        return {"due": self.clock.since_boot()}

    def claim(
        self, t: Transaction, worker: Process, kinds: Collection[str], lease_ms: int
    ) -> Done | Refused:
        """Let a worker claim the first job of these kinds; refused as `reference` if there is none.
        Beside the step stand its number, key, kind, payload, timeout, and of which job it is a
        retry; key and payload unread.
        """
        now = self._now(kinds)
        beside = Beside(chosen=Chosen(_FIRST, now, _CLAIMED))
        outcome = t.take("claim", worker, world={"known": True}, beside=beside)
        if isinstance(outcome, Done):
            moments = {"now": now["now"], "lease": lease_ms, "job": outcome.beside[0]}
            t.own(_LEAVES, moments)
        return outcome

    def come_back(self, t: Transaction, job: int, pause_ms: int = 0) -> bool:
        """Let a job whose claim has ended stand in line again, unless that was the end of it;
        return whether it is dead.
        """
        update = """\
UPDATE job SET due = CASE status WHEN 'ready' THEN ? END, lease_until = NULL, deadline = NULL
WHERE id = ? RETURNING due IS NULL"""
        ((dead,),) = t.own(update, (self.clock.since_boot() + pause_ms, job))
        return bool(dead)

    def decline(self, t: Transaction, job: int, times: int) -> bool:
        """Let a job that has been given back so often come back after a pause, as after failures;
        return whether it is dead.
        """
        return self.come_back(t, job, self.backoff.wait_ms(times, 0, self.chance))

    def fail(self, t: Transaction, job: int, fails: int) -> bool:
        """Let a job that has failed so often come back after a pause; return whether it is dead."""
        now = self.clock.since_boot()
        t.own("UPDATE job SET failed_at = ? WHERE id = ?", (now, job))
        query = """\
SELECT count(*) FROM job
WHERE kind = (SELECT kind FROM job WHERE id = ?) AND failed_at > ?"""
        ((lately,),) = t.own(query, (job, now - self.backoff.window_ms))
        return self.come_back(t, job, self.backoff.wait_ms(fails, lately, self.chance))

    def leave(self, t: Transaction, job: int) -> None:
        """Let a job that is done or dead be waited for no more."""
        update = """\
UPDATE job SET due = NULL, wait_until = NULL, lease_until = NULL, deadline = NULL WHERE id = ?"""
        t.own(update, (job,))

    def begin_boot(self, t: Transaction) -> None:
        """Keep the order of the line, and forget other times: the clock has begun again."""
        move = "due - (SELECT max(due) FROM job)"
        t.own(f"UPDATE job SET due = {move} WHERE due IS NOT NULL")
        t.own("UPDATE job SET failed_at = NULL WHERE failed_at IS NOT NULL")
        t.own("UPDATE outbox SET due = 0 WHERE NOT sent AND due > 0")
        t.own("UPDATE notice SET due = 0 WHERE due > 0")
