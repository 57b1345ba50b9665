"""Puts obligations to both solvers, on every core."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context

from checker.prove.answer import Answer, Verdict
from checker.prove.obligations import Obligation

Told = Callable[[int, int], None]
"""Told how many obligations are decided, and of how many."""

DECIDERS = (
    "spec/language",
    "checker/prove/answer.py",
    "checker/prove/cvc5_solver.py",
    "checker/prove/decided.py",
    "checker/prove/obligations.py",
    "checker/prove/smt.py",
    "checker/prove/z3_solver.py",
)
"""All that decides an answer: to print it in another way asks nothing again."""

_FEW = 24
"""So few obligations are decided sooner than other processes begin."""


@dataclass(frozen=True)
class Decided:
    """An obligation and what both solvers said of it."""

    name: str
    claim: str
    says: str
    z3: Answer
    cvc5: Answer

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


def decide(obligation: Obligation) -> Decided:
    """Return what both solvers say."""
    from checker.prove import cvc5_solver, z3_solver

    z3, cvc5 = z3_solver.decide(obligation.text), cvc5_solver.decide(obligation.text)
    return Decided(obligation.name, obligation.claim, obligation.says, z3, cvc5)


class Solvers:
    """Both solvers in as many processes as there are cores."""

    def __init__(self, pool: Executor) -> None:
        self._pool = pool

    def decide(self, obligations: Sequence[Obligation], told: Told | None = None) -> list[Decided]:
        """Return what both solvers say of each."""
        few = len(obligations) <= _FEW
        answers = (
            map(decide, obligations) if few else self._pool.map(decide, obligations, chunksize=8)
        )
        found = []
        for decided in answers:
            found.append(decided)
            if told:
                told(len(found), len(obligations))
        return found


@contextmanager
def solvers() -> Iterator[Solvers]:
    """Give both solvers, or raise `MissingSolver`; an interrupt ends them without a word."""
    from checker.prove import cvc5_solver, z3_solver  # noqa: F401  # the first to say what is missing

    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    pool = ProcessPoolExecutor(cores, get_context("spawn"), _be_quiet)
    try:
        yield Solvers(pool)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _be_quiet() -> None:
    # The terminal sends an interrupt to all; the process that asked is the one to answer it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
