"""Processes of other machines: a Dask cluster does what processes of this one would do.

A task is a function of this project with what it is asked, so the workers must have the same
sources and the same solvers; they are asked before anything is sent.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from concurrent.futures import Executor
from contextvars import ContextVar
from importlib import import_module
from typing import Any

from checker.runs.sources import Sources

ON: ContextVar[str] = ContextVar("ON", default="")
"""Where tasks are done, as `dask://HOST:PORT`; else here."""

_ADDRESS = re.compile(r"dask://([^/\s:]+|\[[0-9a-fA-F:]+\]):(\d{1,5})")

SECONDS = 10
"""How long a cluster is waited for."""


class Away(Exception):
    """A cluster cannot be used: subject, fact, remedy."""


def choose(address: str) -> None:
    """Let tasks be done there, or here if it is empty; raises `Away` if it is no address."""
    if address:
        _scheduler(address)
    ON.set(address)


def _scheduler(address: str) -> str:
    found = _ADDRESS.fullmatch(address)
    if found is None:
        raise Away(f"{address}: is no cluster; write dask://HOST:PORT, that of its scheduler")
    return f"tcp://{found[1]}:{found[2]}"


@contextlib.contextmanager
def cluster(address: str) -> Iterator[tuple[Executor, int]]:
    """Give the workers of a cluster as an executor, and how many there are; raises `Away`."""
    scheduler = _scheduler(address)
    try:
        dask = import_module("distributed")
    except ImportError:
        fact = "the library distributed is missing; pip install distributed"
        raise Away(f"{address}: {fact}") from None
    try:
        client = dask.Client(scheduler, timeout=SECONDS, set_as_default=False)
    except OSError:
        fact = f"no scheduler answers within {SECONDS} s"
        raise Away(f"{address}: {fact}; start one with `dask scheduler`") from None
    with client:
        workers = _same(client, address)
        executor = client.get_executor(pure=False, retries=3)
        try:
            yield executor, workers
        finally:
            executor.shutdown(wait=False)  # which takes back what nobody waits for any more


def _same(client: Any, address: str) -> int:
    """Return how many workers there are; raises `Away` unless each can do the work of one here."""
    threads: dict[str, int] = client.nthreads()
    if not threads:
        raise Away(f"{address}: has no workers; start some with `dask worker --nthreads 1`")
    if set(threads.values()) != {1}:
        fact = "a worker has several threads, and solvers stand only one"
        raise Away(f"{address}: {fact}; start it with `dask worker --nthreads 1`")
    mine = sources()
    for worker, theirs in client.run(sources, on_error="return").items():
        if theirs != mine:
            why = "another ffq, Python or solver" if isinstance(theirs, str) else "no ffq"
            raise Away(f"{address}: worker {worker} has {why}; give it the same as here")
    return len(threads)


def sources() -> str:
    """Return a hash of all that decides what a task answers."""
    return Sources("checker.prove.portfolio").hash + Sources("checker.crashlab.campaign", True).hash
