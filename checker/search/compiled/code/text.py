"""The text that is generated, and the numbers by which it calls things."""

from __future__ import annotations

from dataclasses import dataclass, field


class Text:
    """Lines of generated code, with their indentation."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.depth = 0

    def add(self, *lines: str) -> None:
        """Write lines at the present depth."""
        self.lines += ["    " * self.depth + line for line in lines]

    def open(self, line: str) -> None:
        """Write a line that begins a block."""
        self.add(line)
        self.depth += 1

    def close(self, depth: int) -> None:
        """End the blocks down to a depth."""
        self.depth = depth


@dataclass
class Names:
    """The numbers by which generated code calls guards and what can be violated."""

    guards: dict[str, int] = field(default_factory=dict)
    violations: dict[str, int] = field(default_factory=dict)
    pending: dict[str, int] = field(default_factory=dict)
    fired: dict[str, int] = field(default_factory=dict)
