"""`ffq queue why`: what keeps a job from being claimed: which guard, since when, who may free it.

The spec is asked, not the queue: the job's row becomes a state of the smallest scope that has an
idle worker and a recoverer, and in it `claim` is asked for, as the explorer asks for any step.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from checker.commands.options import AsJson
from checker.commands.queue.shared import Number, Place, age, opened, paused

if TYPE_CHECKING:
    from checker.explain.fate.held_back import HeldBack
    from impl.standing import Standing
    from spec.language.scope import Value
    from spec.language.terms.types import Type


MOST = 100_000
"""So many states of the scope are looked at where the nearest do not settle it."""


def why(file: Place, number: Number, as_json: AsJson = False) -> None:
    """Say why no worker is given a job: which guard refuses, since when, and what would free it.

    Exit status: 0 it is said, 2 there is none or bad usage, 3 the store cannot be used now.
    """
    from checker.shown import console
    from impl.address import on_a_server
    from impl.standing import standing

    with opened(file, as_json, looks=True) as found:
        where = standing(found, number)
        place = found.path if on_a_server(str(file)) else str(file)  # without a password
    held = _asked(where)
    if as_json:
        console.emit({"ok": True, "job": number, **_told(where, held)})
        return
    for line in _story(where, held, place):
        console.line(line)


def _asked(where: Standing) -> HeldBack:
    """Ask the spec for a claim of the job by an idle worker."""
    from checker.explain.fate.held_back import held_back
    from checker.runs.exploration import Limits
    from impl.derive.budgets import column
    from spec.language.evaluate import Evaluator, Instance
    from spec.language.scope import Scope
    from spec.queue import SCOPES

    spec = SCOPES["reference"].spec
    least = {sort.__name__: 1 for sort in spec.sorts}
    least |= {
        name: int(where.row.get(column(name)) or c.least) for name, c in spec.constants.items()
    }
    scope = Scope("a job", spec, least)
    evaluator = Evaluator(scope)
    known, is_paused = bool(where.workers), where.pause is not None
    said = {**where.row, "known": known, "paused": is_paused}
    state = tuple(
        _as_the_first(place.field.type, said.get(place.field.name, blank))
        for place, blank in zip(scope.places, evaluator.initial(), strict=True)
    )
    claim = spec.actions["claim"]
    step = Instance(evaluator, claim, {p.name: 0 for p in claim.params})
    return held_back(evaluator, state, step, Limits(max_states=MOST))


def _as_the_first(t: Type, value: Value) -> Value:
    """Return a value as a scope with one of everything has it."""
    from spec.language.terms.types import is_sort

    return 0 if is_sort(t) and value is not None else value


# ---------------------------------------------------------------- for people
def _story(where: Standing, held: HeldBack, file: str) -> Iterator[str]:
    line = where.line
    yield f"job {line.id}, {line.kind}, key {line.key}: {line.status}{_since(where)}"
    if where.subject is not None:
        until = "is over" if where.row["throughout"] else "is claimed"
        keeps = f"others out until it {until}" if where.keeps_out else "nobody out any more"
        yield f"  it is about {where.subject}, and keeps {keeps}"
    for refusing in held.by:
        read = ", ".join(refusing.read)
        yield _here(
            f"  claim is refused by {refusing.guard}: {refusing.condition}; {read}", line.id
        )
    if held.by:
        yield from _freed(where, held, file)
    else:
        yield f"  nothing holds it back: an idle worker that knows {line.kind} may claim it"
        yield f"  due jobs of its kind before it: {where.ahead}"
        yield f"  workers that {where.seeing.many} and know it: {len(where.workers)}"


def _since(where: Standing) -> str:
    wrote = where.status
    if wrote is None:
        return ""
    who = (
        ""
        if wrote.pid is None
        else f" of {wrote.actor}, {where.seeing.said(wrote.pid, wrote.runs)}"
    )
    note = f": {wrote.note}" if wrote.note else ""
    return f" for {age(where.now - wrote.at)}, by {wrote.action}{who}{note}"


def _freed(where: Standing, held: HeldBack, file: str) -> Iterator[str]:
    if held.freed is None:
        again = f"; `ffq queue retry {file} {where.line.id}` does its work again"
        yield f"  {held.said}{again * (where.line.status == 'dead')}"
        return
    claimed = where.line.status == "claimed"
    yield f"  {'if its worker does nothing more, ' * claimed}these steps free it:"
    for instance in held.freed:
        yield f"    {instance.step.action.name}: {instance.step.action.doc}"
    if where.line.due is not None and where.line.due > where.now:
        yield f"  it is not due before {age(where.line.due - where.now)} from now"
    if where.lease_until is not None:
        left = where.lease_until - where.now
        runs_out = f"runs out in {age(left)}, unless it is renewed" if left > 0 else "is over"
        yield f"  the lease {runs_out}; then a worker takes them, or `ffq queue recover {file}`"
    yield from _of_its_kind(where, file)


def _here(text: str, number: int) -> str:
    """Return text that speaks of the scope's one job as speaking of this one."""
    return re.sub(r"\bjob1\b", f"job{number}", text)


def _of_its_kind(where: Standing, file: str) -> Iterator[str]:
    """Say what holds back every job of the kind, and who may change that."""
    kind = where.line.kind
    if where.pause is not None:
        resume = f"`ffq queue resume {file} {kind}` frees it"
        yield f"  {kind} {paused(where.pause, where.now)}; {resume}"
    if not where.workers:
        yield f"  no worker that {where.seeing.one} knows {kind}; start one that does"


# ---------------------------------------------------------------- for programs
def _told(where: Standing, held: HeldBack) -> dict[str, Any]:
    """Return the same as JSON; `free`: the actions that free it, null if none do."""
    freed = None if held.freed is None else [i.step.action.name for i in held.freed]
    return {
        "status": where.line.status,
        "by": None if where.status is None else asdict(where.status),
        "refused": [
            {
                "guard": r.guard,
                "condition": _here(r.condition, where.line.id),
                "read": [_here(text, where.line.id) for text in r.read],
            }
            for r in held.by
        ],
        "free": freed,
        "unique": where.subject,
        "keeps_out": where.keeps_out,
        "due": where.line.due,
        "lease_until": where.lease_until,
        "deadline": where.deadline,
        "ahead": where.ahead,
        "paused": None if where.pause is None else asdict(where.pause),
        "workers": list(where.workers),
    }
