"""The application: its places, what is open in them, and how to leave."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.screen import Screen

from checker.process.ask import Aside
from tui.places import PLACES
from tui.rows.glyphs import Ascii
from tui.screens.base import Base, RunScreen
from tui.shared.checks import Works
from tui.shared.host import Host
from tui.shared.messages import Open, Told
from tui.shared.opened import Opened, with_project
from tui.shared.start import Start

if TYPE_CHECKING:
    from textual.command import Provider

    from checker.evidence.work import Check
    from checker.explain.run import Run
    from spec.language.scope import Scope


INTERRUPTED = 130
"""The exit status of what Ctrl-C has ended."""


def _imported(file: str, scopes: Mapping[str, Scope]) -> Run:
    """Return the run that a trace of another tool holds; raises `BadTrace` or `Diverged`."""
    from checker.explain.run import run_of
    from checker.export.itf_reading import Asked, read

    trace, _ = read(Path(file), scopes, Asked())
    return run_of(trace, Path(file).name.removesuffix(".itf.json"))


def _everything() -> type[Provider]:
    # Loaded when the palette is opened.
    from tui.commands import Everything

    return Everything


class Explorer(Host):
    """The explorer; it returns the command that reopens the place that was left."""

    TITLE = "ffq"
    # All of them at once: Textual parses everything anew when a screen brings its own.
    CSS_PATH = [  # noqa: RUF012
        "app.tcss",
        "screens/run/explaining.tcss",
        "screens/run/replay.tcss",
        "screens/run/compare.tcss",
    ]
    COMMANDS = Host.COMMANDS | {_everything}
    # Declared as Textual declares them, which mypy asks for.
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide")]  # noqa: RUF012
    VERTICAL_BREAKPOINTS = [(0, "-short"), (30, "-tall")]  # noqa: RUF012
    MODES = {place.mode: place for place in PLACES}  # noqa: RUF012
    BINDINGS: ClassVar[list[BindingType]] = [
        *(
            Binding(p.key, f"place('{p.mode}')", p.label, show=False, id=f"place.{p.mode}")
            for p in PLACES
        ),
        Binding("f1", "keys", "Keys", show=False),
        Binding("ctrl+q", "leave", "Leave", show=False, priority=True),
        Binding("ctrl+c", "interrupt", "Leave, as interrupted", show=False, priority=True),
        Binding("ctrl+z", "suspend_process", "Suspend", show=False, priority=True),
    ]

    def __init__(
        self, start: Start | None = None, *, ascii_only: bool = False, fills: bool = True
    ) -> None:
        self.start = start or Start()
        self.fills = fills
        self.opened: Opened | None = None
        self.on_top: Screen[None] | None = None
        self._came: list[str] = []
        """The places that lead here, the last one last."""
        # Textual would lay out an empty screen first, and this one after it.
        self.DEFAULT_MODE = self._begin()  # type: ignore[misc]
        # With an RGB theme Textual draws NO_COLOR in grey, which is still a colour.
        super().__init__(ansi_color=True if os.environ.get("NO_COLOR") else None)
        self.works = Works(lambda work: self.post_message(Told(work)))
        self.aside = Aside(lambda: self.is_running)  # else its screens are being taken apart
        if ascii_only:
            self._filters.append(Ascii())

    @property
    def home(self) -> str:
        """The place that one comes back to: the catalogue, or the runs of a spec of one's own."""
        return "runs" if self.start.project else "catalogue"

    @property
    def whence(self) -> str:
        """Where traces are opened from."""
        return "in the runs (F6)" if self.start.project else "in the catalogue (F2) with enter"

    @cached_property
    def scopes(self) -> Mapping[str, Scope]:
        """The scopes of what is looked at."""
        from checker.runs.projects import load

        return load(self.start.project).scopes

    def _begin(self) -> str:
        """Open what the command line names, and return the mode that shows it."""
        if self.start.image is not None:
            from tui.screens.image import opened

            self.on_top = opened(Path(self.start.image))
        if self.start.file is None:
            return self.home
        run = self.read(self.start.file)
        if isinstance(run, Screen):
            self.on_top = run
            return self.home
        self._take(run, self.start.source, self.start.step)
        if self.opened is not None and self.start.take:
            self.opened.take = self.start.take
            self._came.append("trace")
            return "what_if"
        return "trace"

    async def on_mount(self) -> None:
        """Begin where the command line says."""
        if self.on_top is not None:
            await self.push_screen(self.on_top)
        elif self.start.scope is not None:
            from checker.evidence.work import Check

            self.check(Check(self.start.scope, self.start.without, self.start.project))

    def on_unmount(self) -> None:
        """End what is still being computed."""
        self.aside.close()

    def on_ready(self) -> None:
        """Collect garbage again, now that the first screen is drawn."""
        gc.freeze()
        gc.enable()

    def open(self, run: Run, source: str, step: int | None = None) -> None:
        """Show a run in the trace screen, at its end if no step is named."""
        self._take(run, source, step)
        self.action_place("trace")

    def _take(self, run: Run, source: str, step: int | None) -> None:
        self.opened = Opened(run, source, project=self.start.project)
        self.opened.to(len(run.steps) if step is None else step)

    def open_file(self, file: str, source: str, step: int | None = None) -> None:
        """Show the run that a file holds, or say why it cannot be shown."""
        run = self.read(file)
        if isinstance(run, Screen):
            self.push_screen(run)
        else:
            self.open(run, source, step)

    def read(self, file: str) -> Run | Screen[None]:
        """Return the run that a file holds, or the screen that says why there is none."""
        from checker.explain.run import open_run
        from checker.runs.trace import BadTrace, Diverged

        try:
            if file.endswith(".itf.json"):
                return _imported(file, self.scopes)
            return open_run(file, self.scopes if self.start.project else None)
        except (BadTrace, Diverged) as wrong:
            from tui.screens.problem import damaged, diverged

            return (damaged if isinstance(wrong, BadTrace) else diverged)(file, str(wrong))

    def action_place(self, mode: str) -> None:
        """Go to a place; the run that is open, and its step, come along."""
        if self.why_not_place(mode) is not None:
            return
        if mode == self.home:
            self._came.clear()
        elif self._came and self._came[-1] == mode:
            self._came.pop()
        elif mode != self.current_mode:
            self._came.append(self.current_mode)
        self._go(mode)

    def _go(self, mode: str) -> None:
        self.switch_mode(mode)
        if isinstance(self.screen, RunScreen):
            self.screen.call_after_refresh(self.screen.catch_up)

    def why_not_place(self, mode: str) -> str | None:
        """Return why a place cannot be gone to, or None if it can."""
        place = next(place for place in PLACES if place.mode == mode)
        if mode == "catalogue" and self.start.project:
            return "The catalogue is of the job queue; leave, and open it with `ffq browse`"
        if place.needs_run and self.opened is None:
            return f"{place.label} needs a trace: open one {self.whence}"
        return None

    async def run_action(self, action, default_namespace=None, namespaces=None):  # type: ignore[no-untyped-def]
        """Run an action, or say why it is not possible now."""
        target, name, parameters = self._parse_action(
            action, self if default_namespace is None else default_namespace, namespaces
        )
        why = None
        if isinstance(target, Base):
            why = target.why_not(name)
        elif target is self and name == "place":
            why = self.why_not_place(str(parameters[0]))
        if why is not None and isinstance(self.screen, Base):
            self.screen.say(why)
            return True
        return await super().run_action(action, default_namespace, namespaces)

    def back(self) -> None:
        """Go back: from a screen on top, to the place that one came from, home, out."""
        if len(self.screen_stack) > 1:
            self.pop_screen()
        elif self._came:
            self._go(self._came.pop())
        elif self.current_mode != self.home:
            self.action_place(self.home)
        else:
            self.action_leave()

    def on_open(self, message: Open) -> None:
        """Open the trace that a screen names."""
        self.open_file(message.file, message.source, message.step)

    def on_told(self, message: Told) -> None:
        """Let the screen that is looked at draw what work in the background has said."""
        if isinstance(self.screen, Base):
            self.screen.work_told(message.work)

    def check(self, job: Check) -> None:
        """Begin a check, and show how it goes."""
        self.works.begin(job)
        self.action_place("runs")

    def action_keys(self) -> None:
        """Show the keys of the screen that is looked at."""
        from tui.screens.keys import Keys, keys_of

        screen = self.screen
        if isinstance(screen, Base):
            self.push_screen(Keys(keys_of(screen), screen.HELP), self._press)

    def _press(self, key: str | None) -> None:
        if key is not None:
            self.simulate_key(key)

    async def action_quit(self) -> None:
        """Leave, as the palette calls it."""
        self.action_leave()

    def action_leave(self) -> None:
        """Leave, and return the command that reopens this place, and one for each branch."""
        self.exit("\n".join(self._places()))

    def action_interrupt(self) -> None:
        """Leave as a program does that is interrupted."""
        self.exit("\n".join(self._places()), return_code=INTERRUPTED)

    def _places(self) -> Iterable[str]:
        from tui.screens.image import Image

        below = self.screen_stack[0]
        if isinstance(self.screen, Image):
            return [self.screen.command]
        if self.opened is None:
            return [with_project("ffq browse", self.start.project)]
        step = self.opened.command(self.opened.step)
        here = below.command if isinstance(below, RunScreen) else step
        return dict.fromkeys([here, *self.opened.branches.values()])
