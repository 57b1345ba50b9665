"""Tests of a queue in either store: where it is, is said by the fixture `file`."""

import itertools
from pathlib import Path

import pytest

from impl.postgresql.trial.embedded import Server

in_a_file = pytest.mark.in_a_file
"""Of a test: it asks what only a file has, or says it in words that only SQLite knows."""

_schemas = itertools.count()


def place(request: pytest.FixtureRequest, tmp_path: Path) -> Path | str:
    """Return a file, or what the test says: an address of a queue on a server."""
    if getattr(request, "param", __import__("os").environ.get("FFQ_TRY", "file")) == "file":
        return tmp_path / "queue.db"
    return address(request.getfixturevalue("server"))


def address(server: Server) -> str:
    """Return the address of a queue that nobody has made yet."""
    return f"postgresql://ffq@/postgres?host={server.folder}#queue_{next(_schemas)}"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Let tests of a module that says `ON_BOTH` be of either store; on a server they are deep."""
    if not getattr(metafunc.module, "ON_BOTH", False) or "file" not in metafunc.fixturenames:
        return
    if metafunc.definition.get_closest_marker(in_a_file.name) is None:
        served = pytest.param("server", marks=pytest.mark.deep)
        metafunc.parametrize("file", ["file", served], indirect=True)
