"""Pace: the retries of all jobs share one budget, beside the wait that each of them has.

When a dependency is down for a while every job fails or is cut short, and all of them are due again
when it comes back. So a retry is begun only while something is left of a budget, which is filled
again as time goes by; a first attempt needs none of it. The row of a job says whether the budget is
spent, which whoever begins a retry writes here in the same step, for all is in one store. Left out:
how large the budget is, and how fast it is filled.
"""

from spec.language import Spec, require
from spec.queue.deadlines import claims_are_overdue, deadlines
from spec.queue.due import due
from spec.queue.job import Job, Status, Worker, leased
from spec.queue.lease import claim

pace = Spec("pace", due, deadlines, doc="Retries share a budget, and do not come all at once.")

pace.durable("spent", Job, bool, False, "nothing is left of the budget that its retry would need")


def is_retry(s, j):
    """An attempt at the job has ended before, in whatever way."""
    return s.fails[j] + s.interrupts[j] > 0


# ------------------------------------------------------------------ the budget, and who needs it
@pace.action(finite=True, fault=True)
def spend(s, j: Job):
    """The retries of other jobs use the budget up."""
    s.spent[j] = True


@pace.action(fair="weak")
def refill(s, j: Job):
    """Time goes by, and there is something left of the budget again."""
    s.spent[j] = False


@pace.also(claim)
def claim_within_the_budget(s, w: Worker, j: Job):
    """A retry is begun while something is left of the budget, and takes it; a first attempt needs
    nothing.
    """
    require(affordable=~(is_retry(s, j) & s.spent[j]))
    s.spent[j] = s.spent[j] | is_retry(s, j)


# ------------------------------------------------------------------ what must hold
@pace.step("INV-026")
def retries_keep_to_the_budget(s, t, j: Job):
    """A job is tried again only while something is left of the budget."""
    claimed = (s.status[j] != Status.claimed) & (t.status[j] == Status.claimed)
    return (claimed & is_retry(s, j)) >> ~s.spent[j]


@pace.step("INV-026")
def each_retry_is_charged(s, t, j: Job):
    """A job that is tried again takes its part of the budget by the same step."""
    claimed = (s.status[j] != Status.claimed) & (t.status[j] == Status.claimed)
    return (claimed & is_retry(s, j)) >> t.spent[j]


# ------------------------------------------------------------------ what must come to be
@pace.leads_to("LIVE-08")
def budgets_are_filled_again(s, j: Job):
    """A budget that is spent has something left in the end: the load of retries decays."""
    return s.spent[j], ~s.spent[j]


# ------------------------------------------------------------------ why it comes to be
@pace.stays(by=refill, before=claims_are_overdue)
def there_is_something_left(s, j: Job):
    """Others spend the budget only so often, and the attempts of a job are counted."""
    return ~s.spent[j]


# ------------------------------------------------------------------ what must be reachable
@pace.sometimes("INV-026")
def a_retry_that_is_due_waits_for_the_budget(s, j: Job):
    """A job can wait for the budget when it has failed before."""
    return (s.status[j] == Status.ready) & is_retry(s, j) & s.spent[j]


@pace.sometimes("INV-026")
def a_first_attempt_needs_no_budget(s, j: Job):
    """A job can be begun for the first time while nothing is left for retries."""
    return leased(s, j) & ~is_retry(s, j) & s.spent[j]
