"""The one exception of the language: a spec that was written wrongly."""

from __future__ import annotations

import difflib
import linecache
import sys
from collections.abc import Iterable
from pathlib import Path
from types import CodeType, FrameType

_HERE = str(Path(__file__).resolve().parent)


class Misuse(Exception):
    """The spec cannot mean what was written: says where, what, and what to write instead."""

    def __init__(self, fact: str, remedy: str) -> None:
        frame = author_frame()
        path, line = frame.f_code.co_filename, frame.f_lineno
        source = linecache.getline(path, line).strip()
        self.path, self.line, self.fact, self.remedy = path, line, fact, remedy
        super().__init__(f"{path}:{line}: `{source}`: {fact}; {remedy}")


def author_frame() -> FrameType:
    """Return the innermost frame outside the language itself."""
    frame = sys._getframe(1)
    while frame.f_back is not None and _ours(frame.f_code):
        frame = frame.f_back
    return frame


def _ours(code: CodeType) -> bool:
    """Whether this is the language, or the `__init__` that a dataclass of it was given."""
    made = (code.co_filename, code.co_name) == ("<string>", "__init__")
    return made or code.co_filename.startswith(_HERE)


def near(name: str, known: Iterable[str]) -> str:
    """Return a remedy that lists the names closest to a misspelt one."""
    names = sorted(known)
    close = difflib.get_close_matches(name, names, 3, 0.5) or names
    return f"write one of: {', '.join(close)}" if close else "declare it first"
