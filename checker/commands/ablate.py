"""`ffq ablate`: each protection taken away in turn, and who misses it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from checker.commands.check import Engine
from checker.commands.options import (
    Catalogue,
    Wrong,
    catalogue,
    close,
    complete_guard,
    complete_scope,
    whole_number,
)

if TYPE_CHECKING:
    from rich.console import Console

    from checker.prove.cti import Cti
    from checker.prove.necessity import Necessity
    from checker.runs.exploration import Report
    from checker.shown.console import Live
    from checker.verdicts.ablate import Missed, Pair, Plan, Row
    from spec.language.scope import Scope


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(ablate)


def ablate(
    scope: Annotated[
        str | None,
        typer.Option(help="Ask this scope first.", autocompletion=complete_scope),
    ] = None,
    pairs: Annotated[
        bool,
        typer.Option("--pairs", help="Also remove each two guards: which cover for each other?"),
    ] = False,
    guard: Annotated[
        list[str] | None,
        typer.Option(help="Only this guard; may be repeated.", autocompletion=complete_guard),
    ] = None,
    engine: Annotated[Engine, typer.Option(help="plain is slow and short.")] = Engine.compiled,
    max_states: Annotated[
        str | None, typer.Option(metavar="N", help="End each run at N states: 2e8, 10M.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Remove each guard in turn: which property breaks, in how many steps, and who is never missed.

    Scopes are asked from the smallest on; the first that misses a guard speaks for it. Both solvers
    say whether induction survives, for any size. Results are remembered until the spec changes.
    Exit status: 0 if each guard is missed or explained, 1 if not, 2 bad usage, 3 not finished.
    """
    from checker.prove.solvers.answer import MissingSolver
    from checker.runs.exploration import Limits
    from checker.shown import console
    from checker.verdicts import ablate as work

    found = catalogue()
    scopes = _scopes(found, scope)
    every = work.guards(scopes)
    wanted = list(dict.fromkeys(guard or every))
    for name in wanted:
        if name not in every:
            raise Wrong(f"there is no guard '{name}'; {close(name, every, 'ffq scopes SCOPE')}")
    limits = Limits(max_states=whole_number(max_states) if max_states else None)
    out, live = console.console(), console.Live()
    try:
        plan = work.plan(scopes, _watch(live), scope, engine.value, limits)
        answer = _ablate(plan, wanted, live, None if as_json else out)
        if pairs and "guards" in answer:
            # Without a wish, the scope that has the most guards says the most.
            most = max(plan.scopes, key=lambda s: len(s.spec.guard_names()))
            covering = plan.scopes[0] if scope else most
            answer["pairs"] = _pairs(plan, covering, wanted, live, None if as_json else out)
    except MissingSolver as missing:
        raise Wrong(str(missing)) from None
    finally:
        live.done()
    status: int = answer.pop("status")
    if as_json:
        console.emit(answer)
    raise typer.Exit(status)


def _scopes(found: Catalogue, first: str | None) -> list[Scope]:
    names = ([first] if first else []) + [n for n in found.default if n != first]
    return [found.scope(name) for name in names]


def _watch(live: Live) -> Any:
    def watch(scope: Scope, what: str) -> Report | None:
        return live.watch(replace(scope, name=f"{scope.name} {what}"))

    return watch


# ---------------------------------------------------------------- one guard at a time
def _ablate(plan: Plan, wanted: list[str], live: Live, out: Console | None) -> dict[str, Any]:
    from checker.prove.necessity import LOST_UNREACHED
    from checker.prove.portfolio import solvers
    from checker.shown.console import bounds, say
    from checker.verdicts import ablate as work

    broken = plan.healthy()
    if broken:
        for line in broken:
            say(line)
        return {"ok": False, "status": 1, "complaints": broken}
    rows, needs, unreached = [], {}, {}
    with solvers() as both:
        for row in work.ablate(plan, wanted, _watch(live)):
            need = work.need(plan, row, both, live.count(row.guard, "obligations"))
            rows.append(row)
            needs[row.guard] = need
            if row.for_any_size(need) == LOST_UNREACHED:
                unreached[row.guard] = _counterexample(plan, need)
            live.done()
            if out:
                show_row(out, row, need)
                show_counterexample(out, unreached.get(row.guard))
    complaints = work.complaints(rows, work.guards(plan.scopes)) + work.contradictions(rows, needs)
    unfinished = any(row.unfinished and not row.missed for row in rows)
    unfinished |= any(need.undecided and not need.lost for need in needs.values())
    status = 1 if complaints else 3 if unfinished else 0
    if out:
        for s in plan.scopes:
            out.print(f"{s.name}: {bounds(s)}", style="dim")
        out.print(summary(rows))
        for line in complaints:
            out.print(line, style="bold red")
    return {
        "ok": status == 0,
        "status": status,
        "scopes": [{"name": s.name, "bounds": dict(s.bounds)} for s in plan.scopes],
        "guards": [_row_as_json(row, needs[row.guard], unreached.get(row.guard)) for row in rows],
        "complaints": complaints,
    }


def _counterexample(plan: Plan, need: Necessity) -> Cti | None:
    """Return the counterexample to induction for the first claim that is lost."""
    from checker.prove import cti
    from spec.language.edits import without

    spec = next(s.spec for s in plan.scopes if s.spec.name == need.spec)
    return cti.find(without(spec, need.guard), f"{need.guard.split('.')[0]}/{need.lost[0]}")


def show_row(out: Console, row: Row, need: Necessity) -> None:
    """Print one guard: the scope that misses it, what breaks there, the shortest first, and what
    becomes of induction.
    """
    from rich.text import Text

    title = Text(row.guard, style="bold")
    if row.scope:
        title.append(f"  in {row.scope}", style="not bold dim")
        if row.alive:
            title.append(", one of everything: liveness alone misses it", style="not bold dim")
    out.print(title)
    if not row.missed:
        out.print(Text(f"  {row.says}", style="yellow"))
    _show_missed(out, row.missed)
    line = Text(f"  induction: {row.for_any_size(need)}", style="dim")
    names = need.lost or need.undecided
    line.append(f" ({', '.join(names)})" if names else "")
    out.print(line, soft_wrap=True)


def show_counterexample(out: Console, found: Cti | None) -> None:
    """Print what breaks a claim without anybody knowing if a run leads there."""
    from rich.text import Text

    from checker.prove import cti

    if found:
        for line in cti.render(found, out.width - 4):
            out.print(Text(f"    {line}".rstrip()), soft_wrap=True)


def _show_missed(out: Console, missed: tuple[Missed, ...]) -> None:
    from rich.text import Text

    for m in missed:
        steps = "✗" if m.steps is None else f"✗{m.steps}"
        line = Text(f"  {steps:<4}", style="bold red")
        line.append(f"{m.id:<8}{m.property}", style="not bold default")
        out.print(line, soft_wrap=True)


def summary(rows: list[Row]) -> str:
    """Return in one line how many guards are missed, and how."""
    from checker.verdicts.ablate import EXPLAINED

    safety = sum(bool(r.missed) and not r.alive for r in rows)
    hopes = sum(r.alive for r in rows)
    silent = [r for r in rows if not r.missed]
    explained = sum(r.guard in EXPLAINED for r in silent)
    unfinished = sum(bool(r.unfinished) for r in silent if r.guard not in EXPLAINED)
    parts = [f"{safety} missed by a safety property"]
    parts += [f"{hopes} by liveness alone"] if hopes else []
    parts += [f"{explained} explained"] if explained else []
    parts += [f"{unfinished} not finished"] if unfinished else []
    nobody = len(silent) - explained - unfinished
    parts.append(f"{nobody} missed by nobody")
    return f"{len(rows)} guard{'s' * (len(rows) != 1)}: {', '.join(parts)}"


# ---------------------------------------------------------------- two guards at a time
def _pairs(
    plan: Plan, scope: Scope, wanted: list[str], live: Live, out: Console | None
) -> list[dict[str, Any]]:
    from checker.verdicts import ablate as work

    found = []
    if out:
        out.print(f"\nGuards that cover for each other, in {scope.name}:\n")
    for pair in work.pairs(plan, scope, wanted, _watch(live)):
        live.done()
        found.append(pair)
        if out:
            show_pair(out, pair)
    live.done()
    if out:
        out.print(f"{len(found)} pair{'s' * (len(found) != 1)}")
    return [
        {"guards": list(p.guards), "scope": p.scope, "breaks": _missed_as_json(p.missed)}
        for p in found
    ]


def show_pair(out: Console, pair: Pair) -> None:
    """Print two guards and what breaks only without both."""
    from rich.text import Text

    out.print(Text(" and ".join(pair.guards), style="bold"))
    _show_missed(out, pair.missed)


def _row_as_json(row: Row, need: Necessity, found: Cti | None) -> dict[str, Any]:
    from checker.prove import cti
    from checker.verdicts.ablate import EXPLAINED

    return {
        "guard": row.guard,
        "missed_by": "liveness" if row.alive else "safety" if row.missed else None,
        "scope": row.scope,
        "breaks": _missed_as_json(row.missed),
        "explained": EXPLAINED.get(row.guard),
        "not_missed_in": list(row.asked),
        "not_finished_in": list(row.unfinished),
        "induction": {
            "spec": need.spec,
            "says": row.for_any_size(need),
            "lost": list(need.lost),
            "undecided": list(need.undecided),
            "counterexample": None if found is None else cti.as_json(found),
        },
    }


def _missed_as_json(missed: tuple[Missed, ...]) -> list[dict[str, Any]]:
    return [{"id": m.id, "name": m.property, "steps": m.steps} for m in missed]
