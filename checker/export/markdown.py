"""A run as a postmortem in Markdown: what broke, how it came to it, what stops it, how to see it.

Everything in it is taken from the run or was computed for it; what was not asked is not said. Names
and notes may hold anything: none of it is read as Markdown.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from checker.explain.lens import Lens, restored, under
from checker.explain.run import Run
from checker.export import mermaid
from checker.runs.story import Line
from spec.language.scope import value_name

MARK = "<!-- Made by `ffq trace export --as md`. -->"


@dataclass(frozen=True)
class Facts:
    """What is known of a run beside the run itself.

    `file` is the trace, `notes` are those on its steps, `stale` if it has changed since; `turning`
    says at which steps a violation came nearer, `sqlite` what a replay showed, `proved` whether the
    property is proved where nothing is taken away, `test` is the run as a test, or why there can be
    none.
    """

    file: str
    notes: Mapping[int, str] = field(default_factory=dict)
    stale: bool = False
    turning: Mapping[int, str] = field(default_factory=dict)
    sqlite: Sequence[str] = ()
    proved: bool = False
    test: str = ""
    no_test: str = ""


def text(run: Run, facts: Facts) -> str:
    """Return the postmortem as the text of a page."""
    broken = run.story.broken
    sections = [
        [f"# {plain(f'{broken.id} {broken.name} is broken')} {_length(run)}", MARK],
        ["## What broke", *_broken(run)],
        ["## What happened", *_start(run), *_story(run, facts)],
        ["## Timeline", fenced(mermaid.diagram(run, facts.turning), "mermaid")],
        ["## When it was decided", *_turning(facts)] if facts.turning else [],
        ["## What stops it", *_stops(run)],
        ["## Evidence and bounds", *_evidence(run, facts)],
        ["## SQLite", "\n".join(f"- {plain(said)}" for said in facts.sqlite)]
        if facts.sqlite
        else [],
        ["## See it again", *_again(run, facts)],
    ]
    return "\n\n".join(part for section in sections for part in section) + "\n"


def _length(run: Run) -> str:
    if run.story.loop is not None:
        return "by a run that never ends"
    return "in 1 step" if len(run.lines) == 1 else f"in {len(run.lines)} steps"


# ---------------------------------------------------------------- the sections
def _broken(run: Run) -> Iterator[str]:
    broken = run.story.broken
    yield f"**{plain(broken.id)}** {code(broken.name)}: {plain(broken.doc)}"
    where = f" for {plain(broken.when)}" if broken.when else ""
    yield f"The clause that is false{where}:"
    yield fenced(broken.clause, "text")
    yield "Why:"
    yield fenced("\n".join(broken.reasons), "text")


def _start(run: Run) -> Iterator[str]:
    """Yield the state that a run begins in which no run is known to lead to."""
    if run.trace.start is None:
        return
    yield "It begins in a state that is not known to be reachable:"
    rows = zip(run.scope.places, run.states[0], run.evaluator.initial(), strict=True)
    words = [f"{p.name} {value_name(p.field.type, v)}" for p, v, first in rows if v != first]
    yield fenced("\n".join(words), "text")


def _story(run: Run, facts: Facts) -> Iterator[str]:
    if facts.stale:
        yield "The trace has changed since the notes were made: they may stand at other steps."
    steps = [_noted("At the beginning.", facts.notes[0])] if 0 in facts.notes else []
    if run.story.loop == len(run.lines) + 1 and not run.lines:
        steps.append("Nothing ever happens.")
    for line in run.lines:
        if line.n == run.story.loop:
            steps.append("From here on, again and again:")
        said = f"{line.n}. {_sentence(run, line)}"
        steps.append(_noted(said, facts.notes[line.n]) if line.n in facts.notes else said)
    if run.lines and run.story.loop == len(run.lines) + 1:
        steps.append("And nothing more, for ever.")
    yield from steps


def _sentence(run: Run, line: Line) -> str:
    """Return who does what, what that is, and what it changed."""
    action = run.steps[line.n - 1].step.action
    who = "Nobody in particular" if line.actor == "-" else line.actor
    fault = " (a fault)" if action.fault else ""
    changes = ", ".join(run.told(line)).replace(" -> ", " → ")
    return f"**{plain(who)}** {code(line.call)}{fault}: {plain(action.doc)} {code(changes)}"


def _noted(said: str, note: str) -> str:
    """Return a step with the note on it below, which belongs to the same item."""
    lines = [f"   > {plain(line)}" for line in note.splitlines() if line.strip()]
    return "\n\n".join([said, "\n".join(lines)]) if lines else said


def _turning(facts: Facts) -> Iterator[str]:
    yield "\n".join(f"- Step {n}: {plain(said)}" for n, said in sorted(facts.turning.items()))


def _stops(run: Run) -> Iterator[str]:
    edits = run.trace.edits
    if not edits:
        yield "The run was found with every protection in place: none of them stops it."
        return
    gone = ", ".join(map(code, edits.titles))
    yield f"The run was found in the queue {gone}."
    if len(edits) > 1:
        lenses = restored(run)
        yield "\n".join(
            f"- With {code(name)} put back: {_seen(run, lens)}" for name, lens in lenses
        )
    whole = under(run)
    yield f"With every protection: {_seen(run, whole)}"
    if whole.clauses:
        rows = [
            f"{c.text}   {', '.join(c.values)}" + (f"   false {c.since}" if c.since else "")
            for c in whole.clauses
        ]
        yield fenced("\n".join(rows), "text")


def _seen(run: Run, lens: Lens) -> str:
    if lens.refused_at is None:
        what = "it is broken all the same" if lens.broken else "the property holds"
        return f"every step is taken, and {what}."
    line, guard = run.lines[lens.refused_at - 1], lens.refused_by or ""
    return f"step {line.n}, {code(line.call)} of {plain(line.actor)}, is refused: {code(guard)}."


def _evidence(run: Run, facts: Facts) -> Iterator[str]:
    trace, broken = run.trace, run.story.broken
    bounds = ", ".join(f"{name}={value}" for name, value in trace.scope.bounds.items())
    steps = "1 step" if len(run.lines) == 1 else f"{len(run.lines)} steps"
    yield "\n".join([
        f"- Scope {code(trace.scope.name)}: {plain(bounds)}.",
        f"- A run of {steps}, found by: {code(trace.engine)}. For this page each step was taken on "
        "the spec again, and the property found broken. That no shorter run breaks it was not "
        "checked again.",
        f"- {plain(broken.id)} is proved for any number of everything where nothing is taken away."
        if facts.proved
        else f"- Whether {plain(broken.id)} holds where nothing is taken away was not asked here.",
    ])  # fmt: skip


def _again(run: Run, facts: Facts) -> Iterator[str]:
    yield "Find it anew:"
    yield fenced(command(run), "sh")
    yield "See the trace that this page was made from, on the spec and on SQLite side by side:"
    off = [part for edit in run.trace.edits for part in ("--without", edit)]
    yield fenced(shlex.join(["ffq", "trace", "replay", facts.file, *off]), "sh")
    if facts.test:
        yield "Keep it from coming back, with `pytest` on this file:"
        yield fenced(facts.test, "python")
    elif facts.no_test:
        yield f"There is no test to be made of it: {plain(facts.no_test)}."


def command(run: Run) -> str:
    """Return the command that finds such a run."""
    words = ["ffq", "check", "--scope", run.trace.scope.name]
    for edit in run.trace.edits:
        words += ["--without", edit]
    if run.trace.violated in run.scope.spec.properties:
        words += ["--property", run.trace.violated]
    return shlex.join(words)


# ---------------------------------------------------------------- text that is no Markdown
def plain(text: str) -> str:
    """Return text that Markdown shows as it is, in one line."""
    shown = printable(" ".join(text.split())).replace("&", "&amp;").replace("<", "&lt;")
    # A name after @ is called, and a number after # linked.
    shown = re.sub(r"([\\`*_\[\]>#|~$@])", r"\\\1", shown)
    return re.sub(r"^(\d*)([-+=.)])", r"\1\\\2", shown)


def code(text: str) -> str:
    """Return text as code in a line, in more backticks than it has."""
    shown = printable(" ".join(text.split()))
    marks = "`" * (1 + max(map(len, re.findall("`+", shown)), default=0))
    pad = " " if shown.startswith("`") or shown.endswith("`") else ""
    return f"{marks}{pad}{shown or ' '}{pad}{marks}"


def fenced(text: str, language: str) -> str:
    """Return text as a block of code, in a longer fence than any it has."""
    shown = "\n".join(map(printable, text.strip("\n").split("\n")))
    marks = "`" * max(3, 1 + max(map(len, re.findall("`+", shown)), default=0))
    return f"{marks}{language}\n{shown}\n{marks}"


def printable(text: str) -> str:
    """Return text with what is no letter, sign or space written as an escape."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)
