"""What is printed: results on stdout, diagnostics on stderr, and nothing that a terminal obeys.

A stdout that is closed, full or broken is told as `OutputLost`, however the text came there, so
that no command takes it for an error of its own. There is nowhere to say what stderr cannot take.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TextIO, cast


class OutputLost(Exception):
    """Stdout takes no more; `gone` if that is because its reader has left, as `| head` does."""

    def __init__(self, why: str, gone: bool) -> None:
        super().__init__(f"stdout: cannot be written: {why}; see where it leads")
        self.gone = gone


# ---------------------------------------------------------------- text
def emit(answer: dict[str, Any]) -> None:
    """Print one JSON object on stdout."""
    unicode = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    text = json.dumps(answer, ensure_ascii=not unicode)
    safe = (c if c.isprintable() else json.dumps(c)[1:-1] for c in text)
    sys.stdout.write("".join(safe).replace("\x7f", "\\u007f") + "\n")


def say(text: str) -> None:
    """Print one line of diagnostics on stderr."""
    told = f"ffq: {printable(text)}"
    if _above is not None:
        _above(told)
        return
    sys.stderr.write(f"{told}\n")
    sys.stderr.flush()


_above: Callable[[str], None] | None = None


def above(write: Callable[[str], None] | None) -> None:
    """Let diagnostics be written so while a line on stderr shows progress, or as ever."""
    global _above
    _above = write


def line(text: str, at_once: bool = False) -> None:
    """Print one line of results on stdout."""
    sys.stdout.write(f"{printable(text)}\n")
    if at_once:
        sys.stdout.flush()


def changed(said: str, answer: dict[str, Any] | None = None) -> None:
    """Print what has been done and stays done, or its `answer` in JSON; on stderr if stdout fails,
    for whoever asked must not think that nothing has happened.
    """
    try:
        if answer is None:
            line(said)
        else:
            emit(answer)
        sys.stdout.flush()
    except OutputLost:
        say(said)
        raise


def printable(text: str) -> str:
    """Return the text with what no terminal should be sent escaped: controls, of direction too."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


# ---------------------------------------------------------------- streams
@contextlib.contextmanager
def guarded() -> Iterator[None]:
    """Put streams that fail as said above in place of stdout and stderr, for as long as this."""
    _occupy()
    before = sys.stdin, sys.stdout, sys.stderr
    if sys.stdin is None:
        sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: SIM115  # as long as the process
    sys.stdout, sys.stderr = cast(TextIO, _Results(before[1])), cast(TextIO, _Complaints(before[2]))
    try:
        yield
    finally:
        sys.stdin, sys.stdout, sys.stderr = before


def _occupy() -> None:
    """Let no file that is opened later get the number of a stream that was closed, and be written
    to in its place.
    """
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest number that is free


class _Guarded:
    """A text stream, as the system gave it, or None if it was closed."""

    def __init__(self, stream: TextIO | None) -> None:
        self._stream = stream or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
        self._failed = None if stream else "it is closed"
        self._gone = False
        # A terminal that cannot show ✗ gets a ? in its place, not a traceback.
        if hasattr(self._stream, "reconfigure"):
            self._stream.reconfigure(errors="replace")

    def __getattr__(self, name: str) -> Any:
        if name == "buffer":  # what is written there would pass by
            raise AttributeError(name)
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """Write as any stream does."""
        if text:
            self._try(lambda: self._stream.write(text))
        else:  # whether it wants text or bytes
            self._stream.write(text)
        return len(text)

    def writelines(self, texts: Iterable[str]) -> None:
        """Write as any stream does."""
        for text in texts:
            self.write(text)

    def flush(self) -> None:
        """Flush as any stream does."""
        if self._failed != "it is closed":
            self._try(self._stream.flush)

    def _try(self, what: Any) -> None:
        if self._failed is None:
            try:
                what()
            except OSError as failed:
                self._failed = failed.strerror or str(failed)
                self._gone = isinstance(failed, BrokenPipeError)
                # Python would try once more at its end, and complain. A test's stream is no file.
                with contextlib.suppress(OSError):
                    os.dup2(os.open(os.devnull, os.O_WRONLY), self._stream.fileno())
        if self._failed is not None:
            self._lost(self._failed)

    def _lost(self, why: str) -> None:
        raise OutputLost(why, self._gone)


class _Results(_Guarded):
    """Stdout."""


class _Complaints(_Guarded):
    """Stderr: there is nowhere else to say what it does not take."""

    def _lost(self, why: str) -> None:
        pass
