"""Deliveries: the effect of a job takes place elsewhere, where whoever receives it notes its key.

The receiver is no part of the store: what the store forgets, it knows. Left out: the message that
carries the effect, which may be lost or come again; the key makes each the first one or none.
"""

from spec.language import Nat, Spec, exists, require
from spec.queue.job import Job, Pc, Status, Worker
from spec.queue.lease import lease, settle_done

deliveries = Spec("deliveries", lease, doc="Effects are received elsewhere, under the job's key.")

deliveries.durable("delivered", Job, bool, False, "whoever receives the effect has noted its key")
deliveries.ghost("received", Job, Nat(2), 0, "how often the effect has been received")


@deliveries.action()
def deliver(s, w: Worker):
    """The handler's effect takes place elsewhere, where its key is noted in the same step."""
    j = s.job[w]
    require(inside=s.pc[w] == Pc.running, fresh=~s.delivered[j])
    s.delivered[j] = True
    s.received[j] = s.received[j] + 1


@deliveries.also(settle_done)
def done_needs_a_delivery(s, w: Worker):
    """Success is believed only where the receiver knows the key."""
    require(delivered=s.delivered[s.job[w]])


# ------------------------------------------------------------------ what must hold
@deliveries.invariant("INV-006")
def one_delivery_per_job(s, j: Job):
    """Whatever is lost and restored, the effect is received at most once."""
    return s.received[j] <= 1


@deliveries.invariant("INV-007")
def done_was_delivered(s, j: Job):
    """A job that is done has had its effect."""
    return (s.status[j] == Status.done) >> s.delivered[j]


@deliveries.step("INV-011")
def deliveries_come_from_the_handler(s, t, j: Job):
    """An effect is received only from a worker that is inside the handler of its job."""
    inside = exists(Worker, lambda w: (s.job[w] == j) & (s.pc[w] == Pc.running))
    return (s.received[j] < t.received[j]) >> inside


# ------------------------------------------------------------------ what the proofs lean on
@deliveries.lemma("INV-006")
def the_key_tells_of_the_delivery(s, j: Job):
    """Until its key is noted, the effect has not been received."""
    return ~s.delivered[j] >> (s.received[j] == 0)


# ------------------------------------------------------------------ what must be reachable
@deliveries.sometimes("INV-006")
def a_job_runs_again_after_its_effect(s, w: Worker):
    """A worker can be inside the handler of a job whose effect an earlier attempt has had."""
    return (s.pc[w] == Pc.running) & s.delivered[s.job[w]] & (s.held[w] > 1)
