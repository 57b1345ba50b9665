"""The run from top to bottom, one row for each step and one lane for each actor."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from checker.explain.run import Run
from checker.export.lanes import reached
from checker.runs.story import Line, word
from tui.rows import glyphs
from tui.rows.rows import Piece, Tone, mark_tone, name_of
from tui.widgets.lines import Lines


@dataclass(frozen=True)
class Signs:
    """What is drawn beside the steps: fates, state by state; steps with a note; steps found; and
    the step that another variant refuses.
    """

    marks: Sequence[str] = ()
    noted: Collection[int] = ()
    found: Collection[int] = ()
    refused: int | None = None


class Timeline(Lines):
    """The steps of a run; row 0 is the state it begins in, row n the step n and the state after."""

    run: Run

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id)
        self.signs = Signs()
        self._length = 0

    def show_run(self, run: Run, at: int) -> None:
        """Draw a run, with the cursor on a step."""
        self.run, self.signs = run, Signs()
        self._length = len(run.steps) + 1
        self._lane = {actor: i for i, actor in enumerate(run.actors)}
        self._digits = len(str(len(run.steps)))
        self._calls = min(max((len(_name(told)) for told in run.lines), default=0), 30)
        self.set_reactive(Timeline.cursor, at)
        self.lay_out()
        self.refresh()

    def mark(self, signs: Signs) -> None:
        """Draw other signs."""
        self.signs = signs
        self.refresh()

    @property
    def line_count(self) -> int:
        """One line for each step, and one for the beginning."""
        return self._length

    @property
    def head(self) -> str:
        """The line above: which lane belongs to whom."""
        lanes = "".join(f"{short(actor):<3}" for actor in self._lane)
        return f"  {'#':>{self._digits + 2}}   {lanes} action"

    def line(self, n: int) -> tuple[int, Sequence[Piece]]:
        """Return the row of step `n`."""
        return n, [*self._left(n), *self._rails(n), *self._action(n)]

    def _left(self, n: int) -> list[Piece]:
        """Return the bracket of a loop, the sign, the number and the fate."""
        signs = self.signs
        sign = "/" if n in signs.found else "*" if n in signs.noted else " "
        sign = glyphs.FAILS if n == signs.refused else sign
        mark = signs.marks[n] if n < len(signs.marks) else glyphs.RUNNING
        tone: Tone = "bad" if n == signs.refused else "here" if n in signs.found else "title"
        return [
            (self._bracket(n), "armed"),
            (sign, tone if sign != " " else ""),
            (f"{n:>{self._digits + 1}} ", ""),
            (mark, mark_tone(mark)),
            (" ", ""),
        ]

    def _bracket(self, n: int) -> str:
        """Return what joins the last step of a run that never ends to the first of its loop."""
        loop, last = self.run.story.loop, len(self.run.steps)
        if loop is None or n < loop:
            # A loop of no steps: nothing more happens after the last.
            return glyphs.LOOP_END if loop == last + 1 and n == last else " "
        if loop == last:
            return "["
        if n == loop:
            return glyphs.LOOP_TOP
        return glyphs.LOOP_END if n == last else glyphs.LOOP

    def _rails(self, n: int) -> list[Piece]:
        """Return the lanes: who acts, and whose places the step writes."""
        count = len(self._lane)
        if n == 0:
            return [(f"{glyphs.RAIL}  " * count, "dim")]
        actor = self._lane.get(self.run.lines[n - 1].actor, -1)
        written = {self._lane[name] for name in reached(self.run, n)}
        written |= {actor} if actor >= 0 else set()
        first, last = (min(written), max(written)) if written else (count, -1)
        fault = self.run.is_fault(n - 1)
        pieces: list[Piece] = []
        for lane in range(count):
            inside = first <= lane <= last and first != last
            if lane == actor:
                end = n == len(self.run.steps) and self.run.story.loop is None
                glyph = glyphs.VIOLATED if end else glyphs.FAULT if fault else glyphs.EVENT
                pieces.append((glyph, "bad" if end else "fault" if fault else "title"))
            elif lane in written:
                pieces.append((glyphs.TARGET, "title"))
            else:
                pieces.append((glyphs.ARROW if inside else glyphs.RAIL, "dim"))
            line = glyphs.ARROW if inside and lane < last else " "
            pieces.append((line * 2, "dim"))
        return pieces

    def _action(self, n: int) -> list[Piece]:
        if n == 0:
            return [(" the beginning", "dim")]
        told = self.run.lines[n - 1]
        fault = self.run.is_fault(n - 1)
        name = f" {_name(told):<{self._calls}}  "
        pieces: list[Piece] = [(name, "fault" if fault else "")]
        if fault:
            pieces.append(("FAULT  ", "fault"))
        changes = "  ".join(f"{_field(c.place)}={word(c.after)}" for c in told.changes)
        return [*pieces, (changes or self.run.told(told)[0], "dim")]


def _name(told: Line) -> str:
    return name_of(told.actor, told.call)


def _field(place: str) -> str:
    return place.partition("[")[0]


def short(actor: str) -> str:
    """Return a lane's heading: `worker1` is `W1`."""
    letters, digits = actor.rstrip("0123456789"), actor[len(actor.rstrip("0123456789")) :]
    return (letters[:1].upper() + digits)[:2]
