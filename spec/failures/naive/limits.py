"""Steps at a limit as they are often written: `instead ACTION NAME`."""

from spec.language import exists, forget, ite, require
from spec.queue.deadlines import Deadline
from spec.queue.job import (
    Job,
    Lease,
    Reason,
    Status,
    Worker,
    fenced,
    interrupt,
    last_failure,
    leased,
)
from spec.queue.limits.unique import Subject
from spec.queue.recovery import Recoverer


def abandon_and_give_back(s, w: Worker):
    """A worker that has lost its job gives the permit back on its way out, whoever has it now."""
    j = s.job[w]
    require(lost=~(leased(s, j) & fenced(s, w)))
    s.permit[j] = None
    forget(w)


def abandon_and_make_room(s, w: Worker):
    """A worker that has lost its job lets new ones in, as if the job were over."""
    j = s.job[w]
    require(lost=~(leased(s, j) & fenced(s, w)))
    s.keeps_out[j] = None
    forget(w)


def look_and_free(s, r: Recoverer, j: Job):
    """A recoverer frees the permit of a worker that is silent, and puts the claim right later."""
    require(up=s.up[r], expired=s.lease[j] == Lease.expired)
    s.permit[j] = None
    s.seen[r] = j


def free_when_overdue(s, j: Job):
    """The time of an attempt is over, and so is its permit, whoever is still at work."""
    require(ahead=s.deadline[j] == Deadline.ahead)
    s.deadline[j] = Deadline.passed
    s.permit[j] = None


def fail_and_keep(s, w: Worker):
    """A job that has failed and is tried again keeps its permit for the next attempt."""
    j = s.job[w]
    require(leased=leased(s, j), fenced=fenced(s, w))
    last = last_failure(s, j)
    s.fails[j] = s.fails[j] + 1
    s.status[j] = ite(last, Status.dead, Status.ready)
    s.reason[j] = ite(last, Reason.failures, Reason.none)
    s.lease[j] = Lease.none
    s.deadline[j] = Deadline.off
    s.permit[j] = ite(last, None, s.permit[j])
    forget(w)


def recover_into_a_free_place(s, r: Recoverer, u: Subject):
    """The recoverer puts the job back as one puts in a new one: if nothing about the same is there,
    the job itself included.
    """
    j = s.seen[r]
    require(
        expired=s.lease[j] == Lease.expired,
        own=s.about[j] == u,
        vacant=~exists(Job, lambda i: s.keeps_out[i] == u),
    )
    interrupt(s, j)
    s.seen[r] = None


STEPS = (
    abandon_and_give_back,
    abandon_and_make_room,
    look_and_free,
    free_when_overdue,
    fail_and_keep,
    recover_into_a_free_place,
)
