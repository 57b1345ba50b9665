"""Breaking a handler off: by an exception in the main thread, where we have nothing half done."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from types import FrameType
from typing import Any, Literal, ParamSpec, TypeVar

Why = Literal["stopping", "overdue", "lost"]
"""Why a handler must not go on."""

OnSignal = Callable[[int, FrameType | None], None]

_P = ParamSpec("_P")
_T = TypeVar("_T")

_OURS = re.compile(r"impl(\.(?!examples|inject|lab)\w+)?")
"""The packages that are ours: examples and experiments are handlers like those of others."""


class Interrupted(BaseException):
    """The handler is to stop at once: `why`. Not an error, so `except Exception` lets it pass."""

    def __init__(self, why: Why) -> None:
        super().__init__(why)
        self.why = why


def outside(call: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
    """Call what is not ours: it may be broken off, except while it calls us."""
    return call(*args, **kwargs)


def breakable(frame: FrameType | None) -> bool:
    """Return whether an exception may be raised here: in code that was called by `outside`, and
    not in ours, which holds locks, or knows of a commit what its caller does not know yet.
    """
    if frame is not None and frame.f_globals.get("__name__") == "contextlib":
        return False  # a `with` is being entered or left, and may have a lock to let go of
    while frame is not None and frame.f_code is not outside.__code__:
        if _OURS.fullmatch(frame.f_globals.get("__package__") or ""):
            return False
        frame = frame.f_back
    return frame is not None


_before: dict[int, Any] = {}
"""What was done about signals before `handled`."""


@contextlib.contextmanager
def handled(wanted: Mapping[int, OnSignal]) -> Iterator[None]:
    """Handle these signals meanwhile, if this is the main thread: no other one may."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    _before.update({number: signal.signal(number, how) for number, how in wanted.items()})
    try:
        yield
    finally:
        _as_before()


def _as_before() -> None:
    for number in list(_before):
        signal.signal(number, _before.pop(number))


# ---------------------------------------------------------------- what a handler forks
_forking = threading.local()


def _hold() -> None:
    """Let no signal come between a fork and the moment when the child is itself."""
    _forking.mask = signal.pthread_sigmask(signal.SIG_BLOCK, set(_before))


def _let_go() -> None:
    signal.pthread_sigmask(signal.SIG_SETMASK, _forking.mask)


def _be_no_worker() -> None:
    """End when told to: what a handler forks is no worker."""
    _as_before()
    _let_go()


os.register_at_fork(before=_hold, after_in_parent=_let_go, after_in_child=_be_no_worker)
