"""Versions: the input that a job works on may be withdrawn, while it runs or long after it is done.

What was made of a withdrawn input is undone in the step that withdraws it, for it is in the same
store. Another version of the input is another job. Left out: what others have made of the effect by
then.
"""

from spec.language import Spec, require
from spec.queue.job import Job, Status, Worker, holds
from spec.queue.outside.effects import Progress, effects, record

versions = Spec("versions", effects, doc="The input of a job is withdrawn, and its effect with it.")

versions.durable("withdrawn", Job, bool, False, "its input is no longer valid")
versions.durable("undone", Job, bool, False, "its effect was committed, and is compensated")


@versions.also(record)
def record_of_what_is_valid(s, w: Worker):
    """Nothing is committed of an input that was withdrawn."""
    require(valid=~s.withdrawn[s.job[w]])


@versions.action(fault=True)
def withdraw(s, j: Job):
    """The input is rolled back, and what was committed of it is compensated."""
    require(known=s.status[j] != Status.absent)
    s.withdrawn[j] = True
    s.undone[j] = s.recorded[j]


# ------------------------------------------------------------------ what must hold
@versions.invariant("INV-008")
def nothing_stands_on_a_withdrawn_input(s, j: Job):
    """An effect whose input was withdrawn is compensated."""
    return (s.withdrawn[j] & s.recorded[j]) >> s.undone[j]


@versions.invariant("INV-008")
def only_what_took_place_is_undone(s, j: Job):
    """A compensation takes back what was committed of a withdrawn input, and nothing else."""
    return s.undone[j] >> (s.withdrawn[j] & s.recorded[j])


@versions.step("INV-011")
def inputs_belong_to_jobs(s, t, j: Job):
    """Only the input of a job that is in the queue is withdrawn."""
    return (~s.withdrawn[j] & t.withdrawn[j]) >> (s.status[j] != Status.absent)


# ------------------------------------------------------------------ what must be reachable
@versions.sometimes("INV-008")
def a_done_job_loses_its_effect(s, j: Job):
    """The effect of a job that is done can be taken back."""
    return (s.status[j] == Status.done) & s.undone[j]


@versions.sometimes("INV-008")
def an_input_goes_while_its_worker_is_at_it(s, w: Worker):
    """An input can be withdrawn when its worker is about to commit."""
    return holds(s, w) & (s.progress[w] == Progress.second) & s.withdrawn[s.job[w]]
