"""What was proved before, forgotten where a test asks it."""

from pathlib import Path

import pytest

from checker.prove import portfolio
from checker.runs import cache


@pytest.fixture
def forgetful(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Prove everything anew, in this process: what was found before must not hide what is found
    now, and faults must be seen.
    """
    monkeypatch.setattr(cache, "cache_folder", lambda: tmp_path / "cache")
    monkeypatch.setattr(portfolio, "_FEW", 1_000_000)
