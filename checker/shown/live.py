"""How far work is: a line on stderr, drawn anew, and taken away before results are printed."""

from __future__ import annotations

import time
from collections.abc import Callable

from rich.progress import Progress as Bar
from rich.progress import SpinnerColumn, TaskID, TextColumn
from rich.text import Text

from checker.runs.exploration import Progress, Report
from checker.shown.console import console
from checker.shown.streams import above, say
from spec.language.scope import Scope

EVERY_S = 10.0
"""Between two lines of progress where stderr is no terminal."""


class Live:
    """A line on stderr that says how far the run is, where stderr is a terminal; else nothing."""

    def __init__(self) -> None:
        self.err = console(stderr=True)
        self.bar: Bar | None = None

    def __enter__(self) -> Live:
        return self

    def __exit__(self, *raised: object) -> None:
        self.done()

    def watch(self, scope: Scope) -> Report | None:
        """Return what shows the progress of this scope, until `done`."""
        self.done()
        if not self.err.is_terminal:
            return None
        task = self._begin(scope.name)
        bar = self.bar
        assert bar is not None

        def report(now: Progress) -> None:
            rate = f" ({now.states / now.seconds:,.0f}/s)" if now.seconds > 0 else ""
            counts = f"{now.states:,} states{rate}, depth {now.depth}, frontier {now.frontier:,}"
            bar.update(task, description=f"{scope.name}: {now.phase}, {counts}")

        return report

    def count(self, name: str, what: str) -> Callable[[int, int], None] | None:
        """Return what shows how many of a number of things are done, until `done`."""
        self.done()
        if not self.err.is_terminal:
            return None
        task = self._begin(name)

        def report(done: int, of: int) -> None:
            assert self.bar is not None
            self.bar.update(task, description=f"{name}: {done:,} of {of:,} {what}")

        return report

    def say(self, name: str) -> Callable[[str], None]:
        """Return what shows how something stands, until `done`."""
        self.done()
        if not self.err.is_terminal:
            return lambda text: None
        task = self._begin(name)

        def report(text: str) -> None:
            assert self.bar is not None
            self.bar.update(task, description=f"{name}: {text}")

        return report

    def report(self, name: str) -> Callable[[str], None]:
        """Return what shows how something stands: in a line of its own now and then, where no line
        can be drawn anew.
        """
        return self.say(name) if self.err.is_terminal else _now_and_then()

    def _begin(self, name: str) -> TaskID:
        line = TextColumn("{task.description}", markup=False)
        self.bar = Bar(
            SpinnerColumn(), line, console=self.err, transient=True,
            redirect_stdout=False, redirect_stderr=False,
        )  # fmt: skip
        task = self.bar.add_task(name, total=None)
        self.bar.start()
        above(lambda text: self.err.print(Text(text), soft_wrap=True))
        return task

    def done(self) -> None:
        """Take the line away, so that results are printed where it was."""
        if self.bar:
            above(None)
            self.bar.stop()
            self.bar = None


def _now_and_then() -> Callable[[str], None]:
    said = -EVERY_S

    def report(text: str) -> None:
        nonlocal said
        if time.monotonic() > said + EVERY_S:
            said = time.monotonic()
            say(text)

    return report
