"""Periods: time, as far as a lease can tell it, and a store that is out of reach for a while.

A lease runs out after a whole period in which its worker was not heard of. A worker that is well
renews in each: that is what a heartbeat promises, and `pass_period.renewed` says it of the world.
An outage here keeps claims and renewals away from a job, as a partition or a restart does. Left
out: that nothing else can be written then.
"""

from spec.language import Enum, Spec, exists, ite, require
from spec.queue.holding.owners import owners
from spec.queue.job import Job, Lease, Worker, has, holds, leased
from spec.queue.lease import claim, expire, heartbeat
from spec.queue.recovery import orphan, orphans_expire

periods = Spec("periods", owners, doc="Leases are renewed in each period, if the store is up.")


class Silence(Enum):
    """How long the worker of a claim has not been heard of."""

    none = "it was heard of in this period"
    part = "it was heard of in the last period"
    whole = "it was not heard of for a whole period"


periods.durable("silence", Job, Silence, Silence.none, "since when its worker is silent")
periods.durable("reachable", Job, bool, True, "the store can be reached for this job")
periods.volatile("stalled", Worker, bool, False, "it hangs or is paused, and renews nothing")


def well(s, w, j):
    """The worker has the job, and can renew its lease."""
    return has(s, w, j) & ~s.stalled[w]


def longer(s, j):
    """What the silence is one period later."""
    return ite(s.silence[j] == Silence.none, Silence.part, Silence.whole)


@periods.also(claim)
def claim_is_heard(s, w: Worker, j: Job):
    """A claim begins a period."""
    require(reachable=s.reachable[j])
    s.silence[j] = Silence.none


@periods.also(heartbeat)
def heartbeat_is_heard(s, w: Worker):
    """A renewal begins a period."""
    j = s.job[w]
    require(reachable=s.reachable[j])
    s.silence[j] = Silence.none
    s.stalled[w] = False


@periods.action(fault=True)
def stall(s, w: Worker):
    """The whole process of a worker stands still: not only its handler."""
    s.stalled[w] = True


@periods.action(fair="weak", fault=True)
def pass_period(s, v: Worker, j: Job):
    """A period passes for the claim of a worker; by its end a worker that is well has renewed."""
    renews = well(s, v, j) & s.reachable[j]
    require(
        claimed=leased(s, j),
        named=s.owner[j] == v,
        renewed=~(renews & (s.silence[j] == Silence.part)),
    )
    s.silence[j] = longer(s, j)


@periods.also(expire)
def expire_in_silence(s, j: Job):
    """The lease runs out only after a silent period, and not while the store is out of reach."""
    require(silent=s.silence[j] == Silence.whole, reachable=s.reachable[j])


@periods.action(finite=True, fault=True)
def lose_store(s, j: Job):
    """The store is out of reach for the worker of a job."""
    require(claimed=leased(s, j))
    s.reachable[j] = False


@periods.action(fair="weak")
def return_store(s, j: Job):
    """The store is back, and counts silence anew, for nobody could be heard."""
    require(out=~s.reachable[j])
    s.reachable[j] = True
    s.silence[j] = Silence.none


# ------------------------------------------------------------------ what must hold
@periods.step("INV-024")
def no_lease_runs_out_on_the_well(s, t, j: Job):
    """A lease runs out only if its worker has died or stands still."""
    ran_out = (s.lease[j] == Lease.live) & (t.lease[j] == Lease.expired)
    return ran_out >> ~exists(Worker, lambda w: well(s, w, j))


@periods.step("INV-024")
def the_dead_are_not_heard(s, t, j: Job):
    """A silence is ended by the worker that has the job, or else because the store is back."""
    heard = (s.silence[j] != Silence.none) & (t.silence[j] == Silence.none)
    alive = exists(Worker, lambda w: has(t, w, j))
    return heard >> (alive | ~s.reachable[j])


@periods.step("INV-024")
def outages_are_silent(s, t, j: Job):
    """Nobody is heard of while the store is out of reach."""
    out = ~s.reachable[j] & ~t.reachable[j]
    return (out & (s.silence[j] != Silence.none)) >> (t.silence[j] != Silence.none)


@periods.step("INV-011")
def time_is_counted_for_claims(s, t, j: Job):
    """Silence grows, and the store is missed, only for a job that is claimed."""
    grew = (t.silence[j] != s.silence[j]) & (t.silence[j] != Silence.none)
    missed = s.reachable[j] & ~t.reachable[j]
    return (grew | missed) >> leased(s, j)


# ------------------------------------------------------------------ why it comes to be
@periods.stays(by=return_store, before=orphans_expire)
def outages_end(s, j: Job):
    """A store that is out of reach only so often is in reach in the end."""
    return s.reachable[j]


@periods.stays(by=pass_period, before=orphans_expire)
def orphans_fall_silent(s, v: Worker, j: Job):
    """Nobody is heard of an orphan."""
    return (orphan(s, j) & (s.owner[j] == v)) >> (s.silence[j] != Silence.none)


@periods.stays(by=pass_period, before=orphans_expire)
def orphans_stay_silent(s, v: Worker, j: Job):
    """And for a whole period nobody is."""
    return (orphan(s, j) & (s.owner[j] == v)) >> (s.silence[j] == Silence.whole)


# ------------------------------------------------------------------ what the proofs lean on
@periods.lemma("INV-024")
def who_is_well_is_heard_of(s, w: Worker, j: Job):
    """While the store can be reached, no worker that is well is silent for a whole period."""
    silent = leased(s, j) & s.reachable[j] & (s.silence[j] == Silence.whole)
    return silent >> ~well(s, w, j)


# ------------------------------------------------------------------ what must be reachable
@periods.sometimes("INV-024")
def an_outage_is_longer_than_a_lease(s, w: Worker):
    """A worker can be well and unheard for a whole period because the store is out of reach."""
    j = s.job[w]
    return well(s, w, j) & holds(s, w) & (s.silence[j] == Silence.whole) & ~s.reachable[j]


@periods.sometimes("INV-024")
def a_worker_is_late(s, w: Worker):
    """A lease can run out while its worker lives: the worker stood still."""
    return holds(s, w) & (s.lease[s.job[w]] == Lease.expired)
