"""What a state is explained by: its moves, why or why not, what changed, and what holds."""

from __future__ import annotations

import asyncio
from typing import ClassVar

from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.widget import Widget

from checker.aside import Fault
from checker.explain.clauses import property_clauses
from checker.explain.diff import Row as Field
from checker.explain.diff import entities
from checker.explain.moves import Move
from checker.explain.run import Run
from checker.explain.writers import writers
from tui.explained import Explained
from tui.screens.stepping import Stepping
from tui.text import Plain, content, line
from tui.widgets.invariants import Judged, invariant_rows
from tui.widgets.lines import Lines, Pane
from tui.widgets.moves import move_rows
from tui.widgets.rows import name_of
from tui.widgets.state_table import state_rows
from tui.widgets.tabs import TabLine
from tui.widgets.why import move_reasons, property_reasons

PANES = ("moves", "why", "state", "invariants")
"""The panes, in the order that tab goes through; where there is no room, one at a time."""

SMALL = 16
"""Below so many lines there is no room for the sentence of a step."""

PAUSE = 0.1
"""Seconds that a reader must stay before what takes long is asked for: a held key asks nothing."""


class Explaining(Stepping):
    """A screen with a main pane, and four that explain the state which is looked at there."""

    MAIN: ClassVar[str] = "timeline"
    """The main pane's id."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("w", "why", "Why", tooltip="why, or why not; again: the next move or property"),
        Binding("d", "unchanged", "Hide or show what did not change", show=False),
        Binding("h", "fold(True)", "Fold a job, a worker or the like", show=False),
        Binding("l", "fold(False)", "Unfold it", show=False),
        Binding("tab", "pane(1)", "Next pane", show=False, priority=True),
        Binding("shift+tab", "pane(-1)", "Pane before", show=False, priority=True),
        Binding("z", "maximize", "Make the pane as large as the screen", show=False),
    ]

    explained: Explained
    _subject: Move | Judged | None = None
    _all = False
    _tab = 0

    def __init__(self) -> None:
        super().__init__()
        self._folded: set[str] = set()

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
    @property
    def shown(self) -> Run:
        """The run that is explained."""
        return self.explained.run

    @property
    def k(self) -> int:
        """The number of the state that is explained."""
        return self.at

    def explain(self) -> None:
        """Draw the four panes."""
        self.query_one("#sentence", Plain).update(self._sentence(), layout=False)
        self._show_state()
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

    def box(self, name: str, title: str, below: str = "") -> None:
        """Write on the border of a pane."""
        box = self._box(name)
        box.border_title, box.border_subtitle = content(line(title)), content(line(below))

    def _box(self, name: str) -> Widget:
        """Return what has a pane's border: the pane, or the box around it and something else."""
        return self.query(f"#{name}-box, #{name}").first(Widget)

    def by(self, k: int) -> str:
        """Return who took a step, after a colon."""
        told = self.shown.lines[k - 1] if k else None
        return f": {name_of(told.actor, told.call)}" if told else ""

    def _show_state(self) -> None:
        k, explained = self.k, self.explained
        before, after = explained.state(max(k - 1, 0)), explained.state(k)
        found = entities(self.shown.scope, before, after)
        rows = state_rows(found, self._all or k == 0, self._folded)
        self.query_one("#state", Pane).show(rows)
        self.box("state", f"State after step {k}" + (f", changes from {k - 1}" if k else ""))
        self._tell_writers()

    def _tell_writers(self) -> None:
        """Say below the state who wrote the place that is pointed at."""
        field, said = self.query_one("#state", Pane).subject, ""
        if isinstance(field, Field):
            names = [f"{k}{self.by(k)}" for k in writers(self.shown, field.place, self.k)[:3]]
            said = f"{field.place} was set at {names[0]}" if names else f"{field.place}: never set"
            said += f"; before: {', '.join(names[1:])}" if names[1:] else ""
        self.query_one("#wrote", Plain).update(said, layout=False)

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
        rows = [*self.query_one("#moves", Pane).rows, *self.query_one("#invariants", Pane).rows]
        subjects = [s for s in (r.subject for r in rows) if isinstance(s, Move | Judged)]
        known = next((n for n, s in enumerate(subjects) if s is self._subject), -1)
        if subjects:
            self._subject = subjects[(known + 1) % len(subjects)]
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

    def action_pane(self, step: int) -> None:
        """Go to the next pane; where there is room for one, show that."""
        names = (self.MAIN, *PANES)
        focused = self.focused.id if self.focused is not None else None
        known = names.index(focused) if focused in names else 0
        name = names[(known + step) % len(names)]
        if name in PANES:
            self._show_tab(PANES.index(name))
        self.query_one(f"#{name}").focus()

    @on(Lines.Pointed, "#state")
    def _pointed_at_field(self) -> None:
        self._tell_writers()

    @on(Lines.Chosen, "#state")
    def _jump_to_writer(self) -> None:
        """Go to the step that gave the place its value, or fold what is pointed at."""
        subject = self.query_one("#state", Pane).subject
        if isinstance(subject, str):
            self.action_fold(subject not in self._folded)
        elif isinstance(subject, Field):
            steps = writers(self.shown, subject.place, self.k)
            steps = [k for k in steps if k != self.k] or steps
            if steps:
                self.jump(steps[0])
            else:
                self.say(f"{subject.place} has never been set: it has its first value")

    def jump(self, k: int) -> None:
        """Look at another state of the run that is explained."""
        self.go(k)

    def action_fold(self, fold: bool) -> None:
        """Fold or unfold the job, worker or the like that is pointed at."""
        subject = self.query_one("#state", Pane).subject
        place = subject.place if isinstance(subject, Field) else subject
        if isinstance(place, str):
            inside = place.rpartition("[")[2].rstrip("]")
            (self._folded.add if fold else self._folded.discard)(inside)
            self._show_state()

    def action_unchanged(self) -> None:
        """Show what did not change, or hide it."""
        self._all = not self._all
        self._show_state()
