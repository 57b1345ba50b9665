"""Questions that take long, asked of another process: what goes in and what comes out is plain."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from checker.explain.moves import every_step
from checker.explain.run import run_of
from checker.runs.nearby import Nearby
from checker.runs.story import RANGE
from checker.runs.trace import Trace
from spec.language.evaluate import Binding, Claim, Evaluator, Instance, OutOfRange, Step
from spec.language.scope import Scope, State
from spec.language.terms.expr import Expr

# What answers is loaded where the answers are found: whoever asks starts without NumPy and SciPy.
if TYPE_CHECKING:
    from checker.explain.fate.fate import Fates


@dataclass(frozen=True)
class Asked:
    """What is asked about: a scope with every edit made, and the property that a run violates.

    `key` tells it from others, so that what was found out is kept for the next question.
    """

    key: str
    scope: Scope
    violated: str


class _Known:
    """What is kept between questions."""

    def __init__(self, asked: Asked) -> None:
        self.asked, self.evaluator = asked, Evaluator(asked.scope)

    @cached_property
    def fates(self) -> Fates:
        from checker.explain.fate.fate import fates

        return fates(self.asked.scope, self.asked.violated)

    def instance(self, step: Step) -> Instance:
        action = self.asked.scope.spec.actions[step.action.name]
        return Instance(self.evaluator, action, step.binding)


_known: dict[str, _Known] = {}


def _of(asked: Asked) -> _Known:
    if asked.key not in _known:
        _known.clear()
        _known[asked.key] = _Known(asked)
    return _known[asked.key]


def marks_along(asked: Asked, trace: Trace) -> tuple[str, str]:
    """Return a mark for each state of a run, and why nothing is known, if so."""
    from checker.explain.fate.fate import mark

    found = _of(asked).fates
    return "".join(map(mark, found.along(run_of(trace)))), found.why


def marks_after(asked: Asked, state: State, steps: Sequence[Step]) -> str:
    """Return a mark for each step that is possible in the state: where it leads."""
    from checker.explain.fate.fate import mark

    known = _of(asked)
    return "".join(mark(known.fates.after(known.instance(s), state)) for s in steps)


def node_marks(asked: Asked, came: Sequence[tuple[State | None, Step | None, State]]) -> str:
    """Return a mark for each state, with the step that led there if there is one."""
    from checker.explain.fate.fate import mark

    known = _of(asked)
    marks = []
    for before, step, state in came:
        if before is None or step is None:
            marks.append(mark(known.fates.of(state)))
        else:
            marks.append(mark(known.fates.after(known.instance(step), before)))
    return "".join(marks)


NEAR_MAX = 50_000
"""So many states are looked at for the nearest that is wanted."""

_NOWHERE: State = ()
"""Where a step leads that takes a number out of its range."""


def turning(asked: Asked, states: Sequence[State]) -> tuple[int, list[str]] | str:
    """Return the number of the last of these states of a run from which a good end can be reached,
    and the moves to the nearest; or say why there is none.
    """
    for k in reversed(range(len(states))):
        way = nearest(asked, states[k], "finished")
        if not isinstance(way, str):
            return k, way
    return "no state of this run has a good end near it"


def nearest(
    asked: Asked, state: State, goal: Literal["broken", "finished"], few: bool = False
) -> list[str] | str:
    """Return the names of the fewest moves from a state to a violation, or to a state in which
    nothing is owed and on the way to which nothing new is broken; or say why there are none. If
    `few`, as few of them as can be are faults, and then there are as few as can be.
    """
    known = _of(asked)
    judged = _Good(known, state) if goal == "finished" else None
    reached = _breaks(known) if judged is None else judged.ends
    if reached is None:
        return "no state is broken: what is broken here is a run that never ends"
    if reached(state, state):
        return []

    def leading(here: State) -> Iterator[tuple[Instance, State]]:
        for step in every_step(known.evaluator):
            if step.refusal(here) is not None:
                continue
            try:
                after = step.after(here)
            except OutOfRange as leaving:
                if goal == "broken" and asked.violated == RANGE + leaving.field:
                    yield step, _NOWHERE
                continue
            if judged is None or after in near.came or judged.keeps(here, after):
                yield step, after

    def ends(here: State, after: State) -> bool:
        return after == _NOWHERE or reached(here, after)

    near = Nearby(state, leading)
    if few:
        way = near.cheapest(ends, lambda step: step.step.action.fault, NEAR_MAX)
    else:
        way = near.shortest(ends, NEAR_MAX)
    if way is not None:
        return [instance.step.call for instance in way]
    count = f"{len(near.came):,}"
    if len(near.came) > NEAR_MAX:
        return f"none is {goal} among the nearest {count} states; there may be one further"
    how = "from here" if judged is None else "from here with nothing more broken"
    return f"none of the {count} states that can be reached {how} is {goal}"


def _breaks(known: _Known) -> Callable[[State, State], bool] | None:
    """Return what tells whether a step from one state to another is the violation, if any is."""
    claim = known.asked.scope.spec.properties.get(known.asked.violated)
    if claim is None:  # a range: the step that leaves it leads nowhere
        return lambda before, after: False
    if claim.kind == "leads_to":
        return None
    broken, two = Claim(known.evaluator, claim), claim.kind == "step"
    return lambda before, after: broken.holds(before if two else after, after) is not None


class _Good:
    """What a good end is: each `leads_to` of the scope has kept its promise, and no property is
    broken by a step or in a state; where another one than the run's is broken already, it is not
    asked again.
    """

    def __init__(self, known: _Known, state: State) -> None:
        evaluator, scope = known.evaluator, known.asked.scope
        every = scope.spec.properties.values()
        self.owed = [
            (evaluator.meaning(p.body, binding), evaluator.meaning(p.then, binding))
            for p in every
            if p.kind == "leads_to" and p.then is not None
            for binding in scope.bindings(p.params)
        ]
        asked = (Claim(evaluator, p) for p in every if p.kind in ("invariant", "step"))
        self.claims = [
            claim
            for claim in asked
            if claim.property.name == known.asked.violated
            or claim.property.kind == "step"
            or claim.holds(state) is None
        ]

    def ends(self, before: State, after: State) -> bool:
        owes = any(body(after, after) and not then(after, after) for body, then in self.owed)
        return not owes and self.keeps(before, after)

    def keeps(self, before: State, after: State) -> bool:
        return all(
            claim.holds(before if claim.property.kind == "step" else after, after) is None
            for claim in self.claims
        )


def cures(
    asked: Asked, state: State, step: Step, clauses: Sequence[tuple[str, Expr, Binding]]
) -> dict[str, str]:
    """Return, by the name of the clause, what would make it true; and under the empty name what
    would make the step possible, all at once.
    """
    from checker.explain.fate.enabling import enabling, possible_when, said

    known = _of(asked)
    found = {
        name: said(enabling(known.evaluator, state, condition, binding), "true")
        for name, condition, binding in clauses
    }
    whole = possible_when(asked.scope, known.instance(step))
    found[""] = said(enabling(known.evaluator, state, whole, step.binding), "possible")
    return found
