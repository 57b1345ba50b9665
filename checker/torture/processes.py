"""Where the processes of a torture come from, and what each of them does."""

from __future__ import annotations

import sqlite3
import time
from multiprocessing import get_context
from multiprocessing.context import ForkServerContext
from pathlib import Path

import checker.torture.acts.producer
import checker.torture.acts.worker
from checker.torture.acts.conditions import ADDRESS, DATABASE, enter, open_queue
from impl.sqlite.file.gate import Gate
from impl.terms.unusable import StoreError

CRADLE = "checker.torture.preloaded"


def nursery() -> ForkServerContext:
    """Return what makes processes; it ends with this one."""
    context = get_context("forkserver")
    context.set_forkserver_preload([CRADLE])
    return context


work = checker.torture.acts.worker.main
produce = checker.torture.acts.producer.main


def hold(folder: Path, lock: str, seconds: float, lease_ms: int) -> None:
    """Hold a lock that others need, for some seconds, in a process of its own."""
    disk = enter(folder)
    path = Path(DATABASE)
    try:
        match lock:
            case "gate":
                with Gate(str(path.absolute())).held(60_000):
                    time.sleep(seconds)
            case "transaction":
                with open_queue(path, folder, lease_ms) as queue, queue.transaction() as t:
                    if path.with_name(ADDRESS).exists():
                        t.own("LOCK TABLE job IN EXCLUSIVE MODE")
                    time.sleep(seconds)
            case "writer":  # somebody who knows of no gate
                with sqlite3.connect(path, timeout=60, isolation_level=None) as other:
                    other.execute("BEGIN IMMEDIATE")
                    time.sleep(seconds)
                    other.execute("ROLLBACK")
    except StoreError:  # somebody else holds it
        pass
    del disk
