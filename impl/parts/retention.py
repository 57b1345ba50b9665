"""Retention: work that has been over for so long is forgotten, with all that the queue has of it.

A job and what it was retried as are one piece of work: it is over when its last job is, and then it
is forgotten as a whole, the last job first. Nothing is forgotten before it was said, nor while a
table of the users' refers to it.
"""

from __future__ import annotations

import logging

from impl.parts.cutting import cut
from impl.parts.line import Ask
from impl.parts.owner import Owner
from impl.sqlite.damage import REMEDY, Damaged
from impl.sqlite.foreign import references
from impl.sqlite.transaction import Transaction
from impl.terms.outcomes import Refused
from impl.terms.requests import BadRequest, milliseconds

log = logging.getLogger(__name__)

AT_ONCE = 100
"""Pieces of work that are forgotten in one transaction."""

_WORK = """\
WITH RECURSIVE work (id) AS (
  SELECT {last}
  UNION ALL
  SELECT retry_of FROM job JOIN work USING (id) WHERE retry_of IS NOT NULL
)"""

_OVER = """\
SELECT job FROM ended
WHERE how IN ({how}) AND at <= ? AND NOT EXISTS (
  {work}
  SELECT 1 FROM work JOIN job USING (id)
  WHERE notice = 'due' OR EXISTS (SELECT 1 FROM outbox WHERE outbox.job = work.id AND NOT sent)
  {kept}
)
LIMIT {most}"""

_EACH = f"{_WORK.format(last='?')}\nSELECT id, claimed_before + token FROM work JOIN job USING (id)"

_COUNT = """\
INSERT INTO meta VALUES ('forgotten', ?)
ON CONFLICT (name) DO UPDATE SET value = CAST(value + excluded.value AS TEXT)"""

_MANY = """\
SELECT CAST(value AS INTEGER) >= (SELECT count(*) FROM job) FROM meta WHERE name = 'forgotten'"""


class Retention:
    """Forgets what has been over in one queue for so many seconds; nothing if it is None."""

    def __init__(self, queue: Owner, retain: float | None) -> None:
        """Raise `BadRequest` if it is no time."""
        self._queue, self.retain = queue, retain
        self._retain_ms = 0 if retain is None else milliseconds("retain", retain, 0)

    def prune(self, dead: bool) -> int:
        """Forget all of it, a bounded number at a time; return how many jobs. Raises `BadRequest`,
        `StoreError`.
        """
        if self.retain is None:
            raise BadRequest("prune: no `retain` was given; open the queue with one")
        forgotten = 0
        while some := self.prune_some(dead):
            forgotten += some
        return forgotten

    def prune_some(self, dead: bool = False) -> int:
        """Forget some of it, in one transaction, and cut the trace where most of it is of what is
        forgotten; return how many jobs. Raises `StoreError`.
        """
        before = self._queue.clock.now() - self._retain_ms
        if self.retain is None or not self._over(self._queue.store.own, before, dead):
            return 0
        with self._queue.transaction() as t:
            forgotten = sum(self._forget(t, last) for last in self._over(t.own, before, dead))
            t.own(_COUNT, (str(forgotten),))
            ((many,),) = t.own(_MANY)
        if forgotten:
            log.info("%s are forgotten", "1 job" if forgotten == 1 else f"{forgotten} jobs")
        if many:
            cut(self._queue)
        return forgotten

    def _over(self, ask: Ask, before: int, dead: bool) -> list[int]:
        """Return the last jobs of work that can be forgotten."""
        kept = [
            f"OR EXISTS (SELECT 1 FROM {table} WHERE {column} = work.id)"
            for table, column in references(ask, self._queue.store.design, "job")
        ]
        query = _OVER.format(
            how="'done', 'cancelled', 'dead'" if dead else "'done', 'cancelled'",
            work=_WORK.format(last="ended.job"),
            kept="\n  ".join(kept),
            most=AT_ONCE,
        )
        return [job for (job,) in ask(query, (before,))]

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
