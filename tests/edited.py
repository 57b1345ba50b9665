"""A source of the checker as if it were edited, and a library as if there were another version."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from checker.runs import sources


@contextmanager
def edited(module: str) -> Iterator[None]:
    """Let a module have a remark more, for those that ask what decides an answer."""
    plain = sources.text
    with _replaced("text", lambda m: plain(m) + "# new\n" * (m == module)):
        yield


@contextmanager
def updated(library: str) -> Iterator[None]:
    """Let a library have another version, for those that ask what decides an answer."""
    plain = sources.version
    with _replaced("version", lambda name: "99" if name == library else plain(name)):
        yield


@contextmanager
def _replaced(name: str, function: Callable[[str], str]) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sources, name, function)
        sources._code.cache_clear()
        yield
    sources._code.cache_clear()
