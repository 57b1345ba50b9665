"""Operators: people who read a screen first, and act later on what it showed.

A screen shows what was so when it was drawn, and nobody takes it away when that is over. So what is
done from it is compared with the row at the moment of writing. A job that is dead may be tried
anew: that is the one way out of an end. It begins another history of the row, with budgets of its
own, so that whoever was at work in the one before is fenced off; and its entry leaves the list of
the dead in the same step. Left out: who may do what, and why somebody wants it.
"""

from spec.language import Nat, Sort, Spec, exists, require
from spec.queue.deadlines import Deadline, claims_are_overdue, deadlines
from spec.queue.job import Histories, Job, Lease, Reason, Status, Worker, dies, leased
from spec.queue.lease import (
    claim,
    counts_only_grow,
    each_claim_has_a_new_token,
    only_legal_transitions,
    terminal_is_absorbing,
)
from spec.queue.recovery import attempts_left

operators = Spec("operators", deadlines, doc="Operators try dead jobs anew, and pause kinds.")


class Operator(Sort):
    """Somebody with a screen, which is as old as the last look."""


operators.durable("listed", Job, bool, False, "the list of the dead has an entry for it")
operators.durable("shown_paused", Job, bool, False, "the setting says that its kind is paused")
operators.durable("read_paused", Job, bool, False, "what workers read says that its kind is paused")
operators.volatile("screen", Operator, Job, None, "the dead job that its screen shows")
operators.volatile("screen_epoch", Operator, Nat(Histories), 0, "the history that it was dead in")


# ------------------------------------------------------------------ a dead job, and its screen
@operators.on(dies)
def the_dead_are_put_on_the_list(s, j: Job):
    """Whatever a job dies of, the step puts it on the list."""
    s.listed[j] = True


@operators.action()
def see_dead(s, o: Operator, j: Job):
    """An operator sees the job on the list of the dead."""
    require(listed=s.listed[j])
    s.screen[o] = j
    s.screen_epoch[o] = s.epoch[j]


@operators.action()
def retry(s, o: Operator):
    """The job is brought back with whole budgets and leaves the list, if it is the end that the
    screen shows.
    """
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
    s.listed[j] = False


# ------------------------------------------------------------------ a kind, and its switch
@operators.action(finite=True)
def pause_kind(s, j: Job):
    """An operator pauses the kind: the setting and what workers read are written in one step."""
    s.shown_paused[j] = True
    s.read_paused[j] = True


@operators.action(fair="weak")
def resume_kind(s, j: Job):
    """An operator resumes the kind, in both places at once."""
    s.shown_paused[j] = False
    s.read_paused[j] = False


@operators.also(claim)
def claim_what_is_not_read_as_paused(s, w: Worker, j: Job):
    """A worker leaves jobs alone whose kind is paused by what it reads."""
    require(let=~s.read_paused[j])


# ------------------------------------------------------------------ what must hold
def tried_anew(s, t, j):
    """A dead job is ready again, in the next history of its row, with nothing charged."""
    fresh = (t.token[j] == 0) & (t.fails[j] == 0) & (t.interrupts[j] == 0)
    back = (s.status[j] == Status.dead) & (t.status[j] == Status.ready)
    return back & (t.epoch[j] == s.epoch[j] + 1) & fresh


@operators.unless(terminal_is_absorbing, only_legal_transitions)
def brought_back(s, t, j: Job):
    """An operator tries a dead job anew: the one way out of an end."""
    return tried_anew(s, t, j)


@operators.unless(counts_only_grow, each_claim_has_a_new_token)
def counted_anew(s, t, j: Job):
    """Another history of the row counts from nothing."""
    return tried_anew(s, t, j)


@operators.step("INV-010")
def one_retry_for_each_look(s, t, j: Job):
    """A job is tried anew only by somebody whose screen shows the end that it takes away."""
    seen = exists(Operator, lambda o: (s.screen[o] == j) & (s.screen_epoch[o] == s.epoch[j]))
    anew = s.status[j].is_in(Status.done, Status.dead) & (t.status[j] == Status.ready)
    return anew >> seen


@operators.invariant("INV-002")
def the_dead_alone_are_listed(s, j: Job):
    """The list of the dead has an entry for a job exactly while it is dead."""
    return s.listed[j] == (s.status[j] == Status.dead)


@operators.invariant("INV-013")
def budgets_are_spent_since_the_retry(s, j: Job):
    """A job dies of as many attempts as its budget has, all of them since it was last tried
    anew.
    """
    return ((s.reason[j] == Reason.failures) >> (s.MaxFails <= s.token[j])) & (
        (s.reason[j] == Reason.interruptions) >> (s.MaxInterrupts <= s.token[j])
    )


@operators.step("INV-026")
def what_is_shown_as_paused_is_not_claimed(s, t, j: Job):
    """While its kind is shown as paused, no job is claimed."""
    claimed = (s.status[j] != Status.claimed) & (t.status[j] == Status.claimed)
    return claimed >> ~s.shown_paused[j]


@operators.invariant("INV-026")
def workers_read_what_is_shown(s, j: Job):
    """A kind is paused for workers exactly while it is shown so."""
    return s.shown_paused[j] == s.read_paused[j]


# ------------------------------------------------------------------ what the proofs lean on
@operators.lemma("INV-010")
def screens_show_an_end(s, o: Operator):
    """A screen shows an end that was, or still is: that of a history that is over, or of a job that
    is dead.
    """
    j = s.screen[o]
    still = (s.screen_epoch[o] == s.epoch[j]) >> (s.status[j] == Status.dead)
    return (j != None) >> ((s.screen_epoch[o] <= s.epoch[j]) & still)


# ------------------------------------------------------------------ why it comes to be
@operators.settles(before=attempts_left)
def retries_left(s, j: Job):
    """A job is tried anew only so often."""
    return s.Histories - s.epoch[j]


@operators.stays(by=resume_kind, before=claims_are_overdue)
def kinds_go_on(s, j: Job):
    """A kind that is paused only so often goes on in the end."""
    return ~s.read_paused[j]


# ------------------------------------------------------------------ what must be reachable
@operators.sometimes("INV-010")
def a_screen_outlasts_what_it_shows(s, o: Operator):
    """A screen can still show a job as dead that a worker has again."""
    return leased(s, s.screen[o]) & (s.screen_epoch[o] < s.epoch[s.screen[o]])


@operators.sometimes("INV-003")
def a_late_worker_outlasts_the_end(s, w: Worker):
    """A worker can still be at a job with the token that another one has since the retry."""
    j = s.job[w]
    return leased(s, j) & (s.held[w] == s.token[j]) & (s.held_epoch[w] < s.epoch[j])


@operators.sometimes("INV-010")
def a_job_is_done_after_its_death(s, j: Job):
    """A job that was dead can be done."""
    return (s.status[j] == Status.done) & (s.epoch[j] > 0)


@operators.sometimes("INV-013")
def a_job_dies_again(s, j: Job):
    """A job that was tried anew can die again."""
    return (s.status[j] == Status.dead) & (s.epoch[j] > 0)


@operators.sometimes("INV-026")
def a_job_waits_while_its_kind_is_paused(s, j: Job):
    """A job can wait while its kind is paused."""
    return (s.status[j] == Status.ready) & s.shown_paused[j]
