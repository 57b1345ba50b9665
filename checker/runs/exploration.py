"""What an explorer returns, whichever engine did the work, and the limits it keeps."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from checker.runs.walk import Walk
from spec.language.declared.model import Property
from spec.language.scope import Scope
from spec.language.terms.expr import Const, Expr, Implies


@dataclass(frozen=True)
class Limits:
    """When to end a run that is not finished: states, bytes of memory, seconds; None means no
    limit.
    """

    max_states: int | None = None
    max_memory: int | None = None
    max_seconds: float | None = None


@dataclass(frozen=True)
class Progress:
    """How far a run is, reported about ten times a second and at each new level of depth."""

    phase: str
    states: int
    generated: int
    depth: int
    frontier: int
    seconds: float
    unfired: tuple[str, ...] = ()
    """The actions that have not fired yet."""


Report = Callable[[Progress], None]


@dataclass(frozen=True)
class Exploration:
    """Every state of a scope, or as many as the limits allowed, and what was found in them.

    `depth` counts steps to the farthest state; `generated` counts steps taken, repeated states
    included. `violations` maps a property (or `range_<field>`) to the number of steps of its
    shortest violation. `exercised` names each property that was not vacuous: the antecedent held
    somewhere, or the `sometimes` did. `symmetry` names the sorts whose elements are interchangeable
    and counted once. `stopped_by` is None if complete, else max-states, max-memory, max-seconds,
    interrupt or violation.
    """

    scope: Scope
    off: tuple[str, ...]
    engine: str
    symmetry: tuple[str, ...]
    stopped_by: str | None
    states: int
    generated: int
    depth: int
    seconds: float
    violations: Mapping[str, int]
    exercised: frozenset[str]
    fired: Mapping[str, int]
    deadlocks: int
    rebuild: Callable[[str], Walk] = field(repr=False, compare=False)
    bytes_per_state: float = 0.0

    @property
    def complete(self) -> bool:
        """Whether every reachable state of the scope was visited."""
        return self.stopped_by is None

    @property
    def never_fired(self) -> tuple[str, ...]:
        """The actions that no reachable state enables."""
        return tuple(name for name, count in self.fired.items() if count == 0)

    def walk(self, violated: str) -> Walk:
        """Return a shortest run that violates the property."""
        return self.rebuild(violated)


class Interrupted(KeyboardInterrupt):
    """Ctrl-C, with what was found until then; who does not ask for that is interrupted as well."""

    def __init__(self, found: Exploration) -> None:
        super().__init__()
        self.found = found


def antecedent(claim: Property) -> Expr:
    """Return what must hold somewhere for the claim not to be vacuous: the left side of an
    implication.
    """
    if claim.kind in ("sometimes", "leads_to"):
        return claim.body
    return claim.body.left if isinstance(claim.body, Implies) else Const(True, bool)
