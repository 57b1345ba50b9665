"""`ffq bench`: how fast explorer, solvers and queue are here, beside others and the goals."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from checker.bench.measure import Figure


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(bench)


def bench(
    quick: Annotated[bool, typer.Option("--quick", help="Smaller searches, each once.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Measure explorer, solvers and queue, beside a C search, TLC and other queues.

    The solvers decide every obligation; also measured are steps compared with the spec's, the fate
    of states, and the images of crashes.
    """
    from rich.table import Table

    from checker.bench import measure
    from checker.shown import console

    times, groups = _groups(quick)
    figures: list[measure.Figure] = []
    missing = []
    out = console.console()
    where = measure.machine()
    for group in groups:
        try:
            figures += group()
        except measure.Unavailable as why:
            missing.append(str(why))
            console.say(str(why))
    if as_json:
        console.emit(
            {
                "ok": not missing,
                "machine": where,
                "figures": [
                    {"what": f.what, "value": f.value, "unit": f.unit, "goal": f.goal, "met": f.met}
                    for f in figures
                ],
                "missing": missing,
            }
        )
        return
    table = Table("", "what", "figure", "goal", box=None, pad_edge=False)
    for f in figures:
        goal = "" if f.goal is None else f"{'at most ' if f.at_most else ''}{f.goal:g}"
        mark = {True: "met", False: "missed", None: ""}[f.met]
        table.add_row(mark, f.what, f"{f.value:.2f} {f.unit}", goal)
    out.print(table)
    out.print(f"median of {times}, in turn; {where}")


def _groups(quick: bool) -> tuple[int, tuple[Callable[[], Iterable[Figure]], ...]]:
    """Return how often everything is measured, and what."""
    from checker.bench import measure
    from checker.bench.crashes import crashes
    from checker.bench.explorer import explorer
    from checker.bench.fates import fate
    from checker.bench.proofs import evidence, pairs, proofs
    from checker.bench.queues import queues
    from checker.bench.replays import replays

    times, large, small = (1, 7, 5) if quick else (5, 9, 7)
    return times, (
        lambda: measure.against_c(large, times),
        lambda: measure.against_tlc(small),
        lambda: measure.queue_scopes(times),
        measure.start_up,
        lambda: proofs(times),
        lambda: evidence(times),
        pairs,
        lambda: queues(times),
        lambda: replays(times),
        lambda: explorer(times),
        lambda: crashes(times),
        lambda: fate(times),
    )
