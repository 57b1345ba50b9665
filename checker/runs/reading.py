"""Reading a trace file: each name and value is checked against the spec; nothing is evaluated."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from checker.runs.named_files import opened
from checker.runs.story import RANGE, Change, Line, Plain, plain
from checker.runs.trace import BYTES_MAX, FORMAT, LINE_MAX, VERSION, BadTrace, Trace
from spec.failures.edits import Edits
from spec.language.hashes import spec_hash
from spec.language.misuse import Misuse, near
from spec.language.scope import Scope, State, Value
from spec.language.terms.types import Nat, Type, is_sort

BOUND_MAX = 32
"""How many elements a trace may ask for, unless its scope has more: a file cannot fill memory."""

_MAKE_ANEW = "make the trace anew with ffq check"
_MEND = "mend the file, or make the trace anew with ffq check"
_KINDS = {dict: "an object", list: "a list", str: "text", int: "a whole number"}


def read(file: Path, scopes: Mapping[str, Scope]) -> Trace:
    """Return what the file says, or raise `BadTrace`; the spec is found in `scopes` by its hash."""
    found = rows(file)
    header = next(found, None)
    if header is None:
        raise BadTrace(file, "is empty", _MAKE_ANEW)
    base, claim_id = _header(header, scopes)
    violated = base.violated
    try:
        whole = base.edited
    except Misuse as misuse:
        raise header.bad(misuse.fact) from None
    places = _places(whole)
    lines: list[Line] = []
    for row in found:
        if "steps" in row.data:
            claim = whole.spec.properties.get(violated)
            endless = claim is not None and claim.kind == "leads_to"
            loop = _end(row, violated, len(lines), endless)
            extra = next(found, None)
            if extra is not None:
                raise extra.bad("stands after the end of the trace")
            _check_claim(header, whole, violated, claim_id)
            start = _start(header, whole, places)
            return replace(base, lines=tuple(lines), where=str(file), start=start, loop=loop)
        lines.append(_step(row, whole, places, len(lines) + 1))
    raise BadTrace(
        f"{file}:{len(lines) + 2}", "the trace is cut off: its end is missing", _MAKE_ANEW
    )


class Entry:
    """One object of the file, and where it stands."""

    def __init__(self, where: str, data: dict[str, Any], mend: str = _MEND) -> None:
        self.where, self.data, self.mend = where, data, mend

    def bad(self, fact: str, remedy: str | None = None) -> BadTrace:
        """Return the complaint about this object."""
        return BadTrace(self.where, fact, remedy or self.mend)

    def only(self, *keys: str, remedy: str | None = None) -> None:
        """Refuse any key but these."""
        for key in self.data:
            if key not in keys:
                raise self.bad(f"{clip(key)} does not belong here", remedy)

    def take(self, key: str, kind: type) -> Any:
        """Return the value of a key that must be there and of this kind; True is no number."""
        if key not in self.data:
            raise self.bad(f"'{key}' is missing")
        value = self.data[key]
        if type(value) is not kind:
            raise self.bad(f"'{key}' is {clip(value)}, not {_KINDS[kind]}")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of text."""
        values = self.take(key, list)
        for value in values:
            if type(value) is not str:
                raise self.bad(f"'{key}' holds {clip(value)}, not text")
        return tuple(values)


def rows(file: Path) -> Iterator[Entry]:
    """Yield the objects of the file, refusing what is no file of small, complete lines of JSON."""
    missing, too_large = "ffq check --without GUARD makes one", _MAKE_ANEW
    with opened(file, "a trace file", BYTES_MAX, missing=missing, too_large=too_large) as found:
        number = 0
        while line := found.readline(LINE_MAX + 1):
            number += 1
            yield row_of(f"{file}:{number}", line)


def row_of(
    where: str, line: bytes, kind: str = "trace", anew: str = _MAKE_ANEW, mend: str = _MEND
) -> Entry:
    """Return the object that a line of a file is; raises `BadTrace` with these remedies."""
    if len(line) > LINE_MAX:
        raise BadTrace(where, f"the line is longer than {LINE_MAX:,} bytes", anew)
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError as wrong:
        raise BadTrace(where, f"byte {wrong.start + 1} is not UTF-8", anew) from None
    try:
        data = json.loads(text, object_pairs_hook=_once, parse_constant=_refuse)
    except (ValueError, RecursionError) as wrong:
        if not line.endswith(b"\n"):
            raise BadTrace(where, f"the {kind} is cut off inside this line", anew) from None
        fact = f": {wrong.msg}" if isinstance(wrong, json.JSONDecodeError) else f": {wrong}"
        raise BadTrace(where, f"is not JSON{fact[:120]}", mend) from None
    if not isinstance(data, dict):
        raise BadTrace(where, f"{clip(data)} is not an object", mend)
    if "\\u" in text and not _encodes(data):
        raise BadTrace(where, "holds half a letter, which is not UTF-8", mend)
    return Entry(where, data, mend)


def _encodes(data: Any) -> bool:
    """Return whether all of the text can be written as UTF-8: JSON can name half of a letter."""
    try:
        json.dumps(data, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key stands twice")
    return found


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no number")


def _header(row: Entry, scopes: Mapping[str, Scope]) -> tuple[Trace, str]:
    """Return the trace without its steps, and the ID of what it violates."""
    if row.data.get("format") != FORMAT:
        raise row.bad("is not the header of a trace", "name a file that ffq check has saved")
    version = row.take("version", int)
    if version != VERSION:
        raise row.bad(f"has version {version}, and this ffq reads version {VERSION}", _MAKE_ANEW)
    keys = ("spec", "scope", "bounds", "edits", "off", "property", "engine")
    row.only("format", "version", *keys, "start")
    scope, engine = scope_of(row, scopes), row.take("engine", str)
    claim = Entry(row.where, row.take("property", dict))
    claim.only("id", "name")
    violated = claim.take("name", str)
    edits = Edits((*row.texts("edits"), *row.texts("off")))
    return Trace(scope, edits, engine, violated, ()), claim.take("id", str)


def scope_of(row: Entry, scopes: Mapping[str, Scope]) -> Scope:
    """Return the scope that a header names, its spec found by the hash: a name may be a new one.
    Of several scopes of that spec it is the one with these bounds, if there is one.
    """
    name, wanted = (row.take(key, str) for key in ("scope", "spec"))
    bounds = row.take("bounds", dict)
    found = scopes.get(name)
    # Only if need be: to hash them all takes longer than to read a trace.
    if found is None or spec_hash(found.spec) != wanted:
        alike = [s for s in scopes.values() if spec_hash(s.spec) == wanted]
        alike.sort(key=lambda s: dict(s.bounds) != bounds)
        found = alike[0] if alike else None
    if found is None:
        known = (
            f"scope {name} has spec {spec_hash(scopes[name].spec)}"
            if name in scopes
            else "no scope has"
        )
        remedy = f"{_MAKE_ANEW}, or name the file of its spec with --spec"
        raise row.bad(f"is of another spec, {clip(wanted)}: {known}", remedy)
    for bound, value in bounds.items():
        if type(value) is not int or not 0 <= value <= max(BOUND_MAX, found.bounds.get(bound, 0)):
            raise row.bad(f"the bound {clip(bound)} is {clip(value)}", _MEND)
    try:
        return Scope(found.name, found.spec, bounds, found.doc)
    except Misuse as misuse:
        raise row.bad(misuse.fact) from None


def _check_claim(row: Entry, scope: Scope, violated: str, claim_id: str) -> None:
    known, _ = claim_of(row, scope, violated)
    if claim_id != known:
        raise row.bad(f"'{violated}' has the ID {known}, not {clip(claim_id)}")


def claim_of(row: Entry, scope: Scope, violated: str) -> tuple[str, str]:
    """Return ID and kind of what a run is said to violate; a number's range is a kind too."""
    field = scope.spec.fields.get(violated.removeprefix(RANGE))
    if violated in scope.spec.properties:
        claim = scope.spec.properties[violated]
        if claim.kind not in ("invariant", "step", "lemma", "leads_to"):
            raise row.bad(f"'{violated}' is of kind {claim.kind}: no run violates it")
        return claim.id, claim.kind
    if violated.startswith(RANGE) and field is not None and isinstance(field.type, Nat):
        return "range", "range"
    raise row.bad(f"the spec has no property {clip(violated)}")


def _places(scope: Scope) -> dict[str, tuple[Plain, ...] | range]:
    """Return the values each place may hold, as traces write them."""
    found: dict[str, tuple[Plain, ...] | range] = {}
    for place in scope.places:
        f = place.field
        if isinstance(f.type, Nat):
            found[place.name] = range(scope.limit(f.type) + 1)
        else:
            none = (None,) if is_sort(f.type) else ()
            found[place.name] = (*none, *(plain(f.type, v) for v in scope.choices(f.type)))
    return found


def _start(
    row: Entry, scope: Scope, places: Mapping[str, tuple[Plain, ...] | range]
) -> State | None:
    """Return the state that the trace begins in, or None if that is the initial one."""
    if "start" not in row.data:
        return None
    given = row.take("start", dict)
    for name, value in given.items():
        if name not in places:
            raise row.bad(f"there is no {clip(name)}", near(name, places))
        if not _among(value, places[name]):
            raise row.bad(f"{name} cannot be {clip(value)}")
    for name in places:
        if name not in given:
            raise row.bad(f"the start does not say what {name} is")
    return tuple(_value(scope, place.field.type, given[place.name]) for place in scope.places)


def step_of(row: Entry, scope: Scope, n: int) -> tuple[str, dict[str, Plain]]:
    """Return the action and the parameters of step `n`."""
    if row.take("n", int) != n:
        raise row.bad(f"is step {row.data['n']}, and step {n} is next")
    name = row.take("action", str)
    if name not in scope.spec.actions:
        raise row.bad(f"there is no action {clip(name)}")
    params = row.take("params", dict)
    wanted = {p.name: p.type for p in scope.spec.actions[name].params}
    if params.keys() != wanted.keys():
        raise row.bad(
            f"{name} takes ({', '.join(wanted)}), not ({', '.join(map(clip, params))[:60]})"
        )
    for key, kind in wanted.items():
        if not _among(params[key], [plain(kind, value) for value in scope.choices(kind)]):
            raise row.bad(f"{name} has no {key} = {clip(params[key])}")
    return name, {key: params[key] for key in wanted}


def _step(
    row: Entry, scope: Scope, places: Mapping[str, tuple[Plain, ...] | range], n: int
) -> Line:
    row.only("n", "actor", "action", "params", "changed")
    name, params = step_of(row, scope, n)
    actor = row.take("actor", str)
    changes = []
    for place, pair in row.take("changed", dict).items():
        if place not in places:
            raise row.bad(f"there is no {clip(place)}", near(place, places))
        if type(pair) is not list or len(pair) != 2:
            raise row.bad(f"'{place}' is {clip(pair)}, not [before, after]")
        for value in pair:
            if not _among(value, places[place]):
                raise row.bad(f"{place} cannot be {clip(value)}")
        changes.append(Change(place, *pair))
    line = Line(n, actor, name, params, tuple(changes))
    if actor != "-" and actor not in map(str, params.values()):
        raise row.bad(f"the actor {clip(actor)} takes no part in {name}")
    return line


def _value(scope: Scope, t: Type, known: Plain) -> Value:
    """Return a value that may stand there as the evaluator has it."""
    if not is_sort(t) or known is None:
        return known
    return next(v for v in scope.choices(t) if plain(t, v) == known)


def _among(value: object, known: tuple[Plain, ...] | list[Plain] | range) -> bool:
    """Return whether the value is one of these; True is not 1."""
    if isinstance(known, range):
        return type(value) is int and value in known
    return any(type(value) is type(k) and value == k for k in known)


def _end(row: Entry, violated: str, steps: int, endless: bool) -> int | None:
    """Return where the loop of an endless run begins."""
    row.only("property", "broken", "steps", *(["loop"] if endless else []))
    row.take("broken", str)
    if row.take("property", str) != violated:
        raise row.bad(f"ends with {clip(row.data['property'])}, and the header says '{violated}'")
    if row.take("steps", int) != steps:
        raise row.bad(f"counts {row.data['steps']} steps, and the file holds {steps}")
    if not endless:
        return None
    loop: int = row.take("loop", int)
    if not 1 <= loop <= steps + 1:
        raise row.bad(f"has its loop begin at step {loop}, and the file holds {steps}")
    return loop


def clip(value: object) -> str:
    """Return a value of the file as messages show it: escaped and short."""
    text = value if isinstance(value, str) else json.dumps(value)
    shown = ascii(text[:60]) if isinstance(value, str) else text[:60]
    return shown + ("..." if len(text) > 60 else "")
