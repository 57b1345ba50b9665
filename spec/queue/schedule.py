"""Schedule: a job that is to run later waits in a list of its own, and is moved when it is due.

Promoters move it. Any number may work at once, and each may crash between any two steps. Left out:
what happens to the job in the queue, and schedules that repeat.
"""

from spec.language import Enum, Sort, Spec, forget, require
from spec.queue.job import Job, Status, jobs

schedule = Spec("schedule", jobs, doc="Jobs for later are moved into the queue when they are due.")


class Promoter(Sort):
    """A process that moves jobs that are due into the queue."""


class Entry(Enum):
    """Where a job is in the list of jobs for later."""

    none = "it is not in the list"
    waits = "it is for later"
    due = "its time has come"


schedule.durable("entry", Job, Entry, Entry.none, "where it is in the list")
schedule.volatile("picked", Promoter, Job, None, "the job that it has seen to be due")
schedule.ghost("promised", Job, bool, False, "its client was told that it will run")


@schedule.action()
def plan(s, j: Job):
    """A client asks for a job at a later time, once."""
    require(fresh=s.entry[j] == Entry.none, unknown=s.status[j] == Status.absent)
    s.entry[j] = Entry.waits
    s.promised[j] = True


@schedule.action(fault=True)
def fall_due(s, j: Job):
    """The time of the job comes."""
    require(waits=s.entry[j] == Entry.waits)
    s.entry[j] = Entry.due


@schedule.action()
def pick(s, p: Promoter, j: Job):
    """A promoter reads that a job is due, and remembers it."""
    s.picked[p] = j


@schedule.action()
def promote(s, p: Promoter):
    """The promoter moves the job out of the list and into the queue in one step, if it is still
    due.
    """
    j = s.picked[p]
    require(due=s.entry[j] == Entry.due)
    s.entry[j] = Entry.none
    s.status[j] = Status.ready
    forget(p)


@schedule.action()
def complete(s, j: Job):
    """The job is run."""
    require(queued=s.status[j] == Status.ready)
    s.status[j] = Status.done


@schedule.action(fault=True)
def promoter_crash(s, p: Promoter):
    """A promoter dies and comes back, remembering nothing."""
    forget(p)


# ------------------------------------------------------------------ what must hold
@schedule.invariant("INV-001")
def promised_jobs_are_somewhere(s, j: Job):
    """A job that was promised is in the list or in the queue."""
    return s.promised[j] >> ((s.entry[j] != Entry.none) | (s.status[j] != Status.absent))


@schedule.invariant("INV-002")
def a_job_is_in_one_place(s, j: Job):
    """A job is not in the list and in the queue at once."""
    return (s.entry[j] == Entry.none) | (s.status[j] == Status.absent)


@schedule.step("INV-010")
def what_was_run_is_not_queued_again(s, t, j: Job):
    """A job that is done stays done."""
    return (s.status[j] == Status.done) >> (t.status[j] == Status.done)


@schedule.step("INV-011")
def jobs_are_run_from_the_queue(s, t, j: Job):
    """A job is done only out of the queue, and comes there only when it is due."""
    done = (s.status[j] != Status.done) & (t.status[j] == Status.done)
    queued = (s.status[j] != Status.ready) & (t.status[j] == Status.ready)
    return (done >> (s.status[j] == Status.ready)) & (queued >> (s.entry[j] == Entry.due))


@schedule.step("INV-011")
def times_are_kept(s, t, j: Job):
    """A job falls due once, and only while it waits for its time."""
    fell_due = (s.entry[j] != Entry.due) & (t.entry[j] == Entry.due)
    put_off = (s.entry[j] == Entry.due) & (t.entry[j] == Entry.waits)
    return (fell_due >> (s.entry[j] == Entry.waits)) & ~put_off


# ------------------------------------------------------------------ what must be reachable
@schedule.sometimes("INV-023")
def two_promoters_pick_one_job(s, p: Promoter, q: Promoter, j: Job):
    """Two promoters can have the same due job in hand."""
    return (s.picked[p] == j) & (s.picked[q] == j) & (p != q) & (s.entry[j] == Entry.due)
