"""A witness: a shortest run in which what a claim speaks of takes place."""

from __future__ import annotations

from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen

from checker.explain.witness import told
from checker.process.ask import Aside, Fault
from tui.rows.text import Plain, content
from tui.widgets.choices import Scroll


class Witness(ModalScreen[None]):
    """Shows that a claim is about something: the shortest run to where it matters."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,enter", "dismiss(None)", "Close")]

    def __init__(self, scope: str, claim: str, aside: Aside) -> None:
        super().__init__()
        self.scope, self.claim, self.aside = scope, claim, aside

    def compose(self) -> ComposeResult:
        """Yield the run, one line for each step."""
        with Vertical(classes="box", id="witness"):
            with Scroll(id="steps"):
                yield Plain("searching …", id="run")
            yield Plain("escape closes", id="how")

    def on_mount(self) -> None:
        """Search in another process."""
        title = f"A shortest run to {self.claim} in {self.scope}"
        self.query_one("#witness").border_title = content(title)
        self.query_one("#steps").focus()
        self._search()

    @work(exclusive=True, exit_on_error=False)
    async def _search(self) -> None:
        try:
            lines = await self.aside.ask(told, self.scope, self.claim)
        except Fault as why:
            lines = [f"there is none: {why}"]
        self.query_one("#run", Plain).update("\n".join(lines))
