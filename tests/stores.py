"""Tests of a queue in either store: where it is, is said by the fixture `file`."""

import itertools
from pathlib import Path

import pytest

from impl.postgresql.embedded import Server

on_both = pytest.mark.parametrize(
    "file", ["file", pytest.param("server", marks=pytest.mark.deep)], indirect=True
)
"""Lets a test be one of each store; the one on a server is deep."""

_schemas = itertools.count()


def place(request: pytest.FixtureRequest, tmp_path: Path) -> Path | str:
    """Return a file, or what the test says: an address of a queue on a server."""
    if getattr(request, "param", __import__("os").environ.get("FFQ_TRY", "file")) == "file":
        return tmp_path / "queue.db"
    return address(request.getfixturevalue("server"))


def address(server: Server) -> str:
    """Return the address of a queue that nobody has made yet."""
    return f"postgresql://ffq@/postgres?host={server.folder}#queue_{next(_schemas)}"
