"""Parking: a job that finds no permit is put aside, so that workers need not look at it in vain.

Whoever puts it aside has looked before, and a permit may have come back since. So a job that is put
aside is looked at again after a while, whether or not anybody has told of a permit. Left out: who
tells, which only makes it sooner.
"""

from spec.language import Spec, require
from spec.queue.deadlines import claims_are_overdue
from spec.queue.job import Job, Status, Worker, ends, leased
from spec.queue.lease import claim, enqueue
from spec.queue.limits.permits import permits

parking = Spec("parking", permits, doc="Jobs that find no permit are put aside, and looked at.")

parking.durable("parked", Job, bool, False, "it is put aside for want of a permit")


@parking.also(enqueue)
def enqueue_unparked(s, j: Job):
    """A job that is new is not put aside."""
    s.parked[j] = False


@parking.action(finite=True)
def park(s, j: Job):
    """A job for which somebody has found no permit is put aside; there may be one by now."""
    require(waits=s.status[j] == Status.ready)
    s.parked[j] = True


@parking.action(fair="weak")
def look_again(s, j: Job):
    """A job that was put aside is looked at again, after a while."""
    s.parked[j] = False


@parking.also(claim)
def claim_what_is_not_aside(s, w: Worker, j: Job):
    """A worker looks at no job that is put aside."""
    require(unparked=~s.parked[j])


@parking.on(ends)
def the_end_leaves_nothing_aside(s, j: Job, again: bool):
    """A job that comes back, or is over, is not put aside."""
    s.parked[j] = False


# ------------------------------------------------------------------ what must hold
@parking.invariant("INV-002")
def only_waiting_jobs_are_aside(s, j: Job):
    """A job is put aside only while it waits."""
    return s.parked[j] >> (s.status[j] == Status.ready)


@parking.step("INV-011")
def what_is_aside_is_not_claimed(s, t, j: Job):
    """No job is claimed while it is put aside."""
    claimed = (s.status[j] != Status.claimed) & (t.status[j] == Status.claimed)
    return claimed >> ~s.parked[j]


# ------------------------------------------------------------------ why it comes to be
@parking.stays(by=look_again, before=claims_are_overdue)
def nothing_stays_aside(s, j: Job):
    """A job that is put aside only so often is looked at in the end."""
    return ~s.parked[j]


# ------------------------------------------------------------------ what must be reachable
@parking.sometimes("LIVE-01")
def a_job_is_aside_while_a_permit_is_free(s, j: Job):
    """A job can be put aside when the one that had the permit is over."""
    return s.parked[j] & ~leased(s, j) & (s.permit[j] == None)
