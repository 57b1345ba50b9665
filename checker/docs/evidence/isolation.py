"""What isolation levels are worth, as Markdown: what the spec says, and what a server did."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from checker.docs.evidence.figures import bounds
from checker.docs.model.tables import code, table
from checker.isolation import observed
from checker.isolation.claims import DONE, FORMS, READY
from checker.isolation.observed import NoServer, Observed
from checker.isolation.stale_runs import BROKEN, CONFLICT, SMALL, WENT_THROUGH
from spec.designs.batches import BATCHES
from spec.language.scope import Scope


def levels(scope: Scope) -> str:
    """Print one row for each guard of a scope that is missed when it is stale."""
    version, found = observed.stale_guards(scope)
    stale = list(map(str.capitalize, found[0].stale))
    head = ["stale guard", "reads", "what breaks", *stale, *(f"whole: {x.lower()}" for x in stale)]
    return (
        f"{table(head, map(_row, found))}\n\n"
        f"_{len(found)} shortest runs of scope `{scope.name}` ({bounds(scope)}), each on "
        f"PostgreSQL {version}; `{CONFLICT}` is what it calls a transaction that does not fit. "
        "Where the server does otherwise than the spec says, a cell has both._"
    )


def _row(o: Observed) -> list[str]:
    both = [*o.stale.values(), *o.at_once.values()]
    cells = [_cell(said) if said == came else f"said {said}, came {came}" for said, came in both]
    broken = f"`{o.run.violated}` in {len(o.run.walk.steps)}"
    return [code(o.run.guard), o.run.kind, broken, *cells]


def _cell(came: str) -> str:
    return came if came in (BROKEN, WENT_THROUGH, CONFLICT) else code(came)


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


def tried(printer: Callable[[], str]) -> Callable[[], str]:
    """Return a printer that says so where there is no server to try it on."""

    def print_block() -> str:
        try:
            return printer()
        except NoServer as away:
            raise ValueError(f"it is tried on a server, and {away}") from None

    return print_block


PRINTERS: dict[str, Callable[[], str]] = {
    "isolation-levels": tried(partial(levels, SMALL)),
    "isolation-rows": tried(partial(levels, BATCHES)),
    "isolation-claims": tried(claims),
}
