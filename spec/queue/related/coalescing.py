"""Coalescing: a job that waits takes in newer values, until a claim takes one along.

A client that has a newer value puts it into the job that waits, in place of the older one; of two
values the one that was made later is kept, whichever comes first. The claim that begins a job takes
its value along in the same step, and from then on the job takes in no other, until it is tried
again. Left out: the job that a value goes into which comes too late; and for how long a job waits
for further values.
"""

from spec.language import Nat, Sort, Spec, require
from spec.queue.job import Job, Status, Worker, holds
from spec.queue.lease import claim, enqueue, settle_done
from spec.queue.recovery import recovery

coalescing = Spec("coalescing", recovery, doc="Jobs that wait take in newer values.")

Changes = coalescing.constant("Changes", 1, "how often what a job is about changes")
Value = Nat(Changes)


class Client(Sort):
    """A process that has seen a value and asks for a job with it."""


coalescing.durable("made", Job, Value, 0, "how often what it is about has changed")
coalescing.durable("value", Job, Value, 0, "the value that it has taken in, by its change")
coalescing.durable("handled", Job, Value, 0, "the value with which it was done")
coalescing.volatile("wants", Client, Job, None, "the job that it asks for")
coalescing.volatile("brings", Client, Value, 0, "the value that it has seen")
coalescing.volatile("takes", Worker, Value, 0, "the value that its claim has taken along")


# ------------------------------------------------------------------ values, and who brings them
@coalescing.action(fault=True)
def change(s, j: Job):
    """What the job is about changes: there is a newer value."""
    require(changes_left=s.made[j] < s.Changes)
    s.made[j] = s.made[j] + 1


@coalescing.action()
def see_value(s, c: Client, j: Job):
    """A client sees the newest value, and asks for a job with it."""
    require(made=s.made[j] > 0)
    s.wants[c] = j
    s.brings[c] = s.made[j]


@coalescing.also(enqueue)
def enqueue_with_a_value(s, j: Job, c: Client):
    """A job is put in together with the value that its client has seen."""
    require(wanted=s.wants[c] == j)
    s.value[j] = s.brings[c]


@coalescing.action()
def take_in(s, c: Client):
    """The job that waits takes in a newer value in place of its own."""
    j = s.wants[c]
    require(waits=s.status[j] == Status.ready, newer=s.value[j] < s.brings[c])
    s.value[j] = s.brings[c]


@coalescing.also(claim)
def claim_with_its_value(s, w: Worker, j: Job):
    """The claim takes along the value that the job has at that moment."""
    s.takes[w] = s.value[j]


@coalescing.also(settle_done)
def settle_done_with_its_value(s, w: Worker):
    """The row says with which value the job was done."""
    s.handled[s.job[w]] = s.takes[w]


# ------------------------------------------------------------------ what must hold
@coalescing.invariant("INV-007")
def done_has_handled_its_value(s, j: Job):
    """A job that is done was done with the last value that it has taken in."""
    return (s.status[j] == Status.done) >> (s.handled[j] == s.value[j])


@coalescing.invariant("INV-007")
def jobs_have_a_value(s, j: Job):
    """A job in the queue has a value that somebody has seen."""
    return (s.status[j] != Status.absent) >> (s.value[j] > 0)


@coalescing.step("INV-005")
def values_never_go_back(s, t, j: Job):
    """A job takes in no value that is older than its own."""
    return s.value[j] <= t.value[j]


# ------------------------------------------------------------------ what the proofs lean on
@coalescing.lemma("INV-005")
def absent_jobs_have_no_value(s, j: Job):
    """A job that is not in the queue has taken in nothing."""
    return (s.status[j] == Status.absent) >> (s.value[j] == 0)


@coalescing.lemma("INV-007")
def who_asks_for_a_job_has_seen_its_value(s, c: Client):
    """A client that wants a job brings a value."""
    return (s.wants[c] != None) >> (s.brings[c] > 0)


@coalescing.lemma("INV-007")
def the_holder_has_its_value(s, w: Worker):
    """A worker that holds a claim has the value that its job has."""
    return holds(s, w) >> (s.takes[w] == s.value[s.job[w]])


# ------------------------------------------------------------------ what must be reachable
@coalescing.sometimes("INV-007")
def a_retry_takes_a_newer_value_along(s, w: Worker):
    """A job can be tried again with a newer value than the one that its late worker has."""
    return (s.job[w] != None) & (s.takes[w] < s.value[s.job[w]])


@coalescing.sometimes("INV-005")
def a_client_comes_with_an_older_value(s, c: Client):
    """A client can still bring a value when its job has a newer one."""
    return (s.wants[c] != None) & (s.brings[c] < s.value[s.wants[c]])
