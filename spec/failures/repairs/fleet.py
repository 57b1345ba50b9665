"""Repairs of jobs that a version has had which could not read them."""

from spec.language import require
from spec.queue.job import Job, Reason, Status, ends, interrupt, last_interrupt, leased
from spec.queue.outside.fleet import reads


def unread(s, j):
    """Who claimed the job last could not read it."""
    return ~reads(s.reader[j], s.form[j])


def fail_by_a_reader(s, j: Job):
    """A job that was given up by who could not read it was interrupted, and is tried again."""
    require(unjust=s.reason[j] == Reason.failures, unread=unread(s, j), left=~last_interrupt(s, j))
    s.status[j] = Status.ready
    s.reason[j] = Reason.none
    s.fails[j] = s.fails[j] - 1
    s.interrupts[j] = s.interrupts[j] + 1
    ends(s, j, True)


def do_by_a_reader(s, j: Job):
    """A job that was done by who could not read it is tried again."""
    require(done=s.status[j] == Status.done, unread=unread(s, j), left=~last_interrupt(s, j))
    s.status[j] = Status.ready
    s.successes[j] = 0
    s.interrupts[j] = s.interrupts[j] + 1
    ends(s, j, True)


def give_to_a_reader(s, j: Job):
    """A job that is claimed by who cannot read it is put back."""
    require(claimed=leased(s, j), unread=unread(s, j), left=~last_interrupt(s, j))
    interrupt(s, j)
