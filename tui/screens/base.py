"""What all screens share: a title line, a line that says why not, and the keys below."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, cast

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.screen import Screen

from tui.rows.text import Plain, content
from tui.shared.host import Host
from tui.widgets.key_line import KeyLine
from tui.widgets.tones import TONES

if TYPE_CHECKING:
    from textual import events

    from tui.shared.checks import Work
    from tui.shared.opened import Opened


class Base(Screen[None]):
    """A screen with a title line, a body, a line for what is said, and the keys.

    A screen overrides `body`, and `why_not` for each key that is not always possible.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("question_mark", "app.keys", "Keys", key_display="?", priority=True),
        Binding("q", "back", "Back"),
        Binding("escape", "back", "Back", show=False),
    ]

    COMPONENT_CLASSES: ClassVar[set[str]] = TONES

    HELP: ClassVar[str] = ""
    """One sentence on what the screen is for, shown above its keys by `?`."""

    @property
    def explorer(self) -> Host:
        """The application."""
        return cast(Host, self.app)

    def compose(self) -> ComposeResult:
        """Put the parts below each other; a screen fills in its body."""
        yield Plain(id="title")
        yield from self.body()
        yield Plain(id="said")
        yield KeyLine()

    def body(self) -> ComposeResult:
        """Yield what stands between the title and the keys."""
        yield from ()

    def set_title(self, *parts: str | Content | tuple[str, str]) -> None:
        """Write the title line, which is for eyes that read nothing else."""
        self.query_one("#title", Plain).update(content(*parts))

    def say(self, text: str) -> None:
        """Say something in one line, until the next key."""
        said = self.query_one("#said", Plain)
        if not text and not said.has_class("-shown"):
            return  # laying out the screen takes longer than all the rest of a key
        said.update(text)
        said.set_class(bool(text), "-shown")

    def why_not(self, action: str) -> str | None:
        """Return why an action is not possible now, or None if it is."""
        return None

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Let a key be seen but not pressed while there is a reason why not."""
        return None if self.is_attached and self.why_not(action) else True

    def work_told(self, work: Work) -> None:
        """Draw what work in the background has said."""

    def action_back(self) -> None:
        """Go back to where the reader came from."""
        self.explorer.back()

    def on_key(self, event: events.Key) -> None:
        """Take away what was said of the key before."""
        self.say("")


class RunScreen(Base):
    """A screen on the run that is open: trace, what-if, replay.

    `show_run` is called when the screen is looked at and another run is open than before, and
    `show_step` when it is the same run at another step.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "copy", "Copy the command that opens this place", show=False),
        Binding("e", "export", "Export", tooltip="a postmortem, a picture, a test, or for a tool"),
    ]

    _run: Opened | None = None
    _step = -1

    @property
    def opened(self) -> Opened:
        """The run that is open and the step looked at."""
        opened = self.explorer.opened
        assert opened is not None, "the screen is reached only while a run is open"
        return opened

    @property
    def command(self) -> str:
        """The command that opens this very place."""
        return self.opened.command(self.opened.step)

    def on_screen_resume(self) -> None:
        """Catch up with what happened while another screen was looked at."""
        self.call_after_refresh(self.catch_up)

    def catch_up(self) -> None:
        """Draw the run that is open, at its step."""
        if self.explorer.opened is None:
            return
        if self._run is not self.opened:
            self._run, self._step = self.opened, self.opened.step
            self.show_run()
        elif self._step != self.opened.step:
            self._step = self.opened.step
            self.show_step()

    def go(self, step: int) -> None:
        """Look at another step, or at the nearest there is."""
        self.opened.to(step)
        self.catch_up()

    def action_copy(self) -> None:
        """Copy the command that opens this very place, where the terminal lets it."""
        self.app.copy_to_clipboard(self.command)
        self.say(f"copied: {self.command}")

    def action_export(self) -> None:
        """Ask for a format and a file, and write the run there."""
        from tui.screens.export import Export

        def done(said: str | None) -> None:
            self.say(said or "")

        self.app.push_screen(Export(self.opened.run, self.explorer.aside), done)

    def show_run(self) -> None:
        """Draw the run anew: another one is open."""

    def show_step(self) -> None:
        """Draw the step: another one of the same run is looked at."""
