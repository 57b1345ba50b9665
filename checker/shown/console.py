"""What people see: results on stdout, progress and diagnostics on stderr, colour only where wanted.

Text that comes from specs and files is printed as it is: nothing in it is markup.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from checker.runs.story import Story, render
from checker.shown.streams import emit as emit
from checker.shown.streams import line as line
from checker.shown.streams import printable as printable
from checker.shown.streams import say as say
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


def show_story(out: Console, story: Story) -> None:
    """Print a story; it is wrapped for a terminal, and has one line a step in a file."""
    for told in render(story, out.width if has_width(out) else None):
        broken = told.startswith(f"{story.broken.id} {story.broken.name} is broken")
        out.print(Text(told, style=COLOURS["✗"] if broken else ""), soft_wrap=True)
