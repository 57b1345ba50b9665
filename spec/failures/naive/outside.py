"""Steps around insertions that are not committed: `instead ACTION NAME`."""

from spec.language import require
from spec.queue.job import Job, Status
from spec.queue.outside.producers import Request


def confirm_what_is_open(s, j: Job):
    """Whoever meets another insertion of the job, committed or not, is told of a duplicate."""
    require(met=s.open[j] | (s.status[j] != Status.absent))
    s.request[j] = Request.acked


def move_past_in_the_end(s, j: Job, waited: bool):
    """A relay waits for a missing number to appear, and when it has waited long it moves on."""
    require(
        later=s.later[j],
        closed=~s.open[j] | waited,
        handed_on=s.received[j] | (s.status[j] == Status.absent),
    )
    s.passed_by[j] = True


STEPS = (confirm_what_is_open, move_past_in_the_end)
