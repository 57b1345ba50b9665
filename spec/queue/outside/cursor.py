"""Cursor: a relay reads the table of jobs by number, and hands on what it has not handed on yet.

A number is given when an insertion begins, and others see the row when it is committed: so rows
come to be seen in another order than that of their numbers, and a number whose insertion is rolled
back is never seen. Where the relay is stands in the store, and so does what was received, by its
key. It hands on first and moves on afterwards: what it hands on twice is received once. Left out:
how the relay learns what is open, which a store with one writer need not tell, and that one
insertion that never ends holds it up.
"""

from spec.language import Spec, require
from spec.queue.job import Job, Status
from spec.queue.lease import enqueue
from spec.queue.outside.producers import Request, producers
from spec.queue.recovery import recovery

cursor = Spec("cursor", producers, recovery, doc="A relay reads jobs by number, and hands them on.")

cursor.world("open", Job, bool, False, "its insertion has a number and is not committed")
cursor.world("later", Job, bool, False, "a job with a later number is committed")
cursor.durable("passed_by", Job, bool, False, "the relay is past its number")
cursor.durable("received", Job, bool, False, "it was handed on, and received by its key")
cursor.ghost("read_behind", Job, bool, False, "the relay has read it although it was past it")


# ------------------------------------------------------------------ insertions, and their numbers
@cursor.action()
def begin_insertion(s, j: Job):
    """An insertion of the job begins: it has the next number, and nobody else sees the row."""
    require(not_begun=~s.open[j], not_stored=s.status[j] == Status.absent)
    s.open[j] = True
    s.later[j] = False
    s.passed_by[j] = False


@cursor.also(enqueue)
def enqueue_commits(s, j: Job):
    """The insertion is committed, and the job is in the queue."""
    require(begun=s.open[j])
    s.open[j] = False


@cursor.action(fault=True)
def roll_back(s, j: Job):
    """The insertion is rolled back: the job is not in the queue, and its number is used up."""
    s.open[j] = False


@cursor.action(fault=True)
def commit_later(s, j: Job):
    """Somebody else has begun after this insertion, and commits a job with a later number."""
    require(numbered=s.open[j] | (s.status[j] != Status.absent))
    s.later[j] = True


# ------------------------------------------------------------------ the relay
@cursor.action(fair="weak")
def hand_on(s, j: Job):
    """The relay reads the row of a job that it is not past, and hands it on, be it once more."""
    require(stored=s.status[j] != Status.absent, before_it=~s.passed_by[j])
    s.received[j] = True
    s.read_behind[j] = s.passed_by[j]


@cursor.action()
def move_past(s, j: Job):
    """The relay moves on to a later number, past one that is handed on or will never be seen."""
    require(
        later=s.later[j],
        closed=~s.open[j],
        handed_on=s.received[j] | (s.status[j] == Status.absent),
    )
    s.passed_by[j] = True


# ------------------------------------------------------------------ what must hold
@cursor.invariant("INV-019")
def what_was_passed_was_handed_on(s, j: Job):
    """Every job that the relay is past was received."""
    return (s.passed_by[j] & (s.status[j] != Status.absent)) >> s.received[j]


@cursor.step("INV-019")
def no_open_number_is_passed(s, t, j: Job):
    """The relay moves past no number of which a job can still come to be seen."""
    return (~s.passed_by[j] & t.passed_by[j]) >> ~s.open[j]


@cursor.invariant("INV-019")
def only_jobs_are_handed_on(s, j: Job):
    """What was received is in the queue: the relay sees nothing that is not committed."""
    return s.received[j] >> (s.status[j] != Status.absent)


@cursor.invariant("INV-016")
def one_insertion_for_each_job(s, j: Job):
    """An insertion is under way only of a job that is not in the queue."""
    return s.open[j] >> (s.status[j] == Status.absent)


@cursor.step("INV-016")
def insertions_keep_their_number(s, t, j: Job):
    """No other insertion of the job begins while one is under way."""
    return (s.open[j] & t.open[j] & s.later[j]) >> t.later[j]


@cursor.step("INV-016")
def nobody_was_told_of_what_is_rolled_back(s, t, j: Job):
    """An insertion is rolled back only while no client was told that the job is in the queue."""
    given_up = s.open[j] & ~t.open[j] & (t.status[j] == Status.absent)
    return given_up >> (s.request[j] != Request.acked)


@cursor.step("INV-011")
def jobs_come_by_an_insertion(s, t, j: Job):
    """A job comes into the queue by the insertion that had its number."""
    return ((s.status[j] == Status.absent) & (t.status[j] != Status.absent)) >> s.open[j]


@cursor.step("INV-011")
def numbers_are_passed_for_a_later_one(s, t, j: Job):
    """The relay moves past a number only for a later one, of which it knows."""
    return (~s.passed_by[j] & t.passed_by[j]) >> s.later[j]


@cursor.step("INV-011")
def later_numbers_come_after(s, t, j: Job):
    """A later number is one that was given when the job had its own."""
    return (~s.later[j] & t.later[j]) >> (s.open[j] | (s.status[j] != Status.absent))


@cursor.invariant("INV-011")
def the_relay_reads_ahead(s, j: Job):
    """The relay reads no number that it is past."""
    return ~s.read_behind[j]


# ------------------------------------------------------------------ what the proofs lean on
@cursor.lemma("INV-019")
def open_numbers_are_ahead(s, j: Job):
    """An insertion that is under way has a number that the relay has not come to."""
    return s.open[j] >> ~s.passed_by[j]


# ------------------------------------------------------------------ what must come to be
@cursor.leads_to("LIVE-05")
def jobs_are_received(s, j: Job):
    """A job in the queue is received in the end, whatever its number."""
    return s.status[j] != Status.absent, s.received[j]


# ------------------------------------------------------------------ why it comes to be
@cursor.stays(by=hand_on)
def jobs_are_handed_on(s, j: Job):
    """The relay hands on a job that it is not past, and what was received stays so."""
    return (s.status[j] == Status.absent) | s.received[j]


# ------------------------------------------------------------------ what must be reachable
@cursor.sometimes("INV-019")
def a_later_number_is_seen_first(s, j: Job):
    """A job with a later number can be committed while this one is open."""
    return s.open[j] & s.later[j]


@cursor.sometimes("INV-019")
def a_number_that_nobody_has_is_passed(s, j: Job):
    """The relay can be past a number whose insertion was rolled back."""
    return s.passed_by[j] & (s.status[j] == Status.absent)


@cursor.sometimes("INV-016")
def a_client_asks_while_the_job_is_open(s, j: Job):
    """A client can ask for a job whose insertion is under way."""
    return (s.request[j] == Request.sent) & s.open[j]
