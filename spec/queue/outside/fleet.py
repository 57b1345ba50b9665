"""Fleet: workers are of a version, and are deployed anew, or rolled back, while jobs wait.

A row is in the form of the version that put it in. A version reads its own form and that of the one
before it, until nothing of that is open: so a worker that is rolled back leaves rows of the new
form alone, and none is left over when the last old worker is gone. A registry lists the workers,
and a drain keeps jobs back while somebody deploys; recovery asks neither. Left out: why there is a
new version, and a third one, for which this one is the old.
"""

from spec.language import Enum, Nat, Spec, forget, ite, require
from spec.queue.deadlines import claims_are_overdue, deadlines, workers_let_go
from spec.queue.job import Job, Pc, Reason, Status, Worker, leased
from spec.queue.lease import claim, enqueue
from spec.queue.recovery import orphan

fleet = Spec("fleet", deadlines, doc="Workers are of a version, and are deployed and rolled back.")


class Version(Enum):
    """Of the program that puts a job in, or runs it."""

    old = "as it was"
    new = "as it is to be"


fleet.durable("form", Job, Version, Version.old, "the version in whose form its row is")
fleet.durable("reader", Job, Version, Version.new, "the version of who claimed it last")
fleet.durable("listed", Job, bool, False, "the registry has the worker that claimed it last")
fleet.durable("draining", Job, bool, False, "it is kept back until nothing is at work")
fleet.world("version", Worker, Version, Version.old, "the version of the process")
fleet.ghost("upgrades", Worker, Nat(1), 0, "how often it was stopped to be of the new version")


def reads(version, form):
    """A process of this version knows what a row of that form says: only the old is behind."""
    return ~((version == Version.old) & (form == Version.new))


def spoken(newer):
    """The version of which a process says that it is the newer one, or not."""
    return ite(newer, Version.new, Version.old)


# ------------------------------------------------------------------ who deploys
@fleet.action(fair="weak")
def upgrade(s, w: Worker):
    """A worker is stopped, whatever it is at, to come back with the new version."""
    require(outdated=s.version[w] == Version.old)
    forget(w)
    s.pc[w] = Pc.down
    s.version[w] = Version.new
    s.upgrades[w] = s.upgrades[w] + 1


@fleet.action(finite=True, fault=True)
def roll_back(s, w: Worker):
    """A worker is stopped, whatever it is at, to come back with the old version."""
    forget(w)
    s.pc[w] = Pc.down
    s.version[w] = Version.old
    s.upgrades[w] = 0


@fleet.action(fault=True)
def strike(s, j: Job):
    """The registry strikes off the worker that claimed a job, for it has not been heard of."""
    s.listed[j] = False


@fleet.action(finite=True)
def drain(s, j: Job):
    """Somebody who is to deploy keeps a job back."""
    s.draining[j] = True


@fleet.action(fair="weak")
def resume(s, j: Job):
    """A job that was kept back may be begun again, once nobody is at work on it."""
    require(drained=~leased(s, j))
    s.draining[j] = False


# ------------------------------------------------------------------ a job's life
@fleet.also(enqueue)
def enqueue_in_a_form(s, j: Job, newer: bool):
    """A client puts a job in, in the form of its own version, which may be the `newer` one."""
    s.form[j] = spoken(newer)
    s.reader[j] = Version.new
    s.listed[j] = False


@fleet.also(claim)
def claim_what_is_understood(s, w: Worker, j: Job, newer: bool):
    """A worker says which version it is, the `newer` one or not; it takes only what that can read,
    and nothing that is kept back.
    """
    require(
        own_version=newer == (s.version[w] == Version.new),
        readable=reads(spoken(newer), s.form[j]),
        undrained=~s.draining[j],
    )
    s.reader[j] = spoken(newer)
    s.listed[j] = True


# ------------------------------------------------------------------ what must hold
@fleet.invariant("INV-013")
def failures_are_of_those_who_can_read(s, j: Job):
    """A job that is given up for its failures was last tried by a version that can read it."""
    return (s.reason[j] == Reason.failures) >> reads(s.reader[j], s.form[j])


@fleet.invariant("INV-007")
def done_was_readable(s, j: Job):
    """A job that is done was done by a version that can read it."""
    return (s.status[j] == Status.done) >> reads(s.reader[j], s.form[j])


@fleet.step("INV-004")
def the_registry_decides_nothing(s, t, j: Job):
    """Who is struck off the registry loses no job by it: the claim stays as it is."""
    kept = (t.status[j] == s.status[j]) & (t.token[j] == s.token[j]) & (t.lease[j] == s.lease[j])
    return (s.listed[j] & ~t.listed[j] & (s.status[j] != Status.absent)) >> kept


@fleet.step("INV-013")
def workers_say_what_they_are(s, t, w: Worker, j: Job):
    """Who claims a job says of which version it is, and says it truly."""
    return ((s.job[w] != j) & (t.job[w] == j)) >> (t.reader[j] == s.version[w])


@fleet.invariant("INV-024")
def who_is_new_is_left_alone(s, w: Worker):
    """A worker is stopped for the new version once, unless it was rolled back since."""
    return s.upgrades[w] <= 1


@fleet.step("INV-026")
def what_is_drained_is_not_claimed(s, t, j: Job):
    """While it is kept back, no job is claimed."""
    claimed = (s.status[j] != Status.claimed) & (t.status[j] == Status.claimed)
    return claimed >> ~s.draining[j]


@fleet.step("INV-026")
def drains_end_in_quiet(s, t, j: Job):
    """A drain is over only when nobody is at work any more."""
    return (s.draining[j] & ~t.draining[j]) >> ~leased(s, j)


@fleet.invariant("INV-011")
def claims_are_of_those_who_can_read(s, j: Job):
    """A job that is claimed was claimed by a version that can read it."""
    return leased(s, j) >> reads(s.reader[j], s.form[j])


# ------------------------------------------------------------------ what the proofs lean on
@fleet.lemma("INV-024")
def the_old_wait_for_their_upgrade(s, w: Worker):
    """A worker of the old version was not stopped for the new one yet."""
    return (s.version[w] == Version.old) >> (s.upgrades[w] == 0)


# ------------------------------------------------------------------ why it comes to be
@fleet.stays(by=upgrade, before=claims_are_overdue)
def workers_are_new(s, w: Worker):
    """Workers that are rolled back only so often are all of the new version in the end."""
    return s.version[w] == Version.new


@fleet.stays(by=resume, before=workers_let_go)
def drains_end(s, j: Job):
    """A job is kept back only so often, and goes on when nobody is at work on it."""
    return ~s.draining[j]


# ------------------------------------------------------------------ what must be reachable
@fleet.sometimes("INV-013")
def versions_are_mixed(s, v: Worker, w: Worker):
    """A worker that cannot read a job can be idle beside one that has it."""
    cannot = (s.pc[v] == Pc.idle) & ~reads(s.version[v], s.form[s.job[w]])
    return cannot & (s.job[w] != None) & leased(s, s.job[w])


@fleet.sometimes("LIVE-01")
def a_job_waits_after_a_roll_back(s, v: Worker, w: Worker, j: Job):
    """A job that was tried before can wait while no worker reads it, all being rolled back."""
    both = (v != w) & (s.version[v] == Version.old) & (s.version[w] == Version.old)
    return both & (s.status[j] == Status.ready) & (s.token[j] > 0) & (s.form[j] == Version.new)


@fleet.sometimes("LIVE-02")
def an_orphan_is_not_listed(s, j: Job):
    """The worker of a claim can be dead, and struck off, before anybody has looked."""
    return orphan(s, j) & ~s.listed[j]


@fleet.sometimes("LIVE-02")
def a_drain_waits_for_an_orphan(s, j: Job):
    """A drain can have nothing to wait for but a claim whose worker is dead."""
    return orphan(s, j) & s.draining[j]
