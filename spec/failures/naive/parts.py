"""Steps of parts that are at work at once, as they are often written: `instead ACTION NAME`."""

from spec.language import ite, require
from spec.queue.job import Worker, holds
from spec.queue.related.parts import Basis


def write_results_of_the_same_time(s, w: Worker, later: bool, moved: bool):
    """The part writes if the row bears the time of writing that it has read; the clock may not have
    moved since.
    """
    j = s.job[w]
    basis = ite(later, s.basis_two[w], s.basis_one[w])
    as_read = (basis == Basis.done) == ite(later, s.part_one[j], s.part_two[j])
    require(read=basis != Basis.none, own=holds(s, w), same_time=as_read | ~moved)
    s.part_one[j] = ite(later, basis == Basis.done, True)
    s.part_two[j] = ite(later, True, basis == Basis.done)
    s.did_one[j] = ite(later, s.did_one[j], s.did_one[j] + 1)
    s.did_two[j] = ite(later, s.did_two[j] + 1, s.did_two[j])
    s.basis_one[w] = ite(later, s.basis_one[w], Basis.none)
    s.basis_two[w] = ite(later, Basis.none, s.basis_two[w])


STEPS = (write_results_of_the_same_time,)
