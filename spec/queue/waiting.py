"""Waiting: how long a worker was silent, by whose clock; and what it does when the store is busy.

Each worker has a clock of its own, which may be ahead. No step here reads it: a lease is stamped
and judged by the clock of the store, whose ticks since the stamp are counted. The store may be
locked, and says so: then nothing has changed, and a worker that was put off tries again.

Left out: pauses of the store, in which no sign of life can reach it; how long to wait between two
tries; and budgets, of which recovery speaks.
"""

from spec.language import Nat, Spec, exists, forget, require
from spec.queue.job import Job, Pc, Status, Token, Worker, fenced, has, holds, jobs, leased

waiting = Spec("waiting", jobs, doc="Leases run by one clock, and the store may be busy.")

Term = waiting.constant("Term", 1, "for how many ticks a lease holds")

waiting.durable("age", Job, Nat(Term), 0, "ticks since its lease was stamped")
waiting.durable("returns", Job, Token, 0, "how often it was taken back")
waiting.ghost("silent", Job, Nat(Term), 0, "ticks since its worker gave a sign of life")
waiting.volatile("ahead", Worker, bool, False, "its own clock is a whole term ahead")
waiting.volatile("put_off", Worker, bool, False, "its last write was answered with busy")


# ------------------------------------------------------------------ a claim and its lease
@waiting.action()
def lend(s, w: Worker, j: Job):
    """A worker takes the job, or a new one does; the store stamps the lease."""
    require(waits=s.status[j].is_in(Status.absent, Status.ready))
    s.status[j] = Status.claimed
    s.token[j] = s.token[j] + 1
    s.age[j] = 0
    s.silent[j] = 0
    s.pc[w] = Pc.running
    s.job[w] = j
    s.held[w] = s.token[j]


@waiting.action()
def renew(s, w: Worker):
    """The worker gives a sign of life, which the store stamps."""
    j = s.job[w]
    require(held=leased(s, j) & fenced(s, w))
    s.age[j] = 0
    s.silent[j] = 0


@waiting.action()
def report(s, w: Worker):
    """The worker settles the job."""
    j = s.job[w]
    require(held=leased(s, j) & fenced(s, w))
    s.status[j] = Status.done
    forget(w)


@waiting.action()
def let_go(s, w: Worker):
    """The worker reads that the job is no longer its own, and drops it."""
    require(lost=~(leased(s, s.job[w]) & fenced(s, w)))
    forget(w)


@waiting.action()
def take_back(s, j: Job):
    """A lease is judged by the clock that has stamped it: when its term is over, the job waits
    again.
    """
    require(
        claimed=leased(s, j),
        over=s.age[j] >= s.Term,
        left=s.returns[j] + 2 < s.MaxFails + s.MaxInterrupts,
    )
    s.status[j] = Status.ready
    s.returns[j] = s.returns[j] + 1


# ------------------------------------------------------------------ the world
@waiting.action(fault=True)
def tick(s, j: Job):
    """Time passes for the lease of this job; more than its term is not counted."""
    require(counted=s.age[j] < s.Term)
    s.age[j] = s.age[j] + 1
    s.silent[j] = s.silent[j] + 1


@waiting.action(fault=True)
def jump(s, w: Worker):
    """The clock of a worker jumps ahead."""
    s.ahead[w] = True


@waiting.action(fault=True)
def meet_lock(s, w: Worker):
    """The store is locked when the worker wants to write, and changes nothing."""
    s.put_off[w] = True


@waiting.action(fault=True)
def fall(s, w: Worker):
    """The worker dies, and forgets what it had."""
    forget(w)
    s.pc[w] = Pc.down


# ------------------------------------------------------------------ what must hold
@waiting.step("INV-004")
def only_its_holder_speaks_for_a_lease(s, t, j: Job):
    """A lease is renewed, and its job settled, only while a worker holds the claim."""
    renewed = leased(s, j) & (t.age[j] < s.age[j])
    settled = (s.status[j] != Status.done) & (t.status[j] == Status.done)
    return (renewed | settled) >> (leased(s, j) & exists(Worker, lambda w: has(s, w, j)))


@waiting.step("INV-010")
def what_was_settled_stays(s, t, j: Job):
    """A job that is done stays done."""
    return (s.status[j] == Status.done) >> (t.status[j] == Status.done)


@waiting.invariant("INV-012")
def returns_are_bounded(s, j: Job):
    """A job is lent once, and once more for each time that it was taken back."""
    spare = s.status[j].is_in(Status.absent, Status.ready)
    lent = (s.token[j] == s.returns[j]) & spare | (s.token[j] == s.returns[j] + 1) & ~spare
    return lent & (s.returns[j] + 1 < s.MaxFails + s.MaxInterrupts)


@waiting.step("INV-024")
def leases_last_their_term(s, t, j: Job):
    """A job is taken back only when its worker was silent for the whole term."""
    taken_back = leased(s, j) & (t.status[j] == Status.ready)
    return taken_back >> (s.silent[j] >= s.Term)


@waiting.step("INV-024")
def leases_are_judged_by_their_stamp(s, t, j: Job):
    """A job is taken back only when its stamp is a whole term old."""
    taken_back = leased(s, j) & (t.status[j] == Status.ready)
    return taken_back >> (s.age[j] >= s.Term)


@waiting.invariant("INV-024")
def stamps_are_true(s, j: Job):
    """The age of a stamp is how long the worker was silent."""
    return s.age[j] == s.silent[j]


@waiting.step("INV-025")
def busy_is_no_outcome(s, t, w: Worker):
    """A worker that was put off keeps its job until it has settled it, has lost it, or dies."""
    let_go = s.put_off[w] & holds(s, w) & (t.job[w] == None) & (t.pc[w] != Pc.down)
    return let_go >> (t.status[s.job[w]] != Status.claimed)


# ------------------------------------------------------------------ what must be reachable
@waiting.sometimes("INV-024")
def a_clock_is_ahead_of_a_live_lease(s, w: Worker, j: Job):
    """A clock can be ahead while a lease has time left."""
    return s.ahead[w] & leased(s, j) & (s.age[j] < s.Term)


@waiting.sometimes("INV-025")
def a_holder_is_put_off(s, w: Worker):
    """A worker can be put off while it holds its job."""
    return s.put_off[w] & holds(s, w)


@waiting.sometimes("INV-012")
def a_job_is_lent_again(s, j: Job):
    """A job that was taken back can be done."""
    return (s.status[j] == Status.done) & (s.returns[j] > 0)
