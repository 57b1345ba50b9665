"""Repairs of the row of a job, whatever others do."""

from __future__ import annotations

from spec.language import ite, require
from spec.queue.job import Job, Lease, Reason, Status, ends, interrupt, last_interrupt
from spec.queue.notices import Notice


def put_back(s, j: Job):
    """A job that was handed over and is gone is put back; that claim counts as interrupted."""
    require(gone=s.status[j] == Status.absent, taken=s.token[j] > 0, left=~last_interrupt(s, j))
    s.status[j] = Status.ready
    s.interrupts[j] = s.interrupts[j] + 1
    ends(s, j, True)


def drop_lease(s, j: Job):
    """A lease of a job that waits or is dead is dropped; one of a job that is done says that
    somebody else settled it, which is for people to look at.
    """
    require(unclaimed=s.status[j].is_in(Status.ready, Status.dead), leased=s.lease[j] != Lease.none)
    s.lease[j] = Lease.none
    ends(s, j, s.status[j] == Status.ready)


def give_back(s, j: Job):
    """A claim that was never given a token is given back: nobody has it."""
    require(
        claimed=s.status[j] == Status.claimed,
        tokenless=s.token[j] == s.fails[j] + s.interrupts[j],
    )
    s.status[j] = Status.ready
    s.lease[j] = Lease.none
    ends(s, j, True)


def let_expire(s, j: Job):
    """A claim without a lease gets one that has expired, so that recovery finds it."""
    require(
        claimed=s.status[j] == Status.claimed,
        unleased=s.lease[j] == Lease.none,
        token=s.token[j] > s.fails[j] + s.interrupts[j],
    )
    s.lease[j] = Lease.expired


def charge(s, j: Job):
    """A claim that ended in silence is counted as interrupted, while that does not end the job."""
    claims = (
        s.fails[j] + s.interrupts[j] + ite(s.status[j].is_in(Status.claimed, Status.done), 1, 0)
    )
    require(
        alive=s.status[j].is_in(Status.ready, Status.claimed),
        uncharged=claims < s.token[j],
        left=~last_interrupt(s, j),
    )
    s.interrupts[j] = s.interrupts[j] + 1


def reopen_unproved(s, j: Job):
    """A job that is done without its effect on record is tried again: it was no success."""
    require(done=s.status[j] == Status.done, unrecorded=~s.recorded[j], left=~last_interrupt(s, j))
    s.status[j] = Status.ready
    s.successes[j] = 0
    s.interrupts[j] = s.interrupts[j] + 1
    ends(s, j, True)


def reopen_unjust(s, j: Job):
    """A job that was buried as failed although failures are left is tried again."""
    require(
        unjust=s.reason[j] == Reason.failures,
        failures_left=s.fails[j] < s.MaxFails,
        interruptions_left=s.interrupts[j] < s.MaxInterrupts,
        untold=s.notice[j] == Notice.none,
    )
    s.status[j] = Status.ready
    s.reason[j] = Reason.none
    ends(s, j, True)


def correct_reason(s, j: Job):
    """A job that was buried as failed, and has used up its interruptions, is given that reason."""
    require(
        unjust=s.reason[j] == Reason.failures,
        failures_left=s.fails[j] < s.MaxFails,
        interrupted=s.interrupts[j] == s.MaxInterrupts,
    )
    s.reason[j] = Reason.interruptions


def announce_late(s, j: Job):
    """A death that nobody was told of is announced."""
    require(
        dead=s.status[j] == Status.dead,
        untold=s.notice[j] == Notice.none,
        just=(s.reason[j] != Reason.failures) | (s.fails[j] == s.MaxFails),
    )
    s.notice[j] = Notice.due


def take_back_notice(s, j: Job):
    """A notice of a death that did not take place is taken back, if it was not delivered."""
    require(alive=s.status[j] != Status.dead, due=s.notice[j] == Notice.due)
    s.notice[j] = Notice.none


def put_back_untried(s, j: Job):
    """A job that was given up with attempts left waits again."""
    require(unjust=s.reason[j] == Reason.failures, left=s.fails[j] < s.MaxFails)
    s.status[j] = Status.ready
    s.reason[j] = Reason.none
    ends(s, j, True)


def ask_again(s, j: Job):
    """A change that is committed without its job gets the request for it."""
    require(committed=s.committed[j], unasked=~s.outbox[j], unfollowed=s.status[j] == Status.absent)
    s.outbox[j] = True


def take_back_effect(s, j: Job):
    """What was committed of a withdrawn input is compensated."""
    require(withdrawn=s.withdrawn[j], recorded=s.recorded[j], stands=~s.undone[j])
    s.undone[j] = True


def done_is_on_record(s, j: Job):
    """What a row shows of `done_has_its_effect`."""
    return (s.status[j] == Status.done) >> s.recorded[j]


def drop_permit(s, j: Job):
    """A permit of a job that nobody has is given back."""
    require(unclaimed=s.status[j] != Status.claimed, taken=s.permit[j] != None)
    s.permit[j] = None


def end_without_permit(s, j: Job):
    """A claim that has lost its permit is ended as one that was cut short."""
    require(
        claimed=s.status[j] == Status.claimed,
        without=s.permit[j] == None,
        left=~last_interrupt(s, j),
    )
    interrupt(s, j)


def unmark(s, j: Job):
    """A tick that is marked and has no job is to be served again."""
    require(absent=s.status[j] == Status.absent, served=s.served[j])
    s.served[j] = False
