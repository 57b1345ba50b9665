"""A job and a worker: what they are, what is known of them, and the three ways in which an attempt
ends.

The row of a job is in the store. What a worker believes is in its memory. Failures live in the gap
between the two, so both are state here.
"""

from spec.language import Enum, Nat, Sort, Spec, Timer, ite

jobs = Spec("jobs", doc="The row of a job, and the memory of a worker.")

MaxFails = jobs.constant("MaxFails", 1, "how many failures a job survives, less one")
MaxInterrupts = jobs.constant("MaxInterrupts", 1, "how many interruptions a job survives, less one")
Histories = jobs.constant("Histories", 0, "how often a row may be lost or put back")


class Job(Sort):
    """A unit of work, known by its idempotency key."""


class Worker(Sort):
    """A process that runs one job at a time."""


class Status(Enum):
    """Where a job is in its life."""

    absent = "not in the queue"
    ready = "waits for a worker"
    claimed = "a worker has it under a lease"
    done = "its work is done, for ever"
    dead = "given up, for ever, with a reason"


class Lease(Timer):
    """How the present claim of a job stands."""

    none = "there is no claim"
    live = "the worker has been heard of in time"
    expired = "the worker has been silent for too long: it may be dead, or slow"


class Reason(Enum):
    """Why a job is dead."""

    none = "it is not"
    failures = "its handler failed too often"
    interruptions = "its attempts were cut short too often"


class Pc(Enum):
    """What a worker is doing."""

    idle = "looks for a job"
    claimed = "has a job and has not begun it"
    running = "is inside the handler"
    down = "has crashed"


# Each claim ends as done, failed or interrupted: no job can be claimed more often than this.
Token = Nat(MaxFails + MaxInterrupts)

jobs.durable("status", Job, Status, Status.absent, "where the job is")
jobs.durable(
    "token", Job, Token, 0, "how often it has been claimed: the fencing token of its claim"
)
jobs.durable(
    "epoch", Job, Nat(Histories), 0, "how often it was lost or put back: the history of its tokens"
)
jobs.durable("lease", Job, Lease, Lease.none, "how its claim stands")
jobs.durable("fails", Job, Nat(MaxFails), 0, "how many claims ended in failure")
jobs.durable("interrupts", Job, Nat(MaxInterrupts), 0, "how many claims were cut short")
jobs.durable("reason", Job, Reason, Reason.none, "why it is dead")
jobs.ghost("successes", Job, Nat(Histories + 2), 0, "how many claims ended in success")
jobs.ghost("entered", Job, bool, False, "the handler was entered under the last claim")

jobs.volatile("pc", Worker, Pc, Pc.idle, "what the worker is doing")
jobs.volatile("job", Worker, Job, None, "the job it believes it has")
jobs.volatile("held", Worker, Token, 0, "the token it was given")
jobs.volatile("held_epoch", Worker, Nat(Histories), 0, "the history that its token is of")


def leased(s, j):
    """The row says that somebody has the job; not who."""
    return s.status[j] == Status.claimed


def current(s, w, j):
    """The worker was given its token in the history that the row is in."""
    return s.held_epoch[w] == s.epoch[j]


def fenced(s, w):
    """The claim in the row is the one that this worker was given."""
    return (s.token[s.job[w]] == s.held[w]) & current(s, w, s.job[w])


def has(s, w, j):
    """The worker was given the last claim of this job."""
    return (s.job[w] == j) & (s.held[w] == s.token[j]) & current(s, w, j)


def holds(s, w):
    """The worker has a job and the row agrees."""
    return (s.job[w] != None) & leased(s, s.job[w]) & fenced(s, w)


def terminal(s, j):
    """Nothing more will happen to the job."""
    return s.status[j].is_in(Status.done, Status.dead)


def last_failure(s, j):
    """One more failure uses the budget up."""
    return s.fails[j] + 1 >= s.MaxFails


def last_interrupt(s, j):
    """One more interruption uses the budget up."""
    return s.interrupts[j] + 1 >= s.MaxInterrupts


@jobs.event
def ends(s, j: Job, again: bool):
    """A claim is over, or a job that waits is given up; it is ready `again` or not."""


def succeed(s, j):
    """The one way in which an attempt succeeds, whoever says so."""
    end_claim(s, j, Status.done, Reason.none)
    s.successes[j] = s.successes[j] + 1


@jobs.event
def dies(s, j: Job):
    """The job is given up, for whatever reason: nobody will try it again."""


def end_claim(s, j, status, reason):
    """The claim is over: the row says where the job is now."""
    s.status[j] = status
    s.reason[j] = reason
    s.lease[j] = Lease.none
    ends(s, j, status == Status.ready)


def fail(s, j):
    """The one way in which an attempt fails, whoever says so."""
    last = last_failure(s, j)
    s.fails[j] = s.fails[j] + 1
    end_claim(s, j, ite(last, Status.dead, Status.ready), ite(last, Reason.failures, Reason.none))
    dies(s, j, when=last)


def interrupt(s, j):
    """The one way in which an attempt is cut short; it is not held against the handler."""
    last = last_interrupt(s, j)
    s.interrupts[j] = s.interrupts[j] + 1
    end_claim(
        s, j, ite(last, Status.dead, Status.ready), ite(last, Reason.interruptions, Reason.none)
    )
    dies(s, j, when=last)
