"""The folder where answers are kept that took long to find, each under all that decides it."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).resolve().parents[1]


@cache
def cache_folder() -> Path:
    """Return a folder that can be written: `$FFQ_CACHE_DIR`, the user's cache, or a temporary
    one.
    """
    chosen = os.environ.get("FFQ_CACHE_DIR")
    user = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    for folder in (chosen, f"{user}/ffq"):
        if not folder:
            continue
        try:
            path = Path(folder).expanduser()
            path.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=path):
                return path
        except (OSError, RuntimeError):
            continue
    return Path(tempfile.mkdtemp(prefix="ffq-"))


def place(kind: str, key: list[Any], suffix: str = ".json") -> Path:
    """Return the file for what was found of this kind under this key."""
    digest = hashlib.sha256(json.dumps(key).encode()).hexdigest()[:32]
    return cache_folder() / kind / f"{digest}{suffix}"


@cache
def source(*parts: str) -> str:
    """Return a hash of these files and folders: all that decides how an answer comes about."""
    digest = hashlib.sha256()
    for part in parts:
        path = _ROOT / part
        for file in sorted(path.glob("*.*")) if path.is_dir() else [path]:
            digest.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()


def recall(file: Path) -> Any:
    """Return what was written there, or None."""
    try:
        return json.loads(file.read_text("utf-8"))
    except (OSError, ValueError):
        return None


def remember(file: Path, answer: Any) -> None:
    """Write an answer down in one piece."""
    keep(file, json.dumps(answer).encode())


def keep(file: Path, content: bytes) -> None:
    """Write a file in one piece."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        handle, draft = tempfile.mkstemp(dir=file.parent, suffix=".tmp")
        with os.fdopen(handle, "wb") as out:
            out.write(content)
        os.replace(draft, file)
    except OSError:
        pass  # a full or read-only disk costs time, not answers
