"""The line: which job is next, and until when the others wait.

Jobs stand in line by the moment since when they are due. A worker looks for each of its kinds at
the first one, so that others cost it nothing, and looks at none of a kind that is paused.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any

from impl.interface.process import Process
from impl.interface.step import Beside, Chosen
from impl.interface.transaction import Transaction
from impl.terms.backoff import Backoff
from impl.terms.clock import Moments
from impl.terms.outcomes import Done, Refused

Ask = Callable[[str, Any], list[Any]]
"""Returns the rows of a query."""

_FIRST = """\
SELECT id FROM job WHERE id IN (
  SELECT (SELECT id FROM job WHERE kind = mine.value AND due <= :now ORDER BY due, id LIMIT 1)
  FROM json_each(:kinds) AS mine
  WHERE mine.value NOT IN (SELECT kind FROM paused)
) ORDER BY due, id LIMIT 1"""

_ALL = """\
FROM job
WHERE due <= :now AND kind IN (SELECT mine.value FROM json_each(:kinds) AS mine)
  AND kind NOT IN (SELECT kind FROM paused)
ORDER BY due, id"""

_CLAIMED = """\
id, CAST(key AS BLOB), kind, CAST(payload AS BLOB), timeout_ms, claimed_before, fails, interrupts"""

_OPEN = """\
SELECT 1 FROM json_each(:kinds) AS mine
WHERE EXISTS (SELECT 1 FROM job WHERE kind = mine.value AND due IS NOT NULL)
   OR mine.value IN (SELECT kind FROM job WHERE lease IS NOT NULL)
LIMIT 1"""


_FAILS = """\
INSERT INTO failures (kind, until) VALUES (:kind, :now + :each)
ON CONFLICT (kind) DO UPDATE SET
  until = CASE WHEN failures.until > :now THEN failures.until ELSE :now END + :each
RETURNING until - :now"""


@dataclass
class Line:
    """The jobs of a queue that are ready, by the clock of who asks; times in milliseconds."""

    clock: Moments
    backoff: Backoff
    chance: random.Random = field(default_factory=random.Random)

    # ------------------------------------------------------------ who is next
    def first(self, ask: Ask, kinds: Collection[str]) -> list[Any]:
        """Return the number of the job of these kinds that has been due longest, if any."""
        return ask(_FIRST, {"now": self.clock.now(), **_these(kinds)})

    def is_over(self, ask: Ask, kinds: Collection[str]) -> bool:
        """Return whether all jobs of these kinds are done or dead."""
        return not ask(_OPEN, _these(kinds))

    def claim(
        self, t: Transaction, worker: Process, kinds: Collection[str], lease_ms: int
    ) -> Done | Refused:
        """Let a worker claim the first job of these kinds; refused as `reference` if there is none.
        Beside the step stand its number, key, kind, payload, timeout, how many claims there were
        before under its key, and how often it has failed and was cut short; key and payload unread.
        """
        beside = Beside(chosen=Chosen(_FIRST, _ALL, _these(kinds), _CLAIMED))
        world, lasts = {"known": True}, {"lease": lease_ms}
        return t.take("claim", worker, world=world, beside=beside, lasts=lasts)

    # ------------------------------------------------------------ how long the others wait
    def pause_ms(self, given_back: int) -> int:
        """Return how long a job waits that was given back so often."""
        return self.backoff.wait_ms(given_back, 0, self.chance)

    def pause_after_failure_ms(self, t: Transaction, kind: str, fails: int) -> int:
        """Return how long a job of a kind waits that has failed so often, and count its failure."""
        each = self.backoff.each_ms
        ((behind,),) = t.own(_FAILS, {"kind": kind, "now": t.now, "each": each})
        return self.backoff.wait_ms(fails, behind // each, self.chance)


def _these(kinds: Collection[str]) -> dict[str, Any]:
    return {"kinds": json.dumps(list(kinds))}
