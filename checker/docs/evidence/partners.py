"""Protections that cover for each other, as Markdown: for the index, and for one failure mode."""

from __future__ import annotations

from functools import cache

from checker.docs.model.tables import code, table
from checker.evidence.pairs import NEED_MORE, Pair, Protection, asked, pairs
from spec.failures import FailureMode

NOT_ASKED = (
    "Not asked: two losses make a pair if both change what states or steps may be, in one scope, "
    "and no other one of the catalogue does so with this one."
)
TOO_FEW = (
    "Not asked: pairs are asked with [small bounds](../00-scope.md#what-a-verdict-means), and with "
    "so few failures this loss alone breaks nothing."
)


@cache
def _every() -> tuple[Pair, ...]:
    return tuple(pairs())


def index() -> str:
    """Print every pair that breaks what neither loss breaks alone, and count those that are only
    sooner.
    """
    only = [pair for pair in _every() if pair.only]
    sooner = sum(bool(pair.sooner) and not pair.only for pair in _every())
    rows = [[*(_named(p, "failure-modes/") for p in pair.both), _broken(pair)] for pair in only]
    where = ", ".join(f"{len(every)} in `{name}`" for name, every in asked().items())
    said = f"{len(only)} pairs break what neither loss breaks alone, and {sooner} more break "
    said += f"something in fewer steps than one loss does. Asked: {where}, with "
    said += "[small bounds](00-scope.md#what-a-verdict-means)."
    head = ["without", "and without", "breaks, in steps"]
    return f"{table(head, rows)}\n\n{said}\n\n_Computed by `ffq failures --pairs`._"


def of(mode: FailureMode) -> str:
    """Print the partners of a failure mode."""
    if not any(mode.id in p.modes for every in asked().values() for both in every for p in both):
        return NOT_ASKED if NEED_MORE.isdisjoint(mode.loss.edits) else TOO_FEW
    mine = [pair for pair in _every() if mode.id in pair.modes]
    rows = []
    for pair in mine:
        one, two = sorted(pair.both, key=lambda p: mode.id not in p.modes)
        if pair.only:
            rows.append([_edits(one), _named(two), _broken(pair)])
    sooner = sum(not pair.only for pair in mine)
    others = f"With {sooner} others something breaks in fewer steps than without one of the two."
    if not rows:
        nothing = "No other protection covers for it: the loss of both breaks nothing new."
        return f"{nothing} {others}" if sooner else nothing
    head = ["without", "and without", "breaks, and holds without one alone"]
    said = f"_Computed by `ffq failures {mode.id} --pairs`, which tells the runs step by step._"
    return "\n\n".join([table(head, rows), *([others] if sooner else []), said])


def _edits(p: Protection) -> str:
    return ", ".join(map(code, p.edits))


def _named(p: Protection, folder: str = "") -> str:
    links = ", ".join(f"[{id}]({folder}{id}.md)" for id in p.modes)
    return f"{links} {_edits(p)}"


def _broken(pair: Pair) -> str:
    first, *rest = pair.only
    more = f", and {len(rest)} more later" if rest else ""
    return f"{first.id} {code(first.property)} in {first.steps}{more}"
