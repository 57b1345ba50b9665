"""A run and the branches that leave it, as a tree."""

from __future__ import annotations

from collections.abc import Iterator

from checker.explain.branches import Branches, Node
from tui.rows import glyphs
from tui.rows.rows import Row, mark_tone, name_of, row

AROUND = 400
"""So many steps of the run are drawn before and after the one that is looked at."""


class Tree:
    """Draws the branches; `mark` says by its state how near a node is to a violation."""

    def __init__(self, branches: Branches, at: Node, marks: dict[Node, str]) -> None:
        self.branches, self.at, self.marks = branches, at, marks

    def rows(self) -> list[Row]:
        """Return the run from top to bottom, each branch below the step that it leaves."""
        run = self.branches.run
        middle = self.at.depth - len(self.branches.path(self.at))
        first, last = max(middle - AROUND, 0), min(middle + AROUND, run.end)
        rows = []
        if first:
            rows.append(row((_steps(first, "before"), "dim")))
        for k in range(first, last + 1):
            node = self.branches.trunk(k)
            line = run.lines[k - 1] if k else None
            name = name_of(line.actor, line.call) if line else "the beginning"
            rows.append(self._row(node, "", name))
            rows += self._leaving(node, "")
        if last < run.end:
            rows.append(row((_steps(run.end - last, "more"), "dim")))
        return rows

    def _leaving(self, node: Node, indent: str) -> Iterator[Row]:
        """Yield the branches that leave a node, each with those that leave it in turn."""
        leaving = [b for b in self.branches.kept if b.fork is node]
        for branch in leaving:
            rail = f"{indent}{glyphs.RAIL} "
            yield row((f"{indent}{glyphs.TEE}{glyphs.ARROW} branch {branch.number}", "title"))
            for each in branch.nodes:
                line = self.branches.line(each)
                yield self._row(each, rail, name_of(line.actor, line.call))
                yield from self._leaving(each, rail)

    def _row(self, node: Node, indent: str, name: str) -> Row:
        mark = self.marks.get(node, glyphs.RUNNING)
        fault = node.instance is not None and node.instance.step.action.fault
        here = node is self.at
        return row(
            (indent, "dim"),
            f"{node.depth:>3} ",
            (mark, mark_tone(mark)),
            (f" {name}", "fault" if fault else "title" if here else ""),
            ("   FAULT" if fault else "", "fault"),
            subject=node,
            hang=len(indent) + 6,
        )


def _steps(count: int, where: str) -> str:
    return f"{count} step{'s' * (count != 1)} {where}"
