"""`ffq` in the process of the tests, on scopes of two and three managers."""

import json
from typing import Any

import pytest
from ffq.textbook.two_phase_commit import Manager, commit_protocol

from checker.commands import main as cli
from spec.language import Spec, require
from spec.language.scope import Scope

GUARD = "decide_commit.all_prepared"
OFF = ("check", "--engine", "plain", "--without", GUARD)

marked = Spec("marked", commit_protocol)


@marked.action()
def rest(s, m: Manager):  # type: ignore[no-untyped-def]  # traced
    """It [b]never[/b] happens."""
    require(never=s.heard[m] & ~s.heard[m])
    s.heard[m] = True


SCOPES = {
    "two": Scope("two", commit_protocol, {"Manager": 2}, "Two managers."),
    "three": Scope("three", commit_protocol, {"Manager": 3}, "Three [red]managers[/red]."),
    "marked": Scope("marked", marked, {"Manager": 2}, "An action never fires."),
}

Ran = tuple[int, str, str]


class Ffq:
    """Runs `ffq` in this process, in a folder of its own, on the scopes above."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self.capsys = capsys

    def __call__(self, *arguments: str) -> Ran:
        status = cli.main(arguments)
        return status, *self.capsys.readouterr()

    def json(self, *arguments: str) -> tuple[int, dict[str, Any]]:
        status, out, _ = self(*arguments, "--json")
        assert out.count("\n") == 1, "one object, on one line"
        answer: dict[str, Any] = json.loads(out)
        return status, answer
