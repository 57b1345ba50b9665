"""Parts: several parts of one job are at work at once, and one row holds what became of all.

The worker's handler has a process for each part: two of them here. A part that comes to its end
reads the results of the job, puts its own among them and writes all of them back. So what is
written stands only if the row is as it was read: otherwise the part reads again. Left out: a part
that fails, which fails the job; and parts at several workers, which are jobs of their own.
"""

from spec.language import Enum, Nat, Spec, exists, ite, require
from spec.queue.job import Job, Pc, Status, Worker, has, holds, leased
from spec.queue.lease import settle_done
from spec.queue.recovery import recovery

parts = Spec("parts", recovery, doc="Parts of a job are at work at once, and share its row.")


class Basis(Enum):
    """What the process of a part has read of the other part."""

    none = "it has read nothing"
    open = "the other part is open"
    done = "the other part is done"


parts.durable("part_one", Job, bool, False, "the result of its first part is there")
parts.durable("part_two", Job, bool, False, "the result of its second part is there")
parts.ghost("did_one", Job, Nat(2), 0, "how often its first part was done")
parts.ghost("did_two", Job, Nat(2), 0, "how often its second part was done")
parts.volatile("basis_one", Worker, Basis, Basis.none, "what the first part has read of the second")
parts.volatile("basis_two", Worker, Basis, Basis.none, "what the second part has read of the first")


# ------------------------------------------------------------------ each part for itself
@parts.action()
def read_results(s, w: Worker, later: bool):
    """A part, the first or the `later` one, comes to its end and reads the results of the job."""
    j = s.job[w]
    require(
        inside=s.pc[w] == Pc.running,
        unfinished=~ite(later, s.part_two[j], s.part_one[j]),
    )
    s.basis_one[w] = ite(later, s.basis_one[w], ite(s.part_two[j], Basis.done, Basis.open))
    s.basis_two[w] = ite(later, ite(s.part_one[j], Basis.done, Basis.open), s.basis_two[w])


@parts.action()
def write_results(s, w: Worker, later: bool):
    """The part writes the results of the job, its own among them, if they are as it has read
    them.
    """
    j = s.job[w]
    basis = ite(later, s.basis_two[w], s.basis_one[w])
    require(
        read=basis != Basis.none,
        own=holds(s, w),
        fresh=(basis == Basis.done) == ite(later, s.part_one[j], s.part_two[j]),
    )
    s.part_one[j] = ite(later, basis == Basis.done, True)
    s.part_two[j] = ite(later, True, basis == Basis.done)
    s.did_one[j] = ite(later, s.did_one[j], s.did_one[j] + 1)
    s.did_two[j] = ite(later, s.did_two[j] + 1, s.did_two[j])
    s.basis_one[w] = ite(later, s.basis_one[w], Basis.none)
    s.basis_two[w] = ite(later, Basis.none, s.basis_two[w])


@parts.also(settle_done)
def settle_done_with_every_part(s, w: Worker):
    """A job is done when the results of all its parts are there."""
    require(complete=s.part_one[s.job[w]] & s.part_two[s.job[w]])


# ------------------------------------------------------------------ what must hold
@parts.step("INV-010")
def results_are_kept(s, t, j: Job):
    """A result that is there stays there."""
    return (s.part_one[j] >> t.part_one[j]) & (s.part_two[j] >> t.part_two[j])


@parts.invariant("INV-006")
def a_part_is_done_once(s, j: Job):
    """However often a job is tried, each of its parts is done at most once."""
    return (s.did_one[j] <= 1) & (s.did_two[j] <= 1)


@parts.invariant("INV-007")
def done_has_every_part(s, j: Job):
    """A job that is done has the results of all its parts."""
    return (s.status[j] == Status.done) >> (s.part_one[j] & s.part_two[j])


@parts.step("INV-005")
def results_come_under_their_claim(s, t, j: Job):
    """A result comes only while the worker that holds the job is inside the handler."""
    came = (t.part_one[j] != s.part_one[j]) | (t.part_two[j] != s.part_two[j])
    inside = exists(Worker, lambda w: has(s, w, j) & (s.pc[w] == Pc.running))
    return came >> (leased(s, j) & inside)


# ------------------------------------------------------------------ what the proofs lean on
@parts.lemma("INV-006")
def what_was_done_is_there(s, j: Job):
    """A part that was done has its result in the row."""
    return ((s.did_one[j] > 0) >> s.part_one[j]) & ((s.did_two[j] > 0) >> s.part_two[j])


@parts.lemma("INV-006")
def who_has_read_is_at_work(s, w: Worker):
    """Only a worker inside the handler has a part that has read something."""
    read = (s.basis_one[w] != Basis.none) | (s.basis_two[w] != Basis.none)
    return read >> (s.pc[w] == Pc.running)


@parts.lemma("INV-006")
def parts_at_work_have_no_result(s, w: Worker):
    """While the holder has a part that has read something, the result of that part is not there."""
    j = s.job[w]
    first = (s.basis_one[w] != Basis.none) >> ~s.part_one[j]
    return holds(s, w) >> (first & ((s.basis_two[w] != Basis.none) >> ~s.part_two[j]))


# ------------------------------------------------------------------ what must be reachable
@parts.sometimes("INV-010")
def a_part_has_read_what_is_no_longer_so(s, w: Worker):
    """A part can be about to write when the other one has written since it has read."""
    return holds(s, w) & (s.basis_one[w] == Basis.open) & s.part_two[s.job[w]]


@parts.sometimes("INV-006")
def a_job_is_tried_again_with_one_part_done(s, j: Job):
    """A job can be claimed again when one of its parts is done and the other is not."""
    return leased(s, j) & (s.token[j] > 1) & s.part_two[j] & ~s.part_one[j]
