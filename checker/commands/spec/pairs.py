"""What `ffq failures --pairs` prints: protections that cover for each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from checker.commands.statuses import NOT_FINISHED

if TYPE_CHECKING:
    from checker.evidence.pairs import Pair
    from spec.failures import FailureMode


def show(chosen: Sequence[FailureMode], whole: bool, as_json: bool) -> int:
    """Print the pairs that the chosen failure modes have a part in, with their runs unless `whole`
    is all there are; return the exit status.
    """
    from checker.evidence.pairs import pairs
    from checker.shown import console
    from checker.shown.live import Live

    with Live() as live:
        found = pairs(live.count("pairs", "asked"))
    ids = {mode.id for mode in chosen}
    wanted = [pair for pair in found if pair.modes & ids]
    finished = all(pair.finished for pair in wanted)
    if as_json:
        told = [_as_json(pair) for pair in wanted]
        console.emit({"ok": finished, "asked": _asked(), "pairs": told})
    else:
        _print(wanted, whole)
    return 0 if finished else NOT_FINISHED


def _asked() -> list[dict[str, Any]]:
    from checker.evidence.pairs import asked, few_failures

    return [
        {"scope": name, "bounds": dict(few_failures(name).bounds), "pairs": len(pairs)}
        for name, pairs in asked().items()
    ]


def _as_json(pair: Pair) -> dict[str, Any]:
    from checker.evidence.pairs import shortest
    from checker.runs.trace import step_as_json

    run = [step_as_json(line) for line in shortest(pair).lines] if pair.only else None
    return {
        "protections": [
            {"name": p.name, "failures": list(p.modes), "edit": list(p.edits)} for p in pair.both
        ],
        "scope": pair.scope.name,
        "only_together": [{"id": m.id, "name": m.property, "steps": m.steps} for m in pair.only],
        "sooner_together": [
            {"id": m.id, "name": m.property, "steps": m.steps, "alone": alone}
            for m, alone in pair.sooner
        ],
        "finished": pair.finished,
        "trace": run,
    }


def _print(wanted: Sequence[Pair], whole: bool) -> None:
    from checker.evidence.pairs import asked, few_failures, shortest
    from checker.runs.story import render
    from checker.shown import console

    out = console.console()
    for pair in wanted:
        one, two = pair.both
        edits = " and ".join(", ".join(p.edits) for p in pair.both)
        out.print(f"{one.name} and {two.name}: {edits}  in {pair.scope.name}", style="bold",
                  soft_wrap=True)  # fmt: skip
        for m in pair.only:
            out.print(f"  ✗{m.steps:<3} {m.id} {m.property}: only without both", soft_wrap=True)
        for m, alone in pair.sooner:
            out.print(f"  ✗{m.steps:<3} {m.id} {m.property}: ✗{alone} without one", soft_wrap=True)
        if not pair.finished:
            out.print("  ?    too many states: not finished", style="yellow")
        if pair.only and not whole:
            out.print("\n" + "\n".join(render(shortest(pair), out.width)) + "\n", soft_wrap=True)
    for name, every in asked().items():
        out.print(
            f"{name}: {len(every)} pairs asked; {console.bounds(few_failures(name))}", style="dim"
        )
    only = sum(bool(pair.only) for pair in wanted)
    sooner = sum(bool(pair.sooner) and not pair.only for pair in wanted)
    out.print(
        f"{only} pairs break what neither loss breaks alone, {sooner} break the same sooner; "
        "all others cover for nothing together"
    )
