"""The diary of a torture: one line for each thing that happened, written by all its processes.

It is all that a torture remembers beside the queue itself, so that it can be killed and goes on. A
line is written at once and whole; whoever is killed has written it or not.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any


class Diary:
    """A file of lines, each a JSON object with `event`."""

    def __init__(self, folder: Path) -> None:
        """Name the file; it is made by the first line."""
        self.path = folder / "diary.jsonl"
        self._read = 0

    def write(self, event: str, **what: Any) -> None:
        """Add a line."""
        line = json.dumps({"event": event, **what}) + "\n"
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
