"""`ffq bench`: how fast explorer, solvers and queue are here, beside others and the goals."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Annotated

import typer

from checker.commands.options import AsJson, Wrong, among

if TYPE_CHECKING:
    from checker.bench.measure import Figure

GROUPS = (
    "c", "tlc", "scopes", "start", "proofs", "evidence", "pairs", "queues", "servers", "replays",
    "keys", "crashes", "fates", "commands",
)  # fmt: skip
"""What can be measured by itself."""


def bench(
    groups: Annotated[
        list[str] | None,
        typer.Argument(metavar="[GROUP]...", help="Only these: " + ", ".join(GROUPS) + "."),
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Smaller searches, each once.")] = False,
    write: Annotated[
        bool,
        typer.Option("--write", help="Measure the slow commands too, and keep it for the docs."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Measure explorer, solvers and queue, beside a C search, TLC and other queues.

    Each figure is printed as it is had. Exit status: 0 all were had, 2 bad usage, 3 something
    could not be measured here.
    """
    from checker.bench import measure
    from checker.shown import console

    for name in groups or ():
        among(name, GROUPS, "group", "ffq bench --help")
    if write and "commands" not in (groups or GROUPS):
        raise Wrong("--write: keeps what commands took; measure the group 'commands' as well")
    times, chosen = _chosen(groups or GROUPS, quick, write)
    figures: list[Figure] = []
    missing = []
    for group in chosen:
        try:
            for figure in group():
                figures.append(figure)
                if not as_json:
                    console.line(_shown(figure), at_once=True)
        except measure.Unavailable as why:
            missing.append(str(why))
            console.say(str(why))
    if as_json:
        found = [
            {"what": f.what, "value": f.value, "unit": f.unit, "goal": f.goal, "met": f.met}
            for f in figures
        ]
        where = measure.machine()
        console.emit({"ok": not missing, "machine": where, "figures": found, "missing": missing})
    else:
        console.line(f"median of {times}, in turn; {measure.machine()}")
    raise typer.Exit(3 if missing else 0)


def _shown(figure: Figure) -> str:
    """Return a figure as a line: whether its goal is met, the figure, and what it is of."""
    mark = {True: "met", False: "missed", None: ""}[figure.met]
    at_most = "at most " if figure.at_most else ""
    goal = "" if figure.goal is None else f" (goal {at_most}{figure.goal:g})"
    return f"{mark:<7}{figure.value:>9.2f} {figure.unit:<10} {figure.what}{goal}"


def _chosen(
    names: Iterable[str], quick: bool, write: bool
) -> tuple[int, list[Callable[[], Iterable[Figure]]]]:
    """Return how often everything is measured, and what."""
    from checker.bench import commands, measure
    from checker.bench.crashes import crashes
    from checker.bench.explorer import explorer
    from checker.bench.fates import fate
    from checker.bench.proofs import evidence, pairs, proofs
    from checker.bench.queues import queues
    from checker.bench.replays import replays
    from checker.bench.servers import servers

    times, large, small = (1, 7, 5) if quick else (5, 9, 7)
    every: dict[str, Callable[[], Iterable[Figure]]] = {
        "c": lambda: measure.against_c(large, times),
        "tlc": lambda: measure.against_tlc(small),
        "scopes": lambda: measure.queue_scopes(times),
        "start": measure.start_up,
        "proofs": lambda: proofs(times),
        "evidence": lambda: evidence(times),
        "pairs": pairs,
        "queues": lambda: queues(times),
        "servers": lambda: servers(1 if quick else 3),
        "replays": lambda: replays(times),
        "keys": lambda: explorer(times),
        "crashes": lambda: crashes(times),
        "fates": lambda: fate(times),
        "commands": lambda: commands.figures(write),
    }
    assert tuple(every) == GROUPS
    return times, [every[name] for name in dict.fromkeys(names)]
