"""The steps of a run on another variant of its spec, such as one with the protections in place."""

from __future__ import annotations

from dataclasses import dataclass, replace

from checker.explain.clauses import Clause, guard_clauses
from checker.explain.run import Run
from checker.runs.lasso import breaks
from checker.runs.story import RANGE
from checker.runs.trace import steps_of
from checker.runs.walk import follow
from spec.failures.edits import NONE, Edits
from spec.language.evaluate import Evaluator, Instance
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


def under(run: Run, edits: Edits = NONE) -> Lens:
    """Return the run under another variant: its scope with these edits made; with none, every
    protection is in place. Raises `Misuse` for an unknown edit.
    """
    scope = edits.on(run.trace.scope)
    evaluator = Evaluator(scope)
    found = follow(evaluator, steps_of(scope, run.lines), _start(run, evaluator))
    seen = replace(
        run, scope=scope, evaluator=evaluator, states=found.walk.states, steps=found.taken,
        story=replace(run.story, lines=run.lines[: len(found.taken)]),
    )  # fmt: skip
    if found.left is not None:
        return Lens(seen, None, None, (), run.trace.violated == f"{RANGE}{found.left.field}")
    if len(found.taken) == len(run.lines):
        claim = scope.spec.properties.get(run.trace.violated)
        broken = claim is not None and breaks(evaluator, found.walk, claim, run.trace.begin)
        return Lens(seen, None, None, (), broken)
    line = run.lines[len(found.taken)]
    if found.refused is None:
        return Lens(seen, line.n, f"{line.action} does not exist", (), False)
    (step,) = steps_of(scope, [line])
    clauses = guard_clauses(seen, seen.end, Instance(evaluator, step.action, step.binding))
    wrong = tuple(c for c in clauses if not c.holds)
    return Lens(seen, line.n, f"{line.action}.{found.refused}", wrong, False)


def restored(run: Run) -> list[tuple[str, Lens]]:
    """Return, for each protection that the run goes without, the run with that one put back."""
    edits, spec = run.trace.edits, run.trace.scope.spec
    return [(edit, under(run, edits.but(edit, spec))) for edit in edits]


def _start(run: Run, evaluator: Evaluator) -> State:
    """Return where the run begins; what only the variant knows of has its initial value."""
    known = {p.name: v for p, v in zip(run.scope.places, run.states[0], strict=True)}
    places = zip(evaluator.scope.places, evaluator.initial(), strict=True)
    return tuple(known.get(place.name, value) for place, value in places)
