"""What is open: a run, where it came from, and the step that the reader looks at."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
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
    branches: dict[int, str] = field(default_factory=dict)
    """The command that opens each branch where it was looked at last, by its number."""
    project: str = ""
    """The spec of the user's own that it is a run of; none is the queue."""

    @property
    def failure(self) -> FailureMode | None:
        """The failure mode that it is of, if the catalogue has the run, or one that comes of the
        same edits in the same scope and breaks the same.
        """
        from checker.evidence.traces import FOLDER
        from spec.failures import FAILURES

        trace = self.run.trace
        file = Path(trace.where).resolve()
        if file.parent == FOLDER:
            return FAILURES.get("-".join(file.stem.split("-")[:2]))
        if self.project:
            return None
        same = (trace.scope.name, set(trace.edits), trace.violated)
        return next(
            (
                mode
                for mode in FAILURES.values()
                for loss in mode.losses
                if (loss.scope, set(loss.edits), loss.breaks) == same
            ),
            None,
        )

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


def told_in(failure: FailureMode) -> Iterator[tuple[str, str]]:
    """Yield where a failure mode is told, if this is a checkout, and where it happened."""
    from checker.evidence.traces import FOLDER

    root = FOLDER.parents[1]
    for what, where in (
        ("page", f"docs/failure-modes/{failure.id}.md"),
        ("postmortem", f"postmortems/{failure.id.lower()}-*.md"),
    ):
        for file in root.glob(where):
            yield what, os.path.relpath(file)
    for each in failure.incidents:
        yield f"{each.system}: {each.title}", each.url


def with_project(command: str, project: str) -> str:
    """Return a command as it has to be said of a spec of the user's own."""
    return f"{command} --spec {shlex.quote(project)}" if project else command
