"""What would have happened otherwise: a run, and the branches that leave it, each of them kept."""

from __future__ import annotations

from dataclasses import dataclass, replace

from checker.explain.moves import refusals
from checker.explain.run import Run
from checker.runs.story import Line, line_of
from spec.language.evaluate import Instance
from spec.language.scope import State


class Refused(Exception):
    """A move is not possible in the state from which it was to be taken; says which guard."""


@dataclass(frozen=True, eq=False)
class Node:
    """A state that was come to after `depth` steps, the last of them `instance`.

    Branch 0 is the run itself; `before` is known of the other branches.
    """

    branch: int
    depth: int
    state: State
    instance: Instance | None
    before: Node | None = None


@dataclass(frozen=True)
class Branch:
    """Steps one after the other; the first of them leaves another branch at its node `fork`."""

    number: int
    fork: Node
    nodes: list[Node]


class Branches:
    """A run, and what was tried beside it. Nothing that was taken is lost: undo only steps back."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.kept: list[Branch] = []
        self._trunk: dict[int, Node] = {}

    def trunk(self, k: int) -> Node:
        """Return state `k` of the run."""
        if k not in self._trunk:
            came = self.run.steps[k - 1] if k else None
            self._trunk[k] = Node(0, k, self.run.states[k], came)
        return self._trunk[k]

    def take(self, node: Node, instance: Instance) -> Node:
        """Return where the move leads, one that was taken before if it was; raises `Refused`, or
        `OutOfRange` if a number leaves its range.
        """
        for guard in refusals(instance, node.state):
            raise Refused(guard)
        for known in self.following(node):
            if known.instance is not None and same(known.instance, instance):
                return known
        state = instance.after(node.state)
        if node.branch and self.kept[node.branch - 1].nodes[-1] is node:
            branch = self.kept[node.branch - 1]
        else:
            branch = Branch(len(self.kept) + 1, node, [])
            self.kept.append(branch)
        new = Node(branch.number, node.depth + 1, state, instance, node)
        branch.nodes.append(new)
        return new

    def undo(self, node: Node) -> Node:
        """Return the node before, or the same at the beginning; what was taken stays."""
        return node.before or self.trunk(max(node.depth - 1, 0))

    def following(self, node: Node) -> list[Node]:
        """Return the nodes that were come to from this one, those of its own branch first."""
        if node.branch == 0:
            found = [self.trunk(node.depth + 1)] if node.depth < self.run.end else []
        else:
            found = [n for n in self.kept[node.branch - 1].nodes if n.before is node]
        return found + [b.nodes[0] for b in self.kept if b.fork is node]

    def path(self, node: Node) -> list[Node]:
        """Return the nodes from the first that is not in the run to this one."""
        found: list[Node] = []
        at: Node | None = node
        while at is not None and at.branch:
            found.append(at)
            at = at.before
        return found[::-1]

    def line(self, node: Node) -> Line:
        """Return the step that leads to a node of a branch, told as a story tells it."""
        assert node.before is not None and node.instance is not None
        step = node.instance.step
        return line_of(self.run.scope, node.depth, step, node.before.state, node.state)

    def run_to(self, node: Node) -> Run:
        """Return the run that leads to this node, to be explained like any other.

        What its story says at the end is still what the run from which it was taken breaks.
        """
        path = self.path(node)
        k = node.depth - len(path)
        states = (*self.run.states[: k + 1], *(n.state for n in path))
        steps = (*self.run.steps[:k], *(n.instance for n in path if n.instance is not None))
        lines = (*self.run.lines[:k], *map(self.line, path))
        story = replace(self.run.story, lines=lines, loop=None)
        return replace(self.run, states=states, steps=steps, story=story)


def same(a: Instance, b: Instance) -> bool:
    """Return whether two steps are one: the action and its parameters."""
    return a.step.action.name == b.step.action.name and a.step.binding == b.step.binding
