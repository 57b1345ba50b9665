"""Intents: a client changes its own data and wants a job to follow, and the two belong together.

The change and the request for the job are committed in one step: the request waits in an outbox
beside the change, and a relay puts the job into the queue, as often as it has to. Left out: what
the change is, and that a client may give it up; one that is not committed may always be.
"""

from spec.language import Spec, require
from spec.queue.job import Job, Status
from spec.queue.lease import enqueue
from spec.queue.recovery import recovery

intents = Spec("intents", recovery, doc="Clients commit a change and the request for its job.")

intents.durable("committed", Job, bool, False, "the change that the job follows is committed")
intents.durable("outbox", Job, bool, False, "the request for the job waits to be relayed")


@intents.action()
def commit(s, j: Job):
    """The client commits its change, and the request for the job with it."""
    s.committed[j] = True
    s.outbox[j] = True


@intents.also(enqueue)
def enqueue_from_the_outbox(s, j: Job):
    """The relay inserts the job that a request in the outbox asks for."""
    require(due=s.outbox[j])


@intents.action()
def cross_off(s, j: Job):
    """The relay takes a request out of the outbox, when its job is in the queue."""
    require(stored=s.status[j] != Status.absent)
    s.outbox[j] = False


# ------------------------------------------------------------------ what must hold
@intents.invariant("INV-015")
def changes_are_followed_by_jobs(s, j: Job):
    """A change that is committed has its job, or the request for it."""
    return s.committed[j] >> (s.outbox[j] | (s.status[j] != Status.absent))


@intents.invariant("INV-015")
def jobs_follow_changes(s, j: Job):
    """A job is in the queue only if the change that it follows is committed."""
    return (s.status[j] != Status.absent) >> s.committed[j]


@intents.invariant("INV-015")
def requests_follow_changes(s, j: Job):
    """A request is in the outbox only if its change is committed."""
    return s.outbox[j] >> s.committed[j]


# ------------------------------------------------------------------ what must be reachable
@intents.sometimes("INV-015")
def a_request_waits(s, j: Job):
    """A change can be committed before its job is in the queue."""
    return s.committed[j] & (s.status[j] == Status.absent)


@intents.sometimes("INV-015")
def a_request_is_relayed_again(s, j: Job):
    """A request can be relayed again when its job is long done."""
    return s.outbox[j] & (s.status[j] == Status.done)
