"""Begin a check: which scope, and which protections are taken away."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

from checker.evidence.work import Check
from spec.language.scope import Scope
from tui.rows.text import Plain, content
from tui.widgets.choices import Choices


class Guards(Choices):
    """The guards, of which any number can be taken away."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "select", "Take away, or put back", show=False)
    ]


class Begin(ModalScreen[Check | None]):
    """Two lists: the scopes, and the guards of the scope that is looked at."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", "Close"),
        Binding("enter", "begin", "Begin", priority=True),
        Binding("tab", "app.focus_next", "Next list", show=False),
    ]

    def __init__(self, scopes: Mapping[str, Scope], project: str = "") -> None:
        super().__init__()
        self.scopes, self.project = scopes, project
        self._off: set[str] = set()

    def compose(self) -> ComposeResult:
        """Put the scopes beside their guards."""
        with Vertical(classes="box", id="begin"):
            with Horizontal():
                scopes = Choices(id="scopes", markup=False)
                scopes.add_options([Option(content(name), id=name) for name in self.scopes])
                yield scopes
                with Vertical():
                    yield Input(placeholder="search the guards", id="wanted-guard")
                    yield Guards(id="guards", markup=False)
            yield Plain(id="about-scope")
            yield Plain("enter begins; tab goes to the guards, where space takes one away")

    def on_mount(self) -> None:
        """Look at the first scope."""
        self.query_one("#begin").border_title = "Begin a check"
        self.query_one("#scopes", OptionList).highlighted = 0
        self.query_one("#scopes").focus()

    @property
    def scope(self) -> str:
        """The scope that is looked at."""
        return list(self.scopes)[self.query_one("#scopes", OptionList).highlighted or 0]

    @on(OptionList.OptionHighlighted, "#scopes")
    @on(Input.Changed)
    def _fill(self) -> None:
        words = self.query_one(Input).value.lower().split()
        spec = self.scopes[self.scope].spec
        known = list(spec.guard_names())
        self._off &= set(known)
        guards = self.query_one("#guards", OptionList)
        guards.clear_options()
        for name in known:
            if all(word in name.lower() for word in words):
                guards.add_option(Option(self._guard(name), id=name))
        self._about()

    def _guard(self, name: str) -> Content:
        # Words, not colours: this is read without any, too.
        return (
            content((f"without {name}", "bold"))
            if name in self._off
            else content(f"        {name}")
        )

    @on(OptionList.OptionSelected, "#guards")
    def _toggled(self, event: OptionList.OptionSelected) -> None:
        name = event.option.id
        if name is not None:
            self._off ^= {name}
            event.option_list.replace_option_prompt(name, self._guard(name))
            self._about()

    def _about(self) -> None:
        scope = self.scopes[self.scope]
        bounds = ", ".join(f"{name}={value}" for name, value in scope.bounds.items())
        off = f"without {', '.join(sorted(self._off))}" if self._off else "every protection is on"
        self.query_one("#about-scope", Plain).update(f"{scope.doc} {bounds}\n{off}")

    def action_begin(self) -> None:
        """Begin the check."""
        self.dismiss(Check(self.scope, tuple(sorted(self._off)), self.project))

    def action_close(self) -> None:
        """Begin nothing."""
        self.dismiss(None)
