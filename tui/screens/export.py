"""Export the run that is open: pick a format, look at it, and name a file."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

from checker.explain.run import Run
from checker.export.formats import FORMATS, made, write
from checker.process.ask import Aside, Fault
from checker.runs.trace import BadTrace
from tui.rows.text import Plain, content
from tui.widgets.choices import Choices

ENDINGS = {"itf": ".itf.json", "mermaid": ".mmd", "pytest": ".py", "shiviz": ".log"}
"""How files of a format end, where that is not its name; a test is `test_<name>.py`."""


class Export(ModalScreen[str | None]):
    """Formats above, what the chosen one looks like in the middle, the name of the file below."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", "Close")]

    def __init__(self, run: Run, aside: Aside) -> None:
        super().__init__()
        self.of, self.aside = run, aside
        self._text = ""

    def compose(self) -> ComposeResult:
        """Put the formats, a preview and the file below each other."""
        with Vertical(classes="box", id="export"):
            formats = Choices(id="formats", markup=False)
            formats.add_options(
                Option(content((f"{f.name:<8}", "bold"), f" {f.doc}"), id=f.name)
                for f in sorted(FORMATS.values(), key=lambda f: f.name != "md")
            )
            yield formats
            with VerticalScroll(id="preview", can_focus=False):
                yield Plain(id="text")
            yield Input(id="file", compact=True)
            yield Plain("enter goes to the file, and there writes it; escape closes", id="how")

    def on_mount(self) -> None:
        """Begin with the postmortem."""
        self.query_one("#export").border_title = content(f"Export {self.of.name}")
        formats = self.query_one("#formats", OptionList)
        formats.highlighted = 0
        formats.focus()

    @property
    def chosen(self) -> str:
        """The format that is looked at."""
        formats = self.query_one("#formats", OptionList)
        return str(formats.get_option_at_index(formats.highlighted or 0).id)

    @on(OptionList.OptionHighlighted)
    def _look(self) -> None:
        name, ending = self.of.name, ENDINGS.get(self.chosen, f".{self.chosen}")
        file = f"{name}-again.jsonl" if self.chosen == "jsonl" else f"{name}{ending}"
        if self.chosen == "pytest":
            file = f"test_{''.join(c if c.isalnum() else '_' for c in name).lower()}.py"
        self.query_one("#file", Input).value = file
        self._text = ""
        self.query_one("#text", Plain).update("computing …")
        self._make(self.chosen)

    @work(exclusive=True, exit_on_error=False)
    async def _make(self, name: str) -> None:
        try:
            run = self.of
            self._text = await self.aside.ask(made, run.trace, run.name, name)
            self.query_one("#text", Plain).update(self._text)
        except Fault as why:
            self.query_one("#text", Plain).update(f"this cannot be had: {why}")

    @on(OptionList.OptionSelected)
    def _to_file(self) -> None:
        self.query_one("#file").focus()

    @on(Input.Submitted)
    def _write(self, event: Input.Submitted) -> None:
        how = self.query_one("#how", Plain)
        if not self._text:
            how.update("there is nothing to write yet")
            return
        file = Path(event.value.strip()).expanduser()
        try:
            if not event.value.strip():
                how.update("name a file")
                return
            write(file, self._text, FORMATS[self.chosen])
        except (OSError, ValueError, BadTrace) as failed:
            said = failed.strerror if isinstance(failed, OSError) else failed
            how.update(f"not written: {said}")
            return
        self.dismiss(f"written: {file}")
