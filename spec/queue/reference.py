"""Reference: all that the reference queue is made of, and what its modules have to know of each
other.

A job that is forgotten takes with it what every module knew of it. So what a module promises of a
row that is kept ends here with the row, as what the lease core promises does in `keeping`.
"""

from spec.language import Spec
from spec.queue.deadlines import deadlines
from spec.queue.due import due
from spec.queue.job import Job, Status, Worker
from spec.queue.limits.unique import unique
from spec.queue.notices import notices
from spec.queue.outside.effects import (
    effects,
    the_record_tells_the_truth,
    workers_believe_in_no_false_record,
    writes_come_from_the_handler,
    writes_never_go_back,
)
from spec.queue.outside.producers import accepted_jobs_are_in_the_queue, producers
from spec.queue.pausing import pausing
from spec.queue.stores.keeping import forgotten
from spec.queue.stores.space import space

whole = Spec("whole", producers, effects, notices, due, deadlines, doc="All modules at once.")
reference = Spec(
    "reference", space, pausing, unique, whole, doc="All that the reference queue is made of."
)


# ------------------------------------------------------------------ what ends with the row
@reference.unless(accepted_jobs_are_in_the_queue)
def forgotten_by_both(s, j: Job):
    """The job is forgotten, and its client will not ask for it again."""
    return (s.status[j] == Status.absent) & s.content[j]


@reference.unless(writes_never_go_back, writes_come_from_the_handler)
def forgotten_with_its_writes(s, t, j: Job):
    """Under which tokens shared state was written is forgotten with the row."""
    return forgotten(s, t, j)


@reference.unless(the_record_tells_the_truth)
def forgotten_with_its_record(s, j: Job):
    """The record of the effect is forgotten with its row, and the job is asked for no more."""
    return (s.status[j] == Status.absent) & s.content[j]


@reference.unless(workers_believe_in_no_false_record)
def recorded_before_it_was_forgotten(s, w: Worker):
    """The row of its job is forgotten, and nobody asks for it."""
    return (s.status[s.job[w]] == Status.absent) & s.content[s.job[w]]
