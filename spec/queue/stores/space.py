"""Space: a file system that is full lets nobody write, not even those who would make room.

A job takes a page as long as its row is there. Every other write needs a page for as long as it
takes: for the log, until it is checkpointed. So one page is never given to a new job; then there is
always room for the others, and none of them has to ask for it.

Left out: how large a page is.
"""

from spec.language import Nat, Sort, Spec, exists, ite, require
from spec.queue.job import Job, Status, terminal
from spec.queue.lease import enqueue
from spec.queue.stores.keeping import keeping, prune

space = Spec("space", keeping, doc="The file system has only so many pages.")


class Disk(Sort):
    """A file system with the store on it."""


Pages = space.constant("Pages", 2, "how many pages the file system has")

space.world("free", Disk, Nat(Pages), Pages, "pages that nothing is written on")


@space.also(enqueue)
def enqueue_with_headroom(s, j: Job, d: Disk):
    """A job is inserted only if a page is left after it."""
    require(headroom=s.free[d] > 1)
    s.free[d] = s.free[d] - 1


@space.also(prune)
def prune_and_give_back(s, j: Job, d: Disk):
    """The page of the row comes free."""
    # That there are no more pages than there are is not for a proof by induction to count.
    s.free[d] = ite(s.free[d] < s.Pages, s.free[d] + 1, s.Pages)


# ------------------------------------------------------------------ what must hold
@space.invariant("INV-027")
def a_full_store_can_be_drained(s, d: Disk):
    """However many jobs were admitted, a page is left for those who make room."""
    return s.free[d] > 0


@space.step("INV-011")
def rows_take_pages(s, t, d: Disk):
    """Pages are taken and come free only with a row that comes or goes."""
    more, fewer = t.free[d] > s.free[d], t.free[d] < s.free[d]
    comes = exists(Job, lambda i: (s.status[i] == Status.absent) & (t.status[i] == Status.ready))
    goes = exists(Job, lambda i: terminal(s, i) & (t.status[i] == Status.absent))
    return (more >> goes) & (fewer >> comes)


# ------------------------------------------------------------------ what must be reachable
@space.sometimes("INV-027")
def a_job_is_refused_and_another_one_waits(s, d: Disk, j: Job):
    """The last page but one can be given away while a job waits to be drained."""
    return (s.free[d] == 1) & (s.status[j] == Status.ready)
