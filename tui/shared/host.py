"""What screens may ask of the application that shows them."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING

from textual.app import App
from textual.screen import Screen

if TYPE_CHECKING:
    from checker.evidence.work import Check
    from checker.explain.run import Run
    from checker.process.ask import Aside
    from spec.language.scope import Scope
    from tui.shared.checks import Works
    from tui.shared.opened import Opened
    from tui.shared.start import Start


class Host(App[str]):
    """The application, as its screens know it: the run that is open, and what is at work."""

    aside: Aside
    opened: Opened | None
    start: Start
    fills: bool
    works: Works

    @property
    @abstractmethod
    def scopes(self) -> Mapping[str, Scope]:
        """The scopes of what is looked at."""

    @abstractmethod
    def action_place(self, mode: str) -> None:
        """Go to a place."""

    @abstractmethod
    def why_not_place(self, mode: str) -> str | None:
        """Return why a place cannot be gone to, or None if it can."""

    @abstractmethod
    def back(self) -> None:
        """Go back to where one came from."""

    @abstractmethod
    def check(self, job: Check) -> None:
        """Begin a check, and show how it goes."""

    @abstractmethod
    def read(self, file: str) -> Run | Screen[None]:
        """Return the run that a file holds, or the screen that says why there is none."""

    @abstractmethod
    def open_file(self, file: str, source: str, step: int | None = None) -> None:
        """Show the run that a file holds, or say why it cannot be shown."""
