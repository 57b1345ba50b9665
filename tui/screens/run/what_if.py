"""What would have happened otherwise: any possible move from any state, each branch kept."""

from __future__ import annotations

from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from checker.explain.branches import Branches, Node, Refused
from checker.explain.fate.questions import nearest, node_marks
from checker.explain.moves import Move
from checker.process.ask import Fault
from spec.language.evaluate import Instance, OutOfRange, Step
from spec.language.scope import State
from tui.rows import glyphs
from tui.rows.branch_tree import Tree
from tui.rows.rows import row
from tui.screens.asking import Pick
from tui.screens.run.compare import Compare
from tui.screens.run.explaining import Explaining
from tui.shared.explained import Explained, Known
from tui.shared.opened import Opened
from tui.widgets.lines import Lines, Pane


class WhatIf(Explaining):
    """The what-if screen."""

    HELP = "Take any possible move from any state; every branch is kept, and its end is known."
    MAIN = "tree"
    BINDINGS: ClassVar[list[BindingType]] = [
        *(
            Binding(str(n), f"take({n})", f"Take move {n}", show=False)
            for n in range(1, 10)
        ),
        Binding("u", "undo", "Undo", tooltip="one step back; the branch is kept"),
        Binding("b", "nearest('broken')", "Nearest violation"),
        Binding("B", "nearest('broken', True)", "Nearest by faults", show=False,
                tooltip="the violation that needs the fewest faults"),
        Binding("o", "nearest('finished')", "Nearest end",
                tooltip="the nearest end: nothing owed, nothing broken on the way"),
        Binding("c", "compare", "Compare", tooltip="this branch beside the run or another"),
    ]  # fmt: skip

    branches: Branches
    node: Node
    _open: Opened | None = None

    def main(self) -> ComposeResult:
        """Yield the tree."""
        yield Pane(id="tree")

    # ---------------------------------------------------------------- drawing
    @property
    def k(self) -> int:
        """The number of the state that is explained."""
        return self.node.depth

    def broken_at(self) -> int | None:
        """Return the step at which the run breaks its property; a branch need not."""
        return None if self.node.branch else super().broken_at()

    def show_run(self) -> None:
        """Begin anew: another run is open."""
        self.branches, self._known = Branches(self.opened.run), Known()
        self._marks: dict[Node, str] = {}
        self.show_step()

    def show_step(self) -> None:
        """Leave from the step of the run that is looked at."""
        self._at(self.branches.trunk(min(self.at, self.opened.run.end)))

    def catch_up(self) -> None:
        """Draw what is open, and take the move that another screen asks for."""
        super().catch_up()
        if self.explorer.opened is not None and self.opened.take:
            names, self.opened.take = self.opened.take, ()
            self.show_step()
            for name in names:
                move = self._move(self.node, name)
                if move is None:
                    self.say(f"there is no move {name} in this scope")
                    return
                if not self.take(move.instance):
                    return  # what follows would be taken from another state

    def _at(self, node: Node) -> None:
        self.node = node
        if node.branch:
            self.opened.branches[node.branch] = self.command
        self.explained = Explained(self.branches.run_to(node), self._known)
        self._draw_tree()
        self.explain()
        self._find_marks()

    def _draw_tree(self) -> None:
        rows = Tree(self.branches, self.node, self._marks).rows()
        at = next(n for n, each in enumerate(rows) if each.subject is self.node)
        self.query_one("#tree", Pane).show(rows, at)
        count = len(self.branches.kept)
        self.box("main", f"The run, and {count} branch{'es' * (count != 1)} beside it")
        where = f"branch {self.node.branch}" if self.node.branch else "on the run itself"
        broken = [j.property for j in self.explained.judge.at(self.k) if not j.holds]
        verdict = f"  {glyphs.FAILS} {broken[0].id} {broken[0].name} is broken" if broken else ""
        self.set_title(f"What if  {self.opened.run.name} after step {self.k}, {where}{verdict}")

    @work(exclusive=True, group="tree")
    async def _find_marks(self) -> None:
        """Fill in, when they come, the fates of what is in the tree."""
        new = [n for n in self._shown() if n not in self._marks]
        if not new:
            return
        came = [self._came(node) for node in new]
        try:
            marks = await self.explorer.aside.ask(node_marks, self.explained.asked, came)
        except Fault as fault:
            self.say(str(fault))
            return
        self._marks |= dict(zip(new, marks, strict=True))
        self._draw_tree()

    def _came(self, node: Node) -> tuple[State | None, Step | None, State]:
        """Return how a node was come to: the state before, the step, and the state."""
        if node.instance is None:
            return None, None, node.state
        return self.branches.undo(node).state, node.instance.step, node.state

    def _shown(self) -> list[Node]:
        rows = self.query_one("#tree", Pane).rows
        return [each.subject for each in rows if isinstance(each.subject, Node)]

    # ---------------------------------------------------------------- moves
    @on(Lines.Pointed, "#tree")
    def _pointed_at_node(self) -> None:
        node = self.query_one("#tree", Pane).subject
        if isinstance(node, Node):
            self._at(node)

    @on(Lines.Chosen, "#moves")
    def _chosen(self) -> None:
        move = self.query_one("#moves", Pane).subject
        if isinstance(move, Move):
            self.take(move.instance)

    def action_take(self, number: int) -> None:
        """Take one of the first nine possible moves."""
        found = [move for move in self.explained.moves(self.k) if move.enabled]
        if number > len(found):
            self.say(f"there is no move {number} here: {len(found)} can be taken")
        else:
            self.take(found[number - 1].instance)

    def take(self, instance: Instance) -> bool:
        """Take a move, and look at where it leads; or say why not, and return false."""
        try:
            self._at(self.branches.take(self.node, instance))
            return True
        except Refused as guard:
            self.say(f"this move is refused by {guard}; w says why")
        except OutOfRange as leaving:
            self.say(f"this move stores {leaving}, out of its range: a violation without a state")
        return False

    def action_step(self, by: int) -> None:
        """Look at the next state of this branch, or at the one before."""
        if by < 0:
            self.action_undo()
            return
        following = self.branches.following(self.node)
        if following:
            self._at(following[0])
        else:
            self.say("nothing was taken from here yet; enter takes the move that is pointed at")

    def action_end(self, last: int) -> None:
        """Look at the beginning, or at the end of this branch."""
        node = self.node if last else self.branches.trunk(0)
        while last and (following := self.branches.following(node)):
            node = following[0]
        self._at(node)

    def action_undo(self) -> None:
        """Look at the state before; what was taken stays in the tree."""
        if self.k == 0:
            self.say("this is the beginning")
        else:
            self._at(self.branches.undo(self.node))

    def jump(self, k: int) -> None:
        """Look at another state on the way to this one."""
        node = self.node
        while node.depth > k:
            node = self.branches.undo(node)
        self._at(node)

    @work(exclusive=True, group="nearest")
    async def action_nearest(self, goal: str, few: bool = False) -> None:
        """Go along the shortest way to a violation, or to a state in which nothing is owed and
        before which nothing is broken; if `few`, along the one with the fewest faults.
        """
        broken = self.opened.run.story.broken
        if goal == "finished" and (k := self._broken_on_the_way()) is not None:
            where = f"{broken.id} {broken.name} is broken at step {k}"
            self.say(f"{where}: no end after it is a good one; u steps back")
            return
        self.say(f"looking for the nearest state that is {goal}")
        asked, node = self.explained.asked, self.node
        try:
            way = await self.explorer.aside.ask(nearest, asked, node.state, goal, few)
        except Fault as fault:
            self.say(str(fault))
            return
        if isinstance(way, str):
            self.say(way)
            return
        far = f"{len(way)} move{'s' * (len(way) != 1)} away"
        self.say(far if way else f"this state is {goal} already")
        for name in way:
            move = self._move(node, name)
            assert move is not None, "the other process has the same scope"
            try:
                node = self.branches.take(node, move.instance)
            except OutOfRange as leaving:
                self.say(f"the next move, {name}, stores {leaving}, out of its range")
                break
        self._at(node)

    def _broken_on_the_way(self) -> int | None:
        """Return the first step on the way to this state that breaks what the run breaks."""
        for k in range(self.k + 1):
            for each in self.explained.judge.at(k):
                if each.property.name == self.opened.run.trace.violated and not each.holds:
                    return k
        return None

    def _move(self, node: Node, name: str) -> Move | None:
        found = Explained(self.branches.run_to(node), self._known).moves(node.depth)
        return next((move for move in found if move.name == name), None)

    @property
    def command(self) -> str:
        """The command that opens this very branch."""
        steps = [n.instance for n in self.branches.path(self.node) if n.instance is not None]
        return self.opened.command(self.k - len(steps), (i.step.call for i in steps))

    def action_compare(self) -> None:
        """Lay this branch beside the run, or beside another branch if there is one."""
        number = self.node.branch
        others = {f"branch {b.number}": self.branches.run_to(b.nodes[-1])
                  for b in self.branches.kept if b.number != number}  # fmt: skip
        others = {"the run itself": self.opened.run, **others}
        rows = [row(name, subject=name) for name in others]

        def beside(name: object) -> None:
            if isinstance(name, str):
                here = self.branches.run_to(self.node)
                self.app.push_screen(Compare(others[name], here, f"branch {number}"))

        if len(others) == 1:
            beside("the run itself")
        else:
            self.app.push_screen(Pick(f"Branch {number} beside:", rows), beside)

    def why_not(self, action: str) -> str | None:
        """Return why an action is not possible now."""
        if action == "compare" and hasattr(self, "node") and not self.node.branch:
            return "this is the run itself; take a move first, or point at a branch"
        return super().why_not(action)
