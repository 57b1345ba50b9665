"""Two runs beside each other: which steps they share, and where they part."""

from __future__ import annotations

from difflib import SequenceMatcher

from checker.explain.run import Run

EXACT_MAX = 1_000_000
"""How many pairs of steps are compared to find the most that both runs share; where there would be
more, a quicker way is taken, which may find less.
"""

Call = tuple[str, str]
Pair = tuple[int | None, int | None]


def align(a: Run, b: Run) -> list[Pair]:
    """Return both runs step by step, numbers counted from 1; None where only one of them has one.

    Steps are the same if the same actor does the same. Where both runs have others at the same
    place, those of the first come first.
    """
    left, right = ([(line.actor, line.call) for line in run.lines] for run in (a, b))
    begin = 0
    while begin < min(len(left), len(right)) and left[begin] == right[begin]:
        begin += 1
    rest = left[begin:], right[begin:]
    common = _longest(*rest) if len(rest[0]) * len(rest[1]) <= EXACT_MAX else _quickly(*rest)
    pairs: list[Pair] = [(n, n) for n in range(1, begin + 1)]
    ours = theirs = begin
    for i, j in [*common, (len(rest[0]), len(rest[1]))]:
        pairs += [(n, None) for n in range(ours + 1, begin + i + 1)]
        pairs += [(None, n) for n in range(theirs + 1, begin + j + 1)]
        ours, theirs = begin + i + 1, begin + j + 1
        pairs.append((ours, theirs))
    return pairs[:-1]


def _longest(left: list[Call], right: list[Call]) -> list[tuple[int, int]]:
    """Return the longest common subsequence as pairs of indices."""
    best = [[0] * (len(right) + 1) for _ in range(len(left) + 1)]
    for i in range(len(left) - 1, -1, -1):
        for j in range(len(right) - 1, -1, -1):
            same = left[i] == right[j]
            best[i][j] = best[i + 1][j + 1] + 1 if same else max(best[i + 1][j], best[i][j + 1])
    found, i, j = [], 0, 0
    while i < len(left) and j < len(right):
        if left[i] == right[j]:
            found.append((i, j))
            i, j = i + 1, j + 1
        elif best[i + 1][j] >= best[i][j + 1]:
            i += 1
        else:
            j += 1
    return found


def _quickly(left: list[Call], right: list[Call]) -> list[tuple[int, int]]:
    """Return a common subsequence as pairs of indices, not always the longest."""
    blocks = SequenceMatcher(None, left, right, autojunk=False).get_matching_blocks()
    return [(block.a + n, block.b + n) for block in blocks for n in range(block.size)]
