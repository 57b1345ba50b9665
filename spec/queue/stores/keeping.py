"""Keeping: how long a job and its key are remembered, and who knows what to do with it.

A key is taken for as long as its row is there, so forgetting the row makes room for the same
request once more. The deployed workers know some kinds of jobs and not others, and that may change.
There is no clock: a row grows old at some moment, and the horizon promises that by then its client
asks no more.
"""

from spec.language import Spec, erase, ite, require
from spec.queue.deadlines import claims_are_overdue, deadlines
from spec.queue.job import Job, Status, Worker, terminal
from spec.queue.lease import (
    claim,
    counts_only_grow,
    each_claim_has_a_new_token,
    enqueue,
    only_legal_transitions,
    rows_are_kept,
    success_is_remembered,
    terminal_is_absorbing,
    tokens_come_from_the_row,
)
from spec.queue.notices import Notice, a_notice_is_final, notices
from spec.queue.recovery import attempts_left

keeping = Spec(
    "keeping",
    notices,
    deadlines,
    doc="Rows grow old and are forgotten; workers do not know all kinds.",
)

keeping.durable("old", Job, bool, False, "its row is older than the horizon")
keeping.world("content", Job, bool, False, "its client will not ask for it again")
keeping.world("known", Job, bool, False, "the workers that are deployed know its kind")
keeping.ghost("understood", Job, bool, False, "whoever claimed it last knew its kind")


# ------------------------------------------------------------------ who asks, who is deployed
@keeping.action()
def be_content(s, j: Job):
    """The client has its answer, or has given up: it asks no more."""
    s.content[j] = True


@keeping.action(fair="weak")
def deploy(s, j: Job):
    """Workers are deployed that know the kind."""
    s.known[j] = True


@keeping.action(finite=True, fault=True)
def roll_back(s, j: Job):
    """Workers are deployed that do not know the kind, or not yet."""
    s.known[j] = False


# ------------------------------------------------------------------ a job's life
@keeping.also(enqueue)
def enqueue_while_asked_for(s, j: Job):
    """A job is inserted only because its client may still ask for it."""
    require(asking=~s.content[j])


@keeping.also(claim)
def claim_a_known_kind(s, j: Job):
    """A worker leaves jobs alone whose kind it does not know."""
    require(known=s.known[j])
    s.understood[j] = s.known[j]


@keeping.action(fault=True)
def grow_old(s, j: Job):
    """The row becomes older than the horizon, which is longer than any client goes on asking."""
    require(stored=s.status[j] != Status.absent, outlives=s.content[j])
    s.old[j] = True


@keeping.action()
def prune(s, j: Job):
    """The row of a job that is over is forgotten, and with it the key; of a death somebody was told
    before.
    """
    require(over=terminal(s, j), old=s.old[j], told=s.notice[j] != Notice.due)
    erase(j)


# ------------------------------------------------------------------ what must hold
def forgotten(s, t, j):
    """The step forgets a job that is over, in time."""
    return terminal(s, j) & s.old[j] & (t.status[j] == Status.absent)


@keeping.unless(rows_are_kept)
def forgotten_in_time(s, t, j: Job):
    """The job is over, and its row older than the horizon."""
    return forgotten(s, t, j)


@keeping.unless(each_claim_has_a_new_token)
def forgotten_with_its_token(s, t, j: Job):
    """The token is forgotten with its row."""
    return forgotten(s, t, j)


@keeping.unless(terminal_is_absorbing)
def forgotten_with_its_end(s, t, j: Job):
    """The end of the job is forgotten with its row."""
    return forgotten(s, t, j)


@keeping.unless(only_legal_transitions)
def forgotten_after_its_life(s, t, j: Job):
    """Behind the end of a job's life its row is forgotten."""
    return forgotten(s, t, j)


@keeping.unless(counts_only_grow)
def forgotten_with_its_counts(s, t, j: Job):
    """Failures and interruptions are forgotten with their row."""
    return forgotten(s, t, j)


@keeping.unless(a_notice_is_final)
def forgotten_with_its_notice(s, t, j: Job):
    """That somebody was told of the death is forgotten with its row."""
    return forgotten(s, t, j) & (s.notice[j] == Notice.sent)


@keeping.step("INV-001")
def jobs_come_from_clients(s, t, j: Job):
    """A job comes into the queue only while its client may ask for it."""
    return ((s.status[j] == Status.absent) & (t.status[j] != Status.absent)) >> ~s.content[j]


@keeping.invariant("INV-007")
def done_was_understood(s, j: Job):
    """A job that is done was claimed by a worker that knew its kind."""
    return (s.status[j] == Status.done) >> s.understood[j]


@keeping.step("INV-022")
def a_key_outlives_its_requests(s, t, j: Job):
    """A key is forgotten only when no request that bears it can come any more."""
    gone = (s.status[j] != Status.absent) & (t.status[j] == Status.absent)
    return gone >> s.content[j]


@keeping.invariant("INV-022")
def only_rows_grow_old(s, j: Job):
    """A job that is not in the queue is not old: nothing of it is kept."""
    return (s.status[j] == Status.absent) >> ~s.old[j]


@keeping.step("INV-025")
def failures_are_of_those_who_know(s, t, j: Job):
    """A job is charged with a failure only by a worker that knew its kind when it claimed it."""
    return (s.fails[j] < t.fails[j]) >> s.understood[j]


# ------------------------------------------------------------------ what the proofs lean on
@keeping.lemma("INV-022")
def what_is_old_is_asked_for_no_more(s, j: Job):
    """The client of a row that is older than the horizon asks no more."""
    return s.old[j] >> s.content[j]


@keeping.lemma("INV-007")
def claims_were_understood(s, j: Job):
    """Whoever has a job knew its kind when it was claimed."""
    return (s.status[j] == Status.claimed) >> s.understood[j]


@keeping.unless(success_is_remembered)
def forgotten_when_nobody_asks(s, j: Job):
    """The job was forgotten, and nobody asks for it."""
    return (s.status[j] == Status.absent) & s.content[j]


@keeping.unless(tokens_come_from_the_row)
def taken_before_it_was_forgotten(s, w: Worker):
    """The row of its job is forgotten, and nobody asks for it."""
    return (s.status[s.job[w]] == Status.absent) & s.content[s.job[w]]


# ------------------------------------------------------------------ why it comes to be
@keeping.settles(before=attempts_left)
def way_of_a_key(s, j: Job):
    """A key goes one way: it is asked for, has its row, and is forgotten."""
    gone = ite(s.content[j], 0, 2)
    return ite(s.status[j] == Status.absent, gone, 1)


@keeping.stays(by=deploy, before=claims_are_overdue)
def kinds_are_known(s, j: Job):
    """Workers that are rolled back only so often know every kind in the end."""
    return s.known[j]


# ------------------------------------------------------------------ what must be reachable
@keeping.sometimes("INV-003")
def a_worker_outlasts_the_row(s, w: Worker):
    """A worker can still be at a job whose row is forgotten."""
    return (s.job[w] != None) & (s.status[s.job[w]] == Status.absent)


@keeping.sometimes("INV-022")
def a_job_is_done_and_forgotten(s, j: Job):
    """A job can be done and its row be gone."""
    return (s.successes[j] == 1) & (s.status[j] == Status.absent)


@keeping.sometimes("INV-025")
def a_job_waits_for_a_deployment(s, j: Job):
    """A job can wait, and be old, while nobody knows its kind."""
    return (s.status[j] == Status.ready) & s.old[j] & ~s.known[j]
