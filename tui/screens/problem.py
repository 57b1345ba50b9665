"""A file that cannot be shown: what it is, what is wrong with it, and how to go on."""

from __future__ import annotations

from textual.app import ComposeResult

from tui.rows.text import Plain, content
from tui.screens.base import Base
from tui.widgets.choices import Scroll


class Problem(Base):
    """Says why a file is not opened; nothing was changed, and the explorer goes on."""

    HELP = "This file cannot be shown. Nothing was changed."

    def __init__(self, file: str, what: str, fact: str, remedies: tuple[str, ...]) -> None:
        super().__init__()
        self.file, self.what, self.fact, self.remedies = file, what, fact, remedies

    def body(self) -> ComposeResult:
        """Yield the fact, and what can be done."""
        with Scroll(classes="box", id="problem"):
            yield Plain(id="fact")

    def on_mount(self) -> None:
        """Say it."""
        self.set_title(f"{self.file} is not opened: {self.what}")
        how = "".join(f"\n  {n}. {remedy}" for n, remedy in enumerate(self.remedies, 1))
        said = content((self.what, "bold"), f"\n\n{self.fact}\n\n", ("How to go on", "bold"), how)
        self.query_one("#fact", Plain).update(said)


def damaged(file: str, fact: str) -> Problem:
    """Return the screen for a file that cannot be believed, or is of another spec or version."""
    remedies = (
        "q goes back: the catalogue (F2) has a trace of every failure mode",
        "`ffq check --without GUARD` makes a new trace, and so does c in the runs (F6)",
    )
    what = "it cannot be believed"
    if "is of another spec" in fact:
        what = "it is of another spec"
    elif "and this ffq reads version" in fact:
        what = "another version of ffq made it"
    return Problem(file, what, fact, remedies)


def diverged(file: str, fact: str) -> Problem:
    """Return the screen for a trace that the spec does not follow."""
    remedies = (
        "the spec or the file was changed since: make the trace anew, with c in the runs (F6)",
        "`ffq trace show FILE` says the same in one line, and exits with 1",
        "q goes back: the catalogue (F2) has a trace of every failure mode",
    )
    return Problem(file, "the spec does not follow it", fact, remedies)
