"""`ffq trace why`: a state of a saved trace explained, and why a move is possible there or not."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from checker.commands.options import AsJson, TraceFile, Wrong, catalogue, close

if TYPE_CHECKING:
    from rich.console import Console

    from checker.explain.clauses import Clause
    from checker.explain.fate.fate import Fates
    from checker.explain.fate.why_not import Explained
    from checker.explain.run import Run
    from checker.runs.story import Line
    from spec.language.evaluate import Instance
    from spec.language.scope import State


def why(
    file: TraceFile,
    step: Annotated[
        int | None, typer.Option(min=0, help="The state after so many steps; default: the last.")
    ] = None,
    move: Annotated[
        list[str] | None,
        typer.Option(help="Why is this possible or not? claim, or 'claim(worker1, job1)'."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Explain a state of a trace: the property clause by clause, the moves, and why not.

    Without a move: how near each state is to a violation (of a run that never ends: to its loop),
    what of the property holds, and each move. With moves: every condition, since when it is false
    and by whom, and what makes it true.
    Exit status: 0 it is explained, 1 the spec does not follow the trace, 2 bad usage.
    """
    from checker.explain.fate.as_json import place_as_json
    from checker.shown import console

    run = opened(file, as_json)
    k = run.end if step is None else step
    if k > run.end:
        raise Wrong(f"there is no state {k}; give --step 0 to {run.end}")
    chosen = [instance for text in move or [] for instance in _chosen(run, text)]
    answer = _moves_asked(run, k, chosen) if chosen else _state(run, k)
    if as_json:
        console.emit({"ok": True, **place_as_json(run, k), **answer.json})
        return
    title(run, k)
    answer.show()


class Answer:
    """What is said, as JSON and as lines with their colours."""

    def __init__(self) -> None:
        self.json: dict[str, Any] = {}
        self.lines: list[tuple[str, str]] = []

    def say(self, text: str = "", style: str = "") -> None:
        """Add a line."""
        self.lines.append((text, style))

    def show(self) -> None:
        """Print the lines."""
        from checker.shown import console

        for text, style in self.lines:
            show(console.console(), text, style)


# ---------------------------------------------------------------- a state
def _state(run: Run, k: int) -> Answer:
    from checker.explain.clauses import property_clauses
    from checker.explain.fate.as_json import clause_as_json, fate_as_json
    from checker.explain.fate.fate import fates, in_words, mark
    from checker.shown import console
    from checker.shown.live import Live

    live, what = Live(), "how near every state is to a violation"

    def watch() -> None:
        if live.err.is_terminal:
            live.say(run.name)(what)
        else:
            console.say(f"{run.name}: {what} is looked for once, and remembered")

    with live:
        known = fates(run.scope, run.trace.violated, watch=watch)
    answer, along, broken = Answer(), known.along(run), run.story.broken
    # A number that leaves its range does so in a step that leads to no state.
    here = along[k]
    answer.say(f"fate  {''.join(map(mark, along))}  {in_words(here)}")
    if known.why:
        answer.say(f"      {known.why}", "yellow")
    answer.say()
    answer.say(f"{broken.id} {broken.name}: {broken.doc}")
    at = len(run.steps) if k == run.end else k
    clauses = property_clauses(run, at, run.trace.violated)
    for clause in clauses:
        say_clause(answer, clause, max(len(c.name) for c in clauses))
    answer.say()
    answer.say("Moves from here:")
    rows = _say_moves(answer, run, run.states[k], known)
    answer.json = {
        "property": {"id": broken.id, "name": broken.name, "for": broken.when},
        "clauses": [clause_as_json(c) for c in clauses],
        "fate": fate_as_json(here),
        "fates": "".join(map(mark, along)),
        "fates_unknown_because": known.why or None,
        "moves": rows,
    }
    return answer


def _say_moves(answer: Answer, run: Run, state: State, known: Fates) -> list[dict[str, Any]]:
    """Say of each move where it leads, or what refuses it; return the same as JSON."""
    from checker.explain.fate.as_json import fate_as_json, move_as_json
    from checker.explain.fate.fate import mark
    from checker.explain.moves import moves

    rows = []
    found = moves(run, state)
    width = max(len(m.name) for m in found)
    for m in found:
        fate = known.after(m.instance, state) if m.enabled else None
        first = "-" if fate is None else mark(fate)
        tail = ("fault" if m.fault else "") if m.enabled else f"refused by {_listed(m.refused_by)}"
        answer.say(f"  {first} {m.name:<{width}}  {tail}".rstrip(), "" if m.enabled else "dim")
        rows.append(move_as_json(m) | {"fate": fate and fate_as_json(fate)})
    return rows


# ---------------------------------------------------------------- moves
def _moves_asked(run: Run, k: int, chosen: Sequence[Instance]) -> Answer:
    from checker.explain.fate.as_json import explained_as_json
    from checker.explain.fate.why_not import why_not
    from checker.shown.live import Live

    answer, explained = Answer(), []
    for instance in chosen:
        with Live() as live:
            live.say(run.name)("what would make it possible")
            found = why_not(run, k, instance)
        explained.append(explained_as_json(found))
        if answer.lines:
            answer.say()
        _say_move(answer, found)
    answer.json = {"moves": explained}
    return answer


def _say_move(answer: Answer, found: Explained) -> None:
    from checker.explain.fate.enabling import said

    refused = found.move.refused_by
    here = f"refused by {_listed(refused)}" if refused else "possible here"
    answer.say(f"{found.move.name}: {here}", "bold")
    names = [c.name for c, _ in found.clauses] + [c.name for c in found.removed]
    width = max(map(len, names), default=0)
    for clause, outcome in found.clauses:
        say_clause(answer, clause, width)
        if outcome is not None:
            answer.say(f"  {'':<{width}}         {said(outcome, 'true')}")
    if found.possible is not None:
        answer.say(f"  {said(found.possible, 'possible')}")
    if found.removed:
        answer.say("  taken away from it:")
    for clause in found.removed:
        say_clause(answer, clause, width)


def say_clause(answer: Answer, clause: Clause, width: int) -> None:
    """Say whether a clause holds, since when, and what it read."""
    truth = "true " if clause.holds else "false"
    since = "" if clause.since is None else f"   {clause.since}"
    style = "" if clause.holds else "bold red" if clause.name not in ("if", "never") else ""
    answer.say(f"  {clause.name:<{width}}  {truth}  {clause.text}{since}", style)
    values = [value for value in clause.values if value.replace(" = ", " == ") != clause.text]
    if values:
        answer.say(f"  {'':<{width}}         {', '.join(values)}", "dim")


def _chosen(run: Run, text: str) -> list[Instance]:
    """Return the steps that the text names: an action, or a call, its actor left out or not."""
    from checker.explain.moves import every_step
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
        known = [i.step.call for i in every_step(run.evaluator)]
        raise Wrong(f"there is no move '{text}'; {close(text, known, 'ffq trace why FILE')}")
    return found


# ---------------------------------------------------------------- shared
def opened(file: Path, as_json: bool) -> Run:
    """Return the run that a file holds; exits where it cannot be followed."""
    from checker.explain.run import open_run

    return open_run(file, catalogue().traced)


def title(run: Run, k: int) -> None:
    """Print which state of which run is spoken of."""
    from checker.shown import console

    out, trace = console.console(), run.trace
    edits = trace.edits.titles
    console.show_title(out, trace.scope, edits)
    after = f"after step {k}: {who(run.lines[k - 1])}" if k else "where the run begins"
    show(out, f"state {k} of {len(run.steps)}, {after}", "")
    out.print()


def who(line: Line) -> str:
    """Return who did what in a step."""
    return line.call if line.actor == "-" else f"{line.actor} {line.call}"


def show(out: Console, text: str, style: str = "") -> None:
    """Print a line that is neither markup nor wrapped."""
    from rich.text import Text

    out.print(Text(text, style=style), soft_wrap=True)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names)
