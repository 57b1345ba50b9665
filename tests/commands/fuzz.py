"""What is done to files and to arguments so that they are bad, and what must come of it."""

import contextlib
import copy
import io
import json
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from checker.commands.main import main

VALUES: tuple[Any, ...] = (
    None, True, False, 0, 1, -1, 2, 33, 2**31, 2**63, -(2**70), 1.5, 1e308, float("nan"), "",
    "none", "job1", "worker1", "job33", "claim", "\ud800", "\x1b[2J", "\u202e", "a" * 5_000, [], {},
    [[]], [None, None], {"": 0}, {"#map": [[1, 2]]}, {"#bigint": "9" * 500}, [0] * 50,
)  # fmt: skip
BYTES = (
    b"\x00",
    b"\xff",
    b"\xed\xa0\x80",
    b"{",
    b"}",
    b"[",
    b'"',
    b"\n",
    b",",
    b"\\u0000",
    b"9" * 5_000,
)

WORDS = (
    "zz", "zz" * 150, "zz\x1b[2J", "zz\u202e", "zz\udcff", "zz zz", "zz'", "[zz]",
    "zz\nffq: all is well", "zz.zz", "zz=zz", "split zz zz", "instead zz zz", "FM-zz", "🦀zz",
    "-1zz", "%zz", "{zz}", "zz\x9b",
)  # fmt: skip
"""Names of nothing."""


def fuzzed(examples: int) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Call a test with so many seeds, the same ones every time."""
    checks = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
    always = settings(
        max_examples=examples, derandomize=True, deadline=None, database=None,
        suppress_health_check=checks,
    )  # fmt: skip
    return lambda test: always(given(seed=st.integers(0, 2**48))(test))


def ran(*given: str) -> tuple[int, str, str]:
    """Run `ffq` in this process, whatever it is given."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = main(given)
    return status, out.getvalue(), err.getvalue()


def proper(allowed: tuple[int, ...], *given: str) -> int:
    """Run `ffq` and hold what it says of bad input: one line and 2, or an answer."""
    status, out, err = ran(*given)
    assert status in allowed, (given, status, err)
    assert "Traceback" not in err, (given, err)
    if status == 2:
        assert (out, err.count("\n")) == ("", 1), (given, out, err)
        assert err.startswith("ffq: ") and err[:-1].isprintable(), (given, err)
    return status


# ---------------------------------------------------------------- files
def spoilt(text: str, chance: Random) -> bytes:
    """Return a file of JSON, or of lines of it, with something in it changed."""
    if chance.random() < 0.4:
        return _bytes_changed(text.encode(), chance)
    lines = text.splitlines() if text.startswith('{"') else [text]
    if len(lines) > 1 and chance.random() < 0.2:
        return _lines_changed(lines, chance)
    n = chance.randrange(len(lines))
    document = json.loads(lines[n])
    for _ in range(chance.choice((1, 1, 2, 4))):
        document = _value_changed(document, chance)
    lines[n] = json.dumps(document, ensure_ascii=chance.random() < 0.9)
    return "".join(f"{line}\n" for line in lines).encode(errors="surrogatepass")


def _bytes_changed(data: bytes, chance: Random) -> bytes:
    for _ in range(chance.choice((1, 1, 3))):
        at = chance.randrange(len(data) + 1)
        match chance.randrange(4):
            case 0:
                data = data[:at]
            case 1:
                data = data[:at] + chance.choice(BYTES) + data[at:]
            case 2:
                data = data[:at] + data[at + chance.randrange(40) :]
            case 3:
                data = data[:at] + bytes([chance.randrange(256)]) + data[at + 1 :]
    return data


def _lines_changed(lines: list[str], chance: Random) -> bytes:
    n, m = chance.randrange(len(lines)), chance.randrange(len(lines))
    match chance.randrange(3):
        case 0:
            lines[n], lines[m] = lines[m], lines[n]
        case 1:
            lines.insert(n, lines[m])
        case 2:
            del lines[n]
    return "".join(f"{line}\n" for line in lines).encode()


def _value_changed(value: Any, chance: Random) -> Any:
    """Return the value with one of those inside it replaced, taken away or named anew."""
    inside = list(value) if isinstance(value, dict) else list(range(len(value))) if isinstance(
        value, list
    ) else []  # fmt: skip
    if not inside or chance.random() < 0.15:
        return copy.deepcopy(chance.choice(VALUES))
    at = chance.choice(inside)
    match chance.randrange(8):
        case 0:
            del value[at]
        case 1 if isinstance(value, dict):
            value[chance.choice(("x", "", "job9", "#map"))] = value.pop(at)
        case _:
            value[at] = _value_changed(value[at], chance)
    return value


def written(folder: Path, name: str, data: bytes) -> str:
    """Return the name of a file that holds this."""
    (folder / name).write_bytes(data)
    return str(folder / name)
