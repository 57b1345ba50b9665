"""`ffq trace why` and `ffq trace diff`: a state of a saved trace explained, and what a step did."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from checker.cli_options import Wrong, close

if TYPE_CHECKING:
    from checker.explain.clauses import Clause
    from checker.explain.fate import Fate
    from checker.explain.run import Run
    from checker.explain.why_not import Outcome
    from checker.story import Line
    from spec.language.evaluate import Instance

Print = Callable[[str, str], None]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(why)
    app.command()(diff)


def why(
    file: Annotated[Path, typer.Argument(help="A trace that ffq check has saved.")],
    step: Annotated[
        int | None, typer.Option(min=0, help="The state after so many steps; default: the last.")
    ] = None,
    move: Annotated[
        list[str] | None,
        typer.Option(help="Why is this possible or not? claim, or 'claim(worker1, job1)'."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Explain a state of a trace: the property clause by clause, the moves, and why not.

    Without a move: how near each state is to a violation, what of the property holds, and each
    move. With moves: every condition, since when it is false and by whom, and what makes it true.
    Exit status: 0 it is explained, 1 the spec does not follow the trace, 2 bad usage.
    """
    from checker import console
    from checker.explain.as_json import place_as_json

    run = _open(file, as_json)
    k = run.end if step is None else step
    if k > run.end:
        raise Wrong(f"there is no state {k}; give --step 0 to {run.end}")
    chosen = [instance for text in move or [] for instance in _chosen(run, text)]
    answer = _moves_asked(run, k, chosen) if chosen else _state(run, k)
    if as_json:
        console.emit({"ok": True, **place_as_json(run, k), **answer.json})
        return
    out = console.console()
    _title(run, k)
    for text, style in answer.lines:
        _print(out, text, style)


class _Answer:
    """What is said, as JSON and as lines with their colours."""

    def __init__(self) -> None:
        self.json: dict[str, Any] = {}
        self.lines: list[tuple[str, str]] = []

    def say(self, text: str = "", style: str = "") -> None:
        """Add a line."""
        self.lines.append((text, style))


# ---------------------------------------------------------------- a state
def _state(run: Run, k: int) -> _Answer:
    from checker import console
    from checker.explain.as_json import clause_as_json, fate_as_json, move_as_json
    from checker.explain.clauses import property_clauses
    from checker.explain.fate import fates, mark
    from checker.explain.moves import moves

    live = console.Live()
    live.say(run.name)("how near every state is to a violation")
    try:
        known = fates(run.scope, run.trace.violated)
    finally:
        live.done()
    answer, along, broken = _Answer(), known.along(run), run.story.broken
    # A number that leaves its range does so in a step that leads to no state.
    here = along[k]
    answer.say(f"fate  {''.join(map(mark, along))}  {_fate_in_words(here)}")
    if known.why:
        answer.say(f"      {known.why}", "yellow")
    answer.say()
    answer.say(f"{broken.id} {broken.name}: {broken.doc}")
    at = len(run.steps) if k == run.end else k
    clauses = property_clauses(run, at, run.trace.violated)
    for clause in clauses:
        _say_clause(answer, clause, max(len(c.name) for c in clauses))
    answer.say()
    answer.say("Moves from here:")
    found = [(m, known.after(m.instance, run.states[k]) if m.enabled else None)
             for m in moves(run, run.states[k])]  # fmt: skip
    width = max(len(m.name) for m, _ in found)
    for m, fate in found:
        first = "-" if fate is None else mark(fate)
        tail = ("fault" if m.fault else "") if m.enabled else f"refused by {_listed(m.refused_by)}"
        answer.say(f"  {first} {m.name:<{width}}  {tail}".rstrip(), "" if m.enabled else "dim")
    rows = [move_as_json(m) | {"fate": fate and fate_as_json(fate)} for m, fate in found]
    answer.json = {
        "property": {"id": broken.id, "name": broken.name, "for": broken.when},
        "clauses": [clause_as_json(c) for c in clauses],
        "fate": fate_as_json(here),
        "fates": "".join(map(mark, along)),
        "fates_unknown_because": known.why or None,
        "moves": rows,
    }
    return answer


def _fate_in_words(fate: Fate) -> str:
    if not fate.exact:
        return "not known"
    if fate.violated:
        return "violated"
    if fate.no_way_back:
        return "no way back: without a new fault nothing is finished before a violation"
    if fate.faults is None:
        return "no violation can be reached from here"
    if fate.armed:
        return "armed: a violation needs no new fault"
    return f"a violation needs {fate.faults} more fault{'s' * (fate.faults != 1)}"


# ---------------------------------------------------------------- moves
def _moves_asked(run: Run, k: int, chosen: Sequence[Instance]) -> _Answer:
    from checker.console import Live
    from checker.explain.as_json import explained_as_json
    from checker.explain.why_not import why_not

    answer, explained = _Answer(), []
    live = Live()
    for instance in chosen:
        live.say(run.name)("what would make it possible")
        try:
            found = why_not(run, k, instance)
        finally:
            live.done()
        explained.append(explained_as_json(found))
        refused = found.move.refused_by
        said = f"refused by {_listed(refused)}" if refused else "possible here"
        if answer.lines:
            answer.say()
        answer.say(f"{found.move.name}: {said}", "bold")
        width = max((len(c.name) for c, _ in found.clauses), default=0)
        for clause, outcome in found.clauses:
            _say_clause(answer, clause, width)
            if outcome is not None:
                answer.say(f"  {'':<{width}}         {_outcome(outcome, 'true')}")
        if found.possible is not None:
            answer.say(f"  {_outcome(found.possible, 'possible')}")
    answer.json = {"moves": explained}
    return answer


def _say_clause(answer: _Answer, clause: Clause, width: int) -> None:
    truth = "true " if clause.holds else "false"
    since = "" if clause.since is None else f"   {clause.since}"
    style = "" if clause.holds else "bold red" if clause.name not in ("if", "never") else ""
    answer.say(f"  {clause.name:<{width}}  {truth}  {clause.text}{since}", style)
    values = [value for value in clause.values if value.replace(" = ", " == ") != clause.text]
    if values:
        answer.say(f"  {'':<{width}}         {', '.join(values)}", "dim")


def _outcome(outcome: Outcome, word: str) -> str:
    from checker.explain.enabling import Enabled, NeverAgain

    if isinstance(outcome, Enabled):
        return f"{word} after: {', '.join(outcome.moves)}"
    if isinstance(outcome, NeverAgain):
        states = f"{outcome.states:,} state{'s' * (outcome.states != 1)}"
        return f"never {word} from here on: not in any of the {states} that can be reached"
    return f"not known when {word}: not in the nearest {outcome.states:,} states; {outcome.why}"


def _chosen(run: Run, text: str) -> list[Instance]:
    """Return the steps that the text names: an action, or a call, its actor left out or not."""
    from checker.explain.moves import every_step
    from checker.lasso import named
    from spec.language.scope import value_name

    wanted = "".join(text.split())
    found = []
    for instance in every_step(run.evaluator):
        action, binding = instance.step.action, instance.step.binding
        names = [value_name(p.type, binding[p.name]) for p in action.params]
        calls = [f"{action.name}({','.join(part)})" for part in (names, names[1:])]
        if wanted in (action.name, *calls):
            found.append(instance)
    if not found:
        known = [named(i.step) for i in every_step(run.evaluator)]
        raise Wrong(f"there is no move '{text}'; {close(text, known, 'ffq trace why FILE')}")
    return found


# ---------------------------------------------------------------- what a step did
def diff(
    file: Annotated[Path, typer.Argument(help="A trace that ffq check has saved.")],
    step: Annotated[int | None, typer.Option(min=1, help="The step; default: the last.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Print what a step of a trace changed, by job and worker, and who had written it before.

    Exit status: 0 it is shown, 1 the spec does not follow the trace, 2 bad usage.
    """
    from checker import console
    from checker.explain.as_json import place_as_json
    from checker.explain.diff import entities
    from checker.explain.writers import writers

    run = _open(file, as_json)
    n = len(run.steps) if step is None else step
    if not 1 <= n <= len(run.steps):
        raise Wrong(f"there is no step {n}; the trace has {len(run.steps)}")
    before = run.states[n - 1]
    after = run.states[n] if n <= run.end else before
    found = entities(run.scope, before, after)
    wrote = {row.place: writers(run, row.place, n - 1)[:1] for e in found for row in e.rows}
    if as_json:
        rows = [
            {"name": e.name, "rows": [
                {"place": r.place, "field": r.field, "before": r.before, "after": r.after,
                 "changed": r.mark == "~", "written_at": (wrote[r.place] or [0])[0]}
                for r in e.rows
            ]} for e in found
        ]  # fmt: skip
        console.emit(
            {"ok": True, **place_as_json(run, min(n, run.end)), "step": n, "entities": rows}
        )
        return
    out = console.console()
    _title(run, n)
    width = max(len(r.field) for e in found for r in e.rows)
    for entity in found:
        if entity.changed:
            _print(out, entity.name, "bold")
        for row in (r for r in entity.rows if r.mark == "~"):
            last = wrote[row.place]
            by = f"was written at {last[0]} by {_who(run.lines[last[0] - 1])}" if last else ""
            change = f"{row.before} -> {row.after}"
            _print(out, f"  ~ {row.field:<{width}}  {change:<24}  {by}".rstrip(), "")
    if n > run.end:
        _print(out, f"nothing is stored: {run.story.broken.reasons[0]}", "bold red")
    same = sum(r.mark != "~" for e in found for r in e.rows)
    _print(out, f"{same} unchanged", "dim")


# ---------------------------------------------------------------- shared
def _open(file: Path, as_json: bool) -> Run:
    from checker import console
    from checker.cli_options import catalogue
    from checker.explain.run import open_run
    from checker.trace import BadTrace, Diverged

    try:
        return open_run(file, catalogue().scopes)
    except BadTrace as bad:
        raise Wrong(str(bad)) from None
    except Diverged as differs:
        console.say(str(differs))
        if as_json:
            console.emit({"ok": False, "error": str(differs)})
        raise typer.Exit(1) from None


def _title(run: Run, k: int) -> None:
    from checker import console

    out, trace = console.console(), run.trace
    edits = [*trace.edits, *(f"without {guard}" for guard in trace.off)]
    console.show_title(out, trace.scope, edits)
    after = f"after step {k}: {_who(run.lines[k - 1])}" if k else "where the run begins"
    _print(out, f"state {k} of {len(run.steps)}, {after}", "")
    out.print()


def _who(line: Line) -> str:
    return line.call if line.actor == "-" else f"{line.actor} {line.call}"


def _print(out: Any, text: str, style: str) -> None:
    from rich.text import Text

    out.print(Text(text, style=style), soft_wrap=True)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names)
