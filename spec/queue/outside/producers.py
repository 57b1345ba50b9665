"""Producers: a client asks for a job, may not hear the answer, and asks again with the same key.

A request that was sent may arrive at any time, more than once, or never; so may the answer. A
client that has crashed or waited too long simply sends again.
"""

from spec.language import Enum, Spec, require
from spec.queue.job import Job, Status
from spec.queue.lease import enqueue, lease

producers = Spec(
    "producers", lease, doc="Clients send requests and repeat them until they are answered."
)


class Request(Enum):
    """What the client knows of its request."""

    none = "it has not asked"
    sent = "it has asked and waits"
    acked = "it has been told that the job is in the queue"


producers.volatile("request", Job, Request, Request.none, "what the client knows")


@producers.action()
def send(s, j: Job):
    """The client asks for the job, or asks again, with the same key."""
    s.request[j] = Request.sent


@producers.also(enqueue)
def enqueue_on_request(s, j: Job):
    """A job is inserted because a client has asked for it."""
    require(asked=s.request[j] == Request.sent)


@producers.action()
def confirm(s, j: Job):
    """The answer reaches the client; lost, it never does, and the client asks again."""
    require(stored=s.status[j] != Status.absent)
    s.request[j] = Request.acked


# ------------------------------------------------------------------ what must hold
@producers.invariant("INV-001")
def accepted_jobs_are_in_the_queue(s, j: Job):
    """A job that the client was told of is in the queue."""
    return (s.request[j] == Request.acked) >> (s.status[j] != Status.absent)


@producers.invariant("INV-001")
def jobs_were_asked_for(s, j: Job):
    """A job is in the queue only because a client asked for it."""
    return (s.status[j] != Status.absent) >> (s.request[j] != Request.none)


# ------------------------------------------------------------------ what must be reachable
@producers.sometimes("INV-001")
def a_request_is_repeated(s, j: Job):
    """A request can come again when the job is long done."""
    return (s.status[j] == Status.done) & (s.request[j] == Request.sent)
