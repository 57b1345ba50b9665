"""What is open: a run, where it came from, and the step that the reader looks at."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from checker.explain.run import Run
    from spec.language.evaluate import Instance


@dataclass
class Opened:
    """A run that is open; trace, what-if and replay share it, and with it the step."""

    run: Run
    source: str
    """What `ffq browse` is given to open it again: a file, or the ID of a failure mode."""
    step: int = 0
    take: Instance | None = None
    """The move that the what-if screen is to take when it is looked at next."""

    @property
    def file(self) -> Path | None:
        """The file that it was read from, beside which notes are kept."""
        file = Path(self.run.trace.where)
        return file if file.is_file() else None

    @property
    def command(self) -> str:
        """The command that opens this very place."""
        return f"ffq browse {shlex.quote(self.source)} --step {self.step}"

    def to(self, step: int) -> int:
        """Look at another step, or at the nearest there is; return which."""
        self.step = max(0, min(step, len(self.run.steps)))
        return self.step
