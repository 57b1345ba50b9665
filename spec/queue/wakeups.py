"""Wakeups: a worker that finds nothing sleeps until it is told of a job.

It subscribes, then looks, then sleeps: what comes after it has subscribed it is told of, and what
was there before it has seen. A subscription ends with its connection, and whoever loses it wakes up
and begins again; so does whoever ends a job. What a look finds stands in a field of its own, since
a look sees all rows. Left out: hints that are lost while somebody listens (`hints`), for which a
sleep has a limit.
"""

from spec.language import Spec, exists, require
from spec.queue.deadlines import deadlines, workers_let_go
from spec.queue.job import Job, Pc, Status, Worker, ends
from spec.queue.lease import claim, enqueue

wakeups = Spec("wakeups", deadlines, doc="Workers that find nothing sleep until they are told.")

wakeups.world("waiting", None, bool, False, "a job is ready, as a look at all rows finds")
wakeups.world("announced", None, bool, False, "whoever listens is told of a job that is ready")
wakeups.volatile("listens", Worker, bool, False, "it has subscribed, and its connection stands")
wakeups.volatile("looked", Worker, bool, False, "it has looked since then, and found nothing")
wakeups.volatile("asleep", Worker, bool, False, "it waits to be told of a job")


def heard(s):
    """Somebody listens."""
    return exists(Worker, lambda v: s.listens[v])


def another_waits(s, j):
    """Another job than this one is ready."""
    return exists(Job, lambda i: (i != j) & (s.status[i] == Status.ready))


# ------------------------------------------------------------------ a job, and who is told of it
@wakeups.also(enqueue)
def enqueue_and_announce(s, j: Job):
    """Workers that listen are told of a job that is new; if none does, nobody is."""
    s.waiting = True
    s.announced = s.announced | heard(s)


@wakeups.on(ends)
def the_end_is_announced(s, j: Job, again: bool):
    """Workers that listen are told of a job that is ready again."""
    s.waiting = again | another_waits(s, j)
    s.announced = (s.announced & another_waits(s, j)) | (again & heard(s))


@wakeups.also(claim)
def claim_while_awake(s, w: Worker, j: Job):
    """A worker that sleeps takes no job."""
    require(awake=~s.asleep[w])
    s.waiting = another_waits(s, j)
    s.announced = s.announced & another_waits(s, j)


# ------------------------------------------------------------------ a worker that finds nothing
@wakeups.action()
def subscribe(s, w: Worker):
    """A worker without a job subscribes; what it saw before counts no more."""
    require(up_and_about=(s.pc[w] == Pc.idle) & ~s.asleep[w])
    s.listens[w] = True
    s.looked[w] = False


@wakeups.action()
def find_nothing(s, w: Worker):
    """A worker looks for a job, and there is none."""
    require(at_leisure=s.pc[w] == Pc.idle, nothing=~s.waiting)
    s.looked[w] = True


@wakeups.action()
def fall_asleep(s, w: Worker):
    """A worker that listens, has looked since and was told of nothing waits to be told."""
    require(
        listening=s.listens[w],
        looked=s.looked[w],
        untold=~s.announced,
        unemployed=s.pc[w] == Pc.idle,
    )
    s.asleep[w] = True


@wakeups.action(fair="weak")
def wake(s, w: Worker):
    """A worker that is told of a job wakes up, to look for one."""
    require(told=s.announced)
    s.asleep[w] = False
    s.looked[w] = False


@wakeups.action(fault=True)
def lose_connection(s, w: Worker):
    """The connection of a worker breaks: it wakes up, and is told of nothing any more."""
    s.listens[w] = False
    s.asleep[w] = False


# ------------------------------------------------------------------ what must hold
@wakeups.invariant("INV-011")
def a_look_sees_all_rows(s):
    """A look finds something exactly while a job is ready."""
    return s.waiting == exists(Job, lambda i: s.status[i] == Status.ready)


@wakeups.invariant("INV-011")
def announced_jobs_wait(s):
    """Workers are told of a job only while one is ready."""
    return s.announced >> s.waiting


@wakeups.invariant("INV-011")
def sleepers_have_no_job(s, w: Worker):
    """Only a worker without a job sleeps."""
    return s.asleep[w] >> (s.pc[w] == Pc.idle)


@wakeups.invariant("INV-011")
def who_listens_and_has_looked_is_told(s, w: Worker):
    """A worker that has looked since it subscribed is told when a job is ready."""
    return (s.listens[w] & s.looked[w] & s.waiting) >> s.announced


@wakeups.invariant("INV-011")
def sleepers_listen(s, w: Worker):
    """A worker that sleeps listens, and has looked."""
    return s.asleep[w] >> (s.listens[w] & s.looked[w])


@wakeups.step("INV-011")
def nobody_sleeps_over_a_hint(s, t, w: Worker):
    """A worker falls asleep only if it was told of no job that still waits."""
    return (~s.asleep[w] & t.asleep[w]) >> ~s.announced


@wakeups.step("INV-011")
def who_listens_sleeps_until_it_is_told(s, t, w: Worker):
    """A worker whose connection stands wakes up only for a job."""
    return (s.asleep[w] & ~t.asleep[w] & t.listens[w]) >> s.announced


@wakeups.step("INV-011")
def workers_look_between_jobs(s, t, w: Worker):
    """A worker looks for a job, and finds none, only when it has none."""
    return (~s.looked[w] & t.looked[w]) >> (s.pc[w] == Pc.idle)


# ------------------------------------------------------------------ what must come to be
@wakeups.leads_to("LIVE-04")
def sleepers_wake_for_a_job(s, w: Worker, j: Job):
    """No worker sleeps for ever while a job waits."""
    waits = s.asleep[w] & (s.status[j] == Status.ready)
    return waits, ~waits


# ------------------------------------------------------------------ why it comes to be
@wakeups.stays(by=wake, before=workers_let_go)
def workers_are_awake(s, w: Worker, j: Job):
    """While a job waits, whoever sleeps is told of it, and nobody finds nothing."""
    return (s.status[j] == Status.ready) >> ~s.asleep[w]


# ------------------------------------------------------------------ what must be reachable
@wakeups.sometimes("LIVE-04")
def a_job_comes_while_a_worker_sleeps(s, w: Worker, j: Job):
    """A job can be ready while a worker sleeps."""
    return s.asleep[w] & (s.status[j] == Status.ready)


@wakeups.sometimes("LIVE-04")
def a_job_waits_of_which_nobody_was_told(s):
    """A job can wait of which nobody was told, since nobody listened."""
    return s.waiting & ~s.announced
