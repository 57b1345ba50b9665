"""`ffq ablate` and `ffq fairness`: each protection, or assumption, taken away: who misses it?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from checker.commands.options import (
    AsJson,
    among,
    catalogue,
    complete_guard,
    complete_scope,
    whole_number,
)
from checker.commands.spec.check import Engine

if TYPE_CHECKING:
    from rich.console import Console

    from checker.prove.cti import Cti
    from checker.prove.necessity import Necessity
    from checker.runs.exploration import Report
    from checker.shown.live import Live
    from checker.verdicts.ablate import AblationPlan, GuardVerdict, Missed
    from spec.language.scope import Scope


def ablate(
    scope: Annotated[
        str | None,
        typer.Option(help="Ask this scope first.", autocompletion=complete_scope),
    ] = None,
    guard: Annotated[
        list[str] | None,
        typer.Option(help="Only this guard; may be repeated.", autocompletion=complete_guard),
    ] = None,
    engine: Annotated[Engine, typer.Option(help="plain is slow and short.")] = Engine.compiled,
    max_states: Annotated[
        str | None, typer.Option(metavar="N", help="End each run at N states: 2e8, 10M.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Remove each guard in turn: which property breaks, in how many steps, and who is never missed.

    Scopes are asked from the smallest on; the first that misses a guard speaks for it. Both solvers
    say whether induction survives, for any size. Results are remembered until the spec changes.
    `ffq failures --pairs` says which protections cover for each other.
    Exit status: 0 if each guard is missed, 1 if not, 2 bad usage, 3 not finished.
    """
    from checker.runs.exploration import Limits
    from checker.shown.live import Live
    from checker.verdicts import ablate as work

    found = catalogue()
    names = ([scope] if scope else []) + [n for n in found.default if n != scope]
    scopes = [found.scope(name) for name in names]
    every = work.guards(scopes)
    for name in guard or ():
        among(name, every, "guard", "ffq scopes SCOPE")
    limits = Limits(max_states=whole_number(max_states) if max_states else None)
    with Live() as live:
        plan = work.plan(scopes, _watch(live), scope, engine.value, limits)
        answer = _Answer("guards", plan, live, as_json)
        if not answer.broken(plan.broken()):
            answer.ask_with_solvers(list(dict.fromkeys(guard or every)))
    raise typer.Exit(answer.show())


def fairness(
    scope: Annotated[
        list[str] | None,
        typer.Option(help="Ask this scope; may be repeated.", autocompletion=complete_scope),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Drop each assumption about fair runs in turn: which property needs it?

    Scopes are asked from the smallest on; the first in which a property breaks speaks for the
    assumption. `ffq check --without` with the name of an assumption shows the run. Exit status: 0
    if each is needed, 1 if not, 2 bad usage, 3 not finished.
    """
    from checker.shown.live import Live
    from checker.verdicts import ablate as work

    found = catalogue()
    with Live() as live:
        scopes = work.hoping([found.scope(name) for name in scope or found.default])
        plan = work.plan(scopes, _watch(live))
        answer = _Answer("assumptions", plan, live, as_json)
        if not answer.broken(plan.broken(fair=True)):
            answer.ask(work.assumed(scopes))
    raise typer.Exit(answer.show())


def _watch(live: Live) -> Any:
    def watch(scope: Scope, what: str) -> Report | None:
        return live.watch(replace(scope, name=f"{scope.name} {what}"))

    return watch


class _Answer:
    """What became of each thing taken away: printed as it is had, or as JSON in the end."""

    def __init__(self, what: str, plan: AblationPlan, live: Live, as_json: bool) -> None:
        self.what, self.plan, self.live, self.as_json = what, plan, live, as_json
        self.rows: list[GuardVerdict] = []
        self.needs: dict[str, Necessity] = {}
        self.unreached: dict[str, Cti] = {}
        self.fails: list[str] = []

    def broken(self, fails: list[str]) -> bool:
        """Note what fails with everything in place; return whether anything does."""
        self.fails = fails
        return bool(fails)

    def ask(self, wanted: Sequence[str]) -> None:
        """Take each of these away, and print who misses it."""
        from checker.verdicts import ablate as work

        for row in work.ablate(self.plan, wanted, _watch(self.live)):
            self._take(row)

    def ask_with_solvers(self, wanted: Sequence[str]) -> None:
        """Take each of these guards away, and ask what becomes of induction as well."""
        from checker.prove.necessity import LOST_UNREACHED
        from checker.prove.portfolio import solvers
        from checker.verdicts import ablate as work

        with solvers() as both:
            for row in work.ablate(self.plan, wanted, _watch(self.live)):
                told = self.live.count(row.edit, "obligations")
                need = self.needs[row.edit] = work.need(self.plan, row, both, told)
                if row.for_any_size(need) == LOST_UNREACHED:
                    self._find_counterexample(need)
                self._take(row)

    def _find_counterexample(self, need: Necessity) -> None:
        """Keep the counterexample to induction for the first claim that is lost."""
        from checker.prove import cti
        from spec.language.edited.edits import without

        spec = next(s.spec for s in self.plan.scopes if s.spec.name == need.spec)
        obligation = f"{need.guard.split('.')[0]}/{need.lost[0]}"
        if found := cti.find(without(spec, need.guard), obligation):
            self.unreached[need.guard] = found

    def _take(self, row: GuardVerdict) -> None:
        from checker.shown import console

        self.live.done()
        self.rows.append(row)
        if not self.as_json:
            show_row(console.console(), row, self.needs.get(row.edit))
            show_counterexample(console.console(), self.unreached.get(row.edit))

    def show(self) -> int:
        """Print what there is to complain of, and the sum; return the exit status."""
        from checker.shown import console
        from checker.verdicts import ablate as work

        complaints = self.fails + work.complaints(self.rows)
        complaints += work.contradictions(self.rows, self.needs)
        unfinished = any(row.unfinished and not row.missed for row in self.rows)
        unfinished |= any(need.undecided and not need.lost for need in self.needs.values())
        status = 1 if complaints else 3 if unfinished else 0
        if self.as_json:
            answer = {
                "ok": status == 0,
                "scopes": [{"name": s.name, "bounds": dict(s.bounds)} for s in self.plan.scopes],
                self.what: [self._row_as_json(row) for row in self.rows],
                "complaints": complaints,
            }
            console.emit(answer)
            return status
        out = console.console()
        for s in self.plan.scopes:
            out.print(f"{s.name}: {console.bounds(s)}", style="dim")
        out.print(summary(self.what, self.rows))
        for line in complaints:
            out.print(line, style="bold red", soft_wrap=True)
        return status

    def _row_as_json(self, row: GuardVerdict) -> dict[str, Any]:
        answer: dict[str, Any] = {
            "without": row.edit,
            "missed_by": "liveness" if row.alive else "safety" if row.missed else None,
            "scope": row.scope,
            "breaks": [_missed_as_json(m) for m in row.missed],
            "not_missed_in": list(row.asked),
            "not_finished_in": list(row.unfinished),
        }
        if need := self.needs.get(row.edit):
            answer["induction"] = _need_as_json(row, need, self.unreached.get(row.edit))
        return answer


# ---------------------------------------------------------------- for people
def show_row(out: Console, row: GuardVerdict, need: Necessity | None) -> None:
    """Print what is taken away, the scope that misses it, what breaks there, the shortest first,
    and what becomes of induction.
    """
    from rich.text import Text

    title = Text(row.edit, style="bold")
    if row.scope:
        title.append(f"  in {row.scope}", style="not bold dim")
        if row.alive and need:
            title.append(", one of everything: liveness alone misses it", style="not bold dim")
    out.print(title)
    if not row.missed:
        out.print(Text(f"  {row.says}", style="yellow"))
    for m in row.missed:
        steps = len(m.lasso.stem) if m.lasso else m.steps
        line = Text(f"  {f'✗{steps}':<4}", style="bold red")
        line.append(f"{m.id:<8}{m.property}", style="not bold default")
        out.print(line, soft_wrap=True)
    if need:
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


def summary(what: str, rows: list[GuardVerdict]) -> str:
    """Return in one line how many are missed, and how."""
    safety = sum(r.unsafe for r in rows)
    hopes = sum(r.alive for r in rows)
    silent = [r for r in rows if not r.missed]
    unfinished = sum(bool(r.unfinished) for r in silent)
    parts = [f"{safety} missed by a safety property"] if safety or not hopes else []
    parts += [f"{hopes} by liveness alone"] if hopes else []
    parts += [f"{unfinished} not finished"] if unfinished else []
    parts.append(f"{len(silent) - unfinished} missed by nobody")
    return f"{len(rows)} {what if len(rows) != 1 else what[:-1]}: {', '.join(parts)}"


# ---------------------------------------------------------------- for programs
def _need_as_json(row: GuardVerdict, need: Necessity, found: Cti | None) -> dict[str, Any]:
    from checker.prove import cti

    return {
        "spec": need.spec,
        "says": row.for_any_size(need),
        "lost": list(need.lost),
        "undecided": list(need.undecided),
        "counterexample": None if found is None else cti.as_json(found),
    }


def _missed_as_json(m: Missed) -> dict[str, Any]:
    told = {"id": m.id, "name": m.property, "steps": m.steps}
    return told if m.lasso is None else told | {
        "stem": len(m.lasso.stem), "loop": len(m.lasso.loop)
    }  # fmt: skip
