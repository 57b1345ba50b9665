"""Generated blocks in a page of Markdown: finds them, fills them, leaves every other line alone.

A block begins with `<!-- generated: NAME arguments -->` and ends with `<!-- end -->`, each on a
line of its own. Marks inside a fence of code are text like any other.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

Printer = Callable[[list[str]], str]
"""Takes the arguments of a block and returns its text; raises `ValueError` if they are wrong."""

_BEGIN = re.compile(r"<!--\s*generated:(?P<words>.*?)-->\s*")
_END = re.compile(r"<!--\s*end\s*-->\s*")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})(.*)")


class Trouble(Exception):
    """A page that cannot be generated: `path:line: what is wrong; remedy`."""

    def __init__(self, path: str, line: int, fact: str) -> None:
        super().__init__(f"{path}:{line}: {fact}")


@dataclass(frozen=True)
class Block:
    """One block: its name, its arguments, and the lines of its two marks, counted from 0."""

    name: str
    arguments: tuple[str, ...]
    begin: int
    end: int


def outside_fences(lines: list[str]) -> Iterator[tuple[int, str]]:
    """Yield the lines that no fence of code encloses, each with its number from 0."""
    fence = ""
    for number, line in enumerate(lines):
        mark = _FENCE.match(line)
        if mark and not fence:
            fence = mark[1]
        elif mark and mark[1].startswith(fence) and not mark[2].strip():
            fence = ""
        elif not fence:
            yield number, line


def find(path: str, text: str) -> list[Block]:
    """Return the blocks of a page in order; raises `Trouble` if a mark has no counterpart."""
    found: list[Block] = []
    opened: tuple[int, list[str]] | None = None
    for number, line in outside_fences(text.splitlines()):
        begin, end = _BEGIN.fullmatch(line), _END.fullmatch(line)
        if begin and opened:
            raise Trouble(path, opened[0] + 1, "this block is not closed; add <!-- end -->")
        if begin:
            opened = number, begin["words"].split()
            if not opened[1]:
                raise Trouble(path, number + 1, "this block has no name; <!-- generated: NAME -->")
        elif end and not opened:
            raise Trouble(path, number + 1, "an <!-- end --> without a block; take it away")
        elif end and opened:
            name, *arguments = opened[1]
            found.append(Block(name, tuple(arguments), opened[0], number))
            opened = None
    if opened:
        raise Trouble(path, opened[0] + 1, "this block is not closed; add <!-- end -->")
    return found


def fill(path: str, text: str, printers: Mapping[str, Printer]) -> str:
    """Return the page with each block printed anew; raises `Trouble` if one cannot be."""
    lines = text.splitlines(keepends=True)
    # From the last to the first, so that the numbers of those before stay right.
    for block in reversed(find(path, text)):
        if block.name not in printers:
            near = difflib.get_close_matches(block.name, list(printers), 3, 0.4) or list(printers)
            fact = f"there is no block '{block.name}'; write one of: {', '.join(near)}"
            raise Trouble(path, block.begin + 1, fact)
        try:
            body = printers[block.name](list(block.arguments))
        except ValueError as wrong:
            raise Trouble(path, block.begin + 1, f"{block.name}: {wrong}") from None
        assert not any(_END.fullmatch(line) for line in body.splitlines()), block.name
        # Markdown reads a table or a list only after an empty line.
        lines[block.begin + 1 : block.end] = [f"\n{body.strip()}\n\n"]
    return "".join(lines)


def difference(path: str, before: str, after: str) -> str:
    """Return what is stale as a unified diff, empty if nothing is."""
    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    return "".join(difflib.unified_diff(old, new, path, f"{path} (from the spec)"))
