"""Storage: the store of the queue loses what was not waited for, or is put back from a copy.

Either begins another history of the row, which is part of each token: what was claimed in the one
that is over fences itself off. No claim is waited for. A copy that is older than the job does not
take the job away: its sender would have to send it again.
"""

from spec.language import ite, require
from spec.language.declared.disk import on_a_disk, with_copies
from spec.queue.job import Job, Status, Worker, fenced, leased
from spec.queue.lease import (
    a_job_is_done_once,
    a_live_claim_ends_by_its_holder,
    counts_only_grow,
    each_claim_has_a_new_token,
    leases_are_renewed_for_their_holder,
    only_legal_transitions,
    success_is_remembered,
    terminal_is_absorbing,
)
from spec.queue.outside.producers import producers
from spec.queue.recovery import attempts_left, recovery
from spec.queue.stores.deliveries import deliveries

storage = on_a_disk(
    "storage",
    producers,
    recovery,
    over=Job,
    elsewhere=("epoch",),
    doc="The power fails, and takes what was not waited for.",
)
copies = with_copies(
    "copies",
    recovery,
    deliveries,
    over=Job,
    elsewhere=("epoch", "delivered"),
    doc="A copy of the store is put away, and put back.",
)


def another_history(s, j):
    """The row begins another history."""
    require(few=s.epoch[j] < s.Histories)
    s.epoch[j] = s.epoch[j] + 1


@storage.settles(before=attempts_left)
def losses_left(s, j: Job):
    """The power fails only so often."""
    return s.Histories - s.epoch[j]


@copies.settles(before=attempts_left)
def copies_left(s, j: Job):
    """A copy is put back only so often."""
    return s.Histories - s.epoch[j]


# ------------------------------------------------------------------ the disk
@storage.also(storage.actions["lose_power"])
def a_loss_begins_a_history(s, j: Job):
    """A loss of power begins another history."""
    another_history(s, j)


@storage.unless(each_claim_has_a_new_token, a_live_claim_ends_by_its_holder)
def lost(s, t, j: Job):
    """The power took a claim back, and another history has begun."""
    return s.epoch[j] < t.epoch[j]


@storage.lemma("INV-014")
def only_claims_are_lost(s, j: Job):
    """What the power can take from a row is one claim at most."""
    verdicts = (s.fails[j] == s.fails_kept[j]) & (s.interrupts[j] == s.interrupts_kept[j])
    verdicts = verdicts & (s.reason[j] == s.reason_kept[j])
    same = (s.status[j] == s.status_kept[j]) & (s.lease[j] == s.lease_kept[j])
    same = same & (s.token[j] == s.token_kept[j])
    claim = (s.status[j] == Status.claimed) & (s.status_kept[j] == Status.ready)
    return verdicts & (same | (claim & (s.token[j] == s.token_kept[j] + 1)))


@storage.sometimes("INV-003")
def a_token_is_given_out_twice(s, v: Worker, w: Worker):
    """Two workers can have the same token of two histories: the number alone does not fence."""
    same = (s.job[v] == s.job[w]) & (s.held[v] == s.held[w])
    return (s.job[v] != None) & same & (s.held_epoch[v] != s.held_epoch[w])


@storage.sometimes("INV-014")
def a_claim_runs_that_would_not_survive(s, w: Worker):
    """A worker can hold a job that would be ready again if the power failed now."""
    j = s.job[w]
    return leased(s, j) & fenced(s, w) & (s.status_kept[j] == Status.ready)


# ------------------------------------------------------------------ copies
@copies.also(copies.actions["restore"])
def a_copy_begins_a_history(s, j: Job):
    """A copy that has the job begins another history."""
    require(copied=s.status_saved[j] != Status.absent)
    another_history(s, j)


@copies.unless(
    each_claim_has_a_new_token,
    a_live_claim_ends_by_its_holder,
    leases_are_renewed_for_their_holder,
    only_legal_transitions,
    terminal_is_absorbing,
    counts_only_grow,
)
def restored(s, t, j: Job):
    """A copy took the place of the row, and another history has begun."""
    return s.epoch[j] < t.epoch[j]


@copies.unless(
    a_job_is_done_once, success_is_remembered, copies.properties["success_is_remembered_saved"]
)
def done_in_each_history(s, j: Job):
    """It was done at most once in each history of its row."""
    now = ite(s.status[j] == Status.done, 1, 0)
    return s.successes[j] <= s.epoch[j] + now


@copies.lemma("INV-023")
def copies_are_older(s, j: Job):
    """The row has only gone on from its copy, and has stayed done if it was done there."""
    counts = (s.fails_saved[j] <= s.fails[j]) & (s.interrupts_saved[j] <= s.interrupts[j])
    return counts & ((s.status_saved[j] == Status.done) >> (s.status[j] == Status.done))


@copies.sometimes("INV-010")
def a_job_that_was_done_is_claimed_again(s, j: Job):
    """A job whose effect was received can be claimed in a history that knows nothing of it."""
    return s.delivered[j] & leased(s, j) & (s.token[j] == 1) & (s.epoch[j] > 0)
