"""What isolation levels are worth, as Markdown: what the spec says, and what a server did."""

from __future__ import annotations

from collections.abc import Callable

from checker.docs.figures import bounds
from checker.docs.tables import code, table
from checker.isolation import observed
from checker.isolation.claims import DONE, FORMS, READY
from checker.isolation.observed import Observed
from checker.isolation.stale_runs import CONFLICT, SMALL


def levels() -> str:
    """Print one row for each guard that is missed when it is stale."""
    version, found = observed.stale_guards()
    head = [
        "stale guard", "what breaks, in how many steps", *map(str.capitalize, found[0].levels),
        "whole",
    ]  # fmt: skip
    return (
        f"{table(head, map(_row, found))}\n\n"
        f"_{len(found)} shortest runs of scope `{SMALL.name}` ({bounds(SMALL)}), each on "
        f"PostgreSQL {version}, at three levels; `{CONFLICT}` is what it calls a transaction that "
        "does not fit. Where the server does otherwise than the spec says, a cell has both._"
    )


def _row(o: Observed) -> list[str]:
    cells = [
        said if said == came else f"said {said}, came {came}" for said, came in o.levels.values()
    ]
    told = o.run.refused == o.whole
    whole = f"refused: `{o.whole}`" if told else f"said {o.run.refused}, came {o.whole}"
    return [code(o.run.guard), f"`{o.run.violated}` in {len(o.run.walk.steps)}", *cells, whole]


def claims() -> str:
    """Print how many jobs each way to claim one job takes."""
    version, found = observed.greedy_claims()
    jobs = {(c.form, c.index, c.done): c.jobs for c in found}
    head = ["claim of one job", *(f"{n:,} done" for n in DONE), *(f"{n:,}, index" for n in DONE)]
    rows = [
        [code(form), *(str(jobs[form, index, n]) for index in (False, True) for n in DONE)]
        for form in FORMS
    ]
    return (
        f"{table(head, rows)}\n\n"
        f"_How many jobs one statement claims on PostgreSQL {version}: {READY} are ready, all put "
        "in since `ANALYZE`, when so many were done and none was ready; with and without an index "
        "of those that are ready. No setting of the planner is touched._"
    )


PRINTERS: dict[str, Callable[[], str]] = {
    "isolation-levels": levels,
    "isolation-claims": claims,
}
