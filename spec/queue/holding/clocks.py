"""Clocks: whoever looks for leases that have run out has a clock of its own, which may be ahead.

No step here reads it: a period is one of the clock that stamps the lease, that of the store.
"""

from spec.language import Spec
from spec.queue.holding.periods import Silence, periods
from spec.queue.job import Job, Lease
from spec.queue.recovery import Recoverer

clocks = Spec("clocks", periods, doc="Clocks differ, and leases run by that of the store.")

clocks.volatile("ahead", Recoverer, bool, False, "its own clock is a whole period ahead")


@clocks.action(fault=True)
def jump(s, r: Recoverer):
    """The clock of a recoverer jumps ahead; one that is started again is right again."""
    s.ahead[r] = True


# ------------------------------------------------------------------ what must hold
@clocks.step("INV-024")
def leases_run_by_their_stamp(s, t, j: Job):
    """A lease runs out only when its stamp is a whole period old."""
    ran_out = (s.lease[j] == Lease.live) & (t.lease[j] == Lease.expired)
    return ran_out >> (s.silence[j] == Silence.whole)


# ------------------------------------------------------------------ what must be reachable
@clocks.sometimes("INV-024")
def a_clock_is_ahead_of_a_live_lease(s, r: Recoverer, j: Job):
    """A clock can be ahead while a lease has time left."""
    return s.ahead[r] & (s.lease[j] == Lease.live) & (s.silence[j] != Silence.whole)
