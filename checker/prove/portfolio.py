"""Puts obligations to both solvers, on every core."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import current_process

from checker.process.children import pool
from checker.prove.obligations import Obligation
from checker.prove.solvers import sufficient
from checker.prove.solvers.answer import Answer, Verdict
from checker.prove.solvers.sufficient import Sufficient

Told = Callable[[int, int], None]
"""Told how many obligations are decided, and of how many."""

_FEW = 24
"""So few obligations are decided sooner than other processes begin."""


@dataclass(frozen=True)
class Decided:
    """An obligation and what both solvers said of it; `text` is the digest of what they were asked,
    empty where the frame says it: the action writes nothing that the claim reads.
    """

    name: str
    claim: str
    says: str
    z3: Answer
    cvc5: Answer
    text: str = ""

    @property
    def framed(self) -> bool:
        """Whether no solver was needed."""
        return not self.text

    @property
    def verdict(self) -> Verdict:
        """Proved if both say so, refuted if a solver does and the other does not deny it."""
        said = {self.z3.verdict, self.cvc5.verdict}
        if said == {"proved"}:
            return "proved"
        return "refuted" if "refuted" in said and "proved" not in said else "unknown"

    @property
    def disputed(self) -> bool:
        """Whether the solvers contradict each other: then one of them, or our text, is wrong."""
        return {self.z3.verdict, self.cvc5.verdict} == {"proved", "refuted"}


_FRAMED = Answer("proved", 0.0)


def decide(obligation: Obligation) -> Decided:
    """Return what both solvers say, having asked them."""
    from checker.prove.solvers import cvc5_solver, z3_solver

    z3 = z3_solver.decide(obligation.text)
    if z3.verdict == "proved":
        text = sufficient.cut(obligation.text, z3.core)
        less = Sufficient.of(text, z3_solver.decide(text), cvc5_solver.decide(text))
        if {less.z3.verdict, less.cvc5.verdict} == {"proved"}:
            sufficient.keep(less)
            return _decided(obligation, text, less.z3, less.cvc5)
    return _decided(obligation, obligation.text, z3, cvc5_solver.decide(obligation.text))


def _ask_as_it_stands(obligation: Obligation) -> Decided:
    from checker.prove.solvers import cvc5_solver, z3_solver

    text = obligation.text
    return _decided(obligation, text, z3_solver.decide(text), cvc5_solver.decide(text))


def recalled(obligation: Obligation) -> Decided | None:
    """Return what needs no solver now: the frame says it, or lines of it were proved before."""
    if obligation.framed:
        return _decided(obligation, "", _FRAMED, _FRAMED)
    less = sufficient.known(obligation.text)
    return None if less is None else _decided(obligation, less.text, less.z3, less.cvc5)


def _decided(o: Obligation, text: str, z3: Answer, cvc5: Answer) -> Decided:
    digest = hashlib.sha256(text.encode()).hexdigest()[:16] if text else ""
    return Decided(o.name, o.claim, o.says, z3, cvc5, digest)


class Solvers:
    """Both solvers in as many processes as there are cores."""

    def __init__(self, pool: Executor, every: bool = False) -> None:
        self._pool, self._every = pool, every

    def decide(self, obligations: Sequence[Obligation], told: Told | None = None) -> list[Decided]:
        """Return what both solvers say of each, in the same order."""
        found = [None if self._every else recalled(o) for o in obligations]
        left = [o for o, known in zip(obligations, found, strict=True) if known is None]
        ask = _ask_as_it_stands if self._every else decide
        # A process that ends with the one that started it may have no children.
        few = len(left) <= _FEW or current_process().daemon
        answers = map(ask, left) if few else self._pool.map(ask, left, chunksize=8)
        done = len(found) - len(left)
        decided = []
        for known in found:
            if known is None:
                known, done = next(answers), done + 1
            decided.append(known)
            if told:
                told(done, len(obligations))
        return decided


@contextmanager
def solvers(every: bool = False) -> Iterator[Solvers]:
    """Give both solvers, or raise `MissingSolver`; an interrupt ends them without a word.

    With `every` they are asked each obligation as it stands.
    """

    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    with pool(cores) as crowd:
        yield Solvers(crowd.executor, every)
