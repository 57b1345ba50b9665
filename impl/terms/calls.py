"""Calls of functions that users hand over: which of them run when called, and how they failed.

To call a coroutine or a generator function does not run it: its work would be taken for done.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Any, ParamSpec

from impl.terms.interrupt import outside
from impl.terms.requests import BadRequest

_P = ParamSpec("_P")


class NotRun(Exception):
    """A function returned what has yet to be run: an awaitable or a generator."""


_ASYNC = "an async function"


def run_when_called(functions: Mapping[str, Callable[..., object] | None]) -> None:
    """Raise `BadRequest` if to call one of these would not run it; they are named as shown."""
    for subject, function in functions.items():
        if kind := _deferred(function):
            fact = f"is {kind}, which returns before it has run"
            raise BadRequest(f"{subject}: {fact}; give a plain function")


def run_when_awaited(functions: Mapping[str, Callable[..., object]]) -> None:
    """Raise `BadRequest` if these cannot be run by being called, or awaited then."""
    run_when_called({n: each for n, each in functions.items() if not is_async(each)})


def is_async(function: Callable[..., object]) -> bool:
    """Return whether what a call returns is to be awaited."""
    return _deferred(function) == _ASYNC


def _deferred(function: Any) -> str | None:
    while isinstance(function, functools.partial):
        function = function.func
    for called in (function, type(function).__call__):
        if inspect.iscoroutinefunction(called):
            return _ASYNC
        if inspect.isgeneratorfunction(called) or inspect.isasyncgenfunction(called):
            return "a generator function"
    return None


def run(function: Callable[_P, object], *args: _P.args, **kwargs: _P.kwargs) -> None:
    """Call what is not ours: it may be broken off. Raises `NotRun`, and whatever it raises."""
    returned = outside(function, *args, **kwargs)
    awaits = inspect.isawaitable(returned)
    if awaits or inspect.isgenerator(returned) or inspect.isasyncgen(returned):
        if inspect.iscoroutine(returned):
            returned.close()  # or Python says that it was never awaited, and not of which job
        fact = f"returned a {type(returned).__name__}, which nobody runs"
        raise NotRun(f"{fact}; do the work before returning")


def described(error: BaseException) -> str:
    """Return what was raised in a few words; its own text may not be to be had."""
    name = type(error).__name__
    try:
        return f"{name}: {outside(str, error)}"
    except BaseException as worse:
        return f"{name}, whose text raises {type(worse).__name__}"


def one_line(text: str) -> str:
    """Return the text for a log, where it must not pass for lines of ours or move the cursor."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)
