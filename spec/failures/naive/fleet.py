"""Steps of a fleet as they are often written: `instead ACTION NAME`."""

from spec.failures.naive.related import take
from spec.language import require
from spec.queue.job import Job, Lease, Pc, Status, Worker, interrupt, leased
from spec.queue.outside.fleet import Version, spoken
from spec.queue.recovery import Recoverer


def claim_of_ones_own_version(s, w: Worker, j: Job, newer: bool):
    """A worker takes what its own version has put in, and nothing that is older."""
    require(
        idle=s.pc[w] == Pc.idle,
        ready=s.status[j] == Status.ready,
        own_version=newer == (s.version[w] == Version.new),
        same=s.form[j] == spoken(newer),
        undrained=~s.draining[j],
    )
    take(s, w, j)
    s.reader[j] = spoken(newer)
    s.listed[j] = True


def look_in_the_registry(s, r: Recoverer, j: Job):
    """A recoverer goes through the workers that are listed, and looks what each of them has."""
    require(up=s.up[r], expired=s.lease[j] == Lease.expired, listed=s.listed[j])
    s.seen[r] = j


def look_as_a_job(s, r: Recoverer, j: Job):
    """Recovery is a job of the queue, and is kept back with the others."""
    require(up=s.up[r], expired=s.lease[j] == Lease.expired, undrained=~s.draining[j])
    s.seen[r] = j


def strike_with_its_claim(s, j: Job):
    """Whoever strikes a worker off ends its claim as well, whether or not its lease is live."""
    require(listed=s.listed[j], claimed=leased(s, j))
    s.listed[j] = False
    interrupt(s, j)


STEPS = (
    claim_of_ones_own_version,
    look_in_the_registry,
    look_as_a_job,
    strike_with_its_claim,
)
