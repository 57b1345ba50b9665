"""The shortest run to something that may happen: an action, a refusal, what a property speaks of,
or a field's value. Where there is none, every state of the scope was visited.

That it never happens is an invariant, and a run that breaks it leads there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import reduce

from checker.runs.exploration import Limits, Report, antecedent
from checker.runs.story import Line, lines_of
from checker.runs.walk import Walk
from checker.search.targets import never_met
from spec.language.declared.model import Field, Kind, Property, Spec
from spec.language.evaluate import Evaluator, Instance, Step
from spec.language.misuse import near
from spec.language.scope import Scope, State
from spec.language.terms.expr import And, Const, Equal, Expr, NoneOf, Not, Read, Var
from spec.language.terms.tree import walk
from spec.language.terms.types import NUMBER, Nat, is_enum, is_sort

CLAIM = "it_never_happens"


class NoTarget(ValueError):
    """The text names nothing that could happen: `what: fact; remedy`."""


@dataclass(frozen=True)
class Witness:
    """A shortest run, if there is one: its lines, its steps, and the state it leads to.

    `states` counts those that were visited; `stopped_by` says why not all were, if nothing was
    found before.
    """

    lines: tuple[Line, ...]
    steps: tuple[Step, ...]
    end: State | None
    states: int
    stopped_by: str | None


def witness(
    scope: Scope, wanted: str, limits: Limits | None = None, report: Report | None = None
) -> Witness:
    """Return a shortest run to what the text names; raises `NoTarget`.

    The text is `action`; `action.guard`, which refuses the action there; the name of a property,
    where what it asks for first holds; or `field=value`, of any element. Several of the last are
    asked for at once, of one job, one worker and so on.
    """
    from checker.search.compiled import explore

    claim = replace(_claim(scope, wanted), name=CLAIM)
    asked = scope.on(scope.spec.edited(f"never {wanted}", properties={CLAIM: claim}))
    found = explore(asked, limits, until=frozenset({CLAIM}), threads=1, report=report)
    if CLAIM not in found.violations:
        return Witness((), (), None, found.states, found.stopped_by)
    way = found.walk(CLAIM)
    if wanted in scope.spec.actions:
        taken = _possible(scope, wanted, way.states[-1])
        way = Walk((*way.states, taken.after(way.states[-1])), (*way.steps, taken.step))
    return Witness(lines_of(scope, way), way.steps, way.states[-1], found.states, None)


def targets(scope: Scope) -> Iterator[str]:
    """Yield what can be asked for by name."""
    for action in scope.spec.actions.values():
        yield from (target.name for target, _ in never_met(scope, action))
    yield from (p.name for p in scope.spec.properties.values() if _speaks(p))
    yield from scope.spec.fields


def _possible(scope: Scope, name: str, state: State) -> Instance:
    evaluator, action = Evaluator(scope), scope.spec.actions[name]
    every = (Instance(evaluator, action, binding) for binding in scope.bindings(action.params))
    return next(i for i in every if i.refusal(state) is None)


# ---------------------------------------------------------------- what never happens
def _claim(scope: Scope, wanted: str) -> Property:
    words = wanted.split() or [wanted]
    pairs = [word.partition("=")[::2] for word in words]
    if all(value and name in scope.spec.fields for name, value in pairs):
        return _differs(scope.spec, [(scope.spec.fields[name], value) for name, value in pairs])
    if len(words) > 1:
        odd = next(w for w in words if w.partition("=")[0] not in scope.spec.fields or "=" not in w)
        raise NoTarget(f"{odd}: beside others it can only be field=value; write it so")
    field, equals, _ = wanted.partition("=")
    for action in scope.spec.actions.values():
        for target, claim in never_met(scope, action):
            if target.name == wanted:
                return claim
    named = scope.spec.properties.get(wanted) or _by_id(scope, wanted)
    if named is not None:
        if not _speaks(named):
            raise NoTarget(f"{wanted}: it speaks of every state; name an action or field=value")
        asked = antecedent(named)
        # A step is asked for only where the property speaks of one before it claims anything.
        after = any(isinstance(part, Read) and part.after for part in walk(asked))
        kind: Kind = "step" if after else "invariant"
        return replace(named, kind=kind, own=Not(asked), then=None, exemptions=())
    alike = get_close_matches(field, scope.spec.fields if equals else targets(scope), 3, 0.5)
    listed = f"`ffq scopes {scope.name}` lists what there is"
    raise NoTarget(f"{wanted}: nothing is called so; {near(field, alike) if alike else listed}")


def _by_id(scope: Scope, wanted: str) -> Property | None:
    """Return the property with this ID, if any; raises `NoTarget` if there are several."""
    found = [p for p in scope.spec.properties.values() if p.id == wanted.upper() and _speaks(p)]
    if len(found) > 1:
        names = ", ".join(p.name for p in found)
        raise NoTarget(f"{wanted}: several claims have this ID; write one of: {names}")
    return found[0] if found else None


def _speaks(claim: Property) -> bool:
    """Return whether the property asks for something before it claims anything."""
    return not isinstance(antecedent(claim), Const)


def _differs(spec: Spec, pairs: Sequence[tuple[Field, str]]) -> Property:
    """Return the claim that fields of one element of each sort never have these values at once."""
    sorts = dict.fromkeys(field.over for field, _ in pairs if field.over is not None)
    params = {sort: Var(f"the_{sort.__name__.lower()}", sort) for sort in sorts}
    each: list[Expr] = [
        Equal(
            Read(field, None if field.over is None else params[field.over]),
            _value(spec, field, value),
        )
        for field, value in pairs
    ]
    body = Not(reduce(And, each))
    return Property(
        "", pairs[0][0].name, "It never happens.", "invariant", (*params.values(),), body
    )


def _value(spec: Spec, field: Field, text: str) -> Expr:
    kind = field.type
    if isinstance(kind, Nat) and text.isdecimal():
        return Const(int(text), NUMBER)
    if kind is bool and text in ("true", "false"):
        return Const(text == "true", bool)
    if is_enum(kind) and text in spec.members(kind):
        return Const(text, kind)
    if is_sort(kind) and text == "none":
        return NoneOf(kind)
    if isinstance(kind, Nat):
        known = "a number"
    elif is_enum(kind):
        known = ", ".join(spec.members(kind))
    else:  # elements are interchangeable: a run to one of them would be a run to any
        known = "none" if is_sort(kind) else "true or false"
    raise NoTarget(f"{field.name}={text}: it cannot be that; write {known}")


def told(scope: str, wanted: str) -> list[str]:
    """Return a witness in a scope of the queue as lines of text, for another process."""
    from spec.queue import SCOPES

    found = witness(SCOPES[scope], wanted)
    if found.end is None:
        return [f"what it speaks of takes place in none of the {found.states:,} states"]
    if not found.lines:
        return ["what it speaks of is so from the beginning"]
    actors, calls = (max(len(w) for w in words) for words in zip(*_words(found), strict=True))
    return [
        f"{line.n:>2}  {line.actor:<{actors}}  {line.call:<{calls}}  "
        + ", ".join(map(str, line.changes))
        for line in found.lines
    ]


def _words(found: Witness) -> list[tuple[str, str]]:
    return [(line.actor, line.call) for line in found.lines] or [("", "")]
