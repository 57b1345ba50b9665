"""A trace read from the Informal Trace Format, and followed on the spec before it is believed.

Only the states are needed. Where the file does not name the steps, as Quint and `ffq trace export`
do, they are looked for; where it does not say what is violated, the first property that is broken
at its end is taken.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from checker.export.itf import ACTION, INIT, PICKS, fields_of
from checker.export.itf_values import Record, Unreadable, decode
from checker.runs.lasso import breaks
from checker.runs.named_files import opened
from checker.runs.reading import Entry, claim_of, scope_of
from checker.runs.story import RANGE, NotBroken, Story, params_of, plain, tell
from checker.runs.trace import BadTrace, Diverged, Trace
from checker.runs.walk import Walk
from spec.failures.edits import NONE, Edits
from spec.language.evaluate import Evaluator, Instance, OutOfRange, instances
from spec.language.misuse import Misuse
from spec.language.scope import Scope, State, Value, element_name
from spec.language.terms.types import Nat, Type, is_sort

_FORMAT = "see that it is an ITF trace, with `vars` and `states`"
_PLACES = "name the scope and the edits that it was made in, with --scope and --without"


BYTES_MAX = 8 * 2**20
"""What is read at once; as objects it takes twenty times as much."""


@dataclass(frozen=True)
class Asked:
    """What is known of a file that does not say it itself; nothing of it has to be."""

    scope: str | None = None
    without: Edits = NONE
    violated: str | None = None


def read(file: Path, scopes: Mapping[str, Scope], asked: Asked) -> tuple[Trace, Story]:
    """Return the trace that the file holds and its story; raises `BadTrace` or `Diverged`."""
    row = _load(file)
    given = _ours(row)
    base = _scope(row, given, scopes, asked)
    edits = asked.without or Edits((*given.texts("edits"), *given.texts("off")))
    try:
        scope = edits.on(base)
    except Misuse as misuse:
        raise row.bad(misuse.fact, misuse.remedy) from None
    initial = Evaluator(scope).initial()
    like = fields_of(scope, initial)
    states = [
        _state(Entry(f"{file}: state {k}", s), scope, like) for k, s in enumerate(_states(row))
    ]
    steps = _steps(row, scope, states, given)
    walk = Walk(tuple(states), tuple(s.step for s in steps))
    begin = _loop(row, given, states)
    violated = asked.violated or _named(given) or _broken(row, scope, walk, begin)
    story = _tell(row, scope, walk, violated, begin)
    engine = given.data.get("engine")
    trace = Trace(base, edits, engine if isinstance(engine, str) else "itf", violated, ())
    start = None if states[0] == initial else states[0]
    loop = None if begin is None else begin + 1
    return replace(trace, lines=story.lines, where=str(file), start=start, loop=loop), story


# ---------------------------------------------------------------- the file
def _load(file: Path) -> Entry:
    missing, too_large = "`ffq trace export FILE --as itf` makes one", "name a shorter trace"
    with opened(file, "an ITF file", BYTES_MAX, missing=missing, too_large=too_large) as found:
        text = found.read(BYTES_MAX)
    try:
        data = json.loads(text.decode("utf-8"))
    except UnicodeDecodeError as wrong:
        raise BadTrace(file, f"byte {wrong.start + 1} is not UTF-8", _FORMAT) from None
    except (ValueError, RecursionError) as wrong:
        raise BadTrace(file, f"is not JSON: {str(wrong)[:80]}", _FORMAT) from None
    if not isinstance(data, dict):
        raise BadTrace(file, "is not an object", _FORMAT)
    return Entry(str(file), data)


def _ours(row: Entry) -> Entry:
    """Return what `ffq trace export` has said of the trace; nothing if another tool made it."""
    meta = row.data.get("#meta")
    ours = meta.get("ffq") if isinstance(meta, dict) else None
    found = ours if isinstance(ours, dict) else {}
    return Entry(row.where, {"edits": [], "off": [], **found})


def _scope(row: Entry, given: Entry, scopes: Mapping[str, Scope], asked: Asked) -> Scope:
    if asked.scope is not None:
        return scopes[asked.scope]
    if "scope" not in given.data:
        raise row.bad("does not say which scope it belongs to", "name it with --scope")
    return scope_of(given, scopes)


def _states(row: Entry) -> list[dict[str, Any]]:
    states: list[dict[str, Any]] = row.take("states", list)
    for k, state in enumerate(states):
        if not isinstance(state, dict):
            raise row.bad(f"state {k} is not an object", _FORMAT)
    if not states:
        raise row.bad("has no state", _FORMAT)
    return states


def _state(row: Entry, scope: Scope, like: Mapping[str, Any]) -> State:
    """Return a state of the scope; other variables than the fields are not looked at."""
    values = {name: _field(row, name, of_field) for name, of_field in like.items()}
    found: list[Value] = []
    for place in scope.places:
        f = place.field
        word = values[f.name]
        if f.over is not None:
            word = word[element_name(f.over, place.element)]
        try:
            found.append(_value(scope, f.type, word))
        except ValueError:
            raise row.bad(f"{place.name} cannot be {str(word)[:40]!r}", _PLACES) from None
    return tuple(found)


def _field(row: Entry, name: str, like: Any) -> Any:
    """Return the value of a variable, a function of the same elements as that which it is like."""
    if name not in row.data:
        raise row.bad(f"'{name}' is missing", _PLACES)
    value = _decode(row, name)
    if isinstance(like, dict) and (type(value) is not dict or value.keys() != like.keys()):
        raise row.bad(f"'{name}' is no map of {', '.join(like)}", _PLACES)
    return value


def _value(scope: Scope, t: Type, word: Any) -> Value:
    """Return a value of this type; raises `ValueError` if it is none."""
    if isinstance(t, Nat):
        if type(word) is int and 0 <= word <= scope.limit(t):
            return word
    elif t is bool:
        if type(word) is bool:
            return word
    elif type(word) is str:
        if is_sort(t) and word == "none":
            return None
        for value in scope.choices(t):
            if plain(t, value) == word:
                return value
    raise ValueError(word)


def _decode(row: Entry, name: str) -> Any:
    try:
        return decode(row.data[name])
    except Unreadable as wrong:
        raise row.bad(f"'{name}' {wrong}", _FORMAT) from None


# ---------------------------------------------------------------- following it
def _steps(row: Entry, scope: Scope, states: list[State], given: Entry) -> list[Instance]:
    """Return the steps that lead from each state to the next; raises `Diverged` if none does."""
    every = instances(Evaluator(scope))
    raw, steps = row.data["states"], []
    for k in range(1, len(states)):
        named = _named_step(Entry(f"{row.where}: state {k}", raw[k]), scope)
        choices = [i for i in every if _is(i, named)] if named else every
        steps.append(_step(f"{row.where}: state {k}", scope, choices, named, states[k - 1 : k + 1]))
    if "leaves" in given.data:
        last = Entry(row.where, given.take("leaves", dict))
        named = last.take("action", str), last.take("params", dict)
        steps.append(_leaving(row, [i for i in every if _is(i, named)], states[-1], given))
    return steps


def _leaving(row: Entry, named: list[Instance], last: State, given: Entry) -> Instance:
    """Return the step that takes a number out of its range, so that no state is after it."""
    if not named:
        raise row.bad("'leaves' names no step of the spec", _PLACES)
    refused = named[0].refusal(last)
    if refused is not None:
        raise Diverged(f"{row.where}: the spec refuses the step that 'leaves', for '{refused}'")
    try:
        named[0].after(last)
    except OutOfRange as leaving:
        if _named(given) in (None, f"{RANGE}{leaving.field}"):
            return named[0]
        raise Diverged(f"{row.where}: the last step stores {leaving}, out of its range") from None
    raise Diverged(f"{row.where}: the step that 'leaves' stays in every range")


def _named_step(row: Entry, scope: Scope) -> tuple[str, dict[str, Any]] | None:
    """Return the name and the parameters of the step that led to a state, if the file says."""
    name = row.data.get(ACTION)
    if not isinstance(name, str) or name == INIT or PICKS not in row.data:
        return None
    if name not in scope.spec.actions:
        raise row.bad(f"there is no action {name[:40]!r}", _PLACES)
    picks, wanted = _decode(row, PICKS), scope.spec.actions[name].params
    chosen = {}
    for p in wanted:
        pick = picks.get(p.name) if isinstance(picks, Record) else None
        value = pick.get("value") if isinstance(pick, Record) else None
        if value not in [plain(p.type, v) for v in scope.choices(p.type)]:
            raise row.bad(f"{name} has no {p.name} = {str(value)[:40]!r}", _PLACES)
        chosen[p.name] = value
    return name, chosen


def _is(instance: Instance, named: tuple[str, dict[str, Any]]) -> bool:
    return (instance.step.action.name, params_of(instance.step)) == named


def _step(
    where: str,
    scope: Scope,
    choices: list[Instance],
    named: tuple[str, dict[str, Any]] | None,
    pair: list[State],
) -> Instance:
    before, after = pair
    refusal = difference = ""
    for instance in choices:
        refused = instance.refusal(before)
        if refused is not None:
            refusal = f"the spec refuses it for '{refused}'"
            continue
        try:
            reached = instance.after(before)
        except OutOfRange as leaving:
            refusal = f"it stores {leaving}, out of its range"
            continue
        if reached == after:
            return instance
        place, want, got = next(
            (p.name, a, b) for p, a, b in zip(scope.places, reached, after, strict=True) if a != b
        )
        difference = f"the spec says {place} is {want}, the file {got}"
    if named is None:
        raise Diverged(f"{where}: no step leads to it from the state before")
    raise Diverged(f"{where}: {named[0]} does not lead to it: {difference or refusal}")


# ---------------------------------------------------------------- what it violates
def _loop(row: Entry, given: Entry, states: list[State]) -> int | None:
    """Return after how many steps the loop begins: the state after them comes again at the end."""
    if "loop" not in row.data or row.data["loop"] is None:
        return None
    index: int = row.take("loop", int)
    last = len(states) - 1
    if not 0 <= index <= last:
        raise row.bad(f"'loop' is {index}, and there are {last + 1} states", _FORMAT)
    ours = given.data.get("loop")
    if type(ours) is int and 1 <= ours <= last + 1 and min(ours, last) == index:
        return ours - 1
    # The format names the first state that comes again: that after the first step of the loop.
    # Some tools write the state before that step once more at the end, and name it.
    if index > 0 and states[index - 1] == states[-1]:
        return index - 1
    if states[index] == states[-1]:
        return index
    raise Diverged(f"{row.where}: the last state does not lead back to state {index}")


def _named(given: Entry) -> str | None:
    claim = given.data.get("property")
    name = claim.get("name") if isinstance(claim, dict) else None
    return name if isinstance(name, str) else None


def _broken(row: Entry, scope: Scope, walk: Walk, begin: int | None) -> str:
    """Return the first property that the run breaks at its end, or by never ending."""
    evaluator = Evaluator(scope)
    for name, claim in scope.spec.properties.items():
        asked = claim.kind in ("invariant", "step", "leads_to")
        if asked and breaks(evaluator, walk, claim, begin):
            return name
    raise Diverged(f"{row.where}: no property is broken at its end")


def _tell(row: Entry, scope: Scope, walk: Walk, violated: str, begin: int | None) -> Story:
    _, kind = claim_of(row, scope, violated)
    if (kind == "leads_to") != (begin is not None):
        runs = "runs that never end" if kind == "leads_to" else "runs that end"
        ends = "ends" if begin is None else "has a 'loop'"
        fact = f"'{violated}' is a property of {runs}, and this one {ends}"
        raise row.bad(fact, "name another with --property")
    if kind == "range" and len(walk.steps) < len(walk.states):
        raise row.bad("does not say which step 'leaves' the range", "name another with --property")
    try:
        return tell(scope, walk, violated, begin)
    except NotBroken as holds:
        raise Diverged(f"{row.where}: {holds}") from None
