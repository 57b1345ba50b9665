"""Repairs of jobs that have to do with each other, and of batches."""

from spec.language import require
from spec.queue.job import Job, Reason, Status, ends, interrupt, last_interrupt
from spec.queue.related.items import Item
from spec.queue.related.joins import children_left
from spec.queue.related.lanes import Ahead


def put_in_again(s, j: Job):
    """A job that was taken out while it waited to be tried again waits once more."""
    require(
        gone=s.status[j] == Status.absent,
        tried=s.token[j] > 0,
        ended=s.token[j] == s.fails[j] + s.interrupts[j],
    )
    s.status[j] = Status.ready
    ends(s, j, True)


def hand_on_late(s, j: Job):
    """A job that the relay is past and that was never received is handed on now."""
    require(
        stored=s.status[j] != Status.absent,
        passed_by=s.passed_by[j],
        missing=~s.received[j],
    )
    s.received[j] = True


def follow_late(s, j: Job):
    """A job that is done and has no follow-up gets it now."""
    require(done=s.status[j] == Status.done, unfollowed=~s.followed[j])
    s.followed[j] = True
    s.follow_ups[j] = s.follow_ups[j] + 1


def put_back_behind(s, j: Job):
    """A job that was taken before its turn is put back, to wait for the one before it."""
    require(
        claimed=s.status[j] == Status.claimed,
        early=s.ahead[j] != Ahead.over,
        left=~last_interrupt(s, j),
    )
    interrupt(s, j)


def count_again(s, j: Job):
    """A parent that waits for more children than are left, or for fewer, counts them again."""
    require(miscounted=s.left[j] != children_left(s, j))
    s.left[j] = children_left(s, j)


def end_early_claim(s, j: Job):
    """A parent that was begun too early is put back, to wait for the children that are left."""
    require(
        claimed=s.status[j] == Status.claimed,
        early=children_left(s, j) > 0,
        left=~last_interrupt(s, j),
    )
    interrupt(s, j)


def do_with_the_newer_value(s, j: Job):
    """A job that was done with another value than its own is tried again."""
    require(
        done=s.status[j] == Status.done,
        unhandled=s.handled[j] != s.value[j],
        left=~last_interrupt(s, j),
    )
    s.status[j] = Status.ready
    s.successes[j] = 0
    s.interrupts[j] = s.interrupts[j] + 1
    ends(s, j, True)


def go_on_with_what_is_open(s, j: Job):
    """A batch that is done with an open item is tried again, for what is left."""
    require(
        done=s.status[j] == Status.done,
        unmentioned=(s.item_one[j] == Item.open) | (s.item_two[j] == Item.open),
        left=~last_interrupt(s, j),
    )
    s.status[j] = Status.ready
    s.successes[j] = 0
    s.interrupts[j] = s.interrupts[j] + 1
    ends(s, j, True)


def take_back_the_failure(s, j: Job):
    """A batch that has failed for one of its items was interrupted, and goes on with the others."""
    refused = (s.item_one[j] == Item.refused) & (s.item_two[j] == Item.refused)
    require(unjust=s.reason[j] == Reason.failures, unrefused=~refused, left=~last_interrupt(s, j))
    s.status[j] = Status.ready
    s.reason[j] = Reason.none
    s.fails[j] = s.fails[j] - 1
    s.interrupts[j] = s.interrupts[j] + 1
    ends(s, j, True)
