"""What the language means: each expression becomes a Python function of a state (and of the state
after).

This is the definition that every other reader is held against, so it is as plain as it can be: one
closure for each node, with the parameters already chosen. Numbers are integers; quantifiers try
every element.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from spec.language.declared.model import Action, Property, Update
from spec.language.scope import Scope, State, Value, show_binding
from spec.language.terms.expr import (
    Add,
    And,
    Bound,
    Const,
    Count,
    Equal,
    Exists,
    Expr,
    ForAll,
    Implies,
    Ite,
    Less,
    LessEqual,
    NoneOf,
    Not,
    Or,
    Quantifier,
    Read,
    Subtract,
    Var,
)
from spec.language.terms.tree import children
from spec.language.terms.types import Nat

Meaning = Callable[[State, State], Any]
"""Takes the state, and the state after the step (the same again where there is none)."""

Binding = Mapping[str, Value]


class OutOfRange(Exception):
    """A step stores a number that its field cannot hold in this scope; `field` says which."""

    def __init__(self, field: str, value: int) -> None:
        super().__init__(f"{field} = {value}")
        self.field, self.value = field, value


class Evaluator:
    """The meaning of a scope's expressions, over states laid out as `Scope.places`."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.start: dict[str, int] = {}
        for position, place in enumerate(scope.places):
            self.start.setdefault(place.field.name, position)

    def initial(self) -> State:
        """Return the one initial state."""
        nowhere: State = ()
        return tuple(
            self.meaning(place.field.initial, {})(nowhere, nowhere) for place in self.scope.places
        )

    def meaning(self, e: Expr, env: Binding) -> Meaning:
        """Return what the expression means once its variables are chosen."""
        match e:
            case Const():
                return _constantly(e.value)
            case NoneOf():
                return _constantly(None)
            case Bound():
                return _constantly(self.scope.bounds[e.name])
            case Var():
                return _constantly(env[e.name])
            case Read():
                return self._read(e, env)
            case Not():
                body = self.meaning(e.body, env)
                return lambda s, t: not body(s, t)
            case Quantifier():
                bodies = [
                    self.meaning(e.body, {**env, e.var.name: value})
                    for value in self.scope.choices(e.var.type)
                ]
                if isinstance(e, ForAll):
                    return lambda s, t: all(body(s, t) for body in bodies)
                if isinstance(e, Count):
                    return lambda s, t: sum(bool(body(s, t)) for body in bodies)
                return lambda s, t: any(body(s, t) for body in bodies)
            case Ite():
                condition, then, other = (
                    self.meaning(part, env) for part in (e.condition, e.then, e.other)
                )
                return lambda s, t: then(s, t) if condition(s, t) else other(s, t)
            case And() | Or() | Implies() | Equal() | Less() | LessEqual() | Add() | Subtract():
                return _combine(e, self.meaning(e.left, env), self.meaning(e.right, env))
        raise AssertionError(type(e))

    def _read(self, e: Read, env: Binding) -> Meaning:
        start, after = self.start[e.field.name], e.after
        if e.index is None or isinstance(e.index, Var):
            at = start + (0 if e.index is None else int(env[e.index.name] or 0))
            return (lambda s, t: t[at]) if after else (lambda s, t: s[at])
        index, initial = self.meaning(e.index, env), self.meaning(e.field.initial, env)

        def through(s: State, t: State) -> Any:
            element = index(s, t)
            if element is None:
                return initial(s, t)
            return (t if after else s)[start + element]

        return through


def _constantly(value: Value) -> Meaning:
    return lambda s, t: value


def _combine(e: Expr, left: Meaning, right: Meaning) -> Meaning:
    match e:
        case And():
            return lambda s, t: left(s, t) and right(s, t)
        case Or():
            return lambda s, t: left(s, t) or right(s, t)
        case Implies():
            return lambda s, t: not left(s, t) or right(s, t)
        case Equal():
            return lambda s, t: left(s, t) == right(s, t)
        case Less():
            return lambda s, t: left(s, t) < right(s, t)
        case LessEqual():
            return lambda s, t: left(s, t) <= right(s, t)
        case Add():
            return lambda s, t: left(s, t) + right(s, t)
        case Subtract():
            return lambda s, t: left(s, t) - right(s, t)
    raise AssertionError(type(e))


@dataclass(frozen=True)
class Step:
    """An action with its parameters chosen."""

    action: Action
    binding: Binding

    @property
    def call(self) -> str:
        """The step as traces print it: `claim(worker1, job1)`."""
        return f"{self.action.name}({show_binding(self.action.params, self.binding)})"


class Instance:
    """One step that may be possible: the guards, by name, and what it changes."""

    def __init__(self, evaluator: Evaluator, action: Action, binding: Binding) -> None:
        spec = evaluator.scope.spec
        self.step = Step(action, binding)
        self.guards = [(g.name, evaluator.meaning(g.condition, binding)) for g in action.guards]
        self.references = [evaluator.meaning(r, binding) for r in action.references(spec)]
        self.writes = [_Write(evaluator, u, binding) for u in action.updates(spec)]

    def refusal(self, state: State) -> str | None:
        """Return the name of the first guard that is false, `reference` if one to follow is none,
        or None if enabled.
        """
        for reference in self.references:
            if reference(state, state) is None:
                return "reference"
        for name, guard in self.guards:
            if not guard(state, state):
                return name
        return None

    def after(self, state: State) -> State:
        """Return the state after the step; raises `OutOfRange` if a number leaves its field's
        range.
        """
        following = list(state)
        for write in self.writes:
            following[write.position(state)] = write.value(state)
        return tuple(following)

    def successor(self, state: State) -> State | None:
        """Return the state after the step, or None if there is none: a guard refuses it, or a
        number would leave its field's range, which the explorer reports.
        """
        if self.refusal(state) is not None:
            return None
        try:
            return self.after(state)
        except OutOfRange:
            return None


class _Write:
    def __init__(self, evaluator: Evaluator, update: Update, binding: Binding) -> None:
        self.field = update.field
        self.start = evaluator.start[update.field.name]
        self.index = None if update.index is None else evaluator.meaning(update.index, binding)
        self.meaning = evaluator.meaning(update.value, binding)
        self.limit = (
            evaluator.scope.limit(update.field.type) if isinstance(update.field.type, Nat) else None
        )

    def position(self, state: State) -> int:
        return self.start + (0 if self.index is None else self.index(state, state))

    def value(self, state: State) -> Value:
        value: Value = self.meaning(state, state)
        if self.limit is not None and not 0 <= int(value or 0) <= self.limit:
            raise OutOfRange(self.field.name, int(value or 0))
        return value


def instances(evaluator: Evaluator) -> list[Instance]:
    """Return every step of the scope, in the order the actions are declared."""
    scope = evaluator.scope
    return [
        Instance(evaluator, action, binding)
        for action in scope.spec.actions.values()
        for binding in scope.bindings(action.params)
    ]


class Claim:
    """A property of a scope, ready to be asked."""

    def __init__(self, evaluator: Evaluator, claim: Property) -> None:
        self.property = claim
        self.cases = []
        for binding in evaluator.scope.bindings(claim.params):
            body = evaluator.meaning(claim.body, binding)
            watched = [evaluator.meaning(pair, binding) for pair in changes(claim)]
            self.cases.append((binding, body, watched))

    def holds(self, s: State, t: State | None = None) -> Binding | None:
        """Return None if the body is true for all parameters, else the first parameters for which
        it is false.
        """
        after = s if t is None else t
        for binding, body, watched in self.cases:
            moved = self.property.kind != "step" or any(w(s, after) for w in watched)
            if moved and not body(s, after):
                return binding
        return None


def changes(claim: Property) -> list[Expr]:
    """Return, for a step property, one condition for each place it reads after the step: that place
    has changed.

    A place that a quantifier chooses has changed if it has for some choice.
    """
    found: list[Expr] = []

    def collect(e: Expr, inside: tuple[Var, ...]) -> None:
        if isinstance(e, Read) and e.after:
            moved: Expr = Not(Equal(e, Read(e.field, e.index)))
            for var in reversed(inside):
                moved = Exists(var, moved)
            found.append(moved)
        deeper = (*inside, e.var) if isinstance(e, Quantifier) else inside
        for child in children(e):
            collect(child, deeper)

    collect(claim.own, ())
    return found
