"""Values of the Informal Trace Format: what JSON has no word for stands behind a key with a `#`.

Whole numbers are `#bigint`, tuples `#tup`, sets `#set`, functions `#map`; a plain object is a
record, and a plain list a sequence. Described in Apalache's ADR-015.
"""

from __future__ import annotations

import re
from typing import Any

_NUMBER = re.compile(r"-?[0-9]{1,400}")


class Record(dict[str, Any]):
    """A record: fields by name, as opposed to a function, which is a `dict`."""


class Unreadable(ValueError):
    """The JSON is no value of the format."""


def encode(value: Any) -> Any:
    """Return a value as JSON has it: None and fractions are no values."""
    match value:
        case bool() | str():
            return value
        case int():
            return {"#bigint": str(value)}
        case tuple():
            return {"#tup": [encode(v) for v in value]}
        case frozenset() | set():
            return {"#set": [encode(v) for v in value]}
        case Record():
            return {name: encode(v) for name, v in value.items()}
        case dict():
            return {"#map": [[encode(k), encode(v)] for k, v in value.items()]}
        case list():
            return [encode(v) for v in value]
    raise AssertionError(type(value))


def decode(data: Any) -> Any:
    """Return the value that JSON stands for, or raise `Unreadable`."""
    try:
        return _decode(data)
    except RecursionError:
        raise Unreadable("is nested too deeply") from None


def _decode(data: Any) -> Any:
    match data:
        case bool() | str() | int():
            return data
        case list():
            return [_decode(v) for v in data]
        case {"#bigint": str(digits), **rest} if not rest:
            if not _NUMBER.fullmatch(digits):
                raise Unreadable(f"{digits[:40]!r} is no whole number")
            return int(digits)
        case {"#tup": list(values), **rest} if not rest:
            return tuple(_decode(v) for v in values)
        case {"#set": list(values), **rest} if not rest:
            return frozenset(_key(_decode(v)) for v in values)
        case {"#map": list(pairs), **rest} if not rest:
            return _map(pairs)
        case {"#unserializable": text}:
            raise Unreadable(f"could not be written by its maker: {str(text)[:40]!r}")
        case dict() if not any(name.startswith("#") for name in data):
            return Record({name: _decode(v) for name, v in data.items()})
    raise Unreadable(f"{str(data)[:40]!r} is no value")


def _map(pairs: list[Any]) -> dict[Any, Any]:
    found: dict[Any, Any] = {}
    for pair in pairs:
        if not isinstance(pair, list) or len(pair) != 2:
            raise Unreadable(f"{str(pair)[:40]!r} is no pair of key and value")
        key = _key(_decode(pair[0]))
        if key in found:
            raise Unreadable(f"the key {str(key)[:40]!r} stands twice")
        found[key] = _decode(pair[1])
    return found


def _key(value: Any) -> Any:
    """Return what can be told apart; a list or a function inside a set cannot."""
    try:
        hash(value)
    except TypeError:
        raise Unreadable("has a key or a member that is no simple value") from None
    return value
