"""`ffq trace lens`: the steps of a saved trace on another variant of the spec."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from checker.commands.options import TraceFile, Wrong, complete_guard, named_edits, titles
from checker.commands.trace.why import Answer, opened, say_clause, who

if TYPE_CHECKING:
    from checker.explain.lens import Lens
    from checker.explain.run import Run


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(lens)


def lens(
    file: TraceFile,
    off: Annotated[
        list[str] | None,
        typer.Option(
            help="Leave this protection out, as for `ffq trace replay`; may be repeated. Default: "
            "each that the trace goes without put back, and all of them.",
            autocompletion=complete_guard,
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Take the steps of a trace with other protections in place: which guard refuses them?

    Exit status: 0 whatever is found, 1 the spec does not follow the trace, 2 bad usage.
    """
    from checker.shown import console
    from spec.language.misuse import Misuse

    edits = None if off is None else named_edits(off)
    run = opened(file, as_json)
    try:
        seen = _seen(run, edits)
    except Misuse as misuse:
        raise Wrong(f"--off: {misuse.fact}; {misuse.remedy}") from None
    if as_json:
        console.emit({"ok": True, "variants": [_as_json(*variant) for variant in seen]})
        return
    missing = titles([*run.trace.edits, *run.trace.off])
    console.show_title(console.console(), run.trace.scope, missing)
    answer = Answer()
    answer.say()
    for without, through in seen:
        _say(answer, run, without, through)
    answer.show()


def _seen(run: Run, off: Sequence[str] | None) -> list[tuple[list[str], Lens]]:
    """Return the variants asked for: what each goes without, and how far it follows the run."""
    from checker.explain.lens import restored, under

    if off is not None:
        guards = [text for text in off if " " not in text]
        return [([*off], under(run, [text for text in off if " " in text], guards))]
    missing = [*run.trace.edits, *run.trace.off]
    one_back = restored(run) if len(missing) > 1 else []
    seen = [([m for m in missing if m != back], through) for back, through in one_back]
    return [*seen, ([], under(run))]


def _say(answer: Answer, run: Run, without: list[str], through: Lens) -> None:
    """Say how far a variant follows the run, and what stops it."""
    variant = f"without {', '.join(without)}" if without else "with every protection"
    if through.refused_at is None:
        broken = run.story.broken
        what = "is broken all the same" if through.broken else "holds of this run"
        answer.say(f"{variant}: every step is taken; {broken.id} {broken.name} {what}")
        return
    line = run.lines[through.refused_at - 1]
    answer.say(f"{variant}: step {line.n}, {who(line)}, is refused: {through.refused_by}")
    width = max((len(clause.name) for clause in through.clauses), default=0)
    for clause in through.clauses:
        say_clause(answer, clause, width)


def _as_json(without: list[str], through: Lens) -> dict[str, Any]:
    from checker.explain.fate.as_json import clause_as_json

    refused = None
    if through.refused_at is not None:
        clauses = [clause_as_json(clause) for clause in through.clauses]
        refused = {"step": through.refused_at, "by": through.refused_by, "clauses": clauses}
    return {
        "off": without,
        "steps_taken": through.steps_taken,
        "refused": refused,
        "broken": through.broken,
    }
