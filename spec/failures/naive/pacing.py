"""Steps that pace retries, as they are often written: `instead ACTION NAME`."""

from spec.failures.naive.related import take
from spec.language import require
from spec.queue.due import Due
from spec.queue.job import Job, Pc, Status, Worker


def claim_and_charge_failures(s, w: Worker, j: Job):
    """A job that has failed needs the budget; one that was only cut short goes on at once."""
    require(
        idle=s.pc[w] == Pc.idle,
        ready=s.status[j] == Status.ready,
        due=s.due[j] == Due.due,
        affordable=~((s.fails[j] > 0) & s.spent[j]),
    )
    take(s, w, j)
    s.due[j] = Due.off
    s.spent[j] = s.spent[j] | (s.fails[j] > 0)


STEPS = (claim_and_charge_failures,)
