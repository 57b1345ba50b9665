"""Follow-ups: a job that is done is followed by another one.

That it is done and that its follow-up is in the queue are one step, for both rows are in the same
store. So who may end the job may put in what follows it, and nobody else. Left out: the follow-up
itself, which is a job like any other, and one that is for another store (`intents`).
"""

from spec.language import Nat, Spec
from spec.queue.job import Job, Status, Worker
from spec.queue.lease import settle_done
from spec.queue.recovery import recovery

followups = Spec("followups", recovery, doc="A job that is done is followed by another one.")

followups.durable("followed", Job, bool, False, "its follow-up is in the queue")
followups.ghost("follow_ups", Job, Nat(2), 0, "how often a follow-up was put in for it")


@followups.also(settle_done)
def settle_done_with_its_follow_up(s, w: Worker):
    """The step that says that the job is done puts its follow-up in."""
    j = s.job[w]
    s.followed[j] = True
    s.follow_ups[j] = s.follow_ups[j] + 1


# ------------------------------------------------------------------ what must hold
@followups.invariant("INV-018")
def done_has_its_follow_up(s, j: Job):
    """A job that is done has its follow-up in the queue."""
    return (s.status[j] == Status.done) >> s.followed[j]


@followups.invariant("INV-018")
def follow_ups_come_after(s, j: Job):
    """A follow-up is in the queue only if the job that it follows is done."""
    return s.followed[j] >> (s.status[j] == Status.done)


@followups.invariant("INV-018")
def one_follow_up_for_each_job(s, j: Job):
    """However often a job is tried, its follow-up is put in at most once."""
    return s.follow_ups[j] <= 1


# ------------------------------------------------------------------ what the proofs lean on
@followups.lemma("INV-018")
def who_was_followed_is_marked(s, j: Job):
    """A job for which a follow-up was put in is marked so."""
    return (s.follow_ups[j] > 0) >> s.followed[j]


# ------------------------------------------------------------------ what must be reachable
@followups.sometimes("INV-018")
def a_late_worker_finds_the_job_followed(s, w: Worker):
    """A worker can still be inside the handler when another one has done the job."""
    return s.followed[s.job[w]]
