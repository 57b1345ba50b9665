"""What people see: results on stdout, progress and diagnostics on stderr, colour only where wanted.

Text that comes from specs and files is printed as it is: nothing in it is markup.
"""

from __future__ import annotations

import os
import shlex
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from rich.console import Console, ConsoleOptions, RenderableType
from rich.progress import Progress as Bar
from rich.progress import SpinnerColumn, TaskID, TextColumn
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from checker.runs.exploration import Exploration, Progress, Report
from checker.runs.story import Story, render
from checker.runs.verdict import NOT_BEGUN, STOPPED, WORDS, Verdict
from checker.shown.streams import above
from checker.shown.streams import emit as emit
from checker.shown.streams import line as line
from checker.shown.streams import printable as printable
from checker.shown.streams import say as say
from checker.verdicts.check import Result
from spec.language.scope import Scope

COLOURS = {
    "P": "green",
    "E": "green",
    "S": "cyan",
    "V": "bold yellow",
    "✗": "bold red",
    "?": "yellow",
}


class _Console(Console):
    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterable[Segment]:
        """Yield the parts with what no terminal should be sent escaped, wherever it came from."""
        for part in super().render(renderable, options):
            if part.control or part.text == "\n" or part.text.isprintable():
                yield part
            else:
                safe = "\n".join(map(printable, part.text.split("\n")))
                yield Segment(safe, part.style, part.control)


def console(stderr: bool = False) -> Console:
    """Return a console on stdout or stderr as they are now."""
    file = sys.stderr if stderr else sys.stdout
    return _Console(file=file, highlight=False, markup=False, emoji=False)


def bounds(scope: Scope) -> str:
    """Return the bounds of a scope: `Job=2, Worker=2`."""
    return ", ".join(f"{name}={value}" for name, value in scope.bounds.items())


# ---------------------------------------------------------------- one scope
def show_result(out: Console, result: Result) -> None:
    """Print how one scope was explored."""
    found = result.exploration
    show_title(out, result.base, result.edits.titles)
    for fact in _facts(found):
        out.print(Text(f"  {fact}"), style="dim")
    if result.never_fired:
        names = ", ".join(result.never_fired)
        out.print(Text(f"  never fired: {names}", style=COLOURS["V"]))
    out.print()


def show_line(out: Console, result: Result, width: int) -> None:
    """Print in one line how one scope was explored, and what came of its properties."""
    found = result.exploration
    line = Text(result.base.name.ljust(width))
    line.append(f" {found.states:>9,} states, depth {found.depth:>2}:")
    tally = Counter[str](judged.verdict.evidence for judged in result.judged)
    for evidence in (e for e in WORDS if tally[e]):
        line.append(f" {tally[evidence]} {evidence}", style=COLOURS[evidence])
    if found.stopped_by:
        line.append(f"; {STOPPED[found.stopped_by]}", style=COLOURS["?"])
    out.print(line, soft_wrap=True)
    if result.never_fired:
        names = ", ".join(result.never_fired)
        out.print(Text(f"  never fired: {names}", style=COLOURS["V"]))


def show_title(out: Console, scope: Scope, edits: Sequence[str]) -> None:
    """Print the name of a scope, its bounds, and the protections taken away."""
    title = Text(scope.name, style="bold")
    title.append(f": {bounds(scope)}", style="not bold")
    for edit in edits:
        title.append(f"; {edit}", style="bold red")
    out.print(title, soft_wrap=not has_width(out))


def has_width(out: Console) -> bool:
    """Return whether lines are to be folded: what reads a pipe wants them whole."""
    return out.is_terminal or "COLUMNS" in os.environ


def show_verdicts(out: Console, results: Sequence[Result], full: bool = True) -> None:
    """Print each property once, with its verdict and the scopes that have it.

    Once a violation has ended the search, only what fails is worth a row. If not `full`, what holds
    is left out.
    """
    stopped = any(r.exploration.stopped_by == "violation" for r in results)
    if not full:
        held = {j.name for r in results for j in r.judged}
        held -= {j.name for r in results for j in r.judged if WORDS[j.verdict.evidence] != "holds"}
        results = [
            replace(r, judged=tuple(j for j in r.judged if j.name not in held)) for r in results
        ]
    rows: dict[tuple[str, str], list[tuple[Verdict, str]]] = {}
    for result in results:
        for judged in result.judged:
            found = rows.setdefault((judged.id, judged.name), [])
            if judged.verdict.failed or not (stopped or judged.verdict.says == NOT_BEGUN):
                found.append((judged.verdict, result.base.name))
    print_rows(out, rows, len(results))
    silent = sum(not found for found in rows.values())
    if silent:
        more = "another property" if silent == 1 else f"{silent} other properties"
        out.print(Text(f"  ?  nothing is said of {more}", style=COLOURS["?"]))
    reasons = (j.verdict.why for r in results for j in r.judged if j.verdict.why)
    for why in dict.fromkeys(reasons):
        out.print(Text(f"  ?  {why}", style=COLOURS["?"]))
    out.print()


def print_rows(
    out: Console, rows: Mapping[tuple[str, str], list[tuple[Verdict, str]]], wholes: int
) -> None:
    """Print properties, by ID and name, with their verdicts and what each is a verdict on; where
    that is all of the `wholes`, it is not said.
    """
    print_table(
        out,
        [
            [Text(f"  {symbol}", style=style), Text(claim_id), Text(name), Text(says, style=style)]
            for (claim_id, name), found in sorted(rows.items(), key=lambda row: row[0][0])
            for symbol, says, style in _merged(found, wholes)
        ],
    )


def _merged(found: list[tuple[Verdict, str]], scopes: int) -> Iterable[tuple[str, str, str]]:
    """Yield symbol, words and style of a property: one row for all scopes of the same verdict."""
    for says in dict.fromkeys(verdict.says for verdict, _ in found):
        alike = sorted((v.steps or 0, i) for i, (v, _) in enumerate(found) if v.says == says)
        shortest = found[alike[0][1]][0]
        names = [found[i][1] + (f" {steps}" if steps else "") for steps, i in alike]
        if scopes == 1 and shortest.steps is not None:
            where = f" in {shortest.steps} step{'s' * (shortest.steps != 1)}"
        elif shortest.steps is None and len(alike) == scopes:
            where = ""
        else:
            where = f": {', '.join(names)}"
        yield shortest.symbol, says + where, COLOURS[shortest.evidence]


def print_table(out: Console, rows: list[list[Text]]) -> None:
    """Print columns that fold in a narrow terminal, where cutting them off would lose something."""
    if not rows:
        return
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=False)
    for last in [False] * (len(rows[0]) - 1) + [True]:
        table.add_column(overflow="fold", no_wrap=not last and out.width >= 70)
    for row in rows:
        table.add_row(*row)
    with out.capture() as drawn:
        out.print(table)
    # Rich pads the last column; what is copied from here should not end in spaces.
    out.file.writelines(line.rstrip() + "\n" for line in drawn.get().splitlines())


def _facts(found: Exploration) -> Iterable[str]:
    if found.states == 0:
        yield f"{NOT_BEGUN}: {STOPPED.get(found.stopped_by or '', found.stopped_by)}"
        return
    counts = f"{found.states:,} states, {found.generated:,} generated, depth {found.depth}"
    rate = f", {found.states / found.seconds:,.0f} states/s" if found.seconds > 0 else ""
    yield f"{counts}, {found.seconds:.2f} s{rate}"
    merged = f"{', '.join(found.symmetry)} merged" if found.symmetry else "nothing merged"
    dead = "no deadlock" if not found.deadlocks else f"{found.deadlocks:,} deadlocks"
    yield f"{found.engine} engine, symmetry: {merged}; {dead}"
    if found.stopped_by is not None:
        yield f"not every state: {STOPPED.get(found.stopped_by, found.stopped_by)}"


def show_story(out: Console, story: Story) -> None:
    """Print a story; it is wrapped for a terminal, and has one line a step in a file."""
    for told in render(story, out.width if has_width(out) else None):
        broken = told.startswith(f"{story.broken.id} {story.broken.name} is broken")
        out.print(Text(told, style=COLOURS["✗"] if broken else ""), soft_wrap=True)


def summary(results: Sequence[Result]) -> str:
    """Return the verdicts of all scopes counted, in one line."""
    tally: dict[str, int] = {}
    for judged in (j for r in results for j in r.judged):
        word = WORDS[judged.verdict.evidence]
        tally[word] = tally.get(word, 0) + 1
    known = [word for word in dict.fromkeys(WORDS.values()) if word in tally]
    counts = ", ".join(f"{tally[word]} {word}" for word in known)
    if tally.get("holds", 0) > 1:
        counts = counts.replace("holds", "hold")
    scopes = "1 scope" if len(results) == 1 else f"{len(results)} scopes"
    states = sum(r.exploration.states for r in results)
    seconds = sum(r.exploration.seconds for r in results)
    return f"{scopes}, {states:,} states, {seconds:.1f} s: {counts or 'no property'}"


def show_end(out: Console, results: Sequence[Result], saved: Path | None) -> None:
    """Print the verdicts counted, and how to see the saved trace again."""
    if saved:
        out.print(Text(f"See it again: ffq trace show {shlex.quote(str(saved))}"), soft_wrap=True)
    out.print(Text(summary(results)))
    undecided = sum(j.kind == "leads_to" and bool(j.verdict.why) for r in results for j in r.judged)
    if undecided:
        plural = "property was" if undecided == 1 else "properties were"
        out.print(Text(f"{undecided} liveness {plural} not decided, and not counted as failed."))


def as_json(result: Result, traces: dict[tuple[str, str], str]) -> dict[str, Any]:
    """Return a result as `--json` prints it; `traces` maps scope and property to a saved file."""
    found, name = result.exploration, result.base.name
    return {
        "name": name,
        "bounds": dict(result.base.bounds),
        "edits": result.edits.titles,
        "complete": found.complete,
        "stopped_by": found.stopped_by,
        "states": found.states,
        "generated": found.generated,
        "depth": found.depth,
        "seconds": round(found.seconds, 3),
        "symmetry": list(found.symmetry),
        "engine": found.engine,
        "properties": [
            {
                "id": j.id,
                "name": j.name,
                "kind": j.kind,
                "verdict": WORDS[j.verdict.evidence],
                "evidence": j.verdict.symbol,
                "steps": j.verdict.steps,
                "trace": traces.get((name, j.name)),
            }
            for j in result.judged
        ],
        "never_fired": list(result.never_fired),
        "deadlocks": found.deadlocks,
    }


# ---------------------------------------------------------------- progress
class Live:
    """A line on stderr that says how far the run is, where stderr is a terminal; else nothing."""

    def __init__(self) -> None:
        self.err = console(stderr=True)
        self.bar: Bar | None = None

    def __enter__(self) -> Live:
        return self

    def __exit__(self, *raised: object) -> None:
        self.done()

    def watch(self, scope: Scope) -> Report | None:
        """Return what shows the progress of this scope, until `done`."""
        self.done()
        if not self.err.is_terminal:
            return None
        task = self._begin(scope.name)
        bar = self.bar
        assert bar is not None

        def report(now: Progress) -> None:
            rate = f" ({now.states / now.seconds:,.0f}/s)" if now.seconds > 0 else ""
            counts = f"{now.states:,} states{rate}, depth {now.depth}, frontier {now.frontier:,}"
            bar.update(task, description=f"{scope.name}: {now.phase}, {counts}")

        return report

    def count(self, name: str, what: str) -> Callable[[int, int], None] | None:
        """Return what shows how many of a number of things are done, until `done`."""
        self.done()
        if not self.err.is_terminal:
            return None
        task = self._begin(name)

        def report(done: int, of: int) -> None:
            assert self.bar is not None
            self.bar.update(task, description=f"{name}: {done:,} of {of:,} {what}")

        return report

    def say(self, name: str) -> Callable[[str], None]:
        """Return what shows how something stands, until `done`."""
        self.done()
        if not self.err.is_terminal:
            return lambda text: None
        task = self._begin(name)

        def report(text: str) -> None:
            assert self.bar is not None
            self.bar.update(task, description=f"{name}: {text}")

        return report

    def _begin(self, name: str) -> TaskID:
        line = TextColumn("{task.description}", markup=False)
        self.bar = Bar(
            SpinnerColumn(), line, console=self.err, transient=True,
            redirect_stdout=False, redirect_stderr=False,
        )  # fmt: skip
        task = self.bar.add_task(name, total=None)
        self.bar.start()
        above(lambda text: self.err.print(Text(text), soft_wrap=True))
        return task

    def done(self) -> None:
        """Take the line away, so that results are printed where it was."""
        if self.bar:
            above(None)
            self.bar.stop()
            self.bar = None
