"""What stands beside a run: another run, the nearest good one, and what is told of it elsewhere."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from textual import work
from textual.binding import Binding, BindingType
from textual.screen import Screen

from checker.evidence.traces import FOLDER, as_kept
from checker.explain.branches import Branches
from checker.explain.fate.questions import turning
from checker.explain.moves import moves
from checker.process.ask import Fault
from tui.rows.rows import row
from tui.screens.asking import Ask, Pick
from tui.screens.run.compare import Compare
from tui.screens.run.state_pane import StatePane
from tui.shared.opened import told_in


class Besides(StatePane):
    """A screen on a run beside which others can be laid."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("c", "compare", "Compare", tooltip="another run beside this one", show=False),
        Binding("o", "good", "Nearest good run", show=False,
                tooltip="a good run that leaves this one as late as can be"),
        Binding("i", "told", "Told in", show=False,
                tooltip="its page, its postmortem, and where it happened"),
    ]  # fmt: skip

    def action_compare(self) -> None:
        """Ask for another run, and lay it beside this one."""
        question = "Compare with: the ID of a failure mode (FM-007), or a trace file"
        self.app.push_screen(Ask(question), self._compare)

    def _compare(self, text: str | None) -> None:
        if not (text and text.strip()):
            return
        name = as_kept(text.strip())
        kept = FOLDER / f"{name}.jsonl"
        other = self.explorer.read(str(kept) if "/" not in name and kept.is_file() else name)
        if not isinstance(other, Screen):
            other = Compare(self.opened.run, other, name)
        self.app.push_screen(other)

    @work(exclusive=True, group="good")
    async def action_good(self) -> None:
        """Lay the good run beside this one that shares the most steps with it."""
        run = self.opened.run
        self.say("looking for the last step after which a good end could still be reached")
        # The state in which a property is broken has no good end.
        whole = run.story.loop is not None or run.end < len(run.steps)
        states = run.states if whole else run.states[:-1]
        try:
            found = await self.explorer.aside.ask(turning, self.explained.asked, states)
        except Fault as fault:
            self.say(str(fault))
            return
        if isinstance(found, str):
            self.say(found)
            return
        k, way = found
        branches = Branches(run)
        node = branches.trunk(k)
        for name in way:
            here = moves(run, node.state)
            node = branches.take(node, next(m.instance for m in here if m.name == name))
        self.go(k)
        good = replace(branches.run_to(node), name=f"a good run, which leaves it after step {k}")
        self.app.push_screen(Compare(run, good, good.name))

    def action_told(self) -> None:
        """Show where the failure of this run is told; enter copies the place."""
        assert self.opened.failure is not None, "else the key says why not"
        rows = [row((f"{what}  ", "title"), where, subject=(where,)) for what, where in
                told_in(self.opened.failure)]  # fmt: skip
        question = f"{self.opened.failure.id} is told in these; enter copies the place:"
        self.app.push_screen(Pick(question, rows), self._copied)

    def _copied(self, chosen: object) -> None:
        if isinstance(chosen, tuple):
            self.app.copy_to_clipboard(chosen[0])
            self.say(f"copied: {chosen[0]}")

    def why_not(self, action: str) -> str | None:
        """Return why an action is not possible now."""
        if action == "told" and self.opened.failure is None:
            return "no failure mode of the catalogue breaks this by taking the same away"
        return super().why_not(action)
