"""A queue in a file, and its commands run with --json."""

import json
from pathlib import Path
from typing import Any

import pytest

from checker.commands.main import main
from tests.commands.queue.asking import Run


@pytest.fixture
def file(tmp_path: Path) -> str:
    return str(tmp_path / "queue.db")


@pytest.fixture
def run(file: str, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command with --json, and return what it printed."""

    def call(command: str, *given: str, status: int = 0) -> dict[str, Any]:
        assert main(["queue", command, file, *given, "--json"]) == status
        (line,) = capsys.readouterr().out.splitlines()
        answer: dict[str, Any] = json.loads(line)
        assert answer["ok"] is (status == 0)
        return answer

    return call
