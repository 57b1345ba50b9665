"""Ticks: a job is wanted for each moment of a schedule, and the schedulers may die.

The moment is the key of its job, so whoever asks for it, and however often, there is one.
Schedulers look at what the store has, not at what they remember: a moment that is past and has no
job is asked for by whoever comes next. Left out: which moments there are, which of them are skipped
when many were missed, and who leads; leadership would only save work.
"""

from spec.language import Enum, Nat, Sort, Spec, exists, forget, ite, require
from spec.queue.job import Job, Status
from spec.queue.lease import enqueue
from spec.queue.recovery import recovery

ticks = Spec("ticks", recovery, doc="Schedulers ask for a job for each moment of a schedule.")


class Scheduler(Sort):
    """A process that asks for what a schedule wants."""


class Moment(Enum):
    """How the time of a tick stands."""

    ahead = "it is to come"
    now = "it has come just now"
    past = "it is over"


ticks.world("moment", Job, Moment, Moment.ahead, "how the time of its tick stands")
ticks.durable("served", Job, bool, False, "its tick has its job")
ticks.volatile("alive", Scheduler, bool, True, "the scheduler is alive")
ticks.volatile("tick", Scheduler, Job, None, "the tick that it is about to serve")
ticks.ghost("asked", Job, Nat(2), 0, "how often a job was put in for its tick")


# ------------------------------------------------------------------ the time, and who looks at it
@ticks.action(fault=True)
def come(s, j: Job):
    """The moment of a tick comes."""
    require(ahead=s.moment[j] == Moment.ahead)
    s.moment[j] = Moment.now


@ticks.action(fault=True)
def go_by(s, j: Job):
    """The moment of a tick goes by, whoever was there."""
    require(now=s.moment[j] == Moment.now)
    s.moment[j] = Moment.past


@ticks.action(fair="weak")
def see(s, n: Scheduler, j: Job):
    """A scheduler finds a tick that has come, now or long ago, and has no job; it remembers this
    one instead of what it saw before.
    """
    require(alive=s.alive[n], come=s.moment[j] != Moment.ahead, unserved=~s.served[j])
    s.tick[n] = j


# Strongly, as recovery: a scheduler may see one tick after the other before it serves any.
@ticks.also(enqueue, fair="strong")
def enqueue_for_a_tick(s, j: Job, n: Scheduler):
    """The scheduler puts the job in; that and that the tick is served are one step."""
    require(seen=s.tick[n] == j)
    s.served[j] = True
    s.tick[n] = None
    s.asked[j] = s.asked[j] + 1


@ticks.action(finite=True, fault=True)
def scheduler_crash(s, n: Scheduler):
    """A scheduler dies, at any point, and forgets what it saw."""
    forget(n)
    s.alive[n] = False


@ticks.action(fair="weak")
def scheduler_restart(s, n: Scheduler):
    """A scheduler comes back, or another one in its place, remembering nothing."""
    s.alive[n] = True


# ------------------------------------------------------------------ what must hold
@ticks.invariant("INV-021")
def one_job_for_each_tick(s, j: Job):
    """For each tick a job is put in at most once, whoever sees it."""
    return s.asked[j] <= 1


@ticks.invariant("INV-021")
def served_ticks_have_their_job(s, j: Job):
    """A tick is served exactly if its job is in the queue."""
    return s.served[j] == (s.status[j] != Status.absent)


@ticks.invariant("INV-021")
def jobs_come_in_time(s, j: Job):
    """A job is in the queue only when the moment of its tick has come."""
    return (s.status[j] != Status.absent) >> (s.moment[j] != Moment.ahead)


@ticks.invariant("INV-011")
def the_dead_serve_no_tick(s, n: Scheduler):
    """A scheduler that is dead has no tick in hand."""
    return ~s.alive[n] >> (s.tick[n] == None)


@ticks.step("INV-021")
def each_moment_comes_once(s, t, j: Job):
    """A moment comes, and goes by, and does not come again."""
    before, after = s.moment[j], t.moment[j]
    on = ((before == Moment.ahead) & (after == Moment.now)) | (
        (before == Moment.now) & (after == Moment.past)
    )
    return (before != after) >> on


@ticks.step("INV-011")
def only_open_ticks_are_taken_up(s, t, n: Scheduler):
    """A scheduler takes up a tick only because it has no job."""
    taken_up = (t.tick[n] != s.tick[n]) & (t.tick[n] != None)
    return taken_up >> ~s.served[t.tick[n]]


# ------------------------------------------------------------------ what the proofs lean on
@ticks.lemma("INV-021")
def who_was_asked_for_is_served(s, j: Job):
    """A tick for which a job was put in is served."""
    return (s.asked[j] > 0) >> s.served[j]


@ticks.lemma("INV-021")
def only_ticks_that_have_come_are_seen(s, n: Scheduler):
    """A scheduler has a tick in hand only when its moment has come."""
    return (s.tick[n] != None) >> (s.moment[s.tick[n]] != Moment.ahead)


# ------------------------------------------------------------------ what must come to be
@ticks.leads_to("LIVE-05")
def ticks_are_served(s, j: Job):
    """A tick that has come has its job in the end, even if nobody was alive at its moment."""
    return s.moment[j] != Moment.ahead, s.served[j]


# ------------------------------------------------------------------ why it comes to be
@ticks.settles
def way_of_time(s, j: Job):
    """Time goes one way."""
    return ite(s.moment[j] == Moment.ahead, 2, ite(s.moment[j] == Moment.now, 1, 0))


@ticks.stays(by=scheduler_restart)
def schedulers_are_alive(s, n: Scheduler):
    """A scheduler that dies only so often is alive in the end."""
    return s.alive[n]


@ticks.recurs(by=see)
def ticks_are_seen(s, n: Scheduler, j: Job):
    """A scheduler sees a tick that has come again and again, as long as it has no job."""
    return (s.moment[j] == Moment.ahead) | s.served[j] | (s.tick[n] == j)


@ticks.stays(by=enqueue_for_a_tick, after=ticks_are_seen)
def ticks_have_jobs(s, n: Scheduler, j: Job):
    """A scheduler that sees a tick again and again serves it, if no other one does."""
    return (s.moment[j] == Moment.ahead) | s.served[j]


# ------------------------------------------------------------------ what must be reachable
@ticks.sometimes("INV-021")
def two_schedulers_see_one_tick(s, m: Scheduler, n: Scheduler):
    """Two schedulers can have one tick in hand."""
    return (s.tick[m] != None) & (s.tick[m] == s.tick[n]) & (m != n)


@ticks.sometimes("LIVE-05")
def a_tick_is_served_late(s, j: Job):
    """A tick can be served when its moment is over."""
    return s.served[j] & (s.moment[j] == Moment.past)


@ticks.sometimes("LIVE-05")
def a_moment_goes_by_unseen(s, j: Job):
    """A moment can go by while every scheduler is dead."""
    nobody = ~exists(Scheduler, lambda n: s.alive[n])
    return nobody & ~s.served[j] & (s.moment[j] == Moment.past)
