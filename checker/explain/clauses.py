"""Guards and properties taken apart: each clause with its truth, what it read, and since when."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, replace

from checker.explain.moves import REFERENCE
from checker.explain.run import Run
from checker.runs.story import RANGE, chosen
from checker.runs.why import Why
from spec.language.declared.model import Property
from spec.language.evaluate import Binding, Claim, Evaluator, Instance
from spec.language.scope import value_name
from spec.language.terms.expr import (
    And,
    Equal,
    Exists,
    Expr,
    ForAll,
    Implies,
    NoneOf,
    Not,
    Or,
    Quantifier,
    Read,
)
from spec.language.terms.tree import walk
from spec.language.terms.types import Nat


@dataclass(frozen=True)
class Since:
    """The step after which a clause has had its truth without a break; 0: from the beginning."""

    step: int
    call: str
    actor: str

    def __str__(self) -> str:
        if self.step == 0:
            return "from the beginning"
        who = "" if self.actor == "-" else f"{self.actor} "
        return f"since step {self.step} ({who}{self.call})"


@dataclass(frozen=True)
class Clause:
    """One condition in one state, its variables replaced by what they stand for.

    `name` is that of the guard, or the part it plays in a property: a property is broken if each
    `if` holds and some `then` or every `or` does not, if each `never` holds, or if a `must` does
    not; and no `unless NAME` holds, which are its exemptions. `values` is what was read:
    `status[job1] = claimed`; and which element decides a quantifier: `w = worker2`.
    `condition` and `binding` are the clause itself; there is none that a number stays in its range.
    `since` is not known of a clause that speaks of a step.
    """

    name: str
    text: str
    holds: bool
    values: tuple[str, ...]
    since: Since | None
    condition: Expr | None
    binding: Binding


# ---------------------------------------------------------------- guards
def guard_clauses(run: Run, k: int, instance: Instance) -> list[Clause]:
    """Return every condition of a step in state k: it is possible if and only if all hold.

    That a reference which the step follows is not none is a condition too.
    """
    action, binding = instance.step.action, instance.step.binding
    references = action.references(run.scope.spec)
    parts: list[tuple[str, Expr]] = [(REFERENCE, Not(Equal(r, NoneOf(r.type)))) for r in references]
    parts += [(g.name, part) for g in action.guards for part in conjuncts(g.condition)]
    return [_clause(run, k, name, part, binding, False) for name, part in parts]


def removed_clauses(run: Run, k: int, instance: Instance) -> list[Clause]:
    """Return the conditions of a step in state k that the run goes without: its guards that were
    taken away.
    """
    name, edits = instance.step.action.name, run.trace.edits
    removed = edits.removed_from(name)
    if not removed:
        return []
    whole = edits.whole.on(run.trace.scope)
    guarded = replace(run, scope=whole, evaluator=Evaluator(whole))
    step = Instance(guarded.evaluator, whole.spec.actions[name], instance.step.binding)
    return [clause for clause in guard_clauses(guarded, k, step) if clause.name in removed]


def conjuncts(e: Expr) -> Iterator[Expr]:
    """Yield conditions that are all true if and only if the expression is."""
    match e:
        case And():
            yield from conjuncts(e.left)
            yield from conjuncts(e.right)
        case Not(Or(left, right)):
            yield from conjuncts(Not(left))
            yield from conjuncts(Not(right))
        case Not(Implies(left, right)):
            yield from conjuncts(left)
            yield from conjuncts(Not(right))
        case Not(Not(body)):
            yield from conjuncts(body)
        case _:
            yield e


# ---------------------------------------------------------------- properties
def property_clauses(run: Run, k: int, name: str) -> list[Clause]:
    """Return the parts of a property in state k, for the parameters that break it there; where it
    holds, for those that the run breaks in the end, or the first.
    """
    claim = run.scope.spec.properties.get(name)
    if claim is None:
        return [_in_range(run, k, name)]
    binding = _parameters(run, k, claim)
    if claim.kind == "leads_to":
        assert claim.then is not None
        parts = [("cause", claim.body), ("outcome", claim.then)]
        return [_clause(run, k, role, part, binding, False) for role, part in parts]
    two = claim.kind == "step"
    why = _why(run, k, two)
    parted = [*_parts(why, claim.own, binding, "must")]
    parted += [(f"unless {e.name}", e.condition, binding) for e in claim.exemptions]
    return [_clause(run, k, role, part, env, two) for role, part, env in parted]


def owed_since(run: Run, name: str) -> list[int | None]:
    """Return of each state of a run since which state it owes the outcome of a `leads_to`, for the
    parameters that `property_clauses` takes; None where it owes nothing.
    """
    claim = run.scope.spec.properties[name]
    assert claim.then is not None
    binding = _parameters(run, run.end, claim)
    cause, outcome = (run.evaluator.meaning(e, binding) for e in (claim.body, claim.then))
    since, found = None, list[int | None]()
    for k, state in enumerate(run.states):
        if outcome(state, state):
            since = None
        elif since is None and cause(state, state):
            since = k
        found.append(since)
    return found


def _parameters(run: Run, k: int, claim: Property) -> Binding:
    """Return the parameters for which a property is worth looking at."""
    asked = Claim(run.evaluator, claim)
    if claim.kind != "leads_to":
        for at in dict.fromkeys([k, run.end if claim.name == run.trace.violated else k]):
            why = _why(run, at, claim.kind == "step")
            broken = asked.holds(why.before, why.after)
            if broken is not None:
                return broken
    elif run.story.broken.name == claim.name:
        for binding in run.scope.bindings(claim.params):
            if chosen(claim, binding) == run.story.broken.when:
                return binding
    return next(run.scope.bindings(claim.params))


def _parts(why: Why, e: Expr, env: Binding, role: str) -> Iterator[tuple[str, Expr, Binding]]:
    """Yield the parts of a property, each with the part it plays and the choice of variables."""
    match e:
        case Implies():
            for part, inner in _decided(why, e.left, env):
                yield "if", part, inner
            if isinstance(e.right, Or):
                yield from (("or", part, env) for part in _disjuncts(e.right))
            else:
                yield from _parts(why, e.right, env, "then")
        case Not(And() as body):
            for part, inner in _decided(why, body, env):
                yield "never", part, inner
        case And():
            # Of several claims at once only one that is broken is taken apart.
            for part in conjuncts(e):
                whole = why.value(part, env)
                yield from [(role, part, env)] if whole else _parts(why, part, env, role)
        case ForAll() if not why.value(e, env):
            yield from _parts(why, e.body, why.witness(e, env, False), role)
        case _:
            for part, inner in _decided(why, e, env):
                yield role, part, inner


def _disjuncts(e: Expr) -> Iterator[Expr]:
    if isinstance(e, Or):
        yield from _disjuncts(e.left)
        yield from _disjuncts(e.right)
    else:
        yield e


def _decided(why: Why, e: Expr, env: Binding) -> Iterator[tuple[Expr, Binding]]:
    """Yield the conjuncts of an expression; a quantifier that one element decides gives way to
    what it says of that element.
    """
    for part in conjuncts(e):
        body = part.body if isinstance(part, Not) else part
        if isinstance(body, Quantifier):
            value = bool(why.value(body, env))
            if value == isinstance(body, Exists):
                chosen = Not(body.body) if body is not part else body.body
                yield from _decided(why, chosen, why.witness(body, env, value))
                continue
        yield part, env


def _in_range(run: Run, k: int, violated: str) -> Clause:
    """Return the clause that a number stays in its range; only the last step can leave it."""
    field = run.scope.spec.fields[violated.removeprefix(RANGE)]
    assert isinstance(field.type, Nat)
    text = f"0 <= {field.name} <= {field.type.limit}"
    leaves = violated == run.trace.violated and k >= len(run.steps)
    values = run.story.broken.reasons if leaves else ()
    since = _made(run, k) if leaves else _made(run, 0)
    return Clause("range", text, not leaves, values, since, None, {})


# ---------------------------------------------------------------- one clause
def _why(run: Run, k: int, two: bool) -> Why:
    k = min(k, run.end)
    return Why(run.evaluator, run.states[max(0, k - 1) if two else k], run.states[k])


def _clause(run: Run, k: int, name: str, part: Expr, env: Binding, two: bool) -> Clause:
    why = _why(run, k, two)
    holds = bool(why.value(part, env))
    values = tuple(dict.fromkeys(_values(why, part, env)))
    since = None if two else _since(run, min(k, run.end), part, env, holds)
    return Clause(name, str(why.named(part, env)), holds, values, since, part, env)


def _values(why: Why, e: Expr, env: Binding) -> Iterator[str]:
    """Yield what is read; of a quantifier that one element decides, that element and what is read
    of it.
    """
    body = e.body if isinstance(e, Not) else e
    if isinstance(body, Quantifier):
        value = bool(why.value(body, env))
        if value == isinstance(body, Exists):
            chosen = why.witness(body, env, value)
            yield f"{body.var.name} = {value_name(body.var.type, chosen[body.var.name])}"
            yield from _values(why, body.body, chosen)
            return
    # Of nobody there is nothing to read: that it is nobody has been read before.
    read = ((place, word) for place, word in why.readings(e, env) if not place.endswith("[none]"))
    yield from (f"{place} = {word}" for place, word in read)


def _since(run: Run, k: int, part: Expr, env: Binding, holds: bool) -> Since:
    meaning = run.evaluator.meaning(part, env)
    fields = {e.field.name for e in walk(part) if isinstance(e, Read)}
    changed = [run.written[name] for name in fields if name in run.written]
    while k > 0:
        # Only a step that changed what the part reads can have made it what it is.
        k = max((steps[at - 1] for steps in changed if (at := bisect_right(steps, k))), default=0)
        if k and bool(meaning(run.states[k - 1], run.states[k - 1])) != holds:
            break
        k = max(k - 1, 0)
    return _made(run, k)


def _made(run: Run, k: int) -> Since:
    if k == 0:
        return Since(0, "", "-")
    line = run.lines[k - 1]
    return Since(k, line.call, line.actor)
