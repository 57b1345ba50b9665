"""Processes that work for this one: they leave Ctrl-C to it, and end when it does."""

from __future__ import annotations

import atexit
import contextlib
import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from multiprocessing.context import SpawnContext, SpawnProcess
from typing import NamedTuple

from checker.process.elsewhere import ON, cluster


class _Child(SpawnProcess):
    """A process that never hears Ctrl-C, which the terminal sends to all: not even while it starts,
    when nothing of ours could answer. It is started whole or not at all.
    """

    def start(self) -> None:
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})  # which it inherits
        try:
            with _later(signal.SIGINT, signal.SIGTERM):
                super().start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextlib.contextmanager
def _later(*numbers: signal.Signals) -> Iterator[None]:
    """Let these signals be heard when this is done, whichever thread they come to."""
    if threading.current_thread() is not threading.main_thread():  # which alone is interrupted
        yield
        return
    heard: list[int] = []
    before = {n: signal.signal(n, lambda its, _: heard.append(its)) for n in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        for told in heard:
            signal.raise_signal(told)


class _Children(SpawnContext):
    Process = _Child


def workers(processes: int | None) -> ProcessPoolExecutor:
    """Return so many processes, or one a core, for as long as this one lives."""
    with _later(signal.SIGINT, signal.SIGTERM):  # half made, its semaphores would be left behind
        return ProcessPoolExecutor(processes, _Children(), _begin)


class Crowd(NamedTuple):
    """What does tasks, and how many of them at once; `here`: on this machine."""

    executor: Executor
    size: int
    here: bool = True


@contextlib.contextmanager
def pool(processes: int | None) -> Iterator[Crowd]:
    """Give so many processes, or one a core, or those of the cluster that is asked for; what leaves
    this early ends them at once, or what they were asked. Raises `Away`.
    """
    if address := ON.get():
        with cluster(address) as (executor, size):
            yield Crowd(executor, size, here=False)
        return
    executor = workers(processes)
    try:
        yield Crowd(executor, processes or os.cpu_count() or 1)
        executor.shutdown(cancel_futures=True)
    except BaseException:
        _kill()
        executor.shutdown(wait=False, cancel_futures=True)
        raise


def _kill() -> None:
    """End them, and wait until they are gone: nobody writes then where this one cleans up."""
    ours = [c for c in multiprocessing.active_children() if isinstance(c, _Child)]
    for child in ours:
        child.kill()
    for child in ours:
        child.join()


# Before Python waits for them: it would for ever.
atexit.register(_kill)


def _begin() -> None:
    """Do not outlive the process that asked: it may be killed, and can then end nobody."""
    parent = multiprocessing.parent_process()
    assert parent is not None

    def watch() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
