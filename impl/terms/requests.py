"""What may be asked of a queue: what cannot be is refused in one line, before anything is done."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

_T = TypeVar("_T")

Json = Any
"""What JSON can hold: None, bool, int, float, str, and lists and dicts (by str) of these."""

MAX_PAYLOAD = 64 * 1024
"""Bytes of JSON; what is larger belongs elsewhere, and its name into the payload."""

LARGEST = 2**63 - 1
"""The largest number that SQLite knows."""

MAX_DEPTH = 100
"""Lists and dicts within each other."""

MAX_NAME = 500
"""Bytes of a key, a kind or a topic."""

LONGEST = 1_000_000_000
"""Seconds, some thirty years: no delay and no attempt takes longer."""


class BadRequest(ValueError):
    """What was asked for cannot be: `subject: fact; remedy`. Nothing was changed."""


@dataclass(frozen=True)
class Request:
    """What the row of a new job says; times in milliseconds. `claimed_before`: how many claims
    there were of the work that it does again, if it does. `subject`: what it is about; it keeps
    others about the same out until it is claimed, or `throughout`.
    """

    key: str
    kind: str
    payload: str
    timeout_ms: int
    delay_ms: int
    budgets: Mapping[str, int]
    retry_of: int | None = None
    claimed_before: int | None = None
    subject: str | None = None
    throughout: bool = False

    def carried(self, claims: int) -> dict[str, Any]:
        """Return what the row says of it that the spec does not speak of, where a forgotten key may
        have had so many claims.
        """
        names = ("key", "kind", "payload", "timeout_ms", "retry_of", "subject")
        before = claims if self.claimed_before is None else self.claimed_before
        return {name: getattr(self, name) for name in names} | {"claimed_before": before}


def as_json(subject: str, value: Json) -> str:
    """Return the value as JSON that can be read again, of at most `MAX_PAYLOAD` bytes and
    `MAX_DEPTH` levels, or raise `BadRequest`.
    """
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False)
        size = len(text.encode())
    except RecursionError:
        raise BadRequest(f"{subject}: is nested too deep; flatten it") from None
    except UnicodeEncodeError:
        raise BadRequest(f"{subject}: has text that is no Unicode; decode it first") from None
    except (TypeError, ValueError) as wrong:
        raise BadRequest(f"{subject}: {wrong}; send what JSON can hold") from None
    if size > MAX_PAYLOAD:
        fact = f"has {size} bytes, and {MAX_PAYLOAD} are allowed"
        raise BadRequest(f"{subject}: {fact}; keep it elsewhere and send its name")
    _require_readable(subject, value)
    return text


def _require_readable(subject: str, value: Json) -> None:
    """Raise `BadRequest` for what JSON takes and does not give back: it would be lost later."""
    level, depth = _nested([value]), 0
    while level:
        depth += 1
        if depth > MAX_DEPTH:
            # How deep can be read depends on who reads: a handler may be deep in calls of its own.
            raise BadRequest(f"{subject}: is nested deeper than {MAX_DEPTH} levels; flatten it")
        inside: list[Json] = []
        for each in level:
            inside += each.values() if isinstance(each, dict) else each
            if isinstance(each, dict):
                _require_text(subject, each)
        level = _nested(inside)


def _nested(values: Sequence[Json]) -> list[Json]:
    return [each for each in values if isinstance(each, dict | list | tuple)]


def _require_text(subject: str, keys: Iterable[object]) -> None:
    for key in keys:
        if not isinstance(key, str):  # JSON makes text of it, perhaps that of another key
            fact = f"has a key of type {type(key).__name__}, and JSON has text there"
            raise BadRequest(f"{subject}: {fact}; make it a str")


def each_key_once(pairs: Sequence[tuple[str, Json]]) -> dict[str, Json]:
    """Return an object that JSON spells out, for `object_pairs_hook`, or raise `ValueError`: of two
    values under one key Python would keep the last.
    """
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("an object has a key twice")
    return found


def same_json(one: bytes, other: str) -> bool:
    """Return whether two texts are the same JSON; 1, 1.0 and true are three."""
    try:
        first = json.loads(one.decode())
    except (ValueError, RecursionError):  # a damaged file: the same as nothing
        return False
    return _in_order(first) == _in_order(json.loads(other))


def _in_order(value: Json) -> str:
    return json.dumps(value, sort_keys=True)


def named(subject: str, name: str) -> str:
    """Return the name, or raise `BadRequest` if it is none."""
    if not isinstance(name, str):
        raise BadRequest(f"{subject}: is of type {type(name).__name__}; make it a str")
    if not name:
        raise BadRequest(f"{subject}: is empty; give it a name")
    try:
        size = len(name.encode())
    except UnicodeEncodeError:
        raise BadRequest(f"{subject}: has text that is no Unicode; decode it first") from None
    if size > MAX_NAME:
        raise BadRequest(f"{subject}: has {size} bytes, and {MAX_NAME} are allowed; shorten it")
    return name


def one_of(subject: str, word: str, words: Sequence[str]) -> str:
    """Return the word, or raise `BadRequest` if it is none of these."""
    if word not in words:
        raise BadRequest(f"{subject}: is {word!r}; choose {' or '.join(words)}")
    return word


def milliseconds(subject: str, seconds: float, least: int) -> int:
    """Return the time in milliseconds, at least so many, or raise `BadRequest`."""
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        raise BadRequest(f"{subject}: is of type {type(seconds).__name__}; give it in seconds")
    if not least <= seconds * 1000 <= LONGEST * 1000:  # not true of NaN
        raise BadRequest(f"{subject}: is {seconds} seconds; choose {least / 1000:g} to {LONGEST}")
    return int(seconds * 1000)


def whole(subject: str, number: int, least: int, most: int) -> int:
    """Return the whole number, or raise `BadRequest` if it is none or not in the range."""
    if not least <= _integer(subject, number) <= most:
        raise BadRequest(f"{subject}: is {number}; choose {least} to {most}")
    return number


def _integer(subject: str, number: int) -> int:
    if isinstance(number, bool) or not isinstance(number, int):
        raise BadRequest(f"{subject}: is of type {type(number).__name__}; make it an int")
    return number


def known(rows: Sequence[_T], job: int) -> _T:
    """Return the one row that was found of a job, or raise `BadRequest`."""
    if not rows:
        raise BadRequest(f"job {job}: is not in the queue; `ffq queue list` shows what is")
    return rows[0]


def row_number(job: int) -> int:
    """Return the number of a job, or 0, which is none's, if SQLite knows no such number. Raises
    `BadRequest` if it is of another type.
    """
    return job if 0 < _integer("job", job) <= LARGEST else 0
