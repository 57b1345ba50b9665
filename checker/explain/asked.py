"""Questions that take long, asked of another process: what goes in and what comes out is plain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from checker.explain.run import run_of
from checker.trace import Trace
from spec.language.evaluate import Binding, Evaluator, Instance, Step
from spec.language.expr import Expr
from spec.language.scope import Scope, State

# What answers is loaded where the answers are found: whoever asks starts without NumPy and SciPy.
if TYPE_CHECKING:
    from checker.explain.enabling import Enabled, NeverAgain, Unknown
    from checker.explain.fate import Fates


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
        from checker.explain.fate import fates

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
    from checker.explain.fate import mark

    found = _of(asked).fates
    return "".join(map(mark, found.along(run_of(trace)))), found.why


def marks_after(asked: Asked, state: State, steps: Sequence[Step]) -> str:
    """Return a mark for each step that is possible in the state: where it leads."""
    from checker.explain.fate import mark

    known = _of(asked)
    return "".join(mark(known.fates.after(known.instance(s), state)) for s in steps)


def cures(
    asked: Asked, state: State, step: Step, clauses: Sequence[tuple[str, Expr, Binding]]
) -> dict[str, str]:
    """Return, by the name of the clause, what would make it true; and under the empty name what
    would make the step possible, all at once.
    """
    from checker.explain.enabling import enabling, possible_when

    known = _of(asked)
    found = {
        name: said(enabling(known.evaluator, state, condition, binding), "true")
        for name, condition, binding in clauses
    }
    whole = possible_when(asked.scope, known.instance(step))
    found[""] = said(enabling(known.evaluator, state, whole, step.binding), "possible")
    return found


def said(outcome: Enabled | NeverAgain | Unknown, what: str) -> str:
    """Return what would make something true, in words."""
    from checker.explain.enabling import Enabled, NeverAgain, Unknown

    match outcome:
        case Enabled():
            count = len(outcome.steps)
            return f"{what} after {', '.join(outcome.moves)}   {count} move{'s' * (count != 1)}"
        case NeverAgain():
            return f"never {what} again from here: false in all {outcome.states:,} states ahead"
        case Unknown():
            return f"not known: still false in {outcome.states:,} states; {outcome.why}"
