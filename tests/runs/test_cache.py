"""What is kept is read as it was written or not at all, and machine code is loaded only from a
folder that is this user's alone.
"""

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from checker.runs.cache import cache_folder, place, recall, remember
from checker.runs.sources import Sources


@pytest.fixture(autouse=True)
def asked_anew(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "user"))
    monkeypatch.setenv("FFQ_CACHE_DIR", str(tmp_path / "chosen"))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    cache_folder.cache_clear()
    yield
    cache_folder.cache_clear()


def test_what_is_made_is_closed_to_others_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        assert cache_folder() == tmp_path / "chosen"
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "chosen").stat().st_mode) == 0o700


@pytest.mark.parametrize("mode", [0o770, 0o707, 0o777, 0o1777])
def test_a_folder_that_others_can_write_to_is_passed_over(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], mode: int
) -> None:
    (tmp_path / "chosen").mkdir()
    (tmp_path / "chosen").chmod(mode)
    assert cache_folder() == tmp_path / "user" / "ffq"
    assert capsys.readouterr().err == (
        f"ffq: {tmp_path}/chosen: it is not yours alone, and machine code is loaded from there; "
        "`chmod go-w` it, or name a folder of yours by FFQ_CACHE_DIR\n"
    )


def test_a_folder_of_somebody_else_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    found = cache_folder()
    assert found.parent == tmp_path
    assert found.name.startswith("ffq-")
    assert stat.S_IMODE(found.stat().st_mode) == 0o700


def test_a_link_to_a_folder_that_others_can_write_to_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o777)
    (tmp_path / "chosen").symlink_to(tmp_path / "open")
    assert cache_folder() == tmp_path / "user" / "ffq"


def sizes(kept: Any) -> dict[str, int]:
    return {str(name): int(size) for name, size in kept["sizes"].items()}


@pytest.mark.parametrize(
    "text",
    ["", "{", "null", "7", "{}", '{"sizes": []}', '{"sizes": {"a": []}}', '{"sizes": {"a": "b"}}',
     "[" * 10_000, b"\xff"],
)  # fmt: skip
def test_what_is_not_as_it_was_written_counts_as_forgotten(text: str | bytes) -> None:
    at = place("sizes", Sources("checker.runs.lasso"), [])
    assert recall(at, sizes) is None
    remember(at, {"sizes": {"a": 1}})
    assert recall(at, sizes) == {"a": 1}
    at.file.write_bytes(text if isinstance(text, bytes) else text.encode())
    assert recall(at, sizes) is None


def test_a_slip_of_whoever_reads_it_is_not_forgotten() -> None:
    at = place("sizes", Sources("checker.runs.lasso"), [])
    remember(at, {"sizes": {"a": 1}})
    with pytest.raises(ZeroDivisionError):
        recall(at, lambda kept: 1 / 0)


def test_what_cannot_be_kept_costs_time_and_no_answer(tmp_path: Path) -> None:
    at = place("sizes", Sources("checker.runs.lasso"), [])
    at.file.parent.write_text("a file", "utf-8")
    remember(at, {"sizes": {"a": 1}})
    assert recall(at, sizes) is None


def test_where_nothing_can_be_written_a_temporary_folder_serves(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("chosen", "user"):
        (tmp_path / name).write_text("a file", "utf-8")
    assert cache_folder().parent == tmp_path
    assert capsys.readouterr().err == ""
