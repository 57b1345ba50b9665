"""Runs filled in: the steps between what was seen, taken on the plain evaluator, and what they
break.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from checker.judge.follow import Filled, whole, without
from checker.judge.jobs import Seen
from checker.judge.states.code import with_room
from checker.judge.watch import ASSUMED, Setup, edited
from checker.runs.lasso import Lasso
from checker.runs.story import RANGE, NotBroken, Story, tell, tell_lasso
from checker.runs.trace import Trace
from checker.runs.walk import Walk, follow
from spec.failures.edits import Edits
from spec.language.evaluate import Claim, Evaluator, Step
from spec.language.scope import Scope
from spec.queue.outside.witness import ENDS, watched
from spec.queue.watched import WITNESS

Told = tuple[str, int | None]
"""A step in words, and the number of the event that it is, from 0."""


@dataclass(frozen=True)
class Run:
    """A run that shows a history: its steps, the properties that it breaks, each with the number of
    the step, and what a trace file holds of it, if it breaks any or has all protections.
    """

    steps: tuple[Told, ...]
    broken: tuple[tuple[str, str, int], ...]
    trace: Trace | None
    story: Story | None

    @property
    def unseen(self) -> int:
        """How many of its steps nobody saw."""
        return sum(at is None for _, at in self.steps)


def run_of(setup: Setup, seen: Seen, texts: frozenset[str] = frozenset()) -> Run:
    """Return a run that shows these events, with just these edits in force."""
    follower = without(setup, texts) if texts else whole(setup)
    names = edited(setup).switched.names if texts else {}
    queue = Edits(t for t in texts if t.split()[0] not in ASSUMED).on(setup.queue)
    scope = with_room(setup.over(watched(queue.spec)), setup.room)
    filled = _plain(follower.filled(seen.codes, seen.claiming), names, scope)
    if not any(code.rests for code in seen.codes):
        filled = _shortened(filled, scope)
    walk = follow(Evaluator(scope), (step for _, step in filled)).walk
    assert len(walk.steps) == len(filled), "the plain evaluator takes every step"
    told = tuple((step.call, at) for at, step in filled)
    broken = tuple(_broken(scope, walk))
    if not texts:
        return Run(told, broken, *_whole(setup, filled))
    return Run(told, broken, *_lacking(setup, texts, queue, [step for _, step in filled]))


def _plain(filled: Filled, names: dict[str, str], scope: Scope) -> Filled:
    """Return the steps as steps of a spec in which the edits are made, and nothing is switched."""
    found: Filled = []
    for at, step in filled:
        action = scope.spec.actions[names.get(step.action.name, step.action.name)]
        found.append((at, Step(action, step.binding)))
    return found


def _shortened(filled: Filled, scope: Scope) -> Filled:
    """Return the run without the hidden steps that it can do without."""
    evaluator = Evaluator(scope)
    fooled = [p.name for p in scope.places].index("fooled")
    for i in range(len(filled) - 1, -1, -1):
        if filled[i][0] is None:
            fewer = filled[:i] + filled[i + 1 :]
            taken = follow(evaluator, (step for _, step in fewer))
            whole = taken.refused is None and taken.left is None
            if whole and not taken.walk.states[-1][fooled]:
                filled = fewer
    return filled


def _broken(scope: Scope, walk: Walk) -> Iterable[tuple[str, str, int]]:
    """Yield the properties that the run breaks, each with the step that does it first."""
    evaluator = Evaluator(scope)
    kinds = ("invariant", "step")
    claims = [p for p in scope.spec.properties.values() if p.kind in kinds]
    asked = [Claim(evaluator, p) for p in claims]
    for n, (before, after) in enumerate(zip(walk.states, walk.states[1:], strict=False), 1):
        for claim in list(asked):
            p = claim.property
            two = p.kind == "step"
            if (claim.holds(before, after) if two else claim.holds(after)) is not None:
                asked.remove(claim)
                yield p.id, p.name, n


def _whole(setup: Setup, filled: Filled) -> tuple[Trace, Story]:
    """Return the run as a trace of the queue with its witness: it breaks that there is more to
    write.
    """
    spec = watched(setup.queue.spec)
    scope = Scope(f"{setup.queue.name}{WITNESS}", spec, setup.over(spec).bounds)
    steps = [Step(spec.actions[s.action.name], s.binding) for _, s in filled]
    steps.append(Step(spec.actions["close"], {}))
    story = tell(scope, follow(Evaluator(scope), steps).walk, ENDS)
    return Trace(scope, Edits(), "judge", ENDS, story.lines), story


def _lacking(
    setup: Setup, texts: frozenset[str], queue: Scope, steps: Sequence[Step]
) -> tuple[Trace | None, Story | None]:
    """Return the run of the edited queue up to the first property that it breaks."""
    evaluator, actions = Evaluator(queue), queue.spec.actions
    own = [Step(actions[s.action.name], s.binding) for s in steps if s.action.name in actions]
    taken = follow(evaluator, own)
    walk, base = taken.walk, setup.queue
    first = min(_broken(queue, walk), key=lambda b: b[2], default=None)
    if first is not None:
        n = first[2]
        story = tell(queue, Walk(walk.states[: n + 1], walk.steps[:n]), first[1])
        return Trace(base, Edits(texts), "judge", first[1], story.lines), story
    if taken.left is not None:
        violated = f"{RANGE}{taken.left.field}"
        story = tell(queue, walk, violated)
        return Trace(base, Edits(texts), "judge", violated, story.lines), story
    assumed = Edits(texts).on(base)
    for p in assumed.spec.properties.values():
        if p.kind == "leads_to":
            try:
                story = tell_lasso(assumed, Lasso.of(walk, len(walk.steps)), p.name)
            except NotBroken:
                continue
            trace = Trace(base, Edits(texts), "judge", p.name, story.lines, loop=story.loop)
            return trace, story
    return None, None
