"""Lanes: jobs of one key are done in the order in which they were put in.

The row of a job says how the one before it in its lane stands; what ends that one, or puts it off,
writes it here in the same step, for both are in one store. A job that backs off is not over: those
behind it wait. A job of another lane is nobody's business, wherever in the queue it stands. Left
out: which job is before which, and what becomes of a lane whose first job was given up.
"""

from spec.language import Enum, Spec, ite, require
from spec.queue.deadlines import claims_are_overdue, deadlines
from spec.queue.job import Job, Status, Worker, leased
from spec.queue.lease import claim, enqueue

lanes = Spec("lanes", deadlines, doc="Jobs of one key are done in the order of their coming.")


class Ahead(Enum):
    """How the job before this one in its lane stands."""

    over = "it has ended, or there is none"
    waits = "it waits for a worker"
    works = "a worker has it"
    backs_off = "it has failed, and waits to be tried again"


lanes.durable("ahead", Job, Ahead, Ahead.over, "how the job before it in its lane stands")
lanes.durable("behind", Job, bool, False, "a job of another lane that is stuck stands before it")


# ------------------------------------------------------------------ a job, and the one before it
@lanes.also(enqueue)
def enqueue_into_a_lane(s, j: Job, alone: bool, past: bool):
    """A job is put in, `alone` in its lane or not; it may have to go `past` one that is stuck."""
    s.ahead[j] = ite(alone, Ahead.over, Ahead.waits)
    s.behind[j] = past


@lanes.action(fair="weak")
def take_ahead(s, j: Job):
    """A worker takes the job before this one, for the first time or again."""
    require(ready_ahead=s.ahead[j].is_in(Ahead.waits, Ahead.backs_off))
    s.ahead[j] = Ahead.works


@lanes.action(finite=True, fault=True)
def put_off_ahead(s, j: Job):
    """The job before this one fails, and is to be tried again."""
    require(works_ahead=s.ahead[j] == Ahead.works)
    s.ahead[j] = Ahead.backs_off


@lanes.action(fair="weak")
def end_ahead(s, j: Job):
    """The job before this one ends."""
    require(at_work_ahead=s.ahead[j] == Ahead.works)
    s.ahead[j] = Ahead.over


@lanes.also(claim)
def claim_the_first(s, w: Worker, j: Job):
    """A worker takes a job only when the one before it in its lane is over."""
    require(first=s.ahead[j] == Ahead.over)


# ------------------------------------------------------------------ what must hold
@lanes.invariant("INV-020")
def lanes_keep_their_order(s, j: Job):
    """A job is at work, or done, only when the one before it in its lane is over."""
    return s.status[j].is_in(Status.claimed, Status.done) >> (s.ahead[j] == Ahead.over)


@lanes.step("INV-011")
def the_one_ahead_goes_its_way(s, t, j: Job):
    """The job before one that is in the queue is taken, fails and is taken again, or ends."""
    before, after = s.ahead[j], t.ahead[j]
    taken = before.is_in(Ahead.waits, Ahead.backs_off) & (after == Ahead.works)
    ended = (before == Ahead.works) & after.is_in(Ahead.backs_off, Ahead.over)
    return ((s.status[j] != Status.absent) & (before != after)) >> (taken | ended)


# ------------------------------------------------------------------ why it comes to be
@lanes.stays(by=take_ahead, before=claims_are_overdue)
def the_one_ahead_is_taken(s, j: Job):
    """The job before this one fails only so often, and is taken again."""
    return s.ahead[j].is_in(Ahead.works, Ahead.over)


@lanes.stays(by=end_ahead, before=claims_are_overdue)
def nobody_is_ahead(s, j: Job):
    """The job before this one ends, and lets it go."""
    return s.ahead[j] == Ahead.over


# ------------------------------------------------------------------ what must be reachable
@lanes.sometimes("INV-020")
def a_job_waits_while_the_one_ahead_backs_off(s, j: Job):
    """A job can wait, and workers with it, while the one before it backs off."""
    return (s.status[j] == Status.ready) & (s.ahead[j] == Ahead.backs_off)


@lanes.sometimes("INV-020")
def a_job_passes_one_of_another_lane(s, j: Job):
    """A job can be at work while one of another lane, which is stuck, stands before it."""
    return leased(s, j) & s.behind[j]
