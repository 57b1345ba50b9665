"""Counterexamples to induction: a state in which every hypothesis holds, and a step out of it that
breaks a claim.

Nobody says that such a state can be reached: either a run leads there, or a lemma is missing that
would exclude it. z3 finds it; the evaluator, which shares no code with the prover, must agree with
every part of it before it is shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from checker.prove.obligations import START, Prover, ranges
from checker.runs.story import RANGE, Broken, Story, broken_by, params_of, tell
from checker.runs.story import render as render_story
from checker.runs.trace import Trace, record, state_as_json
from checker.runs.walk import follow
from spec.failures.edits import Edits
from spec.language.declared.model import Property, Spec
from spec.language.evaluate import (
    Binding,
    Claim,
    Evaluator,
    Instance,
    Step,
    changes,
)
from spec.language.scope import Scope, State, element_name, value_name
from spec.language.terms.expr import Expr, Read
from spec.language.terms.tree import walk

UNREACHED = "a counterexample to induction: not known to be reachable"
AT_FIRST = "a claim that does not hold at first"


class Divergence(Exception):
    """The evaluator denies what z3 made of the prover's text: one of the two is wrong."""


@dataclass(frozen=True)
class Cti:
    """A step that breaks a claim, in a scope that has just the elements involved.

    `binding` says for which parameters the claim is false. Without a step, it is so at first.
    """

    obligation: str
    scope: Scope
    claim: Property
    binding: Binding
    step: Step | None
    before: State
    after: State

    @property
    def says(self) -> str:
        """What this is, in words that promise nothing."""
        return AT_FIRST if self.step is None else UNREACHED

    @property
    def call(self) -> str:
        """The step as traces print it."""
        return START if self.step is None else self.step.call


@dataclass(frozen=True)
class Involved:
    """One place that the step or the claim has to do with; `thing` is `-` where there is one."""

    thing: str
    field: str
    before: str
    after: str


def find(spec: Spec, obligation: str, hypotheses: Sequence[Property] | None = None) -> Cti | None:
    """Return the smallest counterexample to an obligation about a state or a step, confirmed; None
    if it is proved, or fails only with more elements than are tried; raises `Divergence`.

    `hypotheses` are what is assumed of the state before: by default all that is proved together.
    """
    from checker.prove.minimal_model import smallest

    prover = Prover(spec, hypotheses)
    model = smallest(prover, obligation)
    if model is None:
        return None
    where, wanted = obligation.split("/")
    claim = next(p for p in (*ranges(spec), *spec.properties.values()) if p.name == wanted)
    step = None if where == START else Step(spec.actions[where], model.params)
    cti = Cti(obligation, model.scope, claim, model.binding, step, model.before, model.after)
    confirm(cti, prover.hypotheses)
    return cti


def confirm(cti: Cti, hypotheses: Sequence[Property]) -> None:
    """Raise `Divergence` unless the evaluator agrees: the hypotheses hold, the step is possible
    and leads where it is said to, and the claim is false there.
    """
    evaluator = Evaluator(cti.scope)
    if cti.step is None:
        _demand(cti, evaluator.initial() == cti.before, "this is not the initial state")
    else:
        for p in hypotheses:
            holds = Claim(evaluator, p).holds(cti.before) is None
            _demand(cti, holds, f"{p.name} does not hold before the step")
        instance = Instance(evaluator, cti.step.action, cti.step.binding)
        refusal = instance.refusal(cti.before)
        _demand(cti, refusal is None, f"the step is refused for '{refusal}'")
        reached = list(cti.before)
        for write in instance.writes:
            # Not `Instance.after`: a number out of its range may be just what is claimed not to be.
            reached[write.position(cti.before)] = write.meaning(cti.before, cti.before)
        differing = [
            place.name
            for place, ours, theirs in zip(cti.scope.places, reached, cti.after, strict=True)
            if ours != theirs
        ]
        _demand(cti, not differing, f"the step leaves {', '.join(differing)} otherwise")
    _demand(cti, _fails(evaluator, cti), f"{cti.claim.name} is not broken")


def _fails(evaluator: Evaluator, cti: Cti) -> bool:
    """Return whether the claim is false of what it is asked of."""
    before = cti.before if cti.claim.kind == "step" else cti.after

    def true(e: Expr) -> bool:
        return bool(evaluator.meaning(e, cti.binding)(before, cti.after))

    asked = cti.claim.kind != "step" or any(map(true, changes(cti.claim)))
    return asked and not true(cti.claim.body)


def _demand(cti: Cti, fact: bool, otherwise: str) -> None:
    if not fact:
        raise Divergence(f"{cti.obligation}: z3 has a counterexample, and {otherwise}")


# ---------------------------------------------------------------- for people
def rows(cti: Cti) -> list[Involved]:
    """Return what changes, and the places whose fields the claim, the guards or the updates
    read.
    """
    wholes: list[Expr] = [cti.claim.body]
    if cti.step is not None:
        action = cti.step.action
        wholes += [g.condition for g in action.guards]
        updates = action.updates(cti.scope.spec)
        wholes += [e for u in updates for e in (u.value, u.index) if e is not None]
    read = {e.field.name for whole in wholes for e in walk(whole) if isinstance(e, Read)}
    found = []
    for place, *values in zip(cti.scope.places, cti.before, cti.after, strict=True):
        f = place.field
        if f.name in read or values[0] != values[1]:
            thing = "-" if f.over is None else element_name(f.over, place.element)
            before, after = (value_name(f.type, v) for v in values)
            found.append(Involved(thing, f.name, before, after))
    things = list(dict.fromkeys(row.thing for row in found))
    return sorted(found, key=lambda row: things.index(row.thing))


def broken(cti: Cti) -> Broken:
    """Return the claim, the parameters for which it is false, and why it is."""
    before = cti.before if cti.claim.kind == "step" else cti.after
    return broken_by(Evaluator(cti.scope), cti.claim, cti.binding, before, cti.after)


def render(cti: Cti, width: int | None = None) -> list[str]:
    """Return the counterexample as lines: a small table of what is before and after, and why."""
    constants = (f"{name} = {cti.scope.bounds[name]}" for name in cti.scope.spec.constants)
    text = [cti.says, ", ".join([cti.call, *constants]), ""]
    table = rows(cti)
    things, fields = (max((len(n) for n in names), default=0) for names in (
        [row.thing for row in table], [row.field for row in table],
    ))  # fmt: skip
    last = None
    for row in table:
        thing = "" if row.thing == last else row.thing
        change = row.before if row.before == row.after else f"{row.before} -> {row.after}"
        text.append(f"  {thing:<{things}}  {row.field:<{fields}}  {change}")
        last = row.thing
    return text + render_story(Story((), broken(cti)), width)


# ---------------------------------------------------------------- for programs
def as_json(cti: Cti) -> dict[str, Any]:
    """Return the counterexample as `--json` prints it."""
    before, after = (state_as_json(cti.scope, state) for state in (cti.before, cti.after))
    ending = broken(cti)
    return {
        "obligation": cti.obligation,
        "says": cti.says,
        "scope": {"name": cti.scope.name, "bounds": dict(cti.scope.bounds)},
        "edits": list(cti.scope.spec.edits),
        "step": None if cti.step is None else _step_as_json(cti.step),
        "before": before,
        "after": after,
        "changed": [place for place in before if before[place] != after[place]],
        "property": {"id": ending.id, "name": ending.name, "kind": cti.claim.kind},
        "broken": {"for": ending.when, "clause": ending.clause, "reasons": list(ending.reasons)},
    }


def _step_as_json(step: Step) -> dict[str, Any]:
    return {"action": step.action.name, "params": params_of(step)}


def as_trace(cti: Cti, base: Spec) -> str:
    """Return the text of a trace file that begins where the step does; `base` is the spec before
    its edits.

    Where the step stores a number out of its range, no scope has the state after it: then this is
    what the trace says is broken.
    """
    found = follow(Evaluator(cti.scope), [cti.step] if cti.step else [], cti.before)
    violated = cti.claim.name if found.left is None else f"{RANGE}{found.left.field}"
    names = {sort.__name__ for sort in base.sorts} | set(base.constants)
    bounds = {name: n for name, n in cti.scope.bounds.items() if name in names}
    edits = Edits(cti.scope.spec.edits[len(base.edits) :])
    start = None if cti.step is None else cti.before
    story = tell(cti.scope, found.walk, violated)
    scope = Scope(base.name, base, bounds)
    return record(Trace(scope, edits, "z3", violated, story.lines, start=start), story)
