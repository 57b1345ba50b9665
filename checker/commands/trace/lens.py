"""`ffq trace lens`: the steps of a saved trace on another variant of the spec."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from checker.commands.edits import KINDS, complete_edit
from checker.commands.options import AsJson, TraceFile
from checker.commands.trace.why import Answer, opened, say_clause, who

if TYPE_CHECKING:
    from checker.explain.lens import Lens
    from checker.explain.run import Run
    from spec.failures.edits import Edits


def lens(
    file: TraceFile,
    without: Annotated[
        list[str] | None,
        typer.Option(
            help=f"Take this away, and nothing else: {KINDS}. May be repeated. Default: each that "
            "the trace goes without put back, and all of them.",
            autocompletion=complete_edit,
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Take the steps of a trace with other protections in place: which guard refuses them?

    Exit status: 0 whatever is found, 1 the spec does not follow the trace, 2 bad usage.
    """
    from checker.shown import console
    from spec.failures.edits import Edits

    run = opened(file, as_json)
    seen = _seen(run, None if without is None else Edits.parse(without))
    if as_json:
        console.emit({"ok": True, "variants": [_as_json(*variant) for variant in seen]})
        return
    console.show_title(console.console(), run.trace.scope, run.trace.edits.titles)
    answer = Answer()
    answer.say()
    for edits, through in seen:
        _say(answer, run, edits, through)
    answer.show()


def _seen(run: Run, wanted: Edits | None) -> list[tuple[Edits, Lens]]:
    """Return the variants asked for: what each goes without, and how far it follows the run."""
    from checker.explain.lens import restored, under
    from spec.failures.edits import NONE

    if wanted is not None:
        return [(wanted, under(run, wanted))]
    edits, spec = run.trace.edits, run.trace.scope.spec
    one_back = restored(run) if len(edits) > 1 else []
    return [*((edits.but(b, spec), lens) for b, lens in one_back), (NONE, under(run))]


def _say(answer: Answer, run: Run, without: Edits, through: Lens) -> None:
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


def _as_json(without: Edits, through: Lens) -> dict[str, Any]:
    from checker.explain.fate.as_json import clause_as_json

    refused = None
    if through.refused_at is not None:
        clauses = [clause_as_json(clause) for clause in through.clauses]
        refused = {"step": through.refused_at, "by": through.refused_by, "clauses": clauses}
    return {
        "without": without,
        "steps_taken": through.steps_taken,
        "refused": refused,
        "broken": through.broken,
    }
