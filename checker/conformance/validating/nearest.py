"""What was possible instead of a step that is not: other steps there, or this one elsewhere."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import Any

from checker.conformance.validating.finding import Claimed, NotAllowed
from checker.conformance.validating.follow import Follower
from impl.terms.outcomes import Traced, Unseen
from spec.language.declared.model import Action
from spec.language.evaluate import OutOfRange, Step
from spec.language.terms.expr import Var
from spec.language.terms.types import Sort, is_sort

Event = Traced | tuple[int, Unseen]
"""A row of the trace, or a step that was read there and is listed in this row."""

SHOWN, LATER = 5, 1_000
"""How many possible steps are named, and how many later rows are tried."""


def possible(follower: Follower, step: Claimed) -> tuple[str, ...]:
    """Return the steps of the same actor that the spec allows now, faults left out, those first
    whose effect is most like what the trace says.
    """
    if not step.action.params:
        return ()
    near, evaluator = _near(follower, step), follower.sparse.evaluator
    first = step.action.params[0]
    found: list[tuple[bool, int, str]] = []
    for action in follower.sparse.scope.spec.actions.values():
        if action is not step.action and (action.fault or not _begins_with(action, first)):
            continue
        choices: list[list[Any]] = [
            sorted(near.get(p.type, ())) if is_sort(p.type) else evaluator.choices(p.type)
            for p in action.params
        ]
        for values in itertools.product(*choices):
            binding = {p.name: v for p, v in zip(action.params, values, strict=True)}
            if list(binding.values())[:1] != [step.binding[first.name]]:
                continue
            if follower.sparse.refusal(action.name, binding) is not None:
                continue
            try:
                changes = follower.sparse.effect(action.name, binding)
            except OutOfRange:
                continue
            said, (_, does) = dict(step.after or {}), follower.shown(changes)
            apart = sum(said.get(k, "-") != does.get(k, "-") for k in said.keys() | does.keys())
            call = Step(action, binding).call
            found.append((action is not step.action, apart, call))
    return tuple(call for _, _, call in sorted(found)[:SHOWN])


def _begins_with(action: Action, first: Var) -> bool:
    return bool(action.params) and action.params[0].type is first.type


def _near(follower: Follower, step: Claimed) -> dict[type[Sort], set[int]]:
    """Return the elements that a step names, and those that these, or values of no row, name."""
    near: dict[type[Sort], set[int]] = {}
    for p in step.action.params:
        if is_sort(p.type):
            near.setdefault(p.type, set()).add(step.binding[p.name])
    for f in follower.sparse.fields:
        if is_sort(f.type):
            for element in list(near.get(f.over, ())) if f.over else [0]:
                named = follower.sparse.now[follower.sparse.at(f.name, element)]
                if named is not None:
                    near.setdefault(f.type, set()).add(named)
    return near


def elsewhere(follower: Follower, events: Iterable[Event], step: Claimed) -> int | None:
    """Return the row nearest to a step that is not allowed, after which it was; None if there is
    none.

    The run is followed once more from the beginning, without the step. What comes after it is
    followed as far as it can be.
    """
    best: int | None = None
    seq = step.where.seq if step.where.after is None else step.where.after
    for event in events:
        if isinstance(event, Traced):
            if event.seq > seq + LATER:
                break
            if event.seq == step.where.seq and step.where.after is None:
                follower.rows = event.seq
                continue
        try:
            _follow(follower, event)
        except NotAllowed:
            if not isinstance(event, Traced):
                continue
            follower.rows = event.seq
        if _allowed(follower, step) and (
            best is None or abs(follower.rows - seq) < abs(best - seq)
        ):
            best = follower.rows
    return best


def _follow(follower: Follower, event: Event) -> None:
    if isinstance(event, Traced):
        follower.row(event)
    else:
        follower.unseen(*event)


def _allowed(follower: Follower, step: Claimed) -> bool:
    """Return whether just this step is possible now, with just these changes."""
    chosen = follower.chosen(step)
    follower.sparse.take(chosen)
    try:
        if follower.sparse.refusal(step.action.name, step.binding) is not None:
            return False
        changes = chosen | follower.sparse.effect(step.action.name, step.binding)
    except OutOfRange:
        return False
    finally:
        follower.sparse.take({at: (new, old) for at, (old, new) in chosen.items()})
    if step.before is None or step.after is None:
        return True
    before, after = follower.shown(changes)
    # Beside what changes it says which timers were over.
    return before.items() <= step.before.items() and step.after == after
