"""A run on the spec and on a real SQLite file, step by step: both states, and what was run."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal

from checker.conformance.watched import NO_REPLAY, Beside, beside
from checker.explain.run import Run
from spec.failures.edits import NONE, Edits, in_words
from tui.rows import glyphs
from tui.rows.beside import model_rows, statement_rows, step_rows, store_rows
from tui.rows.rows import row
from tui.rows.text import content, one_line
from tui.screens.asking import Ask
from tui.screens.run.stepping import Stepping
from tui.widgets.lines import Lines, Pane


class Replay(Stepping):
    """The replay screen."""

    HELP = "The run on a fresh SQLite file, beside the spec: both states, and what SQLite ran."
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("exclamation_mark", "difference", "Difference", key_display="!",
                tooltip="the step in which both differ, or that they refuse"),
        Binding("v", "variant", "Protections", tooltip="with the protections back, or not"),
        Binding("d", "unchanged", "All fields", tooltip="show or hide what did not change"),
        Binding("f", "keep", "Keep file", tooltip="run it on a file that stays"),
        Binding("z", "maximize", "Make the pane as large as the screen", show=False),
    ]  # fmt: skip

    _beside: Beside | None = None
    _why_none = ""
    _protected = False
    _all = False

    def body(self) -> ComposeResult:
        """Yield the steps, both states, and the statements below."""
        with Horizontal(id="both"):
            for name in ("steps", "model", "store"):
                yield Pane(id=name, classes="box")
        yield Pane(id="sql", classes="box")

    def on_mount(self) -> None:
        """Begin with a folder for the files."""
        self._folder = TemporaryDirectory(prefix="ffq-replay-")
        self._files = 0
        self.query_one("#steps").focus()

    def on_unmount(self) -> None:
        """Take the files away."""
        self._folder.cleanup()

    # ---------------------------------------------------------------- running
    def show_run(self) -> None:
        """Run anew: another trace is open."""
        self._protected = False
        self._replay()

    @property
    def _edits(self) -> Edits:
        return NONE if self._protected else self.opened.run.trace.edits

    def _replay(self, file: str | None = None) -> None:
        self._beside, self._why_none = None, ""
        self._files += 1
        self._draw()
        self._follow(self.opened.run, self._edits, file or f"{self._folder.name}/{self._files}.db")

    @work(thread=True, exclusive=True, exit_on_error=True)
    def _follow(self, run: Run, edits: Edits, file: str) -> None:
        """Run the trace; a long one takes a while, and no key waits for it."""
        found, why = None, ""
        try:
            found = beside(run.trace, edits, file)
        except NO_REPLAY as wrong:
            why = str(wrong)
        self.app.call_from_thread(self._came, run, edits, found, why, file)

    def _came(self, run: Run, edits: Edits, found: Beside | None, why: str, file: str) -> None:
        if run is not self.opened.run or edits != self._edits:
            return  # the reader has gone on to another
        self._beside, self._why_none = found, why
        self._draw()
        if not file.startswith(self._folder.name) and found is not None:
            self.say(f"the file is {file}; open it with sqlite3 {file}")

    # ---------------------------------------------------------------- drawing
    def show_step(self) -> None:
        """Draw the step: the list of them stays as it is."""
        if self._beside is not None:
            self.query_one("#steps", Pane).cursor = self.at
            self._draw_step(self._beside)

    def _draw(self) -> None:
        self._tell_title()
        found = self._beside
        if found is None:
            waiting = self._why_none or "running it on SQLite"
            for name in ("steps", "model", "store", "sql"):
                self.query_one(f"#{name}", Pane).show([row((waiting, "dim"))])
            return
        calls = [(each.actor, each.call) for each in self.opened.run.lines]
        self.query_one("#steps", Pane).show(step_rows(found, calls), self.at)
        self._box("steps", "Steps")
        self._draw_step(found)

    def _draw_step(self, found: Beside) -> None:
        k = self.at
        self._draw_states(found, min(k, len(found.steps)))
        if k > len(found.steps):
            self.say(f"nothing was run of step {k}: {self._end(found)}")

    def _draw_states(self, found: Beside, k: int) -> None:
        states = [found.start, *(seen.model for seen in found.steps)]
        before, after = states[max(k - 1, 0)], states[k]
        seen = found.steps[k - 1] if k else None
        store = seen.store if seen else found.start
        every, places = self._all or k == 0, found.scope.places
        self.query_one("#model", Pane).show(model_rows(places, before, after, every))
        self.query_one("#store", Pane).show(store_rows(places, before, after, store, every))
        ran = statement_rows(seen.ran) if seen else [row(("the file is new", "dim"))]
        if not ran:
            ran = [row(("SQLite ran nothing: the step is in the memory of a process", "dim"))]
        self.query_one("#sql", Pane).show(ran)
        differ = sum(a != b for a, b in zip(after, store or (), strict=False))
        self._box("model", f"Spec after step {k}")
        self._box("store", f"SQLite file after step {k}", f"{differ} differ" if differ else "")
        refused = f": refused by {seen.refused}" if seen and seen.refused else ""
        self._box("sql", f"Statements of step {k}{refused}" if k else "Statements")

    def _box(self, name: str, title: str, below: str = "") -> None:
        box = self.query_one(f"#{name}")
        box.border_title, box.border_subtitle = content(one_line(title)), content(one_line(below))

    def _tell_title(self) -> None:
        off = ", ".join(map(in_words, self._edits))
        end = self._end(self._beside) if self._beside is not None else self._why_none
        name = self.opened.run.name
        self.set_title(f"{name} on SQLite  {end}  ", off or "with every protection")

    def _end(self, found: Beside) -> str:
        """Return how the run ended, in one line."""
        taken, name = len(found.steps), self.opened.run.story.broken.name
        if (differs := found.difference) is not None:
            return f"{glyphs.FAILS} differs at {taken}: {differs.fact}"
        if found.refused is not None:
            return f"{glyphs.HOLDS} both refuse step {taken}: {found.refused}"
        if found.broken:
            return f"{glyphs.FAILS} {name} is broken in the file; all {taken} steps agree"
        return f"{glyphs.HOLDS} all {taken} steps agree"

    # ---------------------------------------------------------------- keys
    @on(Lines.Pointed, "#steps")
    def _pointed(self, event: Lines.Pointed) -> None:
        self.go(event.row)

    def action_difference(self) -> None:
        """Go to the step in which both differ, or that they refuse."""
        if self._beside is not None:
            self.go(len(self._beside.steps))

    def action_variant(self) -> None:
        """Run it with the protections back, or without them again."""
        self._protected = not self._protected
        self._replay()

    def action_unchanged(self) -> None:
        """Show what did not change, or hide it."""
        self._all = not self._all
        self._draw()

    def action_keep(self) -> None:
        """Run it on a file that stays."""
        name = f"{self.opened.run.name}.db"
        self.app.push_screen(Ask("Run it on a new SQLite file, which stays:", name), self._keep)

    def _keep(self, file: str | None) -> None:
        if file:
            self._replay(str(Path(file).expanduser()))

    def why_not(self, action: str) -> str | None:
        """Return why an action is not possible now."""
        found = self._beside
        if action == "difference":
            if found is None:
                return self._why_none or "the run is still going on"
            if found.difference is None and found.refused is None:
                return "there is no difference: spec and store took every step alike"
        if action == "variant" and not self.opened.run.trace.edits:
            return "this run has every protection in place"
        return super().why_not(action)
