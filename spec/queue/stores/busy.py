"""Busy: the store may be locked when a worker wants to write, and says so.

Then nothing has changed, and a worker that was put off tries again. Left out: how long it waits
between two tries, and for whom: any process may have the lock.
"""

from spec.language import Spec
from spec.queue.job import Worker, holds
from spec.queue.recovery import recovery

busy = Spec("busy", recovery, doc="The store may be locked, and says so.")

busy.volatile("put_off", Worker, bool, False, "a write of its was answered with busy")


@busy.action(fault=True)
def meet_lock(s, w: Worker):
    """The store is locked when the worker wants to write, and changes nothing."""
    s.put_off[w] = True


# ------------------------------------------------------------------ what must hold
@busy.step("INV-025")
def busy_is_no_outcome(s, t, w: Worker):
    """A worker that is put off has afterwards what it had before."""
    put_off = ~s.put_off[w] & t.put_off[w]
    return put_off >> ((t.job[w] == s.job[w]) & (t.held[w] == s.held[w]) & (t.pc[w] == s.pc[w]))


# ------------------------------------------------------------------ what must be reachable
@busy.sometimes("INV-025")
def a_holder_is_put_off(s, w: Worker):
    """A worker can be put off while it holds its job."""
    return s.put_off[w] & holds(s, w)
