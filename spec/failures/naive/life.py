"""Naive steps of the life of a job: it is taken, held, recovered and ended."""

from __future__ import annotations

from spec.language import forget, ite, require
from spec.queue.deadlines import Deadline
from spec.queue.due import Due
from spec.queue.holding.periods import Silence, longer, well
from spec.queue.job import (
    Job,
    Lease,
    Pc,
    Reason,
    Status,
    Worker,
    end_claim,
    fenced,
    interrupt,
    last_failure,
    last_interrupt,
    leased,
    succeed,
)
from spec.queue.outside.effects import Progress
from spec.queue.recovery import Recoverer


# ------------------------------------------------------------------ taking a job
def pop(s, w: Worker, j: Job):
    """A worker takes a job that is ready, and taking it removes it from the queue."""
    require(idle=s.pc[w] == Pc.idle, ready=s.status[j] == Status.ready)
    s.token[j] = s.token[j] + 1
    end_claim(s, j, Status.absent, Reason.none)
    s.entered[j] = False
    s.pc[w] = Pc.claimed
    s.job[w] = j
    s.held[w] = s.token[j]
    s.held_epoch[w] = s.epoch[j]


def acknowledge_early(s, w: Worker, j: Job):
    """A worker takes a job that is ready, and the job counts as done when it is handed over."""
    require(idle=s.pc[w] == Pc.idle, ready=s.status[j] == Status.ready)
    s.token[j] = s.token[j] + 1
    succeed(s, j)
    s.entered[j] = False
    s.pc[w] = Pc.claimed
    s.job[w] = j
    s.held[w] = s.token[j]
    s.held_epoch[w] = s.epoch[j]


def claim_when_told(s, w: Worker, j: Job):
    """A worker sleeps until it is told of a job, and takes none of which it was not told."""
    require(idle=s.pc[w] == Pc.idle, ready=s.status[j] == Status.ready, told=s.told[j])
    _take(s, w, j)
    s.deadline[j] = Deadline.ahead
    s.told[j] = False


def claim_stamped_before_the_wait(s, w: Worker, j: Job):
    """The lease runs from when the worker asked for the row, and others had the row for longer."""
    require(idle=s.pc[w] == Pc.idle, ready=s.status[j] == Status.ready, reachable=s.reachable[j])
    _take(s, w, j)
    s.owner[j] = w
    s.connected[j] = True
    s.silence[j] = Silence.whole


def _take(s, w, j):
    """The row, the lease and the token, as every claim has them."""
    s.status[j] = Status.claimed
    s.lease[j] = Lease.live
    s.token[j] = s.token[j] + 1
    s.entered[j] = False
    s.pc[w] = Pc.claimed
    s.job[w] = j
    s.held[w] = s.token[j]
    s.held_epoch[w] = s.epoch[j]


def pause_and_take_back(s, j: Job):
    """Somebody pauses the kind, and the job is taken from its worker, if it has one."""
    held = leased(s, j)
    last = held & last_interrupt(s, j)
    s.paused[j] = True
    s.interrupts[j] = s.interrupts[j] + ite(held, 1, 0)
    end_claim(
        s,
        j,
        ite(last, Status.dead, ite(held, Status.ready, s.status[j])),
        ite(last, Reason.interruptions, s.reason[j]),
    )


# ------------------------------------------------------------------ holding a claim
def pass_over_the_busy(s, v: Worker, j: Job):
    """A period passes, and a worker that is inside the handler did not get round to renewing."""
    renews = well(s, v, j) & s.reachable[j] & (s.pc[v] != Pc.running)
    require(
        claimed=leased(s, j),
        named=s.owner[j] == v,
        renewed=~(renews & (s.silence[j] == Silence.part)),
    )
    s.silence[j] = longer(s, j)


def renew_by_name(s, w: Worker, j: Job):
    """A process renews every lease whose row bears its name."""
    require(
        up=s.pc[w] != Pc.down,
        leased=leased(s, j),
        named=s.owner[j] == w,
        reachable=s.reachable[j],
    )
    s.lease[j] = Lease.live
    s.silence[j] = Silence.none
    s.stalled[w] = False


def free_with_connection(s, j: Job):
    """The connection breaks, and with it goes the lock that said that the job was taken."""
    require(claimed=leased(s, j))
    s.connected[j] = False
    end_claim(s, j, Status.ready, Reason.none)


def return_without_grace(s, j: Job):
    """The store is back, and counts silence from when somebody was last heard of."""
    require(out=~s.reachable[j])
    s.reachable[j] = True


def expire_by_another_clock(s, r: Recoverer, j: Job):
    """A recoverer compares the stamp of the lease with a clock of its own."""
    silent = (s.silence[j] == Silence.whole) & s.reachable[j]
    require(live=s.lease[j] == Lease.live, over=silent | s.ahead[r])
    s.lease[j] = Lease.expired


# ------------------------------------------------------------------ settling
def settle_what_is_done(s, w: Worker):
    """The worker reports success, and a job that is done already is done once more: it is taken
    for its own report that comes again.
    """
    j = s.job[w]
    own = leased(s, j) & fenced(s, w)
    require(running=s.pc[w] == Pc.running, claim=own | (s.status[j] == Status.done))
    succeed(s, j)
    forget(w)


def fail_and_roll_back(s, w: Worker):
    """The failure is counted in the transaction that fails, so the count is rolled back with it."""
    j = s.job[w]
    require(leased=leased(s, j), fenced=fenced(s, w))
    end_claim(s, j, Status.ready, Reason.none)
    forget(w)


def fail_at_once(s, w: Worker):
    """The worker writes the end of its claim itself, and the job is due again at once."""
    j = s.job[w]
    require(leased=leased(s, j), fenced=fenced(s, w))
    last = last_failure(s, j)
    s.fails[j] = s.fails[j] + 1
    s.status[j] = ite(last, Status.dead, Status.ready)
    s.reason[j] = ite(last, Reason.failures, Reason.none)
    s.lease[j] = Lease.none
    s.deadline[j] = Deadline.off
    s.due[j] = ite(last, Due.off, Due.due)
    forget(w)


def let_go_when_put_off(s, w: Worker):
    """A worker whose report met a lock takes the error for the end of it."""
    require(put_off=s.put_off[w])
    forget(w)


# ------------------------------------------------------------------ putting claims right
def recover_what_is_claimed(s, r: Recoverer):
    """The recoverer looks again whether the job is claimed, and not whether it is the same claim
    that it saw expired.
    """
    j = s.seen[r]
    require(claimed=s.status[j] == Status.claimed)
    interrupt(s, j)
    s.seen[r] = None


def recover_uncharged(s, r: Recoverer):
    """The recoverer gives the job back as if it had never been claimed."""
    j = s.seen[r]
    require(expired=s.lease[j] == Lease.expired)
    end_claim(s, j, Status.ready, Reason.none)
    s.seen[r] = None


def recover_as_failure(s, r: Recoverer):
    """The recoverer counts deliveries, and buries the job as failed when they reach the budget of
    failures.
    """
    j = s.seen[r]
    require(expired=s.lease[j] == Lease.expired)
    spent = s.token[j] >= s.MaxFails
    s.interrupts[j] = s.interrupts[j] + 1
    end_claim(s, j, ite(spent, Status.dead, Status.ready), ite(spent, Reason.failures, Reason.none))
    s.seen[r] = None


def recover_without_notice(s, r: Recoverer):
    """The recoverer writes the end of the claim itself, and what goes with a death is left out."""
    j = s.seen[r]
    require(expired=s.lease[j] == Lease.expired)
    last = last_interrupt(s, j)
    s.interrupts[j] = s.interrupts[j] + 1
    reason = ite(last, Reason.interruptions, Reason.none)
    end_claim(s, j, ite(last, Status.dead, Status.ready), reason)
    s.seen[r] = None


# ------------------------------------------------------------------ forgetting
def give_up_when_old(s, j: Job):
    """A job that waits for longer than the horizon is given up, as if its attempts were used."""
    require(waits=s.status[j] == Status.ready)
    end_claim(s, j, Status.dead, Reason.failures)


# ------------------------------------------------------------------ inside the handler
def mark_first(s, w: Worker):
    """The worker writes the marker before the work, so that no other one begins it."""
    j = s.job[w]
    require(
        begun=s.progress[w] == Progress.begun,
        leased=leased(s, j),
        fenced=fenced(s, w),
        unrecorded=~s.recorded[j],
    )
    s.first[j] = s.held[w]
    s.recorded[j] = True
    s.progress[w] = Progress.first


def withdraw_and_undo(s, j: Job):
    """The input is rolled back, and its effect is compensated, whether or not there was one."""
    require(known=s.status[j] != Status.absent)
    s.withdrawn[j] = True
    s.undone[j] = True


def fail_directly(s, w: Worker):
    """The worker counts its failure and buries the job itself; what goes with a death is left
    out.
    """
    j = s.job[w]
    require(leased=leased(s, j), fenced=fenced(s, w))
    last = last_failure(s, j)
    s.fails[j] = s.fails[j] + 1
    end_claim(s, j, ite(last, Status.dead, Status.ready), ite(last, Reason.failures, Reason.none))
    forget(w)


STEPS = (
    pop,
    claim_when_told,
    claim_stamped_before_the_wait,
    acknowledge_early,
    pause_and_take_back,
    pass_over_the_busy,
    renew_by_name,
    free_with_connection,
    return_without_grace,
    expire_by_another_clock,
    settle_what_is_done,
    fail_and_roll_back,
    fail_at_once,
    let_go_when_put_off,
    recover_what_is_claimed,
    recover_uncharged,
    recover_as_failure,
    recover_without_notice,
    give_up_when_old,
    mark_first,
    withdraw_and_undo,
    fail_directly,
)
