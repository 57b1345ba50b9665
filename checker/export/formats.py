"""What a trace can be exported as: how each text is made, and by what its file is known as ours."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from checker.explain.run import Run, run_of
from checker.export import html, itf, markdown, mermaid, pytest_file, shiviz, svg
from checker.runs.trace import FORMAT as TRACE
from checker.runs.trace import BadTrace, Trace, check_destination, in_the_way, put, record

HEAD = 400
"""In how many letters at the beginning of a file its maker is looked for."""


@dataclass(frozen=True)
class Format:
    """One format: what it is for, the text of a run read from this file, and what a file of it that
    `ffq trace export` has made holds near its beginning.
    """

    name: str
    doc: str
    text: Callable[[Run, Path], str]
    ours: str
    kind: str


def _postmortem(run: Run, file: Path) -> str:
    from checker.explain.bookmarks import load
    from checker.prove.proof import known

    test = no_test = ""
    try:
        test = _test(run)
    except pytest_file.NoTest as why:
        no_test = why.fact
    proof, noted = known(run.trace.scope.spec), load(file)
    facts = markdown.Facts(
        str(file),
        notes=noted.notes,
        stale=noted.stale,
        turning=_turning(run),
        sqlite=_sqlite(run),
        proved=proof is not None and proof.proves(run.trace.violated),
        test=test,
        no_test=no_test,
    )
    return markdown.text(run, facts)


def _turning(run: Run) -> dict[int, str]:
    """Return when a violation first needed no new fault, and when there was no way back."""
    from checker.explain.fate.fate import fates, in_words

    along = [*enumerate(fates(run.scope, run.trace.violated).along(run))]
    armed = [(k, fate) for k, fate in along if fate.armed]
    lost = [(k, fate) for k, fate in along if fate.no_way_back]
    return {k: in_words(fate) for k, fate in (armed[:1] + lost[:1])}


def _sqlite(run: Run) -> list[str]:
    from checker.conformance.watched import NO_REPLAY, told

    try:
        return told(run.trace)
    except NO_REPLAY as why:
        return [f"It was not tried: {why}."]


def _test(run: Run) -> str:
    """Return the run as a test that passes; raises `NoTest`."""
    from checker.conformance.watched import NO_REPLAY, beside

    text = pytest_file.text(run)
    try:
        seen = beside(run.trace)
    except NO_REPLAY as why:
        raise pytest_file.NoTest(run, f"it cannot be replayed ({why})") from None
    if seen.broken or seen.difference is not None:
        raise pytest_file.NoTest(run, "the store does not stop it either")
    return text


FORMATS = {
    f.name: f
    for f in (
        Format("itf", "for the ITF trace viewer, Quint and Apalache",
               lambda run, file: itf.text(run), itf.MARK, "an ITF trace of ours"),
        Format("mermaid", "a sequence diagram, which GitHub draws",
               lambda run, file: mermaid.text(run), mermaid.MARK, "a diagram of ours"),
        Format("md", "a postmortem in Markdown",
               _postmortem, markdown.MARK, "a postmortem of ours"),
        Format("svg", "a picture of the timeline",
               lambda run, file: svg.text(run), svg.MARK, "a picture of ours"),
        Format("html", "one page to step through in a browser",
               lambda run, file: html.text(run), html.MARK, "a page of ours"),
        Format("pytest", "a test that replays it on the implementation",
               lambda run, file: _test(run), pytest_file.MARK, "a test of ours"),
        Format("shiviz", "a log with vector clocks, for ShiViz",
               lambda run, file: shiviz.text(run), shiviz.REGEX, "a log for ShiViz"),
        Format("jsonl", "a trace of ffq, written anew",
               lambda run, file: record(run.trace, run.story), TRACE, "a trace"),
    )
}  # fmt: skip


def made(trace: Trace, name: str, format: str) -> str:
    """Return the text of a trace in a format, the run followed anew: for another process."""
    return FORMATS[format].text(run_of(trace, name), Path(trace.where))


def write(file: Path, text: str, known: Format) -> None:
    """Write an export in one piece; raises `OSError`, or what `check_place` raises."""
    check_place(file, known)
    put(file, text)


def check_place(file: Path, known: Format) -> None:
    """Raise `BadTrace` if an export here would overwrite what is not of its kind."""
    if known.name == "jsonl":
        check_destination(file)
    elif file.exists():
        if not file.is_file():
            raise BadTrace(file, "is not a regular file", "name another file")
        with file.open(encoding="utf-8", errors="replace") as opened:
            if known.ours not in opened.read(HEAD):
                raise in_the_way(file, known.kind)
