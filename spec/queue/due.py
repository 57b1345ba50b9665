"""Due: a job may be for later, and one that is put back waits before it is tried again.

It is in the queue all the while, in its one place: its time comes, and nobody moves it. What is
cancelled waits no more. Left out: how long a job waits, which is no time at all after an
interruption, and grows with each failure; and schedules that repeat.
"""

from spec.language import Spec, Timer, ite, require
from spec.queue.cancel import cancelling
from spec.queue.job import Job, Status, Worker, ends
from spec.queue.lease import claim, enqueue

due = Spec(
    "due", cancelling, doc="Jobs are claimed when they are due: later ones, and failed ones."
)


class Due(Timer):
    """Whether the time of a job has come."""

    off = "it waits for no time"
    waiting = "it is for later"
    due = "its time has come"


due.durable("due", Job, Due, Due.off, "whether its time has come")


@due.also(enqueue)
def enqueue_for_its_time(s, j: Job):
    """A job waits for the time that its client has said; it may have come."""
    s.due[j] = Due.waiting


@due.elapse("due")
def fall_due(s, j: Job):
    """The time of the job comes."""


@due.also(claim)
def claim_what_is_due(s, w: Worker, j: Job):
    """A worker takes only a job whose time has come."""
    require(due=s.due[j] == Due.due)
    s.due[j] = Due.off


@due.on(ends)
def wait_before_the_next_attempt(s, j: Job, again: bool):
    """A job that is tried again waits first, be it for no time at all."""
    s.due[j] = ite(again, Due.waiting, Due.off)


# ------------------------------------------------------------------ what must hold
@due.invariant("INV-026")
def only_ready_jobs_wait(s, j: Job):
    """A job has a time exactly while it is ready: it is claimed when it is due."""
    return (s.status[j] == Status.ready) == (s.due[j] != Due.off)


@due.step("INV-026")
def claims_are_of_what_is_due(s, t, j: Job):
    """A job is claimed only when its time has come."""
    claimed = (s.status[j] != Status.claimed) & (t.status[j] == Status.claimed)
    return claimed >> (s.due[j] == Due.due)


@due.step("INV-026")
def retries_are_paced(s, t, j: Job):
    """A job that has failed and is tried again waits first."""
    failed = (s.fails[j] < t.fails[j]) & (t.status[j] == Status.ready)
    return failed >> (t.due[j] == Due.waiting)


@due.step("INV-011")
def jobs_wait_once_for_each_attempt(s, t, j: Job):
    """A job begins to wait when it comes into the queue or is put back, and at no other time."""
    begun = (s.due[j] != Due.waiting) & (t.due[j] == Due.waiting)
    return begun >> ((s.status[j] != Status.ready) & (t.status[j] == Status.ready))


# ------------------------------------------------------------------ what must come to be
@due.leads_to("LIVE-05")
def waiting_jobs_fall_due(s, j: Job):
    """A job that waits for its time is due in the end."""
    return s.due[j] == Due.waiting, s.due[j] != Due.waiting


# ------------------------------------------------------------------ why it comes to be
@due.stays(by=fall_due)
def jobs_are_due(s, j: Job):
    """A job that is given no new attempt begins to wait no more, and its time comes."""
    return s.due[j] != Due.waiting


# ------------------------------------------------------------------ what must be reachable
@due.sometimes("INV-026")
def a_job_for_later_waits(s, j: Job):
    """A job can wait for its time before anybody had it."""
    return (s.due[j] == Due.waiting) & (s.token[j] == 0)


@due.sometimes("INV-026")
def a_job_waits_after_a_failure(s, j: Job):
    """A job can wait for its time after a failure."""
    return (s.due[j] == Due.waiting) & (s.fails[j] > 0)
