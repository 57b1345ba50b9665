"""Answers questions in another process, one after the other, so that whoever asks can go on.

A thread would not do: a search in plain Python holds Python's lock, and every key would wait.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import multiprocessing
import os
import sys
import traceback
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from threading import Lock
from typing import Any, TypeVar

from checker.runs.cache import cache_folder, write

Answer = TypeVar("Answer")

SPAWN = multiprocessing.get_context("spawn")
"""A process of its own begins with nothing of this one: no thread, no lock, no screen."""


class Fault(Exception):
    """The other process could not answer, and why."""


class Aside:
    """A process that is started by the first question."""

    def __init__(self, wanted: Callable[[], bool] = lambda: True) -> None:
        """`wanted` says whether whoever asks is still there to hear the answer."""
        self._wanted = wanted
        self._process: BaseProcess | None = None
        self._connection: Connection | None = None
        self._asking = Lock()
        self._closed = False

    async def ask(self, question: Callable[..., Answer], *given: Any) -> Answer:
        """Return the answer; a caller that is cancelled before its turn is never asked for.

        Raises `Fault`, and `CancelledError` where the answer is not wanted any more.
        """
        wanted = [True]
        try:
            kind, answer = await asyncio.to_thread(self._exchange, wanted, question, given)
        finally:
            wanted.clear()
            if not self._wanted():
                raise asyncio.CancelledError
        if kind != "answer":
            raise Fault(answer)
        found: Answer = answer
        return found

    def _exchange(
        self, wanted: list[bool], question: Callable[..., Any], given: tuple[Any, ...]
    ) -> tuple[str, Any]:
        with self._asking:
            if not wanted or self._closed:
                return "fault", "nobody waits for the answer"
            try:
                connection = self._connection or self._start()
                connection.send((question, given))
                kind, answer = connection.recv()
                return kind, answer
            except (EOFError, OSError) as ended:
                self._connection = None
                return "fault", f"the process that computes has ended: {ended}"

    def _start(self) -> Connection:
        ours, theirs = SPAWN.Pipe()
        self._process = started(_answer, theirs)
        if self._closed:  # while it started
            self._process.kill()
        theirs.close()
        self._connection = ours
        return ours

    def close(self) -> None:
        """End the process, whatever it is at."""
        self._closed = True
        if self._process is not None:
            self._process.kill()


def _answer(connection: Connection) -> None:
    """Answer until nobody asks any more."""
    os.nice(5)  # after the keys, but before a check: somebody waits for the answer
    with silent(), contextlib.suppress(EOFError, KeyboardInterrupt):
        while True:
            question, given = connection.recv()
            try:
                connection.send(("answer", question(*given)))
            except Exception as fault:
                connection.send(("fault", in_one_line(fault)))


def in_one_line(fault: Exception) -> str:
    """Return why something cannot be done; of what nobody meant to raise, where its traceback is.

    Whoever means it raises an exception of this project, with a message for the user.
    """
    line = f"{type(fault).__name__}: {fault}"
    if type(fault).__module__.split(".")[0] in ("spec", "impl", "checker"):
        return line
    told = "".join(traceback.format_exception(fault)).encode("utf-8", "backslashreplace")
    file = cache_folder() / "faults" / f"{hashlib.sha256(told).hexdigest()[:12]}.txt"
    write(file, told)
    return f"{line}; this is a fault of ffq, its traceback is in {file}"


# ---------------------------------------------------------------- a process of its own
def started(work: Callable[..., None], *given: Any) -> BaseProcess:
    """Return a process that has begun with the work."""
    # A daemon ends with this process, whatever becomes of it.
    process = SPAWN.Process(target=work, args=given, daemon=True)
    # The first start hands stderr to a helper, and a screen puts one without a file there.
    with contextlib.redirect_stderr(sys.__stderr__):
        process.start()
    return process


@contextlib.contextmanager
def silent() -> Iterator[None]:
    """Print nothing in this process: the terminal belongs to the one that started it."""
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        sys.stdout = sys.stderr = nowhere
        yield
