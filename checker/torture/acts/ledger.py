"""The ledger of a torture: one line for each thing that was told, written by all its processes.

It is all that a torture remembers beside the queue itself, so that it can be killed and goes on,
and what the queue is judged by. A line is written at once and whole; whoever is killed has written
it or not.
"""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any


class Ledger:
    """A file of lines, each a JSON object with `event`, and `at` in seconds since boot."""

    def __init__(self, folder: Path) -> None:
        """Name the file; it is made by the first line."""
        # Handlers change the folder of their process.
        self.path = folder.absolute() / "ledger.jsonl"
        self._read = 0

    def write(self, event: str, **what: Any) -> None:
        """Add a line."""
        at = round(time.clock_gettime(time.CLOCK_BOOTTIME), 3)
        line = json.dumps({"event": event, "at": at, "by": os.getpid(), **what}) + "\n"
        opened = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
        try:
            os.write(opened, line.encode())
        finally:
            os.close(opened)

    def news(self) -> list[dict[str, Any]]:
        """Return the lines that were added since this was asked last."""
        if not self.path.exists():
            return []
        with self.path.open("rb") as opened:
            opened.seek(self._read)
            whole, _, _ = opened.read().rpartition(b"\n")
        self._read += len(whole) + 1 if whole else 0
        return [json.loads(line) for line in whole.splitlines()]
