"""Steps on jobs that take in newer values, as they are often written: `instead ACTION NAME`."""

from spec.language import ite, require
from spec.queue.job import Job, Lease, Pc, Status, Worker
from spec.queue.related.coalescing import Client


def claim_with_a_value_read_before(s, w: Worker, j: Job, newest: bool):
    """A worker reads which job is next, and its value, and claims it with what it has read."""
    require(
        idle=s.pc[w] == Pc.idle,
        ready=s.status[j] == Status.ready,
        picture=(s.value[j] == s.Changes) == newest,
    )
    s.status[j] = Status.claimed
    s.lease[j] = Lease.live
    s.token[j] = s.token[j] + 1
    s.entered[j] = False
    s.pc[w] = Pc.claimed
    s.job[w] = j
    s.held[w] = s.token[j]
    s.held_epoch[w] = s.epoch[j]
    s.takes[w] = ite(newest, s.Changes, 1)


def take_out_for_a_newer_one(s, c: Client):
    """The job that waits is taken out, to be put in again with the newer value."""
    j = s.wants[c]
    require(waits=s.status[j] == Status.ready, newer=s.value[j] < s.brings[c])
    s.status[j] = Status.absent
    s.value[j] = 0


STEPS = (claim_with_a_value_read_before, take_out_for_a_newer_one)
