"""Storage: what the store has answered, and what is left of it when the power fails.

A write is in a cache until it is synced. The image that would survive is kept beside the row: a
sync copies the row into it, and a loss of power copies it back. The disk may sync at any moment, so
what survives is any prefix of the writes that is not shorter than what was synced before an answer.
No claim is waited for: it may be lost, and then whoever has it belongs to a history that is over.
Jobs do not share anything here, so a loss that takes from several is several losses.

Left out: leases (a claim may be given back at any moment), torn and reordered writes (`ffq
crashlab` makes them), and jobs that are not in a copy that is restored: their senders have to send
them again.
"""

from spec.language import Nat, Spec, exists, forget, ite, require
from spec.queue.job import Job, Status, Token, Worker, fenced, jobs

storage = Spec("storage", jobs, doc="Writes are synced, the power fails, old copies are restored.")

Histories = storage.constant("Histories", 1, "how often the store may be put back")

storage.durable("kept_status", Job, Status, Status.absent, "where the job is, if the power fails")
storage.durable("kept_token", Job, Token, 0, "what its token is, if the power fails")
storage.durable("saved_status", Job, Status, Status.absent, "where the job is in the last copy")
storage.durable("saved_token", Job, Token, 0, "what its token is in the last copy")
storage.durable("epoch", Job, Nat(Histories), 0, "how often the store was put back")
storage.durable("delivered", Job, bool, False, "whoever receives the effect has noted its key")
storage.ghost("told", Job, bool, False, "its sender was told that it is stored")
storage.ghost("told_done", Job, bool, False, "a worker was told that it is settled")
storage.ghost("released", Job, bool, False, "its sender has given up its own copy")
storage.ghost("deliveries", Job, Nat(2), 0, "how often the effect has been received")

storage.volatile("held_epoch", Worker, Nat(Histories), 0, "the history that its token is of")


def current(s, w):
    """The worker was given its token in the history that the store is in."""
    return s.epoch[s.job[w]] == s.held_epoch[w]


# ------------------------------------------------------------------ in the order of a job's life
@storage.action()
def insert(s, j: Job):
    """A job arrives and is written, not yet synced."""
    require(unknown=s.status[j] == Status.absent)
    s.status[j] = Status.ready
    s.token[j] = 0


@storage.action()
def acknowledge(s, j: Job):
    """The sender is told that the job is stored."""
    require(durable=s.kept_status[j] != Status.absent)
    s.told[j] = True


@storage.action()
def release(s, j: Job):
    """The sender, which may be a store of its own, gives up its copy."""
    require(durable=s.kept_status[j] != Status.absent)
    s.released[j] = True


@storage.action()
def take(s, w: Worker, j: Job):
    """A worker claims the job and begins at once: the claim need not be durable."""
    require(ready=s.status[j] == Status.ready)
    s.status[j] = Status.claimed
    s.token[j] = s.token[j] + 1
    s.job[w] = j
    s.held[w] = s.token[j]
    s.held_epoch[w] = s.epoch[j]


@storage.action()
def deliver(s, w: Worker):
    """The effect takes place elsewhere, where its key is noted in the same step."""
    j = s.job[w]
    require(fresh=~s.delivered[j])
    s.delivered[j] = True
    s.deliveries[j] = s.deliveries[j] + 1


@storage.action()
def settle(s, w: Worker):
    """The worker writes that the job is done, and waits for the answer."""
    j = s.job[w]
    require(fenced=fenced(s, w), current=current(s, w), evidence=s.delivered[j])
    s.status[j] = Status.done


@storage.action()
def hear(s, w: Worker):
    """The worker is told that the job is done, by the answer or because it asks again."""
    j = s.job[w]
    require(durable=s.kept_status[j] == Status.done)
    s.told_done[j] = True
    forget(w)


@storage.action()
def reclaim(s, j: Job):
    """The lease has run out and the job is given back, while the budget allows it."""
    require(
        claimed=s.status[j] == Status.claimed, left=s.token[j] + 1 < s.MaxFails + s.MaxInterrupts
    )
    s.status[j] = Status.ready


@storage.action(fault=True)
def die(s, w: Worker):
    """A worker dies and comes back, knowing of no job; no write is lost with it."""
    forget(w)


# ------------------------------------------------------------------ the disk
@storage.action()
def sync(s, j: Job):
    """All that was written becomes durable."""
    s.kept_status[j] = s.status[j]
    s.kept_token[j] = s.token[j]


@storage.action(fault=True)
def lose_power(s, j: Job):
    """What was not synced is gone, and another history begins."""
    require(few=s.epoch[j] < s.Histories)
    s.status[j] = s.kept_status[j]
    s.token[j] = s.kept_token[j]
    s.epoch[j] = s.epoch[j] + 1


@storage.action()
def copy(s, j: Job):
    """A copy of the durable image is put away."""
    s.saved_status[j] = s.kept_status[j]
    s.saved_token[j] = s.kept_token[j]


@storage.action(fault=True)
def restore(s, j: Job):
    """The copy takes the place of the store, and another history begins: no answer about the end of
    a job counts any more.
    """
    require(copied=s.saved_status[j] != Status.absent, few=s.epoch[j] < s.Histories)
    s.status[j] = s.saved_status[j]
    s.token[j] = s.saved_token[j]
    s.kept_status[j] = s.saved_status[j]
    s.kept_token[j] = s.saved_token[j]
    s.epoch[j] = s.epoch[j] + 1
    s.told_done[j] = False


# ------------------------------------------------------------------ what must hold
@storage.invariant("INV-001")
def every_job_is_in_a_store(s, j: Job):
    """A job that its sender has given up is in the queue."""
    return s.released[j] >> (s.status[j] != Status.absent)


@storage.invariant("INV-003")
def one_worker_per_token_and_history(s, v: Worker, w: Worker):
    """No two workers were given the same token of the same job in the same history."""
    same = (s.job[v] == s.job[w]) & (s.held[v] == s.held[w]) & (s.held_epoch[v] == s.held_epoch[w])
    return ((s.job[v] != None) & same) >> (v == w)


@storage.step("INV-004")
def the_last_claim_settles(s, t, j: Job):
    """A job becomes done by the worker that was given its last claim, or by a restore."""
    done = (s.status[j] != Status.done) & (t.status[j] == Status.done) & (s.epoch[j] == t.epoch[j])
    return done >> exists(
        Worker, lambda w: (s.job[w] == j) & (s.held[w] == s.token[j]) & current(s, w)
    )


@storage.invariant("INV-006")
def one_delivery_per_job(s, j: Job):
    """Whatever is lost and restored, the effect is received at most once."""
    return s.deliveries[j] <= 1


@storage.invariant("INV-007")
def done_was_delivered(s, j: Job):
    """A job that is done has had its effect."""
    return (s.status[j] == Status.done) >> s.delivered[j]


@storage.step("INV-010")
def ends_last_as_long_as_their_history(s, t, j: Job):
    """A job that is done stays done, unless the store is put back."""
    return ((s.status[j] == Status.done) & (t.epoch[j] == s.epoch[j])) >> (
        t.status[j] == Status.done
    )


@storage.invariant("INV-012")
def claims_stay_within_the_budgets(s, j: Job):
    """A job is claimed fewer times in a history than both budgets together."""
    ready = s.status[j] == Status.ready
    return s.token[j] + ite(ready, 1, 0) < s.MaxFails + s.MaxInterrupts


@storage.invariant("INV-014")
def answers_are_kept(s, j: Job):
    """What the store has answered is so: a job it took is there, one it settled is done."""
    taken = s.told[j] >> (s.status[j] != Status.absent)
    return taken & (s.told_done[j] >> (s.status[j] == Status.done))


# ------------------------------------------------------------------ what the proofs lean on
@storage.lemma("INV-014")
def answers_are_durable(s, j: Job):
    """What was answered is in the image that survives."""
    stored = (s.told[j] | s.released[j]) >> (s.kept_status[j] != Status.absent)
    return stored & (s.told_done[j] >> (s.kept_status[j] == Status.done))


@storage.lemma("INV-014")
def the_row_is_ahead_of_the_disk(s, j: Job):
    """What is durable is so in the row: it is there, and done if it is done there."""
    there = (s.kept_status[j] != Status.absent) >> (s.status[j] != Status.absent)
    return there & ((s.kept_status[j] == Status.done) >> (s.status[j] == Status.done))


@storage.lemma("INV-012")
def images_stay_within_the_budgets(s, j: Job):
    """Nor is it claimed more often in an image."""
    budget = s.MaxFails + s.MaxInterrupts
    kept = s.kept_token[j] + ite(s.kept_status[j] == Status.ready, 1, 0) < budget
    saved = s.saved_token[j] + ite(s.saved_status[j] == Status.ready, 1, 0) < budget
    return kept & saved


@storage.lemma("INV-007")
def every_image_was_delivered(s, j: Job):
    """Where the job is done in an image, its effect has been received."""
    images = (s.kept_status[j] == Status.done) | (s.saved_status[j] == Status.done)
    return images >> s.delivered[j]


@storage.lemma("INV-006")
def the_key_tells_of_the_delivery(s, j: Job):
    """Until its key is noted, the effect has not been received."""
    return ~s.delivered[j] >> (s.deliveries[j] == 0)


@storage.lemma("INV-003")
def jobs_that_are_not_there_have_no_token(s, j: Job):
    """A job that is not in the queue, or not in an image, has never been claimed there."""
    return (
        ((s.status[j] == Status.absent) >> (s.token[j] == 0))
        & ((s.kept_status[j] == Status.absent) >> (s.kept_token[j] == 0))
        & ((s.saved_status[j] == Status.absent) >> (s.saved_token[j] == 0))
    )


@storage.lemma("INV-003")
def tokens_are_of_a_history(s, w: Worker):
    """A worker was given its token by a history that has been, and the row has gone on from
    there.
    """
    j = s.job[w]
    later = s.held[w] <= s.token[j]
    return (j != None) >> ((s.held_epoch[w] <= s.epoch[j]) & (current(s, w) >> later))


# ------------------------------------------------------------------ what must be reachable
@storage.sometimes("INV-012")
def a_job_is_claimed_again_in_its_history(s, j: Job):
    """A claim that was given back can be followed by another one."""
    return (s.status[j] == Status.claimed) & (s.token[j] > 1) & (s.epoch[j] == 0)


@storage.sometimes("INV-014")
def a_claim_runs_that_would_not_survive(s, w: Worker):
    """A worker can run a job that would be ready again if the power failed now."""
    j = s.job[w]
    holds = (s.status[j] == Status.claimed) & fenced(s, w) & current(s, w)
    return holds & (s.kept_status[j] == Status.ready)


@storage.sometimes("INV-003")
def a_token_is_given_out_twice(s, v: Worker, w: Worker):
    """Two workers can have the same token of two histories: the number alone does not fence."""
    same = (s.job[v] == s.job[w]) & (s.held[v] == s.held[w])
    return (s.job[v] != None) & same & (s.held_epoch[v] != s.held_epoch[w])


@storage.sometimes("INV-006")
def a_job_runs_again_after_its_effect(s, w: Worker):
    """A job whose effect was received can be claimed again, in a history that knows nothing of
    it.
    """
    j = s.job[w]
    return (
        (s.status[j] == Status.claimed)
        & current(s, w)
        & s.delivered[j]
        & (s.token[j] == 1)
        & (s.epoch[j] > 0)
    )


@storage.sometimes("INV-001")
def a_job_is_handed_over(s, j: Job):
    """A sender can give its copy up while the job still waits."""
    return s.released[j] & (s.status[j] == Status.ready)
