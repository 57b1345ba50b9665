"""Hints: a worker that waits is told of a job that is ready, so that it need not ask all the time.

A hint may be lost at any moment: it is sent while nobody listens, or its connection breaks. So no
step is decided by one: a worker asks of its own accord, and a hint only lets it ask sooner. Left
out: who is told, and how long a worker waits that was not.
"""

from spec.language import Spec
from spec.queue.deadlines import deadlines
from spec.queue.job import Job, Status, Worker, ends
from spec.queue.lease import claim, enqueue

hints = Spec("hints", deadlines, doc="Workers are told of jobs, or not.")

hints.world("told", Job, bool, False, "workers have been told that it is ready")


@hints.also(enqueue)
def enqueue_and_tell(s, j: Job):
    """Workers are told of a job that is new."""
    s.told[j] = True


@hints.on(ends)
def the_end_is_told(s, j: Job, again: bool):
    """Workers are told of a job that is ready again."""
    s.told[j] = again


@hints.also(claim)
def claim_unasked(s, w: Worker, j: Job):
    """A worker takes a job whether it was told of it or not."""
    s.told[j] = False


@hints.action(fault=True)
def lose_hint(s, j: Job):
    """A hint is lost on its way, and nobody knows that there was one."""
    s.told[j] = False


# ------------------------------------------------------------------ what must hold
@hints.step("INV-011")
def hints_decide_nothing(s, t, j: Job):
    """A hint that is lost takes nothing else along."""
    lost = s.told[j] & ~t.told[j] & (s.status[j] == t.status[j])
    return lost >> ((s.token[j] == t.token[j]) & (s.lease[j] == t.lease[j]))


@hints.invariant("INV-011")
def hints_are_of_jobs_that_wait(s, j: Job):
    """Workers are told of a job only while it is ready."""
    return s.told[j] >> (s.status[j] == Status.ready)


# ------------------------------------------------------------------ what must be reachable
@hints.sometimes("LIVE-01")
def a_job_waits_untold(s, j: Job):
    """A job can be ready without anybody being told of it."""
    return (s.status[j] == Status.ready) & ~s.told[j]


@hints.sometimes("LIVE-01")
def a_job_that_comes_back_waits_untold(s, j: Job):
    """So can one that was claimed before."""
    return (s.status[j] == Status.ready) & ~s.told[j] & (s.token[j] > 0)
