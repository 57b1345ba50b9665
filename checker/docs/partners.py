"""Protections that cover for each other, as Markdown: for the index, and for one failure mode."""

from __future__ import annotations

from functools import cache

from checker.docs.figures import bounds
from checker.docs.tables import code, table
from checker.evidence.pairs import Pair, Protection, asked, pairs, shortest, small
from spec.failures import FailureMode

NOT_ASKED = (
    "Not asked: two losses make a pair if both change what states or steps may be, in one scope, "
    "and no other one of the catalogue does so with this one."
)


@cache
def _every() -> tuple[Pair, ...]:
    return tuple(pairs())


def _run(pair: Pair) -> str:
    """Return the run that needs both protections gone, in one line."""
    lines = shortest(pair).lines
    return ", ".join(f"{line.actor} {line.call}" for line in lines)


def index() -> str:
    """Print every pair that breaks what neither loss breaks alone, and count those that are only
    sooner.
    """
    only = [pair for pair in _every() if pair.only]
    sooner = sum(bool(pair.sooner) and not pair.only for pair in _every())
    rows = [[*(_named(p, "failure-modes/") for p in pair.both), _broken(pair), _run(pair)]
            for pair in only]  # fmt: skip
    head = ["without", "and without", "breaks", "the shortest run"]
    where = "; ".join(
        f"{len(every)} in scope `{name}` ({bounds(small(name))})" for name, every in asked().items()
    )
    said = f"{len(only)} pairs break what neither loss breaks alone, and {sooner} more break "
    said += f"something in fewer steps than one loss does. Asked: {where}."
    return f"{table(head, rows)}\n\n{said}\n\n_Computed by `ffq failures --pairs`._"


def of(mode: FailureMode) -> str:
    """Print the partners of a failure mode."""
    if not any(mode.id in p.modes for every in asked().values() for both in every for p in both):
        return NOT_ASKED
    mine = [pair for pair in _every() if mode.id in pair.modes]
    if not mine:
        return (
            "No other protection covers for it: without both, nothing breaks that did not before."
        )
    rows = []
    for pair in mine:
        one, two = sorted(pair.both, key=lambda p: mode.id not in p.modes)
        for m in pair.only:
            run = _run(pair) if m is pair.only[0] else ""
            breaks = f"{m.id} {code(m.property)}"
            rows.append([_edits(one), _named(two), breaks, str(m.steps), "holds", run])
        if not pair.only:
            m, alone = pair.sooner[0]
            breaks = f"{m.id} {code(m.property)}"
            rows.append([_edits(one), _named(two), breaks, str(m.steps), str(alone), ""])
    head = ["without", "and without", "breaks", "in steps", "without one", "the shortest run"]
    said = f"_Computed by `ffq failures {mode.id} --pairs`, which tells the runs step by step._"
    return f"{table(head, rows)}\n\n{said}"


def _edits(p: Protection) -> str:
    return ", ".join(map(code, p.edits))


def _named(p: Protection, folder: str = "") -> str:
    links = ", ".join(f"[{id}]({folder}{id}.md)" for id in p.modes)
    return f"{links} {_edits(p)}"


def _broken(pair: Pair) -> str:
    return ", ".join(f"{m.id} {code(m.property)} in {m.steps}" for m in pair.only)
