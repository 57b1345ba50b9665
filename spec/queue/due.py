"""Due: a job may be for later, and one that has failed waits before it is tried again.

It is in the queue all the while, in its one place: its time comes, and nobody moves it. What was
interrupted waits for nothing, and what is cancelled waits no more. Left out: how long a job waits,
which grows with each failure; and schedules that repeat.
"""

from spec.language import Spec, require
from spec.queue.cancel import cancel, cancelling
from spec.queue.job import Job, Status, Worker, last_failure
from spec.queue.lease import claim, enqueue, settle_failed

due = Spec(
    "due", cancelling, doc="Jobs are claimed when they are due: later ones, and failed ones."
)

due.durable("waits", Job, bool, False, "its time has not come")


@due.also(enqueue)
def enqueue_for_later(s, j: Job, later: bool):
    """The client says whether the job is for later."""
    s.waits[j] = later


@due.action(fair="weak", fault=True)
def fall_due(s, j: Job):
    """The time of the job comes; one that does not wait is as it was."""
    s.waits[j] = False


@due.also(claim)
def claim_what_is_due(s, w: Worker, j: Job):
    """A worker takes only a job whose time has come."""
    require(due=~s.waits[j])


@due.also(settle_failed)
def back_off(s, w: Worker):
    """A job that has failed waits before it is tried again."""
    j = s.job[w]
    s.waits[j] = ~last_failure(s, j)


@due.also(cancel)
def cancel_what_waits(s, j: Job):
    """A job that its client gives up waits no more."""
    s.waits[j] = False


# ------------------------------------------------------------------ what must hold
@due.invariant("INV-026")
def only_ready_jobs_wait(s, j: Job):
    """A job waits for its time only while it is ready: it is claimed when it is due."""
    return s.waits[j] >> (s.status[j] == Status.ready)


@due.step("INV-026")
def claims_are_of_what_is_due(s, t, j: Job):
    """A job is claimed only when its time has come."""
    claimed = (s.status[j] != Status.claimed) & (t.status[j] == Status.claimed)
    return claimed >> ~s.waits[j]


@due.step("INV-026")
def retries_are_paced(s, t, j: Job):
    """A job that has failed and is tried again waits first."""
    failed = (s.fails[j] < t.fails[j]) & (t.status[j] == Status.ready)
    return failed >> t.waits[j]


@due.step("INV-011")
def jobs_wait_from_the_start_or_after_a_failure(s, t, j: Job):
    """A job begins to wait when it is enqueued or has failed, and at no other time."""
    begun = ~s.waits[j] & t.waits[j]
    return begun >> ((s.status[j] == Status.absent) | (s.fails[j] < t.fails[j]))


# ------------------------------------------------------------------ what must come to be
@due.leads_to("LIVE-05")
def waiting_jobs_fall_due(s, j: Job):
    """A job that waits for its time is due in the end."""
    return s.waits[j], ~s.waits[j]


# ------------------------------------------------------------------ why it comes to be
@due.stays(by=fall_due)
def jobs_are_due(s, j: Job):
    """A job that is given no new attempt begins to wait no more, and its time comes."""
    return ~s.waits[j]


# ------------------------------------------------------------------ what must be reachable
@due.sometimes("INV-026")
def a_job_for_later_waits(s, j: Job):
    """A job can wait for its time before anybody had it."""
    return s.waits[j] & (s.token[j] == 0)


@due.sometimes("INV-026")
def a_job_waits_after_a_failure(s, j: Job):
    """A job can wait for its time after a failure."""
    return s.waits[j] & (s.fails[j] > 0)
