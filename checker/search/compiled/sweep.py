"""Explores one scope many times, each time with other guards removed: it is compiled once, and what
a run needs besides its states is made once.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from checker.runs.exploration import Limits
from checker.search.compiled.code.module import prepare
from checker.search.compiled.search import Search
from checker.search.compiled.tuning import Tuning
from spec.language.evaluate import Evaluator
from spec.language.scope import Scope

Swept = Mapping[str, int] | None
"""What a run violates, and in how many steps each; None if a limit ended it."""


def sweep(
    scope: Scope, masks: Sequence[tuple[str, ...]], limits: Limits | None = None
) -> Iterator[Swept]:
    """Yield what is violated without the guards of each mask, in the order given; each run has one
    thread, and there are as many runs at once as there are processors.
    """
    run = _runner(scope, limits or Limits())
    with ThreadPoolExecutor(len(os.sched_getaffinity(0)), thread_name_prefix="ffq-sweep") as pool:
        try:
            yield from pool.map(run, masks)
        finally:
            pool.shutdown(cancel_futures=True)


def _runner(scope: Scope, limits: Limits) -> Callable[[tuple[str, ...]], Swept]:
    tuning = Tuning()
    compiled = prepare(scope, True, tuning.word_bits)
    initial = Evaluator(scope).initial()

    def run(mask: tuple[str, ...]) -> Swept:
        off = [compiled.names.guards[guard] for guard in mask]
        search = Search(compiled, off, 1, tuning, limits)
        search.begin(initial)
        if search.explore(frozenset(), None) is not None:
            return None
        return {name: found.depth + 1 for name, found in search.violations.items()}

    return run
