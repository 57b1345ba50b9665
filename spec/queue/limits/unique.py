"""Unique: of jobs that are about the same, one is in the queue at a time.

What a job is about is not the key of its request: two clients, or one that asks for something else,
may mean the same work. Which it is stands in the row of the job, so it is free again by the step
that ends the job, or by the claim if a job that has begun shall not keep a new one out. A job that
is tried again needs nobody's leave. Left out: for how long it stays taken after the end.
"""

from spec.language import Sort, Spec, exists, ite, require
from spec.queue.cancel import cancelling
from spec.queue.deadlines import deadlines
from spec.queue.job import Job, Status, Worker, ends, leased
from spec.queue.lease import claim, enqueue

unique = Spec("unique", deadlines, cancelling, doc="Of jobs about the same, one is open.")


class Subject(Sort):
    """What jobs are about: of two about the same, one is enough."""


unique.durable("about", Job, Subject, None, "what it is about")
unique.durable("keeps_out", Job, Subject, None, "what it keeps other jobs out of, if anything")
unique.durable("throughout", Job, bool, False, "it keeps others out while it is at work, too")


@unique.also(enqueue)
def enqueue_the_only_one(s, j: Job, u: Subject, whole: bool):
    """A job is inserted if no job keeps it out: one step looks and inserts. It keeps others out for
    its `whole` life, or until it is claimed.
    """
    require(vacant=~exists(Job, lambda i: s.keeps_out[i] == u))
    s.about[j] = u
    s.keeps_out[j] = u
    s.throughout[j] = whole


@unique.also(claim)
def claim_makes_room(s, w: Worker, j: Job):
    """A job that a worker has lets a new one in, unless it was to keep it out throughout."""
    s.keeps_out[j] = ite(s.throughout[j], s.keeps_out[j], None)


@unique.on(ends)
def the_end_makes_room(s, j: Job, again: bool):
    """A job that is over lets a new one in; one that is tried again keeps what it has."""
    s.keeps_out[j] = ite(again, s.keeps_out[j], None)


# ------------------------------------------------------------------ what must hold
@unique.invariant("INV-016")
def one_job_about_the_same(s, i: Job, j: Job):
    """No two jobs keep others out of the same."""
    return ((s.keeps_out[i] != None) & (s.keeps_out[i] == s.keeps_out[j])) >> (i == j)


@unique.invariant("INV-016")
def who_was_not_begun_keeps_others_out(s, j: Job):
    """A job that no worker had keeps others out, and one that does so throughout until its end."""
    new = (s.status[j] == Status.ready) & (s.token[j] == 0)
    at_work = s.throughout[j] & s.status[j].is_in(Status.ready, Status.claimed)
    return (new | at_work) >> ((s.keeps_out[j] != None) & (s.keeps_out[j] == s.about[j]))


@unique.invariant("INV-016")
def who_is_over_keeps_nobody_out(s, j: Job):
    """A job that is over keeps nobody out, nor does one that has begun and was not to."""
    open = s.status[j].is_in(Status.ready, Status.claimed)
    return (s.keeps_out[j] != None) >> (open & (s.throughout[j] | (s.token[j] == 0)))


# ------------------------------------------------------------------ what must be reachable
@unique.sometimes("INV-016")
def a_retry_keeps_others_out(s, j: Job):
    """A job that was cut short can keep others out until its retry."""
    return (s.status[j] == Status.ready) & (s.interrupts[j] > 0) & (s.keeps_out[j] != None)


# ------------------------------------------------------------------ where there are two jobs
rivals = Spec("rivals", unique, doc="Two jobs about the same.")


@rivals.sometimes("INV-016")
def a_job_waits_beside_one_at_work(s, i: Job, j: Job):
    """A job can wait while an older one, about the same, is at work."""
    return leased(s, i) & (s.status[j] == Status.ready) & (s.keeps_out[j] != None) & (i != j)


@rivals.sometimes("INV-016")
def a_retry_waits_beside_a_new_job(s, i: Job, j: Job):
    """A job that was cut short can wait for its retry beside a new one about the same."""
    again = (s.status[i] == Status.ready) & (s.interrupts[i] > 0) & (s.keeps_out[i] == None)
    return again & (s.status[j] == Status.ready) & (s.token[j] == 0)
