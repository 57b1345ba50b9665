"""Recovery: processes like any other that look for expired leases and put the claims right.

A recoverer reads, and writes later; in between it may crash, the worker may come back, another
recoverer may be faster. Left out: which recoverer leads. Any number may work at once; leadership
would only save work.
"""

from spec.language import Sort, Spec, exists, forget, ite, require
from spec.queue.job import Job, Lease, Status, Worker, has, interrupt, leased, terminal
from spec.queue.lease import expire, lease

recovery = Spec(
    "recovery", lease, doc="Expired claims are found and ended by recoverers that may crash."
)


class Recoverer(Sort):
    """A process that frees the jobs of workers that have gone silent."""


recovery.volatile("up", Recoverer, bool, True, "the recoverer is alive")
recovery.volatile("seen", Recoverer, Job, None, "the job whose lease it saw expired")


@recovery.action(fair="weak")
def look(s, r: Recoverer, j: Job):
    """A recoverer reads that a lease has expired, and remembers the job instead of what it saw
    before.
    """
    require(up=s.up[r], expired=s.lease[j] == Lease.expired)
    s.seen[r] = j


# Weakly fair is not enough: a worker that hangs can let its lease expire and renew it again and
# again, so that the recoverer keeps looking there and never gets round to a job it saw before.
@recovery.action(fair="strong")
def recover(s, r: Recoverer):
    """The recoverer interrupts the claim, if the lease is still expired at the moment of
    writing.
    """
    j = s.seen[r]
    require(expired=s.lease[j] == Lease.expired)
    interrupt(s, j)
    s.seen[r] = None


@recovery.action(finite=True, fault=True)
def recoverer_crash(s, r: Recoverer):
    """The recoverer dies, at any point, and forgets what it saw."""
    forget(r)
    s.up[r] = False


@recovery.action(fair="weak")
def recoverer_restart(s, r: Recoverer):
    """The recoverer comes back, remembering nothing."""
    s.up[r] = True


# ------------------------------------------------------------------ what must hold
@recovery.step("INV-023")
def a_sighting_is_used_once(s, t, r: Recoverer):
    """A recoverer that ends a claim does so for a lease that is expired at that moment."""
    j = s.seen[r]
    ended = (j != None) & (t.seen[r] == None) & (t.interrupts[j] != s.interrupts[j])
    return ended >> (s.lease[j] == Lease.expired)


@recovery.step("INV-011")
def only_expired_claims_are_taken_up(s, t, r: Recoverer):
    """A recoverer takes up a job only because its lease has expired."""
    taken_up = (t.seen[r] != s.seen[r]) & (t.seen[r] != None)
    return taken_up >> (s.lease[t.seen[r]] == Lease.expired)


@recovery.invariant("INV-011")
def the_dead_do_not_recover(s, r: Recoverer):
    """A recoverer that is down has nothing in hand."""
    return ~s.up[r] >> (s.seen[r] == None)


# ------------------------------------------------------------------ what must come to be
def orphan(s, j):
    """The job is claimed, and no worker knows of it any more."""
    return leased(s, j) & ~exists(Worker, lambda w: has(s, w, j))


@recovery.leads_to("LIVE-02")
def orphans_are_freed(s, j: Job):
    """A claim that no worker knows of any more, its worker having died, is ended."""
    return orphan(s, j), ~orphan(s, j)


@recovery.leads_to("LIVE-07")
def the_guardian_returns(s, r: Recoverer):
    """A recoverer that has died comes back."""
    return ~s.up[r], s.up[r]


# ------------------------------------------------------------------ why it comes to be
@recovery.settles
def attempts_left(s, j: Job):
    """A job is not given attempts back."""
    return (s.MaxFails - s.fails[j]) + (s.MaxInterrupts - s.interrupts[j])


@recovery.settles
def way_to_go(s, j: Job):
    """Within an attempt a job goes one way: in, ready, claimed, orphaned, over."""
    waiting = ite(s.status[j] == Status.absent, 4, 3)
    claimed = ite(orphan(s, j), 1, 2)
    return ite(terminal(s, j), 0, ite(leased(s, j), claimed, waiting))


@recovery.stays(by=recoverer_restart)
def recoverers_are_up(s, r: Recoverer):
    """A recoverer that crashes only so often is up in the end."""
    return s.up[r]


@recovery.stays(by=expire)
def orphans_expire(s, j: Job):
    """Nobody renews the lease of an orphan."""
    return orphan(s, j) >> (s.lease[j] == Lease.expired)


@recovery.recurs(by=look)
def orphans_are_seen(s, r: Recoverer, j: Job):
    """A recoverer looks at an orphan again and again."""
    return orphan(s, j) >> (s.seen[r] == j)


@recovery.stays(by=recover, after=orphans_are_seen)
def orphans_are_ended(s, r: Recoverer, j: Job):
    """A recoverer that sees an expired lease again and again ends a claim, if only another one."""
    return ~orphan(s, j)


# ------------------------------------------------------------------ what must be reachable
@recovery.sometimes("INV-023")
def two_recoverers_see_one_job(s, q: Recoverer, r: Recoverer):
    """Two recoverers can have the same expired claim in hand."""
    return (s.seen[q] != None) & (s.seen[q] == s.seen[r]) & (q != r)


@recovery.sometimes("INV-011")
def a_sighting_goes_stale(s, r: Recoverer):
    """The claim that a recoverer has in hand can be renewed behind its back."""
    return s.lease[s.seen[r]] == Lease.live
