"""Retention: work that has been over for so long is forgotten, with all that the queue has of it.

A job and what it was retried as are one piece of work: it is over when its last job is, and then it
is forgotten as a whole, the last job first. Nothing is forgotten before it was said, nor while a
table of the users' refers to it.
"""

from __future__ import annotations

import json
import logging

from impl.interface.transaction import Transaction
from impl.parts.cutting import cut
from impl.parts.line import Ask
from impl.parts.owner import Owner
from impl.terms.outcomes import Refused
from impl.terms.requests import BadRequest, milliseconds
from impl.terms.unusable import REMEDY, Busy, Damaged

log = logging.getLogger(__name__)

AT_ONCE = 100
"""Pieces of work that are looked at, and forgotten in one transaction."""

_WORK = """\
WITH RECURSIVE work (id) AS (
  SELECT {last}
  UNION ALL
  SELECT retry_of FROM job JOIN work USING (id) WHERE retry_of IS NOT NULL
)"""

_NEXT = """\
SELECT at, job FROM ended WHERE how = ? AND at <= ? AND (at, job) > (?, ?)
ORDER BY at, job LIMIT ?"""

_FREE = """\
SELECT job FROM json_each(?) AS each JOIN ended ON ended.job = CAST(each.value AS INTEGER)
WHERE NOT EXISTS (
  {work}
  SELECT 1 FROM work JOIN job USING (id)
  WHERE notice = 'due' OR EXISTS (SELECT 1 FROM outbox WHERE outbox.job = work.id AND NOT sent)
  {kept}
)"""

_EACH = f"""\
{_WORK.format(last="CAST(? AS INTEGER)")}
SELECT id, claimed_before + token FROM work JOIN job USING (id) ORDER BY id DESC"""

_COUNT = """\
INSERT INTO meta VALUES ('forgotten', ?)
ON CONFLICT (name) DO UPDATE
SET value = CAST(CAST(meta.value AS INTEGER) + CAST(excluded.value AS INTEGER) AS TEXT)"""

_MANY = """\
SELECT CAST(value AS INTEGER) >= (SELECT count(*) FROM job) FROM meta WHERE name = 'forgotten'"""


_USUAL = ("done", "cancelled")
"""How work ends that is forgotten without its being said."""


class Retention:
    """Forgets what has been over in one queue for so many seconds; nothing if it is None."""

    def __init__(self, queue: Owner, retain: float | None) -> None:
        """Raise `BadRequest` if it is no time."""
        self._queue, self.retain = queue, retain
        self._retain_ms = 0 if retain is None else milliseconds("retain", retain, 0)
        self._looked: dict[str, tuple[int, int]] = {}  # up to which end and job, of each way to end

    def prune(self, dead: bool) -> int:
        """Forget all of it, a bounded number at a time; return how many jobs. Raises `BadRequest`,
        `StoreError`.
        """
        if self.retain is None:
            raise BadRequest("prune: no `retain` was given; open the queue with one")
        self._looked.clear()
        forgotten = 0
        for how in (*_USUAL, *["dead"] * dead):
            while (some := self._prune(how)) is not None:
                forgotten += some
        return forgotten

    def prune_some(self) -> int:
        """Forget some of it; return how many jobs. What is kept back for a reason keeps nothing
        else back: each time the next ones are looked at. Where others are in the way it is left for
        another time. Raises `StoreError`.
        """
        if self.retain is None:
            return 0
        try:
            return sum(self._prune(how) or 0 for how in _USUAL)
        except Busy as busy:
            log.info("forgotten another time: %s", busy)
            return 0

    def _prune(self, how: str) -> int | None:
        """Look at the next work that ended so, and forget it where it can be, in one transaction;
        cut the trace where most of it is of what is forgotten. Return how many jobs are forgotten,
        None if all were looked at.
        """
        ask, before = self._queue.store.own, self._queue.clock.now() - self._retain_ms
        over = ask(_NEXT, (how, before, *self._looked.pop(how, (0, 0)), AT_ONCE))
        if not over:
            return None
        self._looked[how] = over[-1]
        lasts = [job for _, job in over]
        if not self._free(ask, lasts):  # without the lock
            return 0
        with self._queue.transaction() as t:
            t.alone("forgetting")
            forgotten = sum(self._forget(t, last) for last in self._free(t.own, lasts))
            t.own(_COUNT, (str(forgotten),))
        log.info("%s forgotten", "1 job is" if forgotten == 1 else f"{forgotten} jobs are")
        ((many,),) = ask(_MANY, ())
        if many:
            try:
                cut(self._queue)
            except Busy as busy:
                log.info("the trace is cut another time: %s", busy)
        return forgotten

    def _free(self, ask: Ask, lasts: list[int]) -> list[int]:
        """Return those of these jobs, each the last of its work, that nothing keeps back."""
        kept = [
            f"OR EXISTS (SELECT 1 FROM {table} WHERE {column} = work.id)"
            for table, column in self._queue.store.references("job")
        ]
        query = _FREE.format(work=_WORK.format(last="ended.job"), kept="\n  ".join(kept))
        return [job for (job,) in ask(query, (json.dumps(lasts),))]

    def _forget(self, t: Transaction, last: int) -> int:
        """Forget a piece of work by its last job; return how many jobs it was."""
        work = t.own(_EACH, (last,))
        for job, claims in work:
            t.keep_claims(claims)
            t.own("DELETE FROM checkpoint WHERE job = ?", (job,))
            t.own("DELETE FROM outbox WHERE job = ?", (job,))
            # Whoever chose the horizon says that by then nobody asks for it any more.
            t.take("grow_old", world={"content": True}, j=job - 1)
            outcome = t.take("prune", world={"free": 0}, j=job - 1, d=0)
            if isinstance(outcome, Refused):
                fact = f"is damaged: job {job} is over, and refused for {outcome.guard}"
                raise Damaged(self._queue.store.path, fact, REMEDY)
        return len(work)
