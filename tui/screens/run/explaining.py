"""What a state is explained by: its moves, why or why not, what changed, and what holds."""

from __future__ import annotations

import asyncio
from typing import ClassVar

from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container

from checker.explain.clauses import property_clauses
from checker.explain.moves import Move
from checker.process.ask import Fault
from tui.rows.invariants import Judged, invariant_rows
from tui.rows.moves import move_rows
from tui.rows.text import Plain
from tui.rows.why import move_reasons, property_reasons
from tui.screens.asking import Ask
from tui.screens.run.state_pane import StatePane
from tui.widgets.lines import Lines, Pane
from tui.widgets.tabs import TabLine

PANES = ("moves", "why", "state", "invariants")
"""The panes, in the order that tab goes through; where there is no room, one at a time."""

SMALL = 16
"""Below so many lines there is no room for the sentence of a step."""

PAUSE = 0.1
"""Seconds that a reader must stay before what takes long is asked for: a held key asks nothing."""


class Explaining(StatePane):
    """A screen with a main pane, and four that explain the state which is looked at there."""

    MAIN: ClassVar[str] = "timeline"
    """The main pane's id."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("w", "why", "Why", tooltip="why, or why not; again: the next move or property"),
        Binding("tab", "pane(1)", "Next pane", show=False, priority=True),
        Binding("shift+tab", "pane(-1)", "Pane before", show=False, priority=True),
        Binding("f", "only", "Filter", tooltip="only the lines that have some words", show=False),
        Binding("z", "maximize", "Make the pane as large as the screen", show=False),
    ]

    _subject: Move | Judged | None = None
    _tab = 0

    def on_resize(self, event: events.Resize) -> None:
        """Leave the few lines of a very small screen to the main pane."""
        self.query_one("#sentence").display = event.size.height >= SMALL

    def main(self) -> ComposeResult:
        """Yield the main pane."""
        yield from ()

    def body(self) -> ComposeResult:
        """Yield the panes, and the names of those that are hidden."""
        with Container(id="body"):
            with Container(id="main-box", classes="box"):
                yield from self.main()
                yield Plain(id="sentence")
            yield TabLine([name.capitalize() for name in PANES])
            with Container(id="state-box", classes="box side"):
                yield Pane(id="state")
                yield Plain(id="wrote")
            for name in ("moves", "why", "invariants"):
                yield Pane(id=name, classes="box side")

    def on_mount(self) -> None:
        """Look at the main pane."""
        self._show_tab(0)
        self.query_one(f"#{self.MAIN}").focus()

    # ---------------------------------------------------------------- drawing
    def explain(self) -> None:
        """Draw the four panes."""
        self.query_one("#sentence", Plain).update(self._sentence(), layout=False)
        self.show_state()
        self.show_moves(keep=False)
        judged = self.explained.judge.at(self.k)
        broken_at = self.broken_at()
        self.query_one("#invariants", Pane).show(
            invariant_rows(judged, self.shown.trace.violated, broken_at, self.k)
        )
        self.box("invariants", f"Invariants after step {self.k}")
        self._subject = self._first_subject()
        self.show_why()
        self._find_out()

    def _sentence(self) -> str:
        """Return what the step that is looked at is, in a sentence; at the beginning, what the run
        shows.
        """
        if self.k:
            return self.shown.steps[self.k - 1].step.action.doc
        failure = self.opened.failure
        return failure.doc if failure else self.shown.story.broken.doc

    @work(exclusive=True, group="moves")
    async def _find_out(self) -> None:
        """Fill in, when they come, where the moves lead, and what would make one possible."""
        await asyncio.sleep(PAUSE)
        explained, k, subject = self.explained, self.k, self._subject
        try:
            if await explained.ask_marks(self.explorer.aside, k):
                self.show_moves()
            if isinstance(subject, Move) and await explained.ask_cures(
                self.explorer.aside, k, subject
            ):
                self.show_why()
        except Fault as fault:
            self.say(str(fault))

    def broken_at(self) -> int | None:
        """Return the step at which the run breaks its property."""
        return len(self.shown.steps)

    def mark_of(self, move: Move) -> str:
        """Return where a move leads, as a mark."""
        return self.explained.mark_after(self.k, move)

    def show_moves(self, keep: bool = True) -> None:
        """Draw the moves; the cursor stays, or goes to the one that the run takes."""
        k, explained = self.k, self.explained
        found = explained.moves(k)
        state = explained.state(k)
        rows = move_rows(
            found,
            self.mark_of,
            lambda move: f"the run takes it: step {k + 1}" if explained.is_next(k, move) else "",
            lambda move: explained.missed_guard(state, move),
        )
        taken = next((n for n, move in enumerate(found) if explained.is_next(k, move)), 0)
        self.query_one("#moves", Pane).show(rows, None if keep else taken)
        enabled = sum(move.enabled for move in found)
        title = f"Moves after step {k}: {enabled} possible, {len(found) - enabled} refused"
        self.box("moves", title, "the mark says where it leads")

    # ---------------------------------------------------------------- why
    def _first_subject(self) -> Move | Judged | None:
        """Return what is most worth explaining here: what is broken, or what the run does next."""
        subjects = [each.subject for each in self.query_one("#invariants", Pane).rows]
        broken = [s for s in subjects if isinstance(s, Judged) and not s.holds]
        if broken:
            return broken[0]
        subject = self.query_one("#moves", Pane).subject
        return subject if isinstance(subject, Move) else None

    def show_why(self) -> None:
        """Draw why the move or property that is pointed at is as it is."""
        k, subject, rows = self.k, self._subject, []
        if isinstance(subject, Move):
            clauses = self.explained.clauses(k, subject)
            cures = self.explained.cures(k, subject)
            rows = move_reasons(subject, k, clauses, self.explained.missed(k, subject), cures)
        elif isinstance(subject, Judged):
            p = subject.property
            clauses = property_clauses(self.shown, k, p.name)
            # Why no fair step would end a run that goes round.
            more = self.shown.story.broken.reasons[2:] if subject.note and not subject.holds else ()
            rows = property_reasons(subject, k, clauses, more)
        self.query_one("#why", Pane).show(rows, 0)
        self.box("why", "Why, or why not")

    @on(Lines.Pointed, "#moves")
    @on(Lines.Pointed, "#invariants")
    def _explain(self, event: Lines.Pointed) -> None:
        assert isinstance(event.lines, Pane)
        subject = event.lines.subject
        if isinstance(subject, Move | Judged):
            self._subject = subject
            self.show_why()
            self._find_out()

    @on(Lines.Chosen, "#invariants")
    def _look_why(self) -> None:
        self._show_tab(PANES.index("why"))

    def action_why(self) -> None:
        """Look at the reasons; pressed again, at those of the next move or property."""
        if self._tab != PANES.index("why"):
            self._show_tab(PANES.index("why"))
            if self._small:
                return
        panes = [self.query_one(f"#{name}", Pane) for name in ("moves", "invariants")]
        places = [
            (pane, number, each.subject)
            for pane in panes
            for number, each in enumerate(pane.rows)
            if isinstance(each.subject, Move | Judged)
        ]
        names = [_named(subject) for _, _, subject in places]
        here = _named(self._subject) if self._subject is not None else None
        pane, number, subject = places[(names.index(here) + 1) % len(names) if here in names else 0]
        pane.cursor = number
        assert isinstance(subject, Move | Judged)
        self._subject = subject
        self.show_why()
        self._find_out()

    # ---------------------------------------------------------------- panes
    @property
    def _small(self) -> bool:
        return self.has_class("-narrow") or self.has_class("-short")

    def _show_tab(self, number: int) -> None:
        self._tab = number
        self.query_one(TabLine).active = number
        for n, name in enumerate(PANES):
            self._box(name).set_class(n == number, "-tab")

    @on(TabLine.Picked)
    def _picked(self, event: TabLine.Picked) -> None:
        self._show_tab(event.number)
        self.query_one(f"#{PANES[event.number]}").focus()

    def action_only(self) -> None:
        """Ask which lines of the pane that is looked at to show; it stays so for every step."""
        focused = self.focused.id if self.focused is not None else None
        name = focused if focused in PANES else PANES[self._tab]
        if name == "why":
            self.say("all reasons are shown; moves, state and invariants can be filtered")
            return
        pane = self.query_one(f"#{name}", Pane)

        def chosen(words: str | None) -> None:
            if words is not None:
                pane.only = words.strip()
                self.explain()

        question = f"Only these {name}: words that a line or its heading has; none shows all"
        self.app.push_screen(Ask(question, pane.only), chosen)

    def action_pane(self, step: int) -> None:
        """Go to the next pane; where there is room for one, show that."""
        names = (self.MAIN, *PANES)
        focused = self.focused.id if self.focused is not None else None
        known = names.index(focused) if focused in names else 0
        name = names[(known + step) % len(names)]
        if name in PANES:
            self._show_tab(PANES.index(name))
        self.query_one(f"#{name}").focus()


def _named(subject: Move | Judged) -> str:
    """Return what a move or a property is known by; drawn anew, it is another object."""
    return subject.name if isinstance(subject, Move) else subject.property.name
