"""A run step by step: who did what, what changed, what can happen next, and why or why not."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from checker.explain.fate.questions import marks_along
from checker.explain.lens import Lens, restored, under
from checker.explain.moves import Move
from checker.explain.queries.expressions import BadQuery
from checker.explain.queries.search import find, parse
from checker.process.ask import Fault
from spec.failures.edits import NONE, Edits, in_words
from tui.rows import glyphs
from tui.rows.rows import row
from tui.rows.text import Plain
from tui.screens.asking import Ask, Pick
from tui.screens.run.besides import Besides
from tui.screens.run.explaining import Explaining
from tui.screens.run.noting import Noting
from tui.shared.explained import TROUBLE, Explained, first_of
from tui.widgets.lines import Lines, Pane
from tui.widgets.scrub import Scrub
from tui.widgets.timeline import Signs, Timeline

LEGEND = "n faults  ○ armed  ● no way back  ✗ broken  · safe  ◌ computing"
"""What the marks say of a state."""


@dataclass(frozen=True)
class Variant:
    """A variant of the spec, by its name: these edits made."""

    name: str
    edits: Edits
    about: str = ""


class Trace(Explaining, Noting, Besides):
    """The trace screen."""

    HELP = (
        "A run, step by step: what changed, what can happen next, and why or why not. "
        f"The marks of a state: {LEGEND}  ? not known; n more faults are needed for a violation. "
        f"In the lanes: {glyphs.EVENT} acts, {glyphs.TARGET} is written, {glyphs.FAULT} a fault."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("t", "app.place('what_if')", "What if", tooltip="try other moves from here"),
        *(Binding(str(n), f"take({n})", f"Take move {n}", show=False) for n in range(1, 10)),
        Binding("s", "app.place('replay')", "SQLite", tooltip="the same step on SQLite"),
        Binding("v", "lens", "Variant", tooltip="the same steps on another variant", show=False),
        Binding("slash", "search", "Find", key_display="/"),
        Binding("n", "found(1)", "Next step that was found", show=False),
        Binding("N", "found(-1)", "Step found before", show=False),
        Binding("escape", "end_search", "End the search, or back", show=False),
        Binding("y", "copy", "Copy", tooltip="copy the command that opens this place", show=False),
        Binding("exclamation_mark", "trouble", "Next trouble", key_display="!", show=False),
    ]

    _signs = Signs()
    _sought = ""
    _variant = ""

    def body(self) -> ComposeResult:
        """Yield the line of marks above the panes."""
        yield Scrub(id="scrub")
        yield from super().body()

    def main(self) -> ComposeResult:
        """Yield the timeline, below the names of its lanes."""
        yield Plain(id="lanes")
        yield Timeline(id="timeline")

    def show_run(self) -> None:
        """Draw the run anew: another one is open."""
        run = self.opened.run
        self.explained = Explained(run)
        refusing = [lens for _, lens in restored(run) if lens.refused_at is not None]
        self._variant, lens = "", min(refusing, key=lambda lens: lens.refused_at or 0, default=None)
        self._lens = lens
        self._signs = Signs(refused=lens.refused_at if lens else None, noted=self.noted())
        self._tell_title()
        timeline = self.query_one(Timeline)
        timeline.show_run(run, self.at)
        self.query_one("#lanes", Plain).update(timeline.head)
        self.box("main", "Timeline", LEGEND)
        self._tell_marks()
        self.show_step()
        self._find_marks()

    @work(exclusive=True, group="fate")
    async def _find_marks(self) -> None:
        """Fill in, when it comes, how near each state is to a violation."""
        explained = self.explained
        try:
            marks, why = await self.explorer.aside.ask(
                marks_along, explained.asked, explained.run.trace
            )
        except Fault as fault:
            marks, why = "", str(fault)
        self._signs = replace(self._signs, marks=marks)
        self._tell_marks(why)
        self.refresh_bindings()

    def show_step(self) -> None:
        """Draw the step: another one of the same run is looked at."""
        self.query_one(Timeline).cursor = self.at
        self.query_one(Scrub).at = self.at
        self.explain()

    def _tell_title(self) -> None:
        run, trace = self.shown, self.shown.trace
        bounds = " ".join(f"{name}={n}" for name, n in run.scope.bounds.items())
        edits = ", ".join(map(in_words, trace.edits))
        loop = "" if run.story.loop is None else f", loops to {run.story.loop}"
        failure = self.opened.failure
        self.set_title(
            f"{run.name}{f' {failure.name}' if failure else ''}  ",
            f"{glyphs.FAILS} at {len(run.steps)}{loop}",
            f"  {run.story.broken.id} {run.story.broken.name}  {edits}  {run.scope.name}: {bounds}",
        )

    def _tell_marks(self, why: str = "") -> None:
        """Draw what the marks say, and say it in words, or why they say nothing."""
        marks, words = self._signs.marks, [why] if why else []
        for mark, said in ((glyphs.ARMED, "armed"), (glyphs.DOOMED, "no way back")):
            if (k := first_of(marks, mark)) is not None:
                words.append(f"{said} at {k}{self.by(k)}")
        if self._lens is not None:
            words.append(self._lens_words(self._lens))
        self.query_one(Timeline).mark(self._signs)
        self.query_one(Scrub).tell(len(self.shown.steps), marks, "   ".join(words))

    # ---------------------------------------------------------------- stepping
    @on(Lines.Pointed, "#timeline")
    def _pointed_at_step(self, event: Lines.Pointed) -> None:
        self.go(event.row)

    @on(Scrub.Sent)
    def _sent(self, event: Scrub.Sent) -> None:
        self.go(event.step)

    def action_trouble(self) -> None:
        """Look at the next state that is armed, has no way back, or breaks the property, for the
        first time.
        """
        firsts = {first_of(self._signs.marks, mark) for mark in TROUBLE}
        self.seek(1, lambda k: k in firsts, "there is no trouble further on")

    def why_not(self, action: str) -> str | None:
        """Return why an action is not possible now."""
        if action == "trouble" and not self._signs.marks:
            return "how near each state is to a violation is still being computed"
        if action == "found" and not self._signs.found:
            return "nothing was searched for, or found; / searches"
        return super().why_not(action)

    # ---------------------------------------------------------------- elsewhere
    def action_take(self, number: int) -> None:
        """Take one of the first nine possible moves, beside the run."""
        found = [move for move in self.explained.moves(self.at) if move.enabled]
        if number > len(found):
            self.say(f"there is no move {number} here: {len(found)} can be taken")
            return
        self.opened.take = (found[number - 1].name,)
        self.explorer.action_place("what_if")

    @on(Lines.Chosen, "#moves")
    def _chosen(self) -> None:
        move = self.query_one("#moves", Pane).subject
        if isinstance(move, Move) and move.enabled:
            self.opened.take = (move.name,)
            self.explorer.action_place("what_if")

    def show_notes(self) -> None:
        """Draw the signs of the steps with a note."""
        self._signs = replace(self._signs, noted=self.noted())
        self.query_one(Timeline).mark(self._signs)

    # ---------------------------------------------------------------- another variant
    def action_lens(self) -> None:
        """Ask for another variant, and take the same steps on it."""
        from spec.failures import FAILURES

        run = self.opened.run
        missing = run.trace.edits
        variants = [Variant("with every protection", NONE)]
        for one in missing if len(missing) > 1 else ():
            put_back = f"without this: {in_words(one)}" if " " in one else f"with {one} put back"
            variants.append(Variant(put_back, missing.but(one, run.trace.scope.spec)))
        for mode in FAILURES.values():
            # A mode that runs in another scope may take apart what this one does not have.
            for loss in (each for each in mode.losses if each.scope == run.trace.scope.name):
                edits = ", ".join(map(in_words, loss.edits))
                name = f"as in {mode.id}: {edits}"
                variants.append(Variant(name, Edits(loss.edits), mode.name))
        for guard in run.trace.scope.spec.guard_names():
            if guard not in missing:
                variants.append(Variant(f"without {guard} instead", Edits((guard,))))
        question = "The same steps on another variant of the spec:"
        rows = [
            row(v.name, (f"   {v.about}" if v.about else "", "dim"), subject=v) for v in variants
        ]
        self.app.push_screen(Pick(question, rows, search=True), self._under)

    def _under(self, chosen: object) -> None:
        if not isinstance(chosen, Variant):
            return
        lens = under(self.opened.run, chosen.edits)
        self._variant, self._lens = chosen.name, lens
        self._signs = replace(self._signs, refused=lens.refused_at)
        self._tell_marks()
        broken = self.opened.run.story.broken
        if lens.refused_at is None:
            what = "is broken all the same" if lens.broken else "holds of this run"
            self.say(f"{chosen.name}, every step is taken: {broken.id} {broken.name} {what}")
        else:
            false = "; ".join(f"{c.text} ({', '.join(c.values)})" for c in lens.clauses)
            self.say(f"{self._lens_words(lens)[2:]}: {false}")
            self.go(lens.refused_at)

    def _lens_words(self, lens: Lens) -> str:
        """Return what a variant does to the run, in as few words as there is room for."""
        if lens.refused_at is None:
            broken = glyphs.FAILS if lens.broken else glyphs.HOLDS
            return f"{broken} {self._variant}"
        guard = lens.refused_by or ""
        told = f"! {guard} refuses step {lens.refused_at}"
        return told if not self._variant or guard in self._variant else f"{told} {self._variant}"

    # ---------------------------------------------------------------- search
    def action_search(self) -> None:
        """Ask what to look for; an empty answer ends the search."""
        question = "Find: actor:worker1 fault, claim then expire, when token[job1] == 2"
        self.app.push_screen(Ask(question, self._sought, self._counted), self._search)

    def _counted(self, text: str) -> str:
        if not text.strip():
            return "an empty line ends the search"
        try:
            found = find(self.shown, parse(text))
        except BadQuery as bad:
            return str(bad)
        steps = "1 step" if len(found) == 1 else f"{len(found)} steps"
        return f"{steps}: {', '.join(map(str, found[:12]))}" if found else "no step"

    def _search(self, text: str | None) -> None:
        if text is None:
            return
        self._sought, found = text, list[int]()
        if text.strip():
            try:
                found = find(self.shown, parse(text))
            except BadQuery as bad:
                self.say(str(bad))
                return
        self._signs = replace(self._signs, found=found)
        self._tell_marks()
        if found:
            self.go(next((k for k in found if k >= self.at), found[0]))
        elif text.strip():
            self.say(f"no step is found for {text}")

    def action_end_search(self) -> None:
        """End the search that is going on; else go back."""
        if self._sought:
            self._search("")
        else:
            self.action_back()

    def action_found(self, by: int) -> None:
        """Go to the next step that was found, or to the one before."""
        self.seek(by, lambda k: k in self._signs.found, "no other was found there")
