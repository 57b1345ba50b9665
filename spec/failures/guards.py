"""Which failure mode each guard of the spec belongs to; and why the others belong to none."""

from spec.failures import FAILURES

BELONG_TO_NONE = {
    "enqueue.asked": "says what a client is: nothing arrives that was not sent",
    "claim.idle": "says what a worker is: a process that has one job at a time",
    "expire.live": "says what expiry is: only a lease that is live runs out",
    "restart.down": "says what a restart is: only a worker that is down comes back",
    "look.up": "says what a crash is: a recoverer that is down does nothing",
    "write_first.begun": "is the order of steps in a handler: the first half comes first",
    "write_second.first": "is the order of steps in a handler: the second half comes second",
    "lose_reply.recorded": "says what a lost answer is: there was one to lose",
    "notify.due": "says what a delivery is: there is a notice to deliver",
    "pass_deadline.ahead": "says what a deadline is: it passes once, while there is one",
    "fall_due.waiting": "says what it is to be due: the time of a job comes once",
    "deliver.inside": "is the order of steps in a handler: its effect takes place inside it",
    "settle_done.delivered": "is `settle_done.evidence` (FM-022b), where the receiver is elsewhere",
    "lose_power.few": "says how often the power may fail in a scope",
    "restore.few": "says how often a copy may be restored in a scope",
    "enqueue.asking": "says what a client is that is content: it asks no more",
    "grow_old.stored": "says what a row is: there is none of a job that is not in the queue",
    "plan.fresh": "is the key of a job for later: one entry for it",
    "plan.unknown": "is `enqueue.new_key` (FM-024a), for a job for later",
    "come_due.waits": "says what time is: it comes once",
    "enqueue.unlisted": "is `enqueue.new_key` (FM-024a), where a key is looked for in two places",
    "withdraw.known": "says what an input is: that of a job in the queue",
    "disconnect.claimed": "says what a connection is: a job was claimed over it",
    "pass_period.claimed": "says what a period is: a part of a claim",
    "pass_period.named": "says whose period it is: that of the worker in the row",
    "lose_store.claimed": "says what an outage is: somebody with a claim misses the store",
    "return_store.out": "says what a return is: the store was out of reach",
    "claim.reachable": "says what an outage is: nothing is claimed while it lasts",
    "heartbeat.reachable": "says what an outage is: nobody is heard while it lasts",
    "stop_inside.stored": "says what a lock is: there is a row to lock",
    "claim.unlocked": "says what a lock is: who looks for something to do goes round it",
    "recover.unlocked": "says what a lock is: who looks for something to do goes round it",
    "come.ahead": "says what time is: a moment comes once",
    "go_by.now": "says what time is: a moment goes by once",
    "see.alive": "says what a crash is: a scheduler that is dead does nothing",
    "see.come": "says what a tick is: before its moment there is nothing to see",
    "see.unserved": "saves work: `enqueue.new_key` (FM-031b) refuses a tick that has its job",
    "enqueue.seen": "says what a scheduler does: it asks for a tick that it has seen",
    "begin_insertion.not_begun": "is the unique index: a second insertion waits for the first",
    "begin_insertion.not_stored": "is `enqueue.new_key` (FM-024a), when an insertion begins",
    "enqueue.begun": "says what a commit is: that of an insertion which has begun",
    "commit_later.numbered": "says what a later number is: one that was given afterwards",
    "hand_on.stored": "says what a row is that is not committed: nobody else sees it",
    "hand_on.before_it": "says what a cursor is: what is behind it is not read again",
    "move_past.later": "says what moving on is: the relay knows of a later number",
    "park.waits": "says what it is to be put aside: a job that waits is",
    "change.changes_left": "says how often what a job is about changes in a scope",
    "see_value.made": "says what a value is: there is none before the first change",
    "enqueue.wanted": "says what a client is: it asks for the job whose value it has seen",
    "handle.inside": "is the order of steps in a handler: items are done inside it",
    "refuse.inside": "is the order of steps in a handler: items are refused inside it",
    "take_ahead.ready_ahead": "says what a claim is: a job is taken that waits",
    "put_off_ahead.works_ahead": "says what a failure is: that of a job at work",
    "end_ahead.at_work_ahead": "says what an end is: that of a job at work",
    "retry.few": "says how often a job is tried anew in a scope",
    "resume_kind.paused": "says what a resume is: there is a pause to lift",
    "claim.unparked": "says what it is to be put aside: no worker looks at the job",
}
"""Guards that say what the world is like, or in which order a process does its own steps."""


def belongs(guard: str) -> tuple[str, ...]:
    """Return the failure modes in which this guard is missing."""
    return tuple(
        mode.id for mode in FAILURES.values() if any(guard in loss.edits for loss in mode.losses)
    )
