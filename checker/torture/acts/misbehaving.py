"""The handlers of a torture that do what no handler should.

What may end the process is announced in the ledger first, so that its end surprises nobody.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Coroutine, Iterator
from contextlib import suppress
from typing import Any

from checker.torture.acts.conditions import DATABASE, die_with_parent
from checker.torture.acts.handlers import TOPIC, Handle, Place, effect, settle, work
from impl.working.attempt import Attempt

FOR_EVER_S = 120.0
"""Longer than this not even a handler that is to hang goes on: something must have failed."""


# ---------------------------------------------------------------- no end
def hang(place: Place, attempt: Attempt) -> None:
    """Wait for what does not come."""
    time.sleep(FOR_EVER_S)


def spin(place: Place, attempt: Attempt) -> None:
    """Compute without an end."""
    until = time.monotonic() + FOR_EVER_S
    while time.monotonic() < until:
        pass


def deaf(place: Place, attempt: Attempt) -> None:
    """Take no notice of being interrupted, the first time."""
    try:
        time.sleep(FOR_EVER_S)
    except:  # noqa: E722  # that is the point
        time.sleep(FOR_EVER_S)


def oversleep(place: Place, attempt: Attempt) -> None:
    """Let no other thread run, now and then for longer than the lease."""
    settle(attempt)
    micros = int(place.chance.uniform(0.2, 1.6) * place.lease_s * 1_000_000)
    ctypes.PyDLL(None).usleep(micros)  # holds the interpreter's lock, which CDLL would not


# ---------------------------------------------------------------- an end of more than itself
def leave(place: Place, attempt: Attempt) -> None:
    """Ask the interpreter to exit."""
    sys.exit(3)


def vanish(place: Place, attempt: Attempt) -> None:
    """End the process at once, now and then."""
    settle(attempt)
    if place.chance.random() < 0.5:
        place.ledger.write("leaves", why="_exit")
        os._exit(7)


def send_signal(place: Place, attempt: Attempt) -> None:
    """Send the own process a signal."""
    settle(attempt)
    number = place.chance.choice((signal.SIGTERM, signal.SIGINT, signal.SIGKILL))
    if place.chance.random() < 0.5:
        place.ledger.write("leaves", why=number.name)
        os.kill(os.getpid(), number)
    place.wait(attempt)


def close(place: Place, attempt: Attempt) -> None:
    """Close descriptors that are not its own, now and then, and let nobody have their numbers.

    SQLite's are spared: without them it holds no lock any more and does not know it, so that its
    process ruins the file of all others. Against that nothing helps but a process of its own.
    """
    settle(attempt)
    if place.chance.random() < 0.5:
        place.ledger.write("leaves", why="close")
        nothing = os.open(os.devnull, os.O_RDONLY)
        for descriptor in _open_descriptors():
            if place.chance.random() < 0.7:
                os.dup2(nothing, descriptor)


def _open_descriptors() -> list[int]:
    """Return those that are open, without those of the files that SQLite opens."""
    spared = tuple(DATABASE + end for end in ("", "-wal", "-shm"))
    found = []
    for name in os.listdir("/proc/self/fd"):
        with suppress(FileNotFoundError):  # that of the listing itself
            if not os.readlink(f"/proc/self/fd/{name}").endswith(spared):
                found.append(int(name))
    return found


# ---------------------------------------------------------------- others of itself
def fork(place: Place, attempt: Attempt) -> None:
    """Make a child that lives on for a while with all that it has inherited."""
    if os.fork() == 0:
        time.sleep(place.chance.uniform(0, 2) * place.lease_s)
        os._exit(0)
    work(place, attempt)


def return_twice(place: Place, attempt: Attempt) -> None:
    """Make a child that comes back into the worker as if it were the one."""
    if os.fork() == 0:
        die_with_parent()
        place.ledger.write("leaves", why="return_twice")
        settle(attempt)
        return
    work(place, attempt)


# ---------------------------------------------------------------- what is raised
class Unspeakable(Exception):
    """Cannot say what it is."""

    def __str__(self) -> str:
        """Raise."""
        raise ValueError("no words")


class Own(BaseException):
    """Is no `Exception`."""


def _deeper(n: int = 0) -> int:
    return _deeper(n + 1)


def raise_any(place: Place, attempt: Attempt) -> None:
    """Raise what nobody expects of a handler."""
    settle(attempt)
    raised = place.chance.choice((
        Unspeakable, Own, asyncio.CancelledError, GeneratorExit, KeyboardInterrupt, SystemExit,
        MemoryError, StopIteration, RecursionError,
    ))  # fmt: skip
    if raised is RecursionError:
        _deeper()
    raise raised(b"\xff\0", "\udcff\x1b[2J")


# ---------------------------------------------------------------- after the end
def keep(place: Place, attempt: Attempt) -> None:
    """Keep the attempt, use those of earlier jobs, and let a thread go on when it is over."""
    own = [old for old in place.kept if old.worker is attempt.worker]
    for old in own[-2:]:  # those of another worker here may be under way
        _late(place, old)
    place.kept.append(attempt)
    after = place.chance.uniform(0, place.lease_s)
    threading.Timer(after, _late, (place, attempt)).start()
    work(place, attempt)


def _late(place: Place, attempt: Attempt) -> None:
    """Do a step of an attempt that is over, as a rule, and say so if it was done."""
    try:
        sql, values = effect(attempt, "afterwards")
        attempt.write(sql, *values)
        attempt.send(TOPIC, {"job": attempt.id})
        place.once(attempt, "late")
    except Exception as refused:
        place.ledger.write("late", job=attempt.id, why=type(refused).__name__)


# ---------------------------------------------------------------- what is around them
def wander(place: Place, attempt: Attempt) -> None:
    """Go to another folder, which is then removed."""
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        work(place, attempt)


def print_garbage(place: Place, attempt: Attempt) -> None:
    """Print what is no text."""
    for stream in (sys.stdout, sys.stderr):
        stream.buffer.write(place.chance.randbytes(200) + b"\x1b]0;\x07\xff")
        stream.flush()
    work(place, attempt)


MEDDLING = (
    "COMMIT", "ROLLBACK", "END", "BEGIN", "SAVEPOINT mine", "PRAGMA synchronous = 0",
    "PRAGMA foreign_keys = 0", "PRAGMA journal_mode = DELETE", "ATTACH ':memory:' AS other",
    "DETACH main", "VACUUM", "UPDATE job SET token = token", "UPDATE job SET payload = 'null'",
    "DELETE FROM job", "DELETE FROM checkpoint", "UPDATE outbox SET sent = 1",
    "INSERT INTO trace (actor, action, params, before, after, unseen, at) "
    "VALUES ('-', 'enqueue', '{}', '{}', '{}', '[]', 0)", "DROP TABLE effects", "DROP TRIGGER x",
    "UPDATE meta SET value = 'x'", "CREATE TRIGGER x AFTER INSERT ON trace BEGIN SELECT 1; END",
    "SELECT load_extension('x')", "no SQL", "",
)  # fmt: skip
"""What an effect may not be: the transaction and the tables of the queue are the queue's own."""


def meddle(place: Place, attempt: Attempt) -> None:
    """Let the effect be followed by what is the queue's to decide."""
    settle(attempt)
    attempt.write(place.chance.choice(MEDDLING))


def orphan(place: Place, attempt: Attempt) -> None:
    """Make an effect that the database refuses only when it is committed."""
    settle(attempt)
    attempt.write("INSERT INTO orphans VALUES (?)", attempt.id)


def promise(place: Place, attempt: Attempt) -> Any:
    """Return what would do the work if somebody ran it."""

    async def later() -> None:
        work(place, attempt)

    def never() -> Iterator[None]:
        work(place, attempt)
        yield

    if place.chance.random() < 0.5:
        return never()
    promised: Coroutine[Any, Any, None] = later()
    return promised


ILL: dict[str, Handle] = {
    "hang": hang, "spin": spin, "deaf": deaf, "oversleep": oversleep, "leave": leave,
    "vanish": vanish, "signal": send_signal, "close": close, "fork": fork,
    "return_twice": return_twice, "raise": raise_any, "keep": keep, "wander": wander,
    "print": print_garbage, "meddle": meddle, "orphan": orphan, "promise": promise,
}  # fmt: skip
