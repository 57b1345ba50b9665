"""Permits: how many jobs may be at work at once, as rows that a job takes and gives back.

There is one permit for each unit of the limit, and the row of a job says which it has. So two
claims meet at a permit, and not at a count, and a permit has no life of its own: it is had by a
claim and ends with it, however the claim ends. A job that backs off has none. Left out: several
limits, each of which has permits of its own.
"""

from spec.language import Sort, Spec, exists, require
from spec.queue.cancel import cancelling
from spec.queue.deadlines import deadlines
from spec.queue.job import Job, Status, Worker, ends, leased
from spec.queue.lease import claim, enqueue

permits = Spec("permits", deadlines, cancelling, doc="So many jobs are at work at once, no more.")


class Permit(Sort):
    """One unit of a limit: whoever has it may be at work."""


permits.durable("permit", Job, Permit, None, "the permit of its claim")


@permits.also(enqueue)
def enqueue_without_permit(s, j: Job):
    """A job that is new has no permit yet."""
    s.permit[j] = None


@permits.also(claim)
def claim_with_a_permit(s, w: Worker, j: Job, p: Permit):
    """A job is claimed together with a permit that no job has."""
    require(free=~exists(Job, lambda i: s.permit[i] == p))
    s.permit[j] = p


@permits.on(ends)
def the_permit_ends_with_the_claim(s, j: Job, again: bool):
    """The step that ends a claim gives its permit back, whoever takes it."""
    s.permit[j] = None


# ------------------------------------------------------------------ what must hold
@permits.invariant("INV-017")
def a_permit_has_one_job(s, i: Job, j: Job):
    """No two jobs have the same permit."""
    return ((s.permit[i] != None) & (s.permit[i] == s.permit[j])) >> (i == j)


@permits.invariant("INV-017")
def who_is_at_work_has_a_permit(s, j: Job):
    """A job that is claimed has a permit, so no more are claimed than there are permits."""
    return leased(s, j) >> (s.permit[j] != None)


@permits.invariant("INV-017")
def permits_come_back(s, j: Job):
    """A job that is not claimed has no permit: not while it waits, backs off or is over."""
    return ~leased(s, j) >> (s.permit[j] == None)


# ------------------------------------------------------------------ what must be reachable
@permits.sometimes("INV-017")
def a_job_waits_for_a_permit(s, j: Job):
    """A job can be ready while every permit is taken."""
    full = ~exists(Permit, lambda p: ~exists(Job, lambda i: s.permit[i] == p))
    return (s.status[j] == Status.ready) & full


@permits.sometimes("INV-017")
def a_permit_goes_from_hand_to_hand(s, i: Job, j: Job):
    """A permit can come to a job after one that has failed and backs off."""
    return (s.status[i] == Status.ready) & (s.fails[i] > 0) & leased(s, j)


@permits.sometimes("LIVE-01")
def a_late_worker_is_at_work_without_permit(s, w: Worker):
    """A worker can still be inside the handler when its permit has gone to another job."""
    given = exists(Job, lambda i: (i != s.job[w]) & (s.permit[i] != None))
    return (s.job[w] != None) & ~leased(s, s.job[w]) & given
