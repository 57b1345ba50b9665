"""Every reachable state of a scope, packed, for readers that look at all of them at once."""

from __future__ import annotations

from typing import Any

import numpy as np

from checker.runs.exploration import Limits
from checker.search.compiled.code import kernel
from checker.search.compiled.code.layout import Layout
from checker.search.compiled.code.module import prepare
from checker.search.compiled.explore import THREADS
from checker.search.compiled.search import Search
from checker.search.compiled.tuning import Tuning
from spec.language.evaluate import Evaluator
from spec.language.scope import Scope


def states(scope: Scope, symmetry: bool = True) -> tuple[Layout, Any]:
    """Return the packing, and one row of words for each state; with `symmetry`, up to a renaming
    of elements.

    A claim about all elements holds in every reachable state exactly if it holds in these.
    """
    tuning = Tuning()
    compiled = prepare(scope, symmetry, tuning.word_bits)
    search = Search(compiled, [], THREADS, tuning, Limits())
    search.begin(Evaluator(scope).initial())
    stopped = search.explore(frozenset(), None)
    if stopped is not None:
        raise MemoryError(f"scope {scope.name}: {stopped} before every state was found")
    rows = search.states.reshape(-1, search.words)
    found = [
        rows[t * search.capacity : int(work[kernel.TAIL])] for t, work in enumerate(search.work)
    ]
    return compiled.layout, np.concatenate(found)
