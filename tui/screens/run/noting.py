"""Notes on the steps of a run, kept beside its file."""

from __future__ import annotations

from typing import ClassVar

from textual import work
from textual.binding import Binding, BindingType

from checker.explain import bookmarks
from checker.runs.trace import BadTrace
from tui.rows.rows import row
from tui.screens.asking import Ask, Pick
from tui.screens.run.stepping import Stepping


class Noting(Stepping):
    """A screen on a run on whose steps notes can be kept."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("m", "note", "Note", show=False, tooltip="keep a note on this step"),
        Binding("apostrophe", "notes", "Notes", show=False, tooltip="go to a step with a note"),
    ]

    def noted(self) -> dict[int, str]:
        """Return the notes on the run, by step."""
        file = self.opened.file
        try:
            return bookmarks.load(file).notes if file else {}
        except BadTrace as bad:
            self.say(str(bad))
            return {}

    @work(exclusive=True, group="notes")
    async def action_note(self) -> None:
        """Keep a note on this step."""
        file, step = self.opened.file, self.at
        if file is None:
            self.say("this run is in no file, so nothing can be kept beside it")
            return
        question = f"A note on step {step}; an empty one takes it away:"
        said = await self.app.push_screen_wait(Ask(question, self.noted().get(step, "")))
        if said is None:
            return
        try:
            kept = bookmarks.note(file, step, said).notes
            self.say(f"kept in {bookmarks.beside(file)}" if step in kept else "no note is kept")
        except (BadTrace, OSError) as wrong:
            self.say(str(wrong))
        self.show_notes()

    def show_notes(self) -> None:
        """Draw the signs of the steps with a note."""

    @work(exclusive=True, group="notes")
    async def action_notes(self) -> None:
        """Go to a step with a note."""
        rows = [row(f"{n:>4}  {said}", subject=(n,)) for n, said in self.noted().items()]
        if not rows:
            self.say("no step has a note; m keeps one")
            return
        found = await self.app.push_screen_wait(Pick("Notes:", rows))
        if isinstance(found, tuple):
            self.go(found[0])
