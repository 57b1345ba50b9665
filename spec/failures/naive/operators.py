"""Retries of an operator as they are often written: `instead ACTION NAME`."""

from spec.language import ite, require
from spec.queue.deadlines import Deadline
from spec.queue.job import Lease, Reason, Status
from spec.queue.operators import Operator


def retry_what_is_dead(s, o: Operator):
    """A job is tried anew if it is dead, whichever of its ends the screen shows."""
    j = s.screen[o]
    require(dead=s.status[j] == Status.dead, few=s.epoch[j] < s.Histories)
    s.epoch[j] = s.epoch[j] + 1
    s.token[j] = 0
    s.fails[j] = 0
    s.interrupts[j] = 0
    s.status[j] = Status.ready
    s.reason[j] = Reason.none
    s.lease[j] = Lease.none
    s.deadline[j] = Deadline.off
    s.listed[j] = False


def retry_once_more(s, o: Operator):
    """The attempt that the job died of is forgiven, and those before it count on."""
    j = s.screen[o]
    require(same_end=s.screen_epoch[o] == s.epoch[j], few=s.epoch[j] < s.Histories)
    s.epoch[j] = s.epoch[j] + 1
    s.token[j] = 0
    s.fails[j] = s.fails[j] - ite(s.reason[j] == Reason.failures, 1, 0)
    s.interrupts[j] = s.interrupts[j] - ite(s.reason[j] == Reason.interruptions, 1, 0)
    s.status[j] = Status.ready
    s.reason[j] = Reason.none
    s.lease[j] = Lease.none
    s.deadline[j] = Deadline.off
    s.listed[j] = False


def retry_by_a_copy(s, o: Operator):
    """A copy of the job goes into the queue, and its entry stays on the list of the dead."""
    j = s.screen[o]
    require(same_end=s.screen_epoch[o] == s.epoch[j], few=s.epoch[j] < s.Histories)
    s.epoch[j] = s.epoch[j] + 1
    s.token[j] = 0
    s.fails[j] = 0
    s.interrupts[j] = 0
    s.status[j] = Status.ready
    s.reason[j] = Reason.none
    s.lease[j] = Lease.none
    s.deadline[j] = Deadline.off


STEPS = (retry_what_is_dead, retry_once_more, retry_by_a_copy)
