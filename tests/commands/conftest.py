"""`ffq` in a folder of its own."""

import sys
import types
from pathlib import Path

import pytest

from checker.evidence import matrix
from tests.commands.processes.two_managers import SCOPES, Ffq


@pytest.fixture
def ffq(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Ffq:
    queue = types.ModuleType("spec.queue")
    names = {"SCOPES": SCOPES, "DEFAULT": ("two", "three"), "DEEP": ("marked",)}
    queue.__dict__.update(names)
    monkeypatch.setitem(sys.modules, "spec.queue", queue)
    monkeypatch.setattr(matrix, "complaints", list)  # these scopes have no failure modes
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    return Ffq(capsys)
