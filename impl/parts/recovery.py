"""Recovery: ends the claims whose lease has run out, so that their jobs are tried again.

A heartbeat may come between the look at all leases and the step; so each is looked at again, in the
transaction of the step. While the store was locked no heartbeat could come: whoever finds that it
was gives them time first.
"""

from __future__ import annotations

import logging

from impl.interface.process import Process
from impl.parts.owner import Owner
from impl.terms.outcomes import OutcomeUnknown, Refused
from impl.terms.unusable import REMEDY, Busy, Damaged
from spec.queue.recovery import Recoverer

log = logging.getLogger(__name__)


class Recovery:
    """Recovers claims of one queue, as a recoverer of the spec once there is anything to do."""

    def __init__(self, queue: Owner) -> None:
        self._queue = queue
        self._recoverer: Process | None = None
        self._locked = False
        self._spared_until: int | None = None

    def recover(self) -> int:
        """End the claims whose lease has run out; return how many. Raises `StoreError`."""
        late = self._late()
        try:
            ended = sum(map(self._recover, late))
        except OutcomeUnknown:
            self._recoverer = None  # it may have done what it does not remember
            raise
        except Busy:
            self._locked = True
            raise
        if ended or not late:
            self._spared_until = None
        return ended

    def _recover(self, job: int) -> bool:
        asked = self._queue.clock.now()
        recoverer = self._recoverer = self._recoverer or self._queue.process(Recoverer)
        with self._queue.transaction() as t:
            found = t.own("SELECT lease <= ? FROM job WHERE id = ?", (t.now, job))
            if not found:  # an index has it, and the table has not
                fact = f"is damaged: job {job} has a lease, and no row"
                raise Damaged(self._queue.store.path, fact, REMEDY)
            ((out,),) = found
            if not out or self._spares(t.now, t.now - asked):
                return False
            if isinstance(t.take("look", recoverer, j=job - 1), Refused):
                return False  # it was renewed meanwhile
            ended = t.take("recover", recoverer, lasts={"due": 0})
            if isinstance(ended, Refused):
                return False
        dead = ended.row["status"] == "dead"
        log.info("job %s: its lease has run out%s", job, ", and it is dead" if dead else "")
        return True

    def _spares(self, now: int, waited: int) -> bool:
        """Return whether a worker that is well may not have had time yet to renew its lease.

        It is given half a lease after the store was locked, and once after a long wait: there may
        be long waits all the time, and claims must end.
        """
        lease = self._queue.lease_ms
        if self._locked or (self._spared_until is None and waited > lease // 6):
            self._locked, self._spared_until = False, now + lease // 2
        return self._spared_until is not None and now < self._spared_until

    def _late(self) -> list[int]:
        query = "SELECT id FROM job WHERE lease <= ? ORDER BY lease"
        return [job for (job,) in self._queue.store.own(query, (self._queue.clock.now(),))]
