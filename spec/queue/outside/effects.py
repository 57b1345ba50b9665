"""Effects: the handler changes shared state in two steps and then commits, all in the store of the
queue.

Between any two steps the worker may die, or lose its claim to another one that begins the same work
again. Readers look only at work that is recorded. The record is the idempotency key of the effect:
it is written in the step that makes the effect visible. Left out: effects outside the store, which
need an outbox.
"""

from spec.language import Enum, Nat, Spec, ite, require
from spec.queue.job import Job, Pc, Status, Token, Worker, dies, fenced, leased
from spec.queue.lease import settle_done, start
from spec.queue.recovery import recovery

effects = Spec(
    "effects", recovery, doc="Handlers change shared state in two steps and a commit record."
)


class Progress(Enum):
    """How far the worker believes the work to be."""

    outside = "not in the handler"
    begun = "nothing is written"
    first = "the first half is written"
    second = "both halves are written"
    recorded = "the effect is committed"


class Letter(Enum):
    """What the dead letter of a job says of its effect."""

    none = "there is no dead letter"
    nothing = "nothing was written"
    half = "one half was written, which no reader sees"
    both = "both halves were written, which no reader sees"
    applied = "the effect is committed, though the job is dead"


effects.durable("first", Job, Token, 0, "the token under which the first half was written last")
effects.durable("second", Job, Token, 0, "the token under which the second half was written last")
effects.durable("recorded", Job, bool, False, "the effect is committed: its idempotency record")
effects.durable("letter", Job, Letter, Letter.none, "what the dead letter says of the effect")
effects.ghost("applied", Job, Nat(2), 0, "how often the world has seen the effect")
effects.volatile(
    "progress", Worker, Progress, Progress.outside, "how far it believes the work to be"
)


def written(s, j):
    """What a dead letter would have to say now."""
    halves = ite(s.first[j] == s.second[j], Letter.both, Letter.half)
    return ite(s.recorded[j], Letter.applied, ite(s.first[j] == 0, Letter.nothing, halves))


# ------------------------------------------------------------------ inside the handler
@effects.also(start)
def start_from_nothing(s, w: Worker):
    """The handler begins with nothing done."""
    s.progress[w] = Progress.begun


@effects.action()
def write_first(s, w: Worker):
    """The worker writes the first half, under its token, unless the effect is committed already."""
    j = s.job[w]
    require(
        begun=s.progress[w] == Progress.begun,
        leased=leased(s, j),
        fenced=fenced(s, w),
        unrecorded=~s.recorded[j],
    )
    s.first[j] = s.held[w]
    s.progress[w] = Progress.first


@effects.action()
def write_second(s, w: Worker):
    """The worker writes the second half."""
    j = s.job[w]
    require(first=s.progress[w] == Progress.first, leased=leased(s, j), fenced=fenced(s, w))
    s.second[j] = s.held[w]
    s.progress[w] = Progress.second


@effects.action()
def record(s, w: Worker):
    """The worker commits: effect and record become visible in one step."""
    j = s.job[w]
    require(
        second=s.progress[w] == Progress.second,
        leased=leased(s, j),
        fenced=fenced(s, w),
        once=~s.recorded[j],
    )
    s.recorded[j] = True
    s.applied[j] = s.applied[j] + 1
    s.progress[w] = Progress.recorded


@effects.action(fault=True)
def lose_reply(s, w: Worker):
    """The answer to the commit is lost: the worker does not know that it took place."""
    require(recorded=s.progress[w] == Progress.recorded)
    s.progress[w] = Progress.second


@effects.action()
def find_recorded(s, w: Worker):
    """The worker finds that the effect is committed, by itself unknowingly or by an earlier
    attempt.
    """
    require(recorded=s.recorded[s.job[w]])
    s.progress[w] = Progress.recorded


# ------------------------------------------------------------------ when the claim ends
@effects.also(settle_done)
def done_needs_evidence(s, w: Worker):
    """Success is believed only where the effect is on record."""
    require(evidence=s.recorded[s.job[w]])


@effects.on(dies)
def deaths_leave_a_letter(s, j: Job):
    """The dead letter says what was written, in the step that buries the job."""
    s.letter[j] = written(s, j)


# ------------------------------------------------------------------ what must hold
@effects.step("INV-005")
def writes_never_go_back(s, t, j: Job):
    """Once a token has written to shared state, no older one does."""
    return (s.first[j] <= t.first[j]) & (s.second[j] <= t.second[j])


@effects.step("INV-011")
def writes_come_from_the_handler(s, t, j: Job):
    """Shared state is written only after the handler was entered."""
    wrote = (t.first[j] != s.first[j]) | (t.second[j] != s.second[j])
    return wrote >> s.entered[j]


@effects.invariant("INV-006")
def one_effect_per_job(s, j: Job):
    """However often a job is delivered, the world sees its effect at most once."""
    return s.applied[j] <= 1


@effects.invariant("INV-007")
def done_has_its_effect(s, j: Job):
    """A job that is done has had its effect."""
    return (s.status[j] == Status.done) >> (s.applied[j] >= 1)


@effects.invariant("INV-008")
def no_hidden_partial_update(s, j: Job):
    """Whoever reads a committed effect sees two halves of one attempt."""
    return s.recorded[j] >> ((s.first[j] == s.second[j]) & (s.first[j] > 0))


@effects.invariant("INV-008")
def dead_letters_are_true(s, j: Job):
    """The dead letter says just what was written."""
    return (s.status[j] == Status.dead) >> (s.letter[j] == written(s, j))


@effects.invariant("INV-009")
def the_record_tells_the_truth(s, j: Job):
    """The effect is on record exactly if it took place."""
    return s.recorded[j] == (s.applied[j] >= 1)


# ------------------------------------------------------------------ what the proofs lean on
@effects.lemma("INV-005")
def writes_carry_a_token_of_their_job(s, j: Job):
    """Shared state was written under a token that the job has had."""
    return (s.first[j] <= s.token[j]) & (s.second[j] <= s.token[j])


@effects.lemma("INV-011")
def writers_are_in_the_handler(s, w: Worker):
    """Only a worker inside the handler is about to write a half."""
    return s.progress[w].is_in(Progress.begun, Progress.first) >> (s.pc[w] == Pc.running)


@effects.lemma("INV-011")
def only_the_busy_get_anywhere(s, w: Worker):
    """A worker without a job has no work behind it."""
    return (s.job[w] == None) >> (s.progress[w] == Progress.outside)


@effects.lemma("INV-009")
def workers_believe_in_no_false_record(s, w: Worker):
    """A worker takes the effect for committed only if it is."""
    return (s.progress[w] == Progress.recorded) >> s.recorded[s.job[w]]


@effects.lemma("INV-008")
def the_first_half_is_the_holders(s, w: Worker):
    """While the holder has written one half, that half is the last one and nothing is on record."""
    half = (s.progress[w] == Progress.first) & fenced(s, w)
    return half >> ((s.first[s.job[w]] == s.held[w]) & ~s.recorded[s.job[w]])


@effects.lemma("INV-008")
def both_halves_are_the_holders(s, w: Worker):
    """While the holder has written both halves and nothing is on record, they are the last ones."""
    j = s.job[w]
    both = (s.progress[w] == Progress.second) & fenced(s, w) & ~s.recorded[j]
    return both >> ((s.first[j] == s.held[w]) & (s.second[j] == s.held[w]))


# ------------------------------------------------------------------ what must be reachable
@effects.sometimes("INV-006")
def an_effect_outlives_its_claim(s, j: Job):
    """An effect can be committed by a claim that is then lost, and the job be claimed again."""
    return s.recorded[j] & (s.status[j] == Status.claimed) & (s.first[j] < s.token[j])


@effects.sometimes("INV-005")
def halves_of_two_attempts(s, j: Job):
    """Shared state can hold halves of two attempts; only the record tells readers to look away."""
    return (s.first[j] > s.second[j]) & (s.second[j] > 0)


@effects.sometimes("INV-008")
def a_job_dies_half_done(s, j: Job):
    """A job can die when a part of its work is written."""
    return s.letter[j] == Letter.half


@effects.sometimes("INV-008")
def a_job_dies_after_its_effect(s, j: Job):
    """A job can die although its effect is committed."""
    return s.letter[j] == Letter.applied


@effects.sometimes("INV-009")
def a_reply_is_lost(s, w: Worker):
    """A worker can be ignorant of its own commit."""
    return (s.progress[w] == Progress.second) & s.recorded[s.job[w]]
