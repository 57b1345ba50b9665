"""A wire between one process and its store, which is cut at a call.

A call is what arrives from the process in one piece: protocols of questions and answers send it so.
Nothing here knows a protocol. Calls are counted from the first time that the job is spoken of.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from contextlib import suppress

from checker.exam.listening import Listener

_PIECE = 1 << 20


class Cut:
    """Stands between a process and the socket of its store, until a call is reached.

    With `answer` the store gets that call, and its answer is lost; else it does not get it. `act`
    is done at that moment.
    """

    def __init__(
        self, store: str, at: str, job: str, number: int, act: Callable[[], None], answer: bool
    ) -> None:
        self.fired = threading.Event()
        self._store, self._number = store, number
        # PostgreSQL writes bytes as hexadecimal digits.
        self._spoken = (job.encode(), job.encode().hex().encode())
        self._act, self._answer = act, answer
        self._lock = threading.Lock()
        self._counting, self._calls = False, 0
        self._listener = Listener(at, self._between)

    def close(self) -> None:
        """Let nobody new through."""
        self._listener.close()

    def _between(self, ours: socket.socket) -> None:
        theirs, lost = socket.socket(socket.AF_UNIX), threading.Event()
        try:
            theirs.connect(self._store)
        except OSError:  # the store is away: so the process finds it
            _end(ours, theirs)
            return
        threading.Thread(target=self._down, args=(ours, theirs, lost), daemon=True).start()
        self._up(ours, theirs, lost)

    def _up(self, ours: socket.socket, theirs: socket.socket, lost: threading.Event) -> None:
        """Pass on what the process says, up to the call."""
        with suppress(OSError):
            while piece := ours.recv(_PIECE):
                if self._reached(piece):
                    if not self._answer:
                        self._fire()
                        break
                    lost.set()
                theirs.sendall(piece)
        _end(ours, theirs)

    def _down(self, ours: socket.socket, theirs: socket.socket, lost: threading.Event) -> None:
        """Pass on what the store says, but for the answer to the call."""
        with suppress(OSError):
            while piece := theirs.recv(_PIECE):
                if lost.is_set():
                    self._fire()
                    break
                with self._lock:
                    self._counting |= self._speaks(piece)
                ours.sendall(piece)
        _end(ours, theirs)

    def _reached(self, piece: bytes) -> bool:
        with self._lock:
            self._counting |= self._speaks(piece)
            self._calls += self._counting
            return self._counting and self._calls == self._number

    def _speaks(self, piece: bytes) -> bool:
        return any(spoken in piece for spoken in self._spoken)

    def _fire(self) -> None:
        self._act()
        self.fired.set()


def _end(*sockets: socket.socket) -> None:
    for each in sockets:
        with suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)
        each.close()
