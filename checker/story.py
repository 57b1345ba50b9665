"""A run told step by step: who did what, what changed, and which clause is broken at the end."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass

from checker.exploration import Path
from spec.language.evaluate import Binding, Claim, Evaluator, Instance, OutOfRange, Step
from spec.language.expr import (
    And,
    Bound,
    Const,
    Equal,
    Exists,
    Expr,
    ForAll,
    Implies,
    NoneOf,
    Not,
    Or,
    Read,
    Var,
)
from spec.language.model import Property
from spec.language.scope import Scope, State, Value, element_name, value_name
from spec.language.tree import children, substitute, walk
from spec.language.types import Nat, Type, is_sort

Plain = bool | int | str | None
"""A value as traces hold it: elements by name, none as None."""

RANGE = "range_"
"""A number that leaves its field's range is reported as the violation `range_<field>`."""


@dataclass(frozen=True)
class Change:
    """One place that a step changed; `place` reads `status[job1]`."""

    place: str
    before: Plain
    after: Plain

    def __str__(self) -> str:
        return f"{self.place} {_word(self.before)} -> {_word(self.after)}"


@dataclass(frozen=True)
class Line:
    """One step of a story."""

    n: int
    actor: str
    action: str
    params: dict[str, Plain]
    changes: tuple[Change, ...]

    @property
    def call(self) -> str:
        """The action with its arguments, the actor left out."""
        others = list(self.params.values())[self.actor != "-" :]
        return f"{self.action}({', '.join(map(_word, others))})" if others else self.action


@dataclass(frozen=True)
class Broken:
    """The end of a story: the claim, the parameters for which it is false, and why it is."""

    id: str
    name: str
    doc: str
    when: str
    clause: str
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Story:
    """A run as people read it."""

    lines: tuple[Line, ...]
    broken: Broken


class NotBroken(Exception):
    """The property holds at the end of a run that is said to violate it."""


def tell(scope: Scope, path: Path, violated: str) -> Story:
    """Return the story of a run that violates the property; the scope has every edit made."""
    evaluator = Evaluator(scope)
    lines = []
    for i, step in enumerate(path.steps):
        after = path.states[i + 1] if i + 1 < len(path.states) else path.states[i]
        lines.append(_line(scope, i + 1, step, path.states[i], after))
    if violated.startswith(RANGE) and violated not in scope.spec.properties:
        return Story(tuple(lines), _out_of_range(evaluator, path, violated))
    claim = scope.spec.properties[violated]
    last = path.states[-1]
    before = path.states[-2] if claim.kind == "step" and len(path.states) > 1 else last
    binding = Claim(evaluator, claim).holds(before, last)
    if binding is None:
        raise NotBroken(f"{claim.id} {claim.name} holds after the last step")
    return Story(tuple(lines), _broken(evaluator, claim, binding, before, last))


def tell_lasso(
    scope: Scope, stem: tuple[Step, ...], loop: tuple[State, ...], violated: str
) -> Story:
    """Return the story of a run that goes on for ever without what the `leads_to` promises."""
    evaluator = Evaluator(scope)
    states = [evaluator.initial()]
    for step in stem:
        states.append(Instance(evaluator, step.action, step.binding).after(states[-1]))
    lines = [_line(scope, i + 1, s, states[i], states[i + 1]) for i, s in enumerate(stem)]
    claim = scope.spec.properties[violated]
    if len(loop) == 1:
        reason = "from then on nothing needs to happen any more"
    else:
        reason = f"from then on the run can stay for ever among {len(loop):,} states"
    clause = f"{claim.body} leads to {claim.then}"
    ending = (reason, "fairness demands no step that leads out of there to what is promised")
    return Story(tuple(lines), Broken(claim.id, claim.name, claim.doc, "", clause, ending))


def render(story: Story, width: int | None = None) -> list[str]:
    """Return the story as lines of plain text, wrapped between changes if a width is given."""
    numbers = len(str(len(story.lines)))
    actors = max((len(line.actor) for line in story.lines), default=0)
    calls = max((len(line.call) for line in story.lines), default=0)
    text = []
    for line in story.lines:
        head = f"{line.n:>{numbers}}  {line.actor:<{actors}}  {line.call:<{calls}}  "
        text += _wrapped(head, [str(c) for c in line.changes] or ["nothing changes"], width)
    broken = story.broken
    text += ["", *_folded(f"{broken.id} {broken.name} is broken: {broken.doc}", width, 2)]
    clause = f"  {broken.clause}" + (f"   for {broken.when}" if broken.when else "")
    text += _folded(clause, width, 4)
    return text + [
        part for reason in broken.reasons for part in _folded(f"    {reason}", width, 11)
    ]


def _folded(line: str, width: int | None, indent: int) -> list[str]:
    """Return the line in pieces that fit, broken at spaces."""
    if width is None or len(line) <= width:
        return [line]
    hanging = " " * indent
    return textwrap.wrap(
        line, width, subsequent_indent=hanging, break_long_words=False, break_on_hyphens=False
    )


def plain(t: Type, value: Value) -> Plain:
    """Return a value as traces hold it."""
    return element_name(t, value) if is_sort(t) and value is not None else value  # type: ignore[arg-type]  # is_sort


def _word(value: Plain) -> str:
    if value is None:
        return "none"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _line(scope: Scope, n: int, step: Step, before: State, after: State) -> Line:
    params = {p.name: plain(p.type, step.binding[p.name]) for p in step.action.params}
    first = step.action.params[0] if step.action.params else None
    actor = str(params[first.name]) if first is not None and is_sort(first.type) else "-"
    changes = tuple(
        Change(
            place.field.name
            if place.field.over is None
            else f"{place.field.name}[{element_name(place.field.over, place.element)}]",
            plain(place.field.type, old),
            plain(place.field.type, new),
        )
        for place, old, new in zip(scope.places, before, after, strict=True)
        if old != new
    )
    return Line(n, actor, step.action.name, params, changes)


def _wrapped(head: str, items: list[str], width: int | None) -> list[str]:
    """Return a step's line, continued below itself where it is too long."""
    # A column too narrow to read is given up: what follows starts near the left edge.
    indent = len(head) if width is None or width - len(head) >= 34 else 6
    text, line = [], head
    for i, item in enumerate(items):
        piece = item + (", " if i + 1 < len(items) else "")
        full = width is not None and len(line) + len(piece.rstrip()) > width
        if full and line.strip():
            text.append(line.rstrip())
            line = " " * indent
        line += piece
    return [*text, line.rstrip()]


def _out_of_range(evaluator: Evaluator, path: Path, violated: str) -> Broken:
    """Say which number the last step would store, and where it does not fit."""
    name = violated.removeprefix(RANGE)
    field = evaluator.scope.spec.fields.get(name)
    if field is None or not isinstance(field.type, Nat) or not path.steps:
        raise NotBroken(f"no number field '{name}' can leave its range")
    last = path.steps[-1]
    try:
        Instance(evaluator, last.action, last.binding).after(path.states[-1])
    except OutOfRange as leaving:
        limit = evaluator.scope.limit(field.type)
        clause = f"0 <= {name} <= {field.type.limit}"
        doc = "A number stays within the range of its field."
        reason = f"the last step would store {leaving.value}, and the range here is 0 to {limit}"
        return Broken("range", violated, doc, "", clause, (reason,))
    raise NotBroken(f"'{name}' stays in its range")


def _broken(
    evaluator: Evaluator, claim: Property, binding: Binding, before: State, last: State
) -> Broken:
    when = ", ".join(f"{p.name} = {value_name(p.type, binding[p.name])}" for p in claim.params)
    reasons = tuple(_Why(evaluator, before, last).reasons(claim.body, binding, False))
    return Broken(claim.id, claim.name, claim.doc, when, str(claim.body), reasons)


@dataclass(frozen=True)
class _Why:
    """Says why an expression has the value it has, by the smallest parts that decide it."""

    evaluator: Evaluator
    before: State
    after: State

    def value(self, e: Expr, env: Binding) -> Value:
        value: Value = self.evaluator.meaning(e, env)(self.before, self.after)
        return value

    def reasons(self, e: Expr, env: Binding, value: bool) -> Iterator[str]:
        match e:
            case Not(And() | Or() | Implies() | ForAll() | Exists() | Not() as body):
                yield from self.reasons(body, env, not value)
            case And() | Or():
                # The value of the whole is that of each side, or one side is enough.
                sides = [s for s in (e.left, e.right) if bool(self.value(s, env)) == value]
                both = isinstance(e, And) == value
                for side in sides if both else sides[:1] if value else sides:
                    yield from self.reasons(side, env, value)
            case Implies() if not value:
                yield from self.reasons(e.left, env, True)
                yield from self.reasons(e.right, env, False)
            case Implies():
                left = bool(self.value(e.left, env))
                yield from self.reasons(e.right if left else e.left, env, left)
            case ForAll() | Exists() if isinstance(e, Exists) == value:
                yield from self.reasons(e.body, self.witness(e, env, value), value)
            case _:
                yield self.leaf(e, env, value)

    def witness(self, e: ForAll | Exists, env: Binding, value: bool) -> Binding:
        """Return the choice of a quantifier's variable that decides it."""
        for choice in self.evaluator.scope.choices(e.var.type):
            chosen = {**env, e.var.name: choice}
            if bool(self.value(e.body, chosen)) == value:
                return chosen
        raise AssertionError(e)

    def leaf(self, e: Expr, env: Binding, value: bool) -> str:
        text = f"{'true: ' if value else 'false:'} {self.named(e, env)}"
        seen = dict(self.readings(e, env))
        read = e.left if isinstance(e, Equal) and isinstance(e.right, Const | NoneOf) else e
        if isinstance(read, Read) and (read is e or value):
            # The text has said it.
            seen.pop(self.place(read, env), None)
        return text + ("".join(f", {place} = {word}" for place, word in seen.items()))

    def named(self, e: Expr, env: Binding) -> Expr:
        """Return the expression with its variables replaced by the names of what they stand for."""
        names: dict[str, Expr] = {}
        for part in walk(e):
            if isinstance(part, Var) and part.name in env:
                names[part.name] = Var(value_name(part.type, env[part.name]), part.type)
        return substitute(e, names)

    def place(self, e: Read, env: Binding) -> str:
        """Return the place that is read, with the element that its index stands for here."""
        name = e.field.name + ("'" if e.after else "")
        return name if e.index is None else f"{name}[{self.text(e.index, env)}]"

    def text(self, e: Expr, env: Binding) -> str:
        return value_name(e.type, self.value(e, env))

    def readings(self, e: Expr, env: Binding) -> Iterator[tuple[str, str]]:
        """Yield what is read inside the expression, innermost first, with its value here."""
        match e:
            case ForAll() | Exists():
                for choice in self.evaluator.scope.choices(e.var.type):
                    yield from self.readings(e.body, {**env, e.var.name: choice})
                return
            case Bound():
                yield e.name, str(self.value(e, env))
            case Read():
                if e.index is not None:
                    yield from self.readings(e.index, env)
                yield self.place(e, env), self.text(e, env)
                return
        for child in children(e):
            yield from self.readings(child, env)
