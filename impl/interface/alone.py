"""One transaction at a time on each connection."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from typing import Generic, TypeVar

from impl.interface.transaction import Span
from impl.terms.requests import BadRequest
from impl.terms.unusable import Busy

_Span = TypeVar("_Span", bound=Span)


class Alone(Generic[_Span]):
    """What is open on a connection, and in which thread."""

    def __init__(self, path: str) -> None:
        self._path, self._lock, self._thread = path, threading.Lock(), 0
        self.span: _Span | None = None

    @contextlib.contextmanager
    def opened(self, span: _Span) -> Iterator[_Span]:
        """Let nobody else begin one on this connection, in this thread or in another one: it would
        join this one half, and take it back when it fails. Another thread may try again later.
        """
        if not self._lock.acquire(blocking=False):
            if self._thread != threading.get_ident():
                fact = "has a transaction open in another thread, by the same object"
                raise Busy(self._path, fact, "open it once for each thread")
            fact = "one is open already on this queue"
            raise BadRequest(f"transaction: {fact}; end it first, or pass it on as `within`")
        try:
            self._thread, self.span = threading.get_ident(), span
            yield span
        finally:
            span.over, self.span = True, None
            self._lock.release()
