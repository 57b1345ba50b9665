"""The commands of `ffq queue`, and the line in which one complains."""

from collections.abc import Callable
from typing import Any

import pytest

from checker.commands.main import main

COMMANDS = {
    "enqueue": ["k"],
    "work": ["--until-empty"],
    "recover": [],
    "pause": ["k"],
    "resume": ["k"],
    "list": [],
    "show": ["1"],
    "stats": [],
}

Run = Callable[..., dict[str, Any]]


def complaint(capsys: pytest.CaptureFixture[str], *given: str, status: int = 2) -> str:
    """Return the one line in which a command says that it is not to be had."""
    assert main(["queue", *given]) == status
    out, err = capsys.readouterr()
    (line,) = err.splitlines()
    assert out == ""
    assert line.startswith("ffq: ")
    return line.removeprefix("ffq: ")
