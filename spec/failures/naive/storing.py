"""Steps of a store and of those who use it as they are often written: `instead ACTION NAME`."""

from spec.language import forget, ite, require
from spec.queue.job import (
    Job,
    Lease,
    Pc,
    Reason,
    Status,
    Worker,
    current,
    fenced,
    leased,
    succeed,
)


def put_back(s, j, image):
    """The row is as its image has it."""
    for name in ("status", "token", "lease", "fails", "interrupts", "reason"):
        getattr(s, name)[j] = getattr(s, f"{name}_{image}")[j]


def come_back_as_if_nothing_had_been(s, j: Job):
    """What was not synced is gone, and the store goes on in the same history."""
    put_back(s, j, "kept")


def restore_in_the_same_history(s, j: Job):
    """The copy takes the place of the store, which goes on in the same history."""
    require(copied=s.status_saved[j] != Status.absent)
    put_back(s, j, "saved")


def settle_by_the_number_alone(s, w: Worker):
    """The worker reports success, and its token is compared without its history."""
    j = s.job[w]
    require(
        running=s.pc[w] == Pc.running,
        leased=leased(s, j),
        number=s.token[j] == s.held[w],
        delivered=s.delivered[j],
    )
    succeed(s, j)
    forget(w)


def settle_by_the_history_alone(s, w: Worker):
    """The worker reports success, and its history is compared without its token."""
    j = s.job[w]
    require(
        running=s.pc[w] == Pc.running,
        leased=leased(s, j),
        current=current(s, w, j),
        delivered=s.delivered[j],
    )
    succeed(s, j)
    forget(w)


def settle_at_the_store_it_was_claimed_at(s, w: Worker):
    """The worker reports success to the store that gave it the job. If another history has begun,
    that store is not this one: there the row is as the worker left it, and here nothing changes.
    """
    j = s.job[w]
    there = ~current(s, w, j)
    require(
        running=s.pc[w] == Pc.running,
        leased=there | leased(s, j),
        fenced=there | fenced(s, w),
    )
    s.status[j] = ite(there, s.status[j], Status.done)
    s.reason[j] = ite(there, s.reason[j], Reason.none)
    s.lease[j] = ite(there, s.lease[j], Lease.none)
    s.successes[j] = s.successes[j] + 1
    forget(w)


STEPS = (
    come_back_as_if_nothing_had_been,
    restore_in_the_same_history,
    settle_by_the_number_alone,
    settle_by_the_history_alone,
    settle_at_the_store_it_was_claimed_at,
)
