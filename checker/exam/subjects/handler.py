"""The handler of every subject: it says to the witness where it stands, and waits to be let on.

Each entry has a connection of its own: processes that are forked would read each other's answers.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
from typing import Any

FOLDER = os.environ.get("EXAM_FOLDER", "")
STORE = os.environ.get("EXAM_STORE", "")
"""Where the server is, if there is one: the path of its socket, or an address."""
GIVEN: dict[str, Any] = json.loads(os.environ.get("EXAM_GIVEN", "{}"))
"""The settings of this variant, as `about.toml` gives them."""

_SOCKET = os.environ.get("EXAM_WITNESS", "")
_POINTS = ("start", "effect", "end")


class Refused(Exception):
    """The director wants this attempt to fail."""


def _says(point: str, job: str) -> bytes:
    who = {"worker": os.environ["EXAM_WORKER"], "pid": os.getpid()}
    return json.dumps({"point": point, "job": job, **who}).encode() + b"\n"


def _go_on(answer: bytes, job: str) -> None:
    if json.loads(answer or '"gone"') != "ok":
        raise Refused(job)


def run(job: str) -> None:
    """Do the work of a job."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(_SOCKET)
        lines = connection.makefile("rb")
        for point in _POINTS:
            connection.sendall(_says(point, job))
            _go_on(lines.readline(), job)


async def arun(job: str) -> None:
    """Do the work of a job in an event loop, so that it can be cancelled at a gate."""
    reading, writing = await asyncio.open_unix_connection(_SOCKET)
    try:
        for point in _POINTS:
            writing.write(_says(point, job))
            _go_on(await reading.readline(), job)
    finally:
        writing.close()
