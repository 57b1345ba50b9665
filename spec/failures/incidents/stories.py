"""Incidents told as runs of the spec: the same processes do the same in the same order, and
something that the queue claims is broken at the end.

A step is an action and who takes part in it: `w1` and `w2` are two workers, `r1` is a recoverer,
`j1` a job. Whoever is not named may be anybody, and between two steps others may be taken.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_PART = re.compile(r"[a-z]\d")


@dataclass(frozen=True)
class Step:
    """An action, and who takes part in it: `w1` is a worker, the same in each step."""

    action: str
    parts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Told:
    """An incident as a run: `losses` name what its system lacks as `FM-010` or `FM-011-elsewhere-2`
    do, `breaks` is the property if the first of them does not say it, and `but` says how the run is
    another one than the incident.
    """

    losses: tuple[str, ...]
    breaks: str
    doc: str
    steps: tuple[Step, ...]
    but: str = ""


def _read(text: str) -> dict[str, Told]:
    found = {}
    for entry in ("\n" + text.strip("\n")).split("\nD")[1:]:
        head, *lines = entry.splitlines()
        names, _, breaks = head.partition(" breaks ")
        number, *losses = names.split()
        doc, _, rest = " ".join(line.strip() for line in lines).partition(" :: ")
        run, _, but = rest.partition(" but: ")
        steps = tuple(_step(words.split()) for words in run.split(","))
        found[f"D{number}"] = Told(tuple(losses), breaks, doc, steps, but)
    return found


def _step(words: list[str]) -> Step:
    (action,) = (word for word in words if not _PART.fullmatch(word))
    return Step(action, tuple(word for word in words if word != action))


# An entry: its number, what is lacking, and what is broken if the first loss does not say it; what
# happened there, its steps, and what is otherwise here.
STORIES = _read("""
D01 FM-022b
  The process that ran the job is killed, and its parent takes the end of it for success.
  :: w1 claim, w1 start, w1 settle_done
D02 FM-008c
  A job is fetched long before it is due; its lease runs out, another worker has it, and both begin.
  :: w1 claim, expire, r1 recover, w2 claim, w2 start, w1 start
D03 FM-017-naive-1
  The sweep gives back a few jobs at a time, and more come than it gives back: some are never next.
  :: w1 claim, expire, w1 crash, r1 look
D04 FM-026a
  One task is delivered again and runs twice, and both runs count down: 0 is there too early.
  :: end_elder, end_elder, w1 claim
  but: the counter is not deleted, so that the callback comes too early and not never
D05 FM-001
  A worker takes the job out of the list and dies before it has written down that it is at it.
  :: enqueue, w1 claim, w1 crash
D06 FM-013-elsewhere-1 FM-013 breaks a_live_claim_ends_by_its_holder
  A worker prepares a job, and somebody who tidies up takes it for stuck; the worker goes on.
  :: w1 claim, r1 look, r1 recover
D07 FM-010
  A worker whose event loop is blocked is taken for dead; it comes back and reports success.
  :: w1 claim, w1 start, expire, r1 recover, w2 claim, w1 settle_done
D08 FM-013
  The sweep has a job on its list, its worker ends it, and the sweep puts it back.
  :: w1 claim, w1 start, r1 look, w1 settle_done, r1 recover
D09 FM-061
  Jobs stall too often in an outage and are given up; an operator retries them, and they fail at the
  next stall.
  :: w1 claim, expire, r1 recover, claim, expire, recover, o1 see_dead, o1 retry, claim, expire,
  recover
D10 FM-026b
  A child is given up and removed, its parent is not told, and waits when all others are over.
  :: end_elder, end_younger
D11 FM-032a
  A job of a group has failed and is put off, and the next one of the group is taken before it.
  :: take_ahead, put_off_ahead, w1 claim
D12 FM-003a
  The poller takes what is due off the schedule, to push it job by job, and ends half-way.
  :: plan, come_due, p1 promote, p1 promoter_crash
D13 FM-024a breaks a_live_claim_ends_by_its_holder
  The answer to a push is slow, so that the client sends it again: two workers begin the same job.
  :: enqueue, w1 claim, enqueue
D14 FM-005-naive-1
  The job is pushed inside the transaction of the change, and is begun before that is committed.
  :: enqueue, w1 claim, w1 start
D15 FM-027a
  A job kills its process, is recovered without a charge, and kills the next one.
  :: w1 claim, w1 crash, r1 recover, claim, crash, recover, claim
D16 FM-043
  A worker that holds a unique lock is killed, and the lock refuses the job that recovery puts back.
  :: w1 claim, expire, w1 crash, r1 look
D17 FM-025b-naive-1
  A reaper does not find the owner of a lock that is in use, deletes it, and another job begins.
  :: w1 claim j1, r1 look, w2 claim j2
D18 FM-013
  A worker is late with its heartbeat; while it ends its job, the supervisor fails the same job.
  :: w1 claim, w1 start, expire, r1 look, w1 settle_done, r1 recover
D19 FM-025b
  The permit of a worker that is only slow goes to the next one; when it ends, it gives one back.
  :: w1 claim, expire, r1 recover, w2 claim, w1 abandon
D20 FM-025c
  Nothing is free, so a job is put aside; the signal comes before it is there, and never again.
  :: enqueue, park
  but: Here the picture is old from the start: nobody has to give the permit back.
D21 FM-002b
  A worker leaves while it claims: the claim stays, and whoever walks over the workers misses it.
  :: w1 claim, w1 crash
D22 FM-008e
  The lock belongs to a session, which ends with a restart of the database: somebody else has it.
  :: w1 claim, w1 start, disconnect
D23 FM-011
  A worker takes too long and another one has the job; the first one's error path unlocks the row.
  :: w1 claim, expire, r1 recover, w2 claim, w1 settle_released
D24 FM-007
  Two workers find the same next job, and each locks it by its number.
  :: w1 claim, w2 claim, w1 claim_rest, w2 claim_rest
D25 FM-014
  A node dies, and a new one starts under its name: nobody takes its jobs for orphans.
  :: w1 claim, w1 crash, w1 restart, w1 heartbeat
D26 FM-008a-elsewhere-1
  A job takes longer than the time after which jobs are rescued, and each night it runs twice.
  :: w1 claim, w1 start, w1 heartbeat, expire
D27 FM-024c
  A request meets the lock of another one for the same key and is told of a conflict; that other one
  is rolled back, and there is no job.
  :: begin_insertion, send, confirm, roll_back
D28 FM-031b
  A node takes itself for the leader when another one is, and each tick comes twice.
  :: come, s1 see, s2 see, enqueue s1, enqueue s2
D29 FM-013
  The rescuer reads which jobs are stuck; one completes, and is written over.
  :: w1 claim, w1 start, expire, r1 look, w1 settle_done, r1 recover
D30 FM-006b
  Somebody who does not know the kind of a stuck job discards it.
  :: enqueue, w1 claim, w1 settle_failed
  but: There it is a rescuer of another kind of workers, here a worker.
D31 FM-031a
  The next run of a weekly job is reckoned from the start of the service, which restarts more often.
  :: come, go_by
D32 FM-012
  A job expires and is tried again, while the first attempt goes on writing to the same tables.
  :: w1 claim, w1 start, expire, r1 recover, w2 claim, w2 start, w2 write_second, w1 write_second
D33 FM-032b
  The oldest job is of a key that is held; the fetch fails for it and finds nothing for any key.
  :: enqueue
D34 FM-001
  The row is deleted when it is read, and the worker dies with the only copy.
  :: enqueue, w1 claim, w1 crash
D35 FM-003a
  All rows that are due are deleted, then enqueued one by one, and one of these fails.
  :: plan, come_due, p1 promote
D36 FM-054
  Two messages are worked on at once; the later one is over first, and its offset covers the other.
  :: w1 claim, w1 handle, w1 settle_done
  but: There a consumer with two threads, here a worker with two items.
D37 FM-035a-elsewhere-1
  The leader of a queue restarts and delivers again, and an old acknowledgement settles the new one.
  :: w1 claim, w1 start, restore, w2 claim, w1 settle_done
D38 FM-004-elsewhere-1 breaks accepted_jobs_are_in_the_queue
  The client has its answer, and the power fails before the log was synced.
  :: enqueue, confirm, lose_power
D39 FM-020-elsewhere-1
  The same message comes each minute, and its number is known for two: each other one is let in.
  :: enqueue, w1 claim, w1 settle_done, prune, enqueue, claim, settle_done
D40 FM-004
  After a loss of power the store knows nothing of what was acknowledged.
  :: w1 claim, w1 start, w1 settle_done, lose_power
D41 FM-016
  A callback ends without an answer, and the library renews the lease for ever.
  :: w1 claim, w1 start, pass_deadline, w1 heartbeat
D42 FM-026a
  A controller that sees what was counted before counts one pod again: there are enough too early.
  :: end_elder, end_elder, w1 claim
D43 FM-031a
  No scheduler is up for many ticks; when one is, it counts them, gives up, and the count grows.
  :: come, go_by
D44 FM-022a
  A consumer deletes with a handle that is no longer good, is told that it worked, and goes on.
  :: w1 claim, w1 start, w1 abandon
D45 FM-019-naive-1
  A handler marks the work as in progress and is cut off; each retry finds the mark.
  :: w1 claim, w1 start, w1 write_first, w1 crash, r1 recover, w2 claim, w2 start
D46 FM-006c
  The broker is down with a full store, and when it is up again each task is too old.
  :: enqueue, grow_old
D47 FM-008d
  The broker restarts; results wait to be sent, and the first thing it does is to look at deadlines.
  :: w1 claim, lose_store, return_store, expire
D48 FM-003c
  A task is committed here without a sync, its offset there; power fails, and neither has it.
  :: enqueue, confirm, lose_power
D49 FM-034a
  A transaction that reads first meets a lock, and its settle is lost.
  :: w1 meet_lock, w1 claim, w1 abandon
D50 FM-009
  Heartbeats are stamped by one clock and judged by another, which is ahead.
  :: r1 jump, w1 claim, r1 expire
D51 FM-021
  A worker that mails a list stops, and the next attempt begins with the first name.
  :: w1 write_first, w1 settle_released, claim, write_first
  but: Here the first attempt has come to its end before it stops.
D52 FM-018
  The provider sends its event again, and the customer is credited twice.
  :: w1 record, w1 lose_reply, w1 record
D53 FM-022b
  The command throws, and the runner records that it has finished.
  :: w1 claim, w1 start, w1 settle_done
D54 FM-036
  The database is locked, the message is put back at once, and that is one more write.
  :: w1 claim, w1 settle_failed
D55 FM-033
  Readers overlap, so that the log is never put away; it fills the disk, and nothing can be written.
  :: enqueue, enqueue
  but: Here jobs fill the disk.
D56 FM-029
  A worker dies, and another process writes its jobs off: no hook of theirs ever runs.
  :: w1 claim, w1 crash, r1 recover
D57 FM-008a-elsewhere-1 FM-027a breaks deliveries_are_bounded
  A job takes longer than its time; each worker that ends it is refused, and it is handed out again.
  :: w1 claim, expire, r1 recover, claim, expire, recover, claim
D58 FM-054
  One thread fails with its item, and what another one reports moves the head past both.
  :: w1 claim, w1 handle, w1 settle_done
  but: There two threads, here a worker with two items.
D59 FM-033
  Producers do not slow down, memory is full, and to take a job out needs some of it too.
  :: enqueue, enqueue
D60 FM-017-elsewhere-2
  The group that hands out forms anew before it has formed: jobs are accepted, and none is begun.
  :: w1 claim, expire, r1 look
  but: Here it is recovery that never comes to its end.
""")
