"""What has to be proved for something to come to be in every fair run, for any number of things.

A fair run is looked at from some point on: faults that are finite have ceased, the numbers that
earlier stages settle change no more, and what earlier stages say stays, holds. There, each premise
is a statement about one state or one step, which the solvers decide:

- settles: no step raises the number, and it is never below zero. So it changes only so often.
- stays: no step ends it; where it does not hold, its action is enabled (a strongly fair one at each
  return of the stage `after`); a step of that action brings it about.
- recurs: from where it does not hold (at the return of `after`, if it has one) its action stays
  enabled until it does, and a step of that action brings it about.
- leads_to: the cause stays while there is no outcome; in the end there is no cause without outcome.

That these premises are enough is decided in `checker/prove/rules.py`. It needs that there are
finitely many of everything, and at least one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from checker.prove.obligations import Obligation, Prover
from checker.prove.solvers.smt import Taken, after
from spec.language.declared.model import Action, Property
from spec.language.declared.stages import Stage, refuse_unfair
from spec.language.misuse import Misuse
from spec.language.terms.expr import Equal, Exists, Expr, LessEqual, Var, number

AFTER = ".after"
"""Ends the name of a stage where it is assumed of the state after the step."""

# Written so that no action can be called so.
NOT_NEGATIVE, ENABLED, HELPS, OUTCOME = "not-negative", "is-enabled", "brings-about", "in-the-end"


@dataclass(frozen=True)
class _Goal:
    """What is to be shown of one state or step, for all parameters."""

    name: str
    claim: str
    params: tuple[Var, ...]
    says: str


class Progress:
    """The obligations of a spec's stages and of its `leads_to` properties."""

    def __init__(self, prover: Prover) -> None:
        self.prover, self.smt, self.spec = prover, prover.smt, prover.spec

    def all(self) -> Iterator[Obligation]:
        """Yield every obligation, in the order of the argument."""
        for name in self.names():
            yield from self.of(name, self.before(name))

    def names(self) -> list[str]:
        """Return the stages and after them the `leads_to` properties."""
        claims = [p.name for p in self.spec.properties.values() if p.kind == "leads_to"]
        return [*self.spec.stages, *claims]

    def before(self, name: str) -> list[Stage]:
        """Return the stages that a stage or a `leads_to` may assume."""
        order = list(self.spec.stages)
        return list(self.spec.stages.values())[: order.index(name) if name in order else None]

    def of(self, name: str, earlier: list[Stage]) -> Iterator[Obligation]:
        """Yield the obligations of one stage or `leads_to` from these stages."""
        stage = self.spec.stages.get(name)
        if stage is None:
            yield from self._leads_to(self.spec.properties[name], earlier)
            return
        yield from self._steps(stage, earlier, self._for_ever())
        match stage.kind:
            case "settles":
                says = f"{name} is never below zero."
                least = _Goal(NOT_NEGATIVE, name, stage.params, says)
                yield self._state(least, earlier, LessEqual(number(0), stage.body))
            case "stays":
                yield self._enabled(stage, earlier, self._where(stage))
                yield self._helps(stage, earlier, ~stage.body)
            case "recurs":
                yield self._enabled(stage, earlier, self._where(stage))
                yield self._helps(stage, earlier, self._where(stage))

    def against(self, name: str, faults: Sequence[str]) -> Iterator[Obligation]:
        """Yield the obligations that these faults do not undo a stage, finite though they are."""
        stage = self.spec.stages[name]
        yield from self._steps(stage, self.before(name), [self.spec.actions[f] for f in faults])

    # ---------------------------------------------------------------- every step
    def _steps(
        self, stage: Stage, earlier: list[Stage], actions: Sequence[Action]
    ) -> Iterator[Obligation]:
        """Yield what a stage demands of every step of the actions."""
        kept = after(stage.body)
        for action in actions:
            match stage.kind:
                case "settles":
                    says = f"{action.name} does not raise {stage.name}."
                    body: Expr = LessEqual(kept, stage.body)
                case "stays":
                    says = f"{action.name} does not end {stage.name}."
                    body = stage.body >> kept
                case "recurs" if stage.after is None:
                    continue  # its action is enabled wherever it is missing
                case "recurs":
                    where = self._where(stage)
                    says = f"{action.name} does not lead past {stage.name}."
                    body = where >> (after(where) | kept)
            goal = _Goal(action.name, stage.name, stage.params, says)
            yield self._step(goal, action, earlier, body, kept=True)

    def _where(self, stage: Stage) -> Expr:
        """Return where the stage's action must be enabled."""
        if stage.after is None:
            return ~stage.body
        return self.spec.stages[stage.after].body & ~stage.body

    def _leads_to(self, claim: Property, earlier: list[Stage]) -> Iterator[Obligation]:
        assert claim.then is not None
        waiting = claim.body & ~claim.then
        for action in self.spec.actions.values():
            says = f"{action.name} ends the cause of {claim.name} only by its outcome."
            goal = _Goal(action.name, claim.name, claim.params, says)
            kept = after(claim.body) | after(claim.then)
            # From the very beginning: here nothing has settled yet.
            yield self._step(goal, action, [], waiting >> kept, kept=True)
        says = f"In the end there is no cause of {claim.name} without its outcome."
        goal = _Goal(OUTCOME, claim.name, claim.params, says)
        yield self._state(goal, earlier, ~waiting)

    # ---------------------------------------------------------------- the helpful action
    def _enabled(self, stage: Stage, earlier: list[Stage], where: Expr) -> Obligation:
        action = self._by(stage)
        conditions = [condition for _, condition in self.prover.enabling(action)]
        enabled = conditions[0] if conditions else Equal(number(0), number(0))
        for condition in conditions[1:]:
            enabled = enabled & condition
        for p in _open(action, stage.params):
            enabled = Exists(p, enabled)
        says = f"Where {stage.name} does not hold, {action.name} is enabled."
        goal = _Goal(ENABLED, stage.name, stage.params, says)
        return self._state(goal, earlier, where >> enabled)

    def _helps(self, stage: Stage, earlier: list[Stage], where: Expr) -> Obligation:
        action = self._by(stage)
        says = f"A step of {action.name} brings {stage.name} about."
        goal = _Goal(HELPS, stage.name, stage.params, says)
        return self._step(goal, action, earlier, where >> after(stage.body), shared=True)

    def _by(self, stage: Stage) -> Action:
        assert stage.by is not None, stage.name
        action = self.spec.actions[stage.by]
        refuse_unfair(stage, action)  # an edit may have made it so
        if _open(action, stage.params) and action.fair != "strong":
            # Enabled all the time, but each time for another one, it need not be taken for any.
            known = ", ".join(p.name for p in _open(action, stage.params))
            fact = f"{stage.name} relies on {action.name}, whichever its {known}"
            raise Misuse(fact, "rely on a strongly fair action")
        return action

    def _for_ever(self) -> list[Action]:
        """Return the actions that may happen for ever."""
        return [a for a in self.spec.actions.values() if not a.finite]

    # ---------------------------------------------------------------- texts
    def _state(self, goal: _Goal, earlier: list[Stage], body: Expr) -> Obligation:
        """Return the obligation that the body holds in every state of the run's end."""
        declared, names = self.smt.parameters(goal.params, "for")
        lines = [*self.prover.assumed(), *self._facts(earlier, None), *declared]
        shown = self.smt.term(body, names)
        return Obligation.made(goal.name, goal.claim, goal.says, lines, shown)

    def _step(
        self,
        goal: _Goal,
        action: Action,
        earlier: list[Stage],
        body: Expr,
        shared: bool = False,
        kept: bool = False,
    ) -> Obligation:
        """Return the obligation that the body is true of every step of the action in the run's end.

        `shared`: the action is taken for the very parameters that the goal has, if it has them.
        `kept`: the body is true of a step that changes nothing.
        """
        declared, names = self.smt.parameters(goal.params, "for")
        if shared:
            others, more = self.smt.parameters(_open(action, goal.params), action.name)
            declared, names = [*declared, *others], {**names, **more}
        assumed, step = self.prover.step(action, declared, names if shared else None)
        lines = [*assumed, *self._facts(earlier, None), *self._facts(earlier, step)]
        shown = self.smt.term(body, names, step)
        framed = kept and self.prover.spares(action, body)
        return Obligation.made(goal.name, goal.claim, goal.says, lines, shown, framed)

    def _facts(self, earlier: list[Stage], step: Taken | None) -> Iterator[str]:
        """Yield what earlier stages say: of the state before, or of the step and what follows."""
        for stage in earlier:
            if stage.kind == "stays":
                body = stage.body if step is None else after(stage.body)
                label = stage.name if step is None else stage.name + AFTER
            elif stage.kind == "settles" and step is not None:
                body, label = Equal(after(stage.body), stage.body), stage.name
            else:
                continue
            yield f"(assert (! {self.smt.closed(stage.params, body, step)} :named {label}))"


def _open(action: Action, params: Sequence[Var]) -> tuple[Var, ...]:
    """Return the parameters of an action that a stage leaves open: later modules have added them.

    There are finitely many of everything, so an action that is enabled again and again for some of
    them is so for one of them; a strongly fair one is then taken.
    """
    named = {p.name for p in params}
    return tuple(p for p in action.params if p.name not in named)
