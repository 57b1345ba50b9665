"""Lines, comments and columns of TLA+."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

WIDTH = 96


def hang(mark: str, lines: Sequence[str]) -> list[str]:
    """Return the lines behind a mark, the later ones indented to match."""
    return [(mark if n == 0 else " " * len(mark)) + line for n, line in enumerate(lines)]


def unnested(text: str) -> str:
    """Return the text without the marks that open and close a comment."""
    return text.replace("(*", "( *").replace("*)", "* )")


def comment(text: str, start: str = "", indent: str = "") -> list[str]:
    """Return the text as comments, the first behind `start`."""
    width = max(30, WIDTH - len(start) - len(indent) - 3)
    rows = textwrap.wrap(unnested(text), width) or [""]
    return [indent + line for line in hang(start, [f"\\* {row}" for row in rows])]


def listed(rows: list[tuple[str, str]]) -> list[str]:
    """Return names, each with its comment, in two columns."""
    width = max(len(name) for name, _ in rows) + 1
    return [
        line
        for n, (name, doc) in enumerate(rows)
        for line in comment(doc, f"    {name + (',' if n < len(rows) - 1 else ''):<{width}} ")
    ]


def tupled(start: str, inside: str) -> list[str]:
    """Return the names as a tuple behind `start`."""
    rows = textwrap.wrap(inside, WIDTH - len(start) - 4)
    lines = hang(f"{start}<<", rows)
    return [*lines[:-1], f"{lines[-1]}>>"]
