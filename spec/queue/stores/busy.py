"""Busy: the store may be locked when a worker wants to write, and says so; or one row of it is, by
a transaction in which nothing happens any more.

When the store is locked nothing has changed, and a worker that was put off tries again. A row is
locked by a transaction that has begun to write it. If its process stands still there, or its
machine is gone, the lock stays, and who looks for something to do goes round it. The store cannot
tell such a process from one that is slow, so it gives it a time and then breaks the transaction
off. Left out: how long a worker waits between two tries, and for whom: any process may have a lock.
"""

from spec.language import Spec, exists, require
from spec.queue.job import Job, Status, Worker, ends, has, holds
from spec.queue.lease import claim, heartbeat
from spec.queue.recovery import Recoverer, orphan, orphans_are_seen, recover, recovery

busy = Spec("busy", recovery, doc="The store, or a row of it, may be locked.")

busy.volatile("put_off", Worker, bool, False, "a write of its was answered with busy")
busy.durable("left_open", Job, bool, False, "a transaction has its row, and nothing happens in it")


@busy.action(fault=True)
def meet_lock(s, w: Worker):
    """The store is locked when the worker wants to write, and changes nothing."""
    s.put_off[w] = True


# ------------------------------------------------------------------ a row that is locked
@busy.action(finite=True, fault=True)
def stop_inside(s, j: Job):
    """A process stops between a statement that writes the row and the COMMIT."""
    require(stored=s.status[j] != Status.absent)
    s.left_open[j] = True


@busy.action(fair="weak")
def break_off(s, j: Job):
    """The store ends a transaction in which nothing has happened for too long: it changes
    nothing.
    """
    s.left_open[j] = False


@busy.also(claim)
def claim_what_is_not_locked(s, j: Job):
    """A worker goes round a row that somebody has locked."""
    require(unlocked=~s.left_open[j])


@busy.also(recover)
def recover_what_is_not_locked(s, r: Recoverer):
    """So does a recoverer when it writes; to look it needs no lock."""
    require(unlocked=~s.left_open[s.seen[r]])


@busy.also(heartbeat)
def heartbeat_is_committed(s, w: Worker):
    """A worker that goes on comes to the end of its transaction."""
    s.left_open[s.job[w]] = False


@busy.on(ends)
def the_end_is_committed(s, j: Job, again: bool):
    """Whoever ends a claim has come to the end of its transaction."""
    s.left_open[j] = False


# ------------------------------------------------------------------ what must hold
@busy.step("INV-025")
def busy_is_no_outcome(s, t, w: Worker):
    """A worker that is put off has afterwards what it had before."""
    put_off = ~s.put_off[w] & t.put_off[w]
    return put_off >> ((t.job[w] == s.job[w]) & (t.held[w] == s.held[w]) & (t.pc[w] == s.pc[w]))


@busy.step("INV-025")
def what_is_left_open_took_no_place(s, t, j: Job):
    """A transaction that stops before its COMMIT has changed nothing that others see."""
    stopped = ~s.left_open[j] & t.left_open[j]
    return stopped >> ((t.status[j] == s.status[j]) & (t.token[j] == s.token[j]))


@busy.step("INV-025")
def what_is_locked_changes_by_its_holder(s, t, j: Job):
    """While a transaction has its row, a job is moved by nobody but the worker that holds it."""
    moved = s.left_open[j] & (s.status[j] != t.status[j])
    return moved >> exists(Worker, lambda w: has(s, w, j) & (t.job[w] == None))


@busy.invariant("INV-011")
def only_rows_are_locked(s, j: Job):
    """A job that is not in the queue has no row to be locked."""
    return s.left_open[j] >> (s.status[j] != Status.absent)


# ------------------------------------------------------------------ why it comes to be
@busy.stays(by=break_off, before=orphans_are_seen)
def transactions_end(s, j: Job):
    """A row that is left open only so often is open to all in the end."""
    return ~s.left_open[j]


# ------------------------------------------------------------------ what must be reachable
@busy.sometimes("INV-025")
def a_holder_is_put_off(s, w: Worker):
    """A worker can be put off while it holds its job."""
    return s.put_off[w] & holds(s, w)


@busy.sometimes("INV-025")
def an_orphan_is_locked(s, j: Job):
    """The row of a claim whose worker has died can be locked still."""
    return orphan(s, j) & s.left_open[j]
