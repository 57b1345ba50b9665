"""A run told step by step: who did what, what changed, and which clause is broken at the end."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass

from checker.runs.lasso import Lasso, NoLasso, judge
from checker.runs.walk import Walk
from checker.runs.why import Why
from spec.language.declared.model import Property
from spec.language.evaluate import Binding, Claim, Evaluator, Instance, OutOfRange, Step
from spec.language.scope import Scope, State, Value, element_name, value_name
from spec.language.terms.types import Nat, Type, is_sort

Plain = bool | int | str | None
"""A value as traces hold it: elements by name, none as None."""

RANGE = "range_"
"""A number that leaves its field's range is reported as the violation `range_<field>`."""

OUT_OF_RANGE = "range"
"""The ID of such a violation: its last step leads to no state."""


@dataclass(frozen=True)
class Change:
    """One place that a step changed; `place` reads `status[job1]`."""

    place: str
    before: Plain
    after: Plain

    def __str__(self) -> str:
        return f"{self.place} {word(self.before)} -> {word(self.after)}"


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
        return f"{self.action}({', '.join(map(word, others))})" if others else self.action


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
    """A run as people read it; of one that never ends, the lines from number `loop` on come again
    and again, or nothing happens any more if there are none.
    """

    lines: tuple[Line, ...]
    broken: Broken
    loop: int | None = None

    def told(self, line: Line, led_nowhere: bool) -> list[str]:
        """Return what a step changes, in words; or which number it would take out of its range."""
        if led_nowhere:
            return [f"{self.broken.name.removeprefix(RANGE)} would leave its range"]
        return [str(change) for change in line.changes] or ["nothing changes"]


class NotBroken(Exception):
    """The property holds at the end of a run that is said to violate it."""


def tell(scope: Scope, walk: Walk, violated: str, begin: int | None = None) -> Story:
    """Return the story of a run that violates the property, for ever if a loop begins after so
    many steps; the scope has every edit made.
    """
    if begin is not None:
        return tell_lasso(scope, Lasso.of(walk, begin), violated)
    evaluator, lines = Evaluator(scope), lines_of(scope, walk)
    if violated.startswith(RANGE) and violated not in scope.spec.properties:
        return Story(lines, _out_of_range(evaluator, walk, violated))
    claim = scope.spec.properties[violated]
    before, last = walk.end(claim)
    binding = Claim(evaluator, claim).holds(before, last)
    if binding is None:
        raise NotBroken(f"{claim.id} {claim.name} holds after the last step")
    return Story(lines, broken_by(evaluator, claim, binding, before, last))


def tell_lasso(scope: Scope, lasso: Lasso, violated: str) -> Story:
    """Return the story of a run that goes on for ever without what the `leads_to` promises."""
    claim = scope.spec.properties[violated]
    try:
        judged = judge(scope, lasso, claim)
    except NoLasso as no:
        raise NotBroken(str(no)) from None
    reasons = [
        f"after step {judged.since} {claim.body}" if judged.since else f"at first {claim.body}",
        f"from then on never {claim.then}",
    ]
    if lasso.loop:
        reasons.append("no fair step is left out in the loop:")
        reasons += [f"  {name} is taken" for name in judged.taken]
        reasons += [f"  {name} is not always possible" for name in judged.interrupted]
    else:
        reasons.append("no step that fairness demands is possible there")
    when = chosen(claim, judged.binding)
    clause = f"{claim.body} leads to {claim.then}"
    broken = Broken(claim.id, claim.name, claim.doc, when, clause, tuple(reasons))
    return Story(lines_of(scope, judged.walk), broken, len(lasso.stem) + 1)


def render(story: Story, width: int | None = None) -> list[str]:
    """Return the story as lines of plain text, wrapped between changes if a width is given."""
    numbers = len(str(len(story.lines)))
    actors = max((len(line.actor) for line in story.lines), default=0)
    calls = max((len(line.call) for line in story.lines), default=0)
    text = []
    for line in story.lines:
        text += ["again and again:"] if line.n == story.loop else []
        head = f"{line.n:>{numbers}}  {line.actor:<{actors}}  {line.call:<{calls}}  "
        last = line is story.lines[-1] and story.broken.id == OUT_OF_RANGE
        text += _wrapped(head, story.told(line, last and not line.changes), width)
    text += ["and nothing more, for ever"] if story.loop == len(story.lines) + 1 else []
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
    return element_name(t, value) if is_sort(t) and value is not None else value


def word(value: Plain) -> str:
    """Return a value as stories print it."""
    if value is None:
        return "none"
    return str(value).lower() if isinstance(value, bool) else str(value)


def lines_of(scope: Scope, walk: Walk) -> tuple[Line, ...]:
    """Return the steps of a run as lines of a story; one that leads nowhere changes nothing."""
    states = (*walk.states, walk.states[-1])
    return tuple(
        line_of(scope, i + 1, step, states[i], states[i + 1]) for i, step in enumerate(walk.steps)
    )


def line_of(scope: Scope, n: int, step: Step, before: State, after: State) -> Line:
    """Return a step as a line of a story: who does what, and what it changes."""
    params = params_of(step)
    first = step.action.params[0] if step.action.params else None
    actor = str(params[first.name]) if first is not None and is_sort(first.type) else "-"
    changes = tuple(
        Change(place.name, plain(place.field.type, old), plain(place.field.type, new))
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


def _out_of_range(evaluator: Evaluator, walk: Walk, violated: str) -> Broken:
    """Say which number the last step would store, and where it does not fit."""
    name = violated.removeprefix(RANGE)
    field = evaluator.scope.spec.fields.get(name)
    if field is None or not isinstance(field.type, Nat) or not walk.steps:
        raise NotBroken(f"no number field '{name}' can leave its range")
    last = walk.steps[-1]
    try:
        Instance(evaluator, last.action, last.binding).after(walk.states[-1])
    except OutOfRange as leaving:
        limit = evaluator.scope.limit(field.type)
        clause = f"0 <= {name} <= {field.type.limit}"
        doc = "A number stays within the range of its field."
        reason = f"the last step would store {leaving.value}, and the range here is 0 to {limit}"
        return Broken(OUT_OF_RANGE, violated, doc, "", clause, (reason,))
    raise NotBroken(f"'{name}' stays in its range")


def broken_by(
    evaluator: Evaluator, claim: Property, binding: Binding, before: State, last: State
) -> Broken:
    """Return the end of a story that breaks a claim for these parameters, and why it does."""
    reasons = tuple(Why(evaluator, before, last).reasons(claim.body, binding, False))
    return Broken(claim.id, claim.name, claim.doc, chosen(claim, binding), str(claim.body), reasons)


def chosen(claim: Property, binding: Binding) -> str:
    """Return for which parameters a claim is spoken of: `w = worker1, j = job1`."""
    return ", ".join(f"{p.name} = {value_name(p.type, binding[p.name])}" for p in claim.params)


def params_of(step: Step) -> dict[str, Plain]:
    """Return the parameters of a step as traces hold them."""
    return {p.name: plain(p.type, step.binding[p.name]) for p in step.action.params}
