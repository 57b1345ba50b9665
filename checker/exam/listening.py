"""A socket of one's own at which others call, each heard by a thread of its own."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from contextlib import suppress


class Listener:
    """Hears whoever calls at a path, until it is closed."""

    def __init__(self, at: str, hear: Callable[[socket.socket], None]) -> None:
        self._hear = hear
        self._server = socket.socket(socket.AF_UNIX)
        self._server.bind(at)
        self._server.listen(64)
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Hear nobody any more; whoever is heard already is heard to the end."""
        with suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()

    def _accept(self) -> None:
        with suppress(OSError):  # closed
            while True:
                connection, _ = self._server.accept()
                threading.Thread(target=self._hear, args=(connection,), daemon=True).start()
