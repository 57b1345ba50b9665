"""The places that function keys lead to, and what is in each."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import cast

from textual.screen import Screen


@dataclass(frozen=True)
class Place:
    """A place that a function key leads to."""

    key: str
    mode: str
    label: str
    screen: str
    """Where its screen is found; loaded when it is first looked at, so that the start is quick."""
    needs_run: bool = False

    def __call__(self) -> Screen[None]:
        """Return its screen, as Textual asks for it."""
        module, _, name = self.screen.partition(":")
        return cast("Screen[None]", getattr(import_module(module), name)())


PLACES = (
    Place("f2", "catalogue", "Catalogue", "tui.screens.catalogue:Catalogue"),
    Place("f3", "trace", "Trace", "tui.screens.run.trace:Trace", needs_run=True),
    Place("f4", "what_if", "What if", "tui.screens.run.what_if:WhatIf", needs_run=True),
    Place("f5", "replay", "Replay", "tui.screens.run.replay:Replay", needs_run=True),
    Place("f6", "runs", "Runs", "tui.screens.runs:Runs"),
)
