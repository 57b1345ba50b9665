"""The steps of a run on another variant of its spec, such as one with the protections in place."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from checker.explain.clauses import Clause, guard_clauses
from checker.explain.run import Run
from checker.runs.lasso import Lasso, NoLasso, judge
from checker.runs.story import RANGE
from checker.runs.trace import binding_of, edited
from spec.language.evaluate import Claim, Evaluator, Instance, OutOfRange
from spec.language.scope import State


@dataclass(frozen=True)
class Lens:
    """How far a variant follows a run: `run` holds the steps that it takes, and its own states.

    Of the step that it refuses: the number, the guard as `action.guard` (or that there is no such
    step), and the clauses that are false. `broken`: the run violates its property here as well.
    """

    run: Run
    refused_at: int | None
    refused_by: str | None
    clauses: tuple[Clause, ...]
    broken: bool

    @property
    def steps_taken(self) -> int:
        """How many steps the variant takes."""
        return len(self.run.steps)


def under(run: Run, edits: Iterable[str] = (), off: Iterable[str] = ()) -> Lens:
    """Return the run under another variant: its scope with these edits made, and these guards
    removed; with none, every protection is in place. Raises `Misuse` for an unknown edit.
    """
    scope = edited(run.trace.scope, edits, off)
    evaluator = Evaluator(scope)
    states, steps = [_start(run, evaluator)], list[Instance]()

    def seen() -> Run:
        taken = replace(run.story, lines=run.lines[: len(steps)])
        return replace(
            run, scope=scope, evaluator=evaluator, states=tuple(states), steps=tuple(steps),
            story=taken,
        )  # fmt: skip

    for line in run.lines:
        action = scope.spec.actions.get(line.action)
        if action is None:
            return Lens(seen(), line.n, f"{line.action} does not exist", (), False)
        instance = Instance(evaluator, action, binding_of(scope, action, line))
        refusal = instance.refusal(states[-1])
        if refusal is not None:
            clauses = guard_clauses(seen(), len(states) - 1, instance)
            wrong = tuple(c for c in clauses if not c.holds)
            return Lens(seen(), line.n, f"{action.name}.{refusal}", wrong, False)
        steps.append(instance)
        try:
            states.append(instance.after(states[-1]))
        except OutOfRange as leaving:
            fails = run.trace.violated == f"{RANGE}{leaving.field}"
            return Lens(seen(), None, None, (), fails)
    return Lens(seen(), None, None, (), _broken(seen()))


def restored(run: Run) -> list[tuple[str, Lens]]:
    """Return, for each protection that the run goes without, the run with that one put back."""
    edits, off = run.trace.edits, run.trace.off
    found = []
    for edit in edits:
        found.append((edit, under(run, [e for e in edits if e != edit], off)))
    for guard in off:
        found.append((guard, under(run, edits, [g for g in off if g != guard])))
    return found


def _start(run: Run, evaluator: Evaluator) -> State:
    """Return where the run begins; what only the variant knows of has its initial value."""
    known = {p.name: v for p, v in zip(run.scope.places, run.states[0], strict=True)}
    places = zip(evaluator.scope.places, evaluator.initial(), strict=True)
    return tuple(known.get(place.name, value) for place, value in places)


def _broken(run: Run) -> bool:
    claim = run.scope.spec.properties.get(run.trace.violated)
    if claim is None:
        return False
    if claim.kind == "leads_to":
        begin = (run.trace.loop or 1) - 1
        steps = tuple(instance.step for instance in run.steps)
        try:
            judge(run.scope, Lasso(steps[:begin], steps[begin:]), claim)
        except NoLasso:
            return False
        return True
    last = run.states[-1]
    before = run.states[-2] if claim.kind == "step" and len(run.states) > 1 else last
    return Claim(run.evaluator, claim).holds(before, last) is not None
