"""What may be asked of a queue: what cannot be is refused in one line, before anything is done."""

from __future__ import annotations

import json
from typing import Any

from impl.tasks import MOST

Json = Any
"""What JSON can hold: None, bool, int, float, str, and lists and dicts (by str) of these."""

MAX_PAYLOAD = 64 * 1024
"""Bytes of JSON; what is larger belongs elsewhere, and its name into the payload."""

MAX_NAME = 500
"""Bytes of a key, a kind or a topic."""

LONGEST = 1_000_000_000
"""Seconds, some thirty years: no delay and no attempt takes longer."""


class BadRequest(ValueError):
    """What was asked for cannot be: `subject: fact; remedy`. Nothing was changed."""


def as_json(subject: str, value: Json) -> str:
    """Return the value as JSON of at most `MAX_PAYLOAD` bytes, or raise `BadRequest`."""
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
    return text


def named(subject: str, name: str) -> str:
    """Return the name, or raise `BadRequest` if it is none."""
    if not name:
        raise BadRequest(f"{subject}: is empty; give it a name")
    try:
        size = len(name.encode())
    except UnicodeEncodeError:
        raise BadRequest(f"{subject}: has text that is no Unicode; decode it first") from None
    if size > MAX_NAME:
        raise BadRequest(f"{subject}: has {size} bytes, and {MAX_NAME} are allowed; shorten it")
    return name


def milliseconds(subject: str, seconds: float, least: int) -> int:
    """Return the time in milliseconds, at least so many, or raise `BadRequest`."""
    if not least <= seconds * 1000 <= LONGEST * 1000:  # not true of NaN
        raise BadRequest(f"{subject}: is {seconds} seconds; choose {least / 1000:g} to {LONGEST}")
    return int(seconds * 1000)


def budget(subject: str, number: int) -> int:
    """Return a budget of failures or interruptions, or raise `BadRequest`."""
    if not 1 <= number <= MOST:
        raise BadRequest(f"{subject}: is {number}; choose 1 to {MOST}")
    return number
