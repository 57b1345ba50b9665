"""Deadlines: a heartbeat shows that a process is alive, not that it gets anywhere.

Each attempt has a hard deadline. Once it has passed the lease is renewed no more, so an attempt
that hangs loses its claim as a dead one does. With recovery this is what makes every job end.
"""

from spec.language import Spec, Timer, require
from spec.queue.job import Job, Lease, Pc, Status, Worker, ends, holds, leased, terminal
from spec.queue.lease import abandon, claim, enqueue, expire, heartbeat, restart
from spec.queue.recovery import Recoverer, look, recover, recovery

deadlines = Spec(
    "deadlines", recovery, doc="An attempt that hangs is ended although its worker is alive."
)


class Deadline(Timer):
    """How the time stands that the present claim of a job may take."""

    off = "there is no claim"
    ahead = "the attempt may go on"
    passed = "the attempt is over time"


deadlines.durable("deadline", Job, Deadline, Deadline.off, "how the time of its claim stands")


@deadlines.also(enqueue)
def enqueue_without_deadline(s, j: Job):
    """A job that is new has no deadline yet."""
    s.deadline[j] = Deadline.off


@deadlines.also(claim)
def claim_sets_the_deadline(s, w: Worker, j: Job):
    """Each claim has a deadline of its own."""
    s.deadline[j] = Deadline.ahead


@deadlines.on(ends)
def the_deadline_ends_with_the_claim(s, j: Job, again: bool):
    """A job that nobody has needs no deadline."""
    s.deadline[j] = Deadline.off


@deadlines.also(heartbeat)
def heartbeat_in_time(s, w: Worker):
    """The lease is not renewed after the deadline."""
    require(in_time=s.deadline[s.job[w]] != Deadline.passed)


@deadlines.elapse("deadline")
def pass_deadline(s, j: Job):
    """The deadline of a claim passes."""


# ------------------------------------------------------------------ what must hold
@deadlines.step("INV-012")
def no_renewal_after_the_deadline(s, t, j: Job):
    """A lease that has expired after the deadline is not made live again."""
    late = (s.deadline[j] == Deadline.passed) & (s.lease[j] == Lease.expired)
    return late >> (t.lease[j] != Lease.live)


@deadlines.invariant("INV-011")
def deadlines_belong_to_claims(s, j: Job):
    """A job has a deadline exactly while it is claimed."""
    return leased(s, j) == (s.deadline[j] != Deadline.off)


# ------------------------------------------------------------------ what must come to be
@deadlines.leads_to("LIVE-01")
def every_job_ends(s, j: Job):
    """A job in the queue is done or dead in the end, even if every handler hangs."""
    return s.status[j] != Status.absent, terminal(s, j)


@deadlines.leads_to("LIVE-03")
def hung_attempts_end(s, w: Worker):
    """A worker does not hold a claim for ever."""
    return holds(s, w), ~holds(s, w)


# ------------------------------------------------------------------ why it comes to be
@deadlines.stays(by=pass_deadline)
def claims_are_overdue(s, j: Job):
    """The deadline of a claim that is not ended passes."""
    return leased(s, j) >> (s.deadline[j] == Deadline.passed)


@deadlines.stays(by=expire)
def claims_expire(s, j: Job):
    """After the deadline nobody renews the lease, so that it runs out."""
    return leased(s, j) >> (s.lease[j] == Lease.expired)


@deadlines.recurs(by=look)
def claims_are_seen(s, r: Recoverer, j: Job):
    """A recoverer looks at an expired claim again and again."""
    return leased(s, j) >> (s.seen[r] == j)


@deadlines.stays(by=recover, after=claims_are_seen)
def claims_end(s, r: Recoverer, j: Job):
    """No claim is left in the end."""
    return ~leased(s, j)


@deadlines.recurs(by=abandon)
def workers_let_go(s, w: Worker):
    """A worker whose job is no longer claimed drops it, unless it dies."""
    return s.pc[w].is_in(Pc.idle, Pc.down)


@deadlines.recurs(by=restart, after=workers_let_go)
def workers_are_idle(s, w: Worker):
    """A worker that has died comes back idle."""
    return s.pc[w] == Pc.idle


@deadlines.stays(by=claim, after=workers_are_idle)
def no_job_waits(s, w: Worker, j: Job):
    """A worker that is idle again and again claims a job that is ready, if only another one."""
    return s.status[j] != Status.ready


# ------------------------------------------------------------------ what must be reachable
@deadlines.sometimes("INV-012")
def an_attempt_is_overdue(s, j: Job):
    """A deadline can pass while the lease is live."""
    return (s.deadline[j] == Deadline.passed) & (s.lease[j] == Lease.live)
