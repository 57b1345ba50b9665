"""A screen on a run with a pane for its state: what changed, who wrote it, and what is folded."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.widget import Widget

from checker.explain.diff import Compared, entities
from checker.explain.queries.expressions import BadQuery, Expression, expression
from checker.explain.run import Run
from checker.explain.writers import writers
from spec.language.scope import State
from tui.rows.rows import Row, name_of, row
from tui.rows.state_table import state_rows
from tui.rows.text import Plain, content, one_line
from tui.screens.asking import Ask
from tui.screens.run.stepping import Stepping
from tui.shared.explained import Explained
from tui.widgets.lines import Lines, Pane


class StatePane(Stepping):
    """A screen that shows the state which is looked at beside the one before."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("d", "unchanged", "Hide or show what did not change", show=False),
        Binding("h", "fold(True)", "Fold a job, a worker or the like", show=False),
        Binding("l", "fold(False)", "Unfold it", show=False),
        Binding(
            "equals_sign", "watch", "Watch an expression, or no more", key_display="=", show=False
        ),
    ]

    explained: Explained
    _all = False

    def __init__(self) -> None:
        super().__init__()
        self._folded: set[str] = set()
        self._watched: dict[str, Expression] = {}

    @property
    def shown(self) -> Run:
        """The run that is explained."""
        return self.explained.run

    @property
    def k(self) -> int:
        """The number of the state that is explained."""
        return self.at

    def box(self, name: str, title: str, below: str = "") -> None:
        """Write on the border of a pane."""
        box = self._box(name)
        panes = self.query(f"#{name}").results(Pane)
        if only := next((pane.only for pane in panes), ""):
            below = f"only {only}; f shows all"
        box.border_title, box.border_subtitle = content(one_line(title)), content(one_line(below))

    def _box(self, name: str) -> Widget:
        """Return what has a pane's border: the pane, or the box around it and something else."""
        return self.query(f"#{name}-box, #{name}").first(Widget)

    def by(self, k: int) -> str:
        """Return who took a step, after a colon."""
        told = self.shown.lines[k - 1] if k else None
        return f": {name_of(told.actor, told.call)}" if told else ""

    def show_state(self) -> None:
        """Draw the state, and what changed."""
        k, explained = self.k, self.explained
        before, after = explained.state(max(k - 1, 0)), explained.state(k)
        found = entities(self.shown.scope, before, after)
        watched = [self._watch_row(one, before, after) for one in self._watched.values()]
        rows = [*watched, *state_rows(found, self._all or k == 0, self._folded)]
        self.query_one("#state", Pane).show(rows)
        title = f"State after step {k}" + (f", changes from {k - 1}" if k else "")
        if k > self.shown.end:
            title = f"State before step {k}, which leads to none"
        self.box("state", title)
        self._tell_writers()

    def _watch_row(self, asked: Expression, before: State, after: State) -> Row:
        scope = self.shown.scope
        was, now = asked.shown(scope, before), asked.shown(scope, after)
        if was == now:
            return row((f"= {asked.text}  {now}", "dim"), hang=4)
        return row((f"= {asked.text}  {was} -> {now}", "changed"), hang=4)

    def action_watch(self) -> None:
        """Ask for an expression to show above the state; one that is shown is taken away."""
        question = "Watch, such as: held[worker1] == token[job1]; the same again ends it"
        self.app.push_screen(Ask(question, "", self._value_here), self._watch)

    def _value_here(self, text: str) -> str:
        if not text.strip():
            return "an empty line changes nothing"
        try:
            asked = expression(self.shown.scope, text)
        except BadQuery as bad:
            return str(bad)
        return f"here: {asked.shown(self.shown.scope, self.explained.state(self.k))}"

    def _watch(self, text: str | None) -> None:
        if not (text or "").strip():
            return
        try:
            asked = expression(self.shown.scope, text or "")
        except BadQuery as bad:
            self.say(str(bad))
            return
        if self._watched.pop(asked.text, None) is None:
            self._watched[asked.text] = asked
        self.show_state()

    def _tell_writers(self) -> None:
        """Say below the state who wrote the place that is pointed at."""
        field, said = self.query_one("#state", Pane).subject, ""
        if isinstance(field, Compared):
            names = [f"{k}{self.by(k)}" for k in writers(self.shown, field.place, self.k)[:3]]
            said = f"{field.place} was set at {names[0]}" if names else f"{field.place}: never set"
            said += f"; before: {', '.join(names[1:])}" if names[1:] else ""
        self.query_one("#wrote", Plain).update(said, layout=False)

    @on(Lines.Pointed, "#state")
    def _pointed_at_field(self) -> None:
        self._tell_writers()

    @on(Lines.Chosen, "#state")
    def _jump_to_writer(self) -> None:
        """Go to the step that gave the place its value, or fold what is pointed at."""
        subject = self.query_one("#state", Pane).subject
        if isinstance(subject, str):
            self.action_fold(subject not in self._folded)
        elif isinstance(subject, Compared):
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
        place = subject.place if isinstance(subject, Compared) else subject
        if isinstance(place, str):
            inside = place.rpartition("[")[2].rstrip("]")
            (self._folded.add if fold else self._folded.discard)(inside)
            self.show_state()

    def action_unchanged(self) -> None:
        """Show what did not change, or hide it."""
        self._all = not self._all
        self.show_state()
