"""The keys: what each does where the reader is, searchable, and why one does nothing now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

from tui.rows.text import Plain, content
from tui.screens.base import Base

SIDEWAYS = ("scroll_left", "scroll_right", "page_left", "page_right")
"""What Textual lets every pane do, and none of ours has a use for."""


@dataclass(frozen=True)
class Key:
    """A key, what it does, why it does nothing now, if so, and whether it is of this screen."""

    shown: str
    does: str
    why_not: str
    key: str
    of_screen: bool


def keys_of(screen: Base) -> list[Key]:
    """Return the keys that the screen and what is focused on it know, each action once: first those
    that are shown below the screen, then its others, those of every screen, and those of a list.
    """
    shown: dict[tuple[str, str], list[str]] = {}
    order: dict[tuple[str, str], int] = {}
    rest: dict[tuple[str, str], tuple[str, str]] = {}
    for node, binding, enabled, _ in screen.active_bindings.values():
        does = _does(binding)
        if binding.system or not does or binding.action in SIDEWAYS:
            continue
        action = binding.action.removeprefix("app.").removeprefix("screen.")
        shown.setdefault((action, does), []).append(screen.app.get_key_display(binding))
        why = ""
        if not enabled:
            name = action.partition("(")[0]
            why = (node.why_not(name) if isinstance(node, Base) else None) or "not here"
        elif action.startswith("place("):
            why = getattr(screen.app, "why_not_place")(action[7:-2]) or ""  # noqa: B009
        rest[action, does] = (why, binding.key)
        rank = 1 if isinstance(node, Base) else 2 if node is screen.app else 3
        rank = 0 if binding.show else rank
        order[action, does] = min(rank, order.get((action, does), rank))
    first = sorted(shown, key=lambda at: order[at])
    return [Key(" ".join(shown[at]), at[1], *rest[at], order[at] < 2) for at in first]


def _does(binding: Binding) -> str:
    """Return what a key does: its name, and what is said of it if that is more."""
    name, said = binding.description, binding.tooltip
    return f"{name}: {said}" if said and name.lower() not in said.lower() else said or name


class Keys(ModalScreen[str | None]):
    """The searchable list of keys; enter presses the one that is chosen."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss", "Close"),
        Binding("down", "cursor(1)", "Down", show=False),
        Binding("up", "cursor(-1)", "Up", show=False),
    ]

    def __init__(self, keys: list[Key], about: str) -> None:
        super().__init__()
        self.keys, self.about = keys, about

    def compose(self) -> ComposeResult:
        """Put the search above the list."""
        with Vertical(classes="box", id="keys"):
            yield Plain(self.about, id="about")
            yield Input(placeholder="search the keys", id="wanted")
            yield OptionList(id="found", markup=False)
            yield Plain("enter presses the key, escape closes", id="how")

    def on_mount(self) -> None:
        """Show them all."""
        self.query_one("#keys").border_title = "Keys"
        self._fill("")
        self.query_one(Input).focus()

    @on(Input.Changed)
    def _search(self, event: Input.Changed) -> None:
        self._fill(event.value)

    def _fill(self, wanted: str) -> None:
        words = wanted.lower().split()
        found = self.query_one(OptionList)
        found.clear_options()
        width = max((len(key.shown) for key in self.keys), default=0)
        for n, key in enumerate(self.keys):
            if all(w in f"{key.shown} {key.does} {key.why_not}".lower() for w in words):
                found.add_option(Option(_row(key, width), id=str(n)))
        if found.option_count:
            found.highlighted = 0

    def action_cursor(self, by: int) -> None:
        """Move in the list while the search keeps the keys."""
        found = self.query_one(OptionList)
        (found.action_cursor_down if by > 0 else found.action_cursor_up)()

    @on(Input.Submitted)
    def _press(self) -> None:
        found = self.query_one(OptionList)
        if found.highlighted is not None:
            self._chosen(found.get_option_at_index(found.highlighted))

    @on(OptionList.OptionSelected)
    def _clicked(self, event: OptionList.OptionSelected) -> None:
        self._chosen(event.option)

    def _chosen(self, option: Option) -> None:
        self.dismiss(self.keys[int(option.id or 0)].key)


def _row(key: Key, width: int) -> Content:
    head = content((f"{key.shown:>{width}}", "bold"), f"  {key.does}")
    return content(head, (f"  not now: {key.why_not}", "dim")) if key.why_not else head
