"""The runs: checks that were begun here, how far each is, and what it found."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import DataTable, Sparkline

from checker.evidence.work import Check, Checked, Failed
from checker.runs.verdict import STOPPED
from tui.rows.symbols import STYLES
from tui.rows.text import Plain, cell, content
from tui.screens.base import Base
from tui.shared.checks import Work, title_of
from tui.widgets.table import Table


class Runs(Base):
    """The checks of this session, the newest first; enter opens the counterexample of one."""

    HELP = "Checks that run in the background: how far they are, and what they found."
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("c", "check", "Check", tooltip="Begin a check: a scope, without some protections"),
        Binding("r", "again", "Again", tooltip="Run this check again"),
        Binding("x", "cancel", "Cancel", tooltip="Cancel this check"),
    ]

    def body(self) -> ComposeResult:
        """Yield the checks, how far the one looked at is, and what it found."""
        yield Table(cursor_type="row", cell_padding=0, id="checks")
        with Vertical(classes="box", id="progress"):
            yield Plain(id="how")
            yield Sparkline([0.0], id="fresh")
            yield Plain(id="never")
        with Horizontal(id="found"):
            yield Table(cursor_type="row", cell_padding=0, id="verdicts", classes="box")
            yield Table(cursor_type="row", cell_padding=0, id="fired", classes="box")

    def on_mount(self) -> None:
        """Show what there is."""
        self.query_one("#progress").border_title = "Progress"
        self.query_one("#verdicts").border_title = "Properties"
        self.query_one("#fired").border_title = "Actions by times fired"
        self.query_one("#checks").focus()
        self.draw()

    def on_screen_resume(self) -> None:
        """Show what was said while another screen was looked at."""
        self.call_after_refresh(self.draw)

    def work_told(self, work: Work) -> None:
        """Draw how far the work is."""
        if isinstance(work.job, Check):
            self.draw()

    # ---------------------------------------------------------------- drawing
    @property
    def looked_at(self) -> Work | None:
        """The check that the cursor is on."""
        checks = self.explorer.works.checks
        row = self.query_one("#checks", Table).cursor_row
        return checks[row] if row < len(checks) else None

    def draw(self) -> None:
        """Draw the checks, and the one that is looked at."""
        checks = self.explorer.works.checks
        running = sum(work.running for work in checks)
        self.set_title(f"Runs  {running} running, {len(checks) - running} ended")
        numbered = {str(len(checks) - n): work for n, work in enumerate(checks)}
        room = max(24, self.size.width - 1 - 4 - 11 - 14)
        columns = [("#", 4), ("state", 11), ("found", 14), ("check", room)]
        self.query_one("#checks", Table).fill(columns, {n: _row(n, w) for n, w in numbered.items()})
        self.draw_one()

    def draw_one(self) -> None:
        """Draw the check that is looked at."""
        work = self.looked_at
        self.query_one("#fresh").display = work is not None and any(work.fresh)
        if work is None:
            self.query_one("#how", Plain).update("No check was begun here: c begins one.")
            self.query_one("#never", Plain).update("")
            return
        self.query_one("#how", Plain).update(_how(work))
        self.query_one("#fresh", Sparkline).data = list(work.fresh)
        self.query_one("#never", Plain).update(_never(work))
        self._tables(work)
        self.refresh_bindings()

    def _tables(self, work: Work) -> None:
        end = work.end if isinstance(work.end, Checked) else None
        verdicts, fired = self.query_one("#verdicts", Table), self.query_one("#fired", Table)
        shown = (id(work), end is not None)
        if getattr(self, "_shown", None) == shown:
            return
        self._shown = shown
        rows: dict[str, Sequence[Text]] = {}
        for told in sorted(end.told if end else (), key=lambda t: "✗V?SEP".find(t.symbol[0])):
            style = STYLES.get(told.symbol[0], "")
            rows[told.name] = [cell(told.symbol, style), cell(told.id), cell(told.name)]
        verdicts.fill([("", 5), ("ID", 8), ("property", 44)], rows)
        counts = {n: [cell(f"{times:>9,} "), cell(n)] for n, times in (end.fired if end else ())}
        fired.fill([("times ", 10), ("action", 24)], counts)

    # ---------------------------------------------------------------- keys
    def why_not(self, action: str) -> str | None:
        """Say why there is nothing to cancel, or to run again."""
        work = self.looked_at
        if action == "again" and work is None:
            return "there is no check to run again: c begins one"
        if action == "cancel" and (work is None or not work.running):
            return "this check is not running" if work else "there is no check to cancel"
        return None

    @on(DataTable.RowHighlighted, "#checks")
    def _look(self) -> None:
        self.draw_one()

    @on(DataTable.RowSelected, "#checks")
    def _open(self) -> None:
        work = self.looked_at
        if work is None:
            self.action_check()
        elif isinstance(work.end, Checked) and work.end.trace:
            self.explorer.open_file(work.end.trace, work.end.trace)
        elif work.running:
            self.say("it is still running: there is no counterexample yet")
        else:
            self.say("there is no counterexample: nothing was found to be violated")

    def action_check(self) -> None:
        """Ask which scope to check, and without which protections."""
        from tui.screens.begin import Begin

        explorer = self.explorer
        self.app.push_screen(Begin(explorer.scopes, explorer.start.project), self._begin)

    def _begin(self, job: Check | None) -> None:
        if job is not None:
            self.begin(job)

    def begin(self, job: Check) -> None:
        """Begin a check and look at it."""
        self.explorer.works.begin(job)
        self.query_one("#checks", Table).move_cursor(row=0)
        self.draw()

    def action_again(self) -> None:
        """Run the check that is looked at again."""
        work = self.looked_at
        if work is not None and isinstance(work.job, Check):
            self.begin(work.job)

    def action_cancel(self) -> None:
        """Cancel the check that is looked at; the screen does not wait for it."""
        work = self.looked_at
        if work is not None:
            self.run_worker(work.cancel, thread=True, exit_on_error=False)
            self.say("cancelled: what was found until now is shown")


def _row(number: str, work: Work) -> list[Text]:
    assert isinstance(work.job, Check)
    found = ""
    if isinstance(work.end, Checked):
        found = f"✗{work.end.steps}" if work.end.trace else _count(work.end.states)
    elif work.now is not None:
        found = f"..{work.now.depth}"
    style = "red" if found.startswith("✗") else ""
    return [cell(number), cell(work.state), cell(found, style), cell(title_of(work.job))]


def _count(states: int) -> str:
    return f"{states:,} st."


def _how(work: Work) -> Content:
    """Say in two lines how far a check is, or what came of it."""
    end = work.end
    if isinstance(end, Failed):
        return content(("it cannot be checked: ", "bold"), end.why)
    if isinstance(end, Checked):
        rate = f", {end.seconds:.2f} s" + (
            f", {end.states / end.seconds:,.0f}/s" if end.seconds else ""
        )
        why = f"  {STOPPED[end.stopped_by]}" if end.stopped_by else "  every state was visited"
        facts = f"states {end.states:,}, depth {end.depth}{rate}{why}"
        if end.trace:
            broken = f"{end.violated} is broken in {end.steps} steps"
            return content((broken, "bold"), "; enter opens the counterexample\n", facts)
        return content(("nothing is violated", "bold") if not end.stopped_by else "", f"\n{facts}")
    now = work.now
    if now is None:
        return content("starting" if work.running else "it has ended without a word")
    rate = f"   {now.states / now.seconds:,.0f}/s" if now.seconds > 0 else ""
    trend = f" ({work.trend})" if work.trend else ""
    phase = now.phase if work.running else f"{work.state} while it was at: {now.phase}"
    return content(
        (phase, "bold"),
        f"   states {now.states:,}{rate}   {now.seconds:.1f} s\n"
        f"depth {now.depth}   frontier {now.frontier:,}{trend}",
    )


def _never(work: Work) -> Content:
    """Say which actions never fired, or have not fired yet where not every state was visited."""
    end, now = work.end, work.now
    if isinstance(end, Checked):
        unfired = [name for name, times in end.fired if not times]
        whole = not end.stopped_by
    elif now is not None and now.states:
        unfired, whole = list(now.unfired), False
    else:
        return content("")
    if not unfired:
        return content("every action fired")
    said = "never fired: " if whole else "not fired yet: "
    return content((said, "bold"), ", ".join(unfired))
