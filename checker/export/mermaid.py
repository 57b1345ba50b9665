"""A run as a Mermaid sequence diagram, which GitHub draws in Markdown: one line per actor."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from checker.explain.run import Run
from checker.export.lanes import lanes, reached, title
from checker.runs.story import Line

MARK = "%% Made by `ffq trace export --as mermaid`."

_SPECIAL = re.compile(r"[^\w .,()\[\]'=/+*>?!-]|(?<=-)>")


def text(run: Run) -> str:
    """Return the run as the text of a file."""
    return f"{MARK}\n{diagram(run)}"


def diagram(run: Run, notes: Mapping[int, str] | None = None) -> str:
    """Return the run as a sequence diagram; `notes` are written beside the steps of these numbers,
    0 being the start.
    """
    known, said = {name: f"p{n}" for n, name in enumerate(lanes(run), 1)}, notes or {}
    aliases = [*known.values()]
    whole = ",".join(dict.fromkeys([aliases[0], aliases[-1]]))
    lines = ["sequenceDiagram"]
    lines += [f"participant {alias} as {escaped(title(name))}" for name, alias in known.items()]
    lines += _note(said, 0, whole)
    for line in run.lines:
        lines += ["loop again and again"] if line.n == run.story.loop else []
        lines += _messages(run, line, known)
        lines += _note(said, line.n, known[line.actor])
    if run.story.loop == len(run.lines) + 1:
        lines.append(f"Note over {whole}: and nothing more, for ever")
    elif run.story.loop is not None:
        lines.append("end")
    broken = run.story.broken
    lines.append(f"Note over {whole}: {escaped(f'{broken.id} {broken.name} is broken')}")
    return "\n".join(lines) + "\n"


def escaped(text: str) -> str:
    """Return text that Mermaid shows as it is: what it would read as its own is a number."""
    return _SPECIAL.sub(lambda found: f"#{ord(found[0])};", " ".join(text.split()))


def _messages(run: Run, line: Line, known: Mapping[str, str]) -> Iterator[str]:
    """Yield an arrow to each whose places the step writes, or to its actor alone."""
    # A cross for what is done to the system, an arrow for what it does.
    arrow = "--x" if run.is_fault(line.n - 1) else "->>"
    for other in reached(run, line.n) or [line.actor]:
        yield f"{known[line.actor]}{arrow}{known[other]}: {escaped(f'{line.n} {line.call}')}"


def _note(said: Mapping[int, str], n: int, over: str) -> Iterator[str]:
    if n in said:
        yield f"Note over {over}: {escaped(said[n])}"
