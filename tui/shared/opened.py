"""What is open: a run, where it came from, and the step that the reader looks at."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from checker.explain.run import Run
    from spec.failures import FailureMode


@dataclass
class Opened:
    """A run that is open; trace, what-if and replay share it, and with it the step."""

    run: Run
    source: str
    """What `ffq browse` is given to open it again: a file, or the ID of a failure mode."""
    step: int = 0
    take: tuple[str, ...] = ()
    """The moves that the what-if screen is to take when it is looked at next."""
    branch: str = ""
    """The command that opens the branch that was looked at last, if one was."""
    project: str = ""
    """The spec of the user's own that it is a run of; none is the queue."""

    @property
    def failure(self) -> FailureMode | None:
        """The failure mode that it is of, if it is a run of the catalogue."""
        from checker.evidence.traces import FOLDER
        from spec.failures import FAILURES

        file = Path(self.run.trace.where).resolve()
        return FAILURES.get("-".join(file.stem.split("-")[:2])) if file.parent == FOLDER else None

    @property
    def file(self) -> Path | None:
        """The file that it was read from, beside which notes are kept."""
        file = Path(self.run.trace.where)
        return file if file.is_file() else None

    def command(self, step: int, taken: Iterable[str] = ()) -> str:
        """Return the command that opens a step, or what was come to from it by these moves."""
        moves = "".join(f" --take {shlex.quote(name)}" for name in taken)
        here = f"ffq browse {shlex.quote(self.source)} --step {step}{moves}"
        return with_project(here, self.project)

    def to(self, step: int) -> int:
        """Look at another step, or at the nearest there is; return which."""
        self.step = max(0, min(step, len(self.run.steps)))
        return self.step


def with_project(command: str, project: str) -> str:
    """Return a command as it has to be said of a spec of the user's own."""
    return f"{command} --spec {shlex.quote(project)}" if project else command
