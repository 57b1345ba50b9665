"""Schedule: another design, in which a job for later is in a list beside the queue.

Promoters move it into the queue when it is due. Any number may work at once, and each may crash
between any two steps. In this queue such a job waits in its one place (`due`), and nothing is
moved. Left out: who brings promoters back, and schedules that repeat.
"""

from spec.language import Enum, Sort, Spec, forget, require
from spec.queue.job import Job, Status
from spec.queue.lease import enqueue
from spec.queue.recovery import recovery

schedule = Spec("schedule", recovery, doc="Another design: jobs for later are in another list.")


class Promoter(Sort):
    """A process that moves jobs that are due into the queue."""


class Entry(Enum):
    """Where a job is in the list of jobs for later."""

    none = "it is not in the list"
    waits = "it is for later"
    due = "its time has come"


schedule.durable("entry", Job, Entry, Entry.none, "where it is in the list")
schedule.volatile("picked", Promoter, Job, None, "the job that it means to move")
schedule.ghost("promised", Job, bool, False, "its client was told that it will run")


@schedule.action()
def plan(s, j: Job):
    """A client asks for a job at a later time, once."""
    require(fresh=s.entry[j] == Entry.none, unknown=s.status[j] == Status.absent)
    s.entry[j] = Entry.waits
    s.promised[j] = True


@schedule.also(enqueue)
def enqueue_what_is_not_listed(s, j: Job):
    """A key is looked for in both places before its job is inserted in one of them."""
    require(unlisted=s.entry[j] == Entry.none)


@schedule.action(fault=True)
def come_due(s, j: Job):
    """The time of the job comes."""
    require(waits=s.entry[j] == Entry.waits)
    s.entry[j] = Entry.due


@schedule.action()
def pick(s, p: Promoter, j: Job):
    """A promoter takes up a job; whether it is due is asked when it is moved."""
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


@schedule.step("INV-011")
def promised_jobs_come_when_they_are_due(s, t, j: Job):
    """A job that was promised for later comes into the queue only when it is due."""
    came = (s.status[j] == Status.absent) & (t.status[j] != Status.absent)
    return (s.promised[j] & came) >> (s.entry[j] == Entry.due)


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


@schedule.sometimes("INV-001")
def a_planned_job_is_done(s, j: Job):
    """A job that was planned can be done."""
    return s.promised[j] & (s.status[j] == Status.done)
