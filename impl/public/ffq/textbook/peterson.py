"""Peterson's algorithm: two processes share a critical section with three fields of memory.

Each says that it wants to enter and then lets the other go first; it waits while the other wants
to enter and it was itself the last to give way. The same steps as `Peterson` in the examples of
TLA+, which has 42 states; there the field begins as if one had given way, here nobody has, which
are 9 states more. Left out: a memory that reorders writes.
"""

from ffq import Enum, Scope, Sort, Spec, exists, require

peterson = Spec("peterson", doc="Two processes, one critical section, no lock.")


class Process(Sort):
    """One that wants to enter the critical section."""


class At(Enum):
    """Where a process is in its program."""

    idle = "it does not want to enter"
    wanting = "it wants to enter"
    yielding = "it has said so"
    waiting = "it has given way"
    inside = "it is in the critical section"
    leaving = "it has done its work there"


peterson.durable("at", Process, At, At.idle, "where the process is")
peterson.durable("wants", Process, bool, False, "what the others read: it wants to enter")
peterson.durable("gave_way", None, Process, None, "who gave way last")


@peterson.action()
def want(s, p: Process):
    """A process wants to enter, whenever it likes or never."""
    require(idle=s.at[p] == At.idle)
    s.at[p] = At.wanting


@peterson.action(fair="weak")
def say_so(s, p: Process):
    """It says so in the shared memory."""
    require(wanting=s.at[p] == At.wanting)
    s.at[p] = At.yielding
    s.wants[p] = True


@peterson.action(fair="weak")
def give_way(s, p: Process):
    """It lets the other go first."""
    require(yielding=s.at[p] == At.yielding)
    s.at[p] = At.waiting
    s.gave_way = p


@peterson.action(fair="weak")
def enter(s, p: Process):
    """It enters when no other wants to, or when another has given way after it."""
    require(
        waiting=s.at[p] == At.waiting,
        its_turn=~exists(Process, lambda q: (q != p) & s.wants[q]) | (s.gave_way != p),
    )
    s.at[p] = At.inside


@peterson.action(fair="weak")
def work(s, p: Process):
    """It does what only one may do at a time."""
    require(inside=s.at[p] == At.inside)
    s.at[p] = At.leaving


@peterson.action(fair="weak")
def leave(s, p: Process):
    """It leaves, and says so."""
    require(leaving=s.at[p] == At.leaving)
    s.at[p] = At.idle
    s.wants[p] = False


@peterson.invariant("PE-1")
def one_is_inside(s, p: Process, q: Process):
    """No two processes are in the critical section at once."""
    within_p = (s.at[p] == At.inside) | (s.at[p] == At.leaving)
    within_q = (s.at[q] == At.inside) | (s.at[q] == At.leaving)
    return ~((p != q) & within_p & within_q)


@peterson.sometimes("PE-1")
def one_waits_for_the_other(s, p: Process, q: Process):
    """One can be inside while another waits."""
    return (s.at[p] == At.inside) & (s.at[q] == At.waiting)


@peterson.leads_to("PE-2")
def who_waits_enters(s, p: Process):
    """Whoever waits is let in."""
    return s.at[p] == At.waiting, s.at[p] == At.inside


two_processes = Scope("two processes", peterson, {"Process": 2})
