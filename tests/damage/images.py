"""Files of a queue as a bad disk, a bad copy or a slip of the hand leaves them, from a seed."""

from __future__ import annotations

import contextlib
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from random import Random

SECTOR = 512

NAME = "queue.db"

LOG, INDEX = "-wal", "-shm"

ENDS = ("", LOG, INDEX, "-gate")
"""Of the names of all files that say something; the others only hold locks."""


@dataclass(frozen=True)
class Image:
    """The files of a queue by the end of their names, and what was done to them."""

    done: str
    files: Mapping[str, bytes]

    def put(self, folder: Path) -> Path:
        """Write these files over those that are there, and return where the queue is."""
        for end in ENDS:
            file = folder / f"{NAME}{end}"
            if end in self.files:
                file.write_bytes(self.files[end])
            else:
                file.unlink(missing_ok=True)
        return folder / NAME


def read(queue: Path) -> dict[str, bytes]:
    """Return the files of a queue."""
    files = {end: queue.with_name(queue.name + end) for end in ENDS}
    return {end: file.read_bytes() for end, file in files.items() if file.exists()}


# ---------------------------------------------------------------- whole
_MAKE = """\
import os, signal, sys
from impl.terms.backoff import Backoff
from impl.queue import Queue
from impl.worker import Worker

def steps(attempt):
    attempt.once("first", ("INSERT INTO effects VALUES (?)", (attempt.id,)))
    attempt.result("seen", lambda: {"text": "so it was"})
    attempt.send("mail", {"to": "somebody"})
    attempt.write("INSERT INTO effects VALUES (?)", attempt.id)

def fail(attempt):
    raise RuntimeError("as planned")

queue = Queue(sys.argv[1], lease_ms=50, backoff=Backoff(first_ms=0))
queue.define("CREATE TABLE effects (job INTEGER NOT NULL) STRICT")
for n in range(8):
    queue.enqueue("steps", {"n": n, "text": "what is to be done " * 5}, key=f"order {n}")
    queue.enqueue("fail", n, max_attempts=2)
worker = Worker(queue, {"steps": steps, "fail": fail}, receivers={"mail": print}, poll=0.01)
worker.run(until_empty=True)
queue.retry(2)
worker.run(until_empty=True)
queue.cancel(queue.enqueue("echo", "not wanted").id)
for n in range(4):
    queue.enqueue("echo", n)
if sys.argv[2] == "killed":
    os.kill(os.getpid(), signal.SIGKILL)
queue.close()
"""


def made(folder: Path, killed: bool) -> Image:
    """Return a queue that has seen all kinds of jobs; of one that was killed, with its log."""
    queue = folder / NAME
    how = "killed" if killed else "closed"
    given = [sys.executable, "-c", _MAKE, str(queue), how]
    subprocess.run(given, check=not killed, stdout=subprocess.DEVNULL)
    return Image("nothing", read(queue))


# ---------------------------------------------------------------- damaged
def flipped(whole: Image, end: str, chance: Random) -> Image:
    """Return an image with one bit the other way round."""
    content = bytearray(whole.files[end])
    byte, bit = chance.randrange(len(content)), chance.randrange(8)
    content[byte] ^= 1 << bit
    return Image(f"bit {bit} of byte {byte} of {NAME}{end}", {**whole.files, end: bytes(content)})


def cut(whole: Image, end: str, chance: Random) -> Image:
    """Return an image with one file cut off somewhere."""
    length = chance.randrange(len(whole.files[end]))
    kept = whole.files[end][:length]
    return Image(f"{NAME}{end} cut off at byte {length}", {**whole.files, end: kept})


def dropped(whole: Image, end: str, chance: Random) -> Image:
    """Return an image with one sector that never reached the disk, or another's in its place."""
    content = bytearray(whole.files[end])
    at, other = (chance.randrange(len(content) // SECTOR) * SECTOR for _ in range(2))
    lost = chance.random() < 0.5
    content[at : at + SECTOR] = bytes(SECTOR) if lost else content[other : other + SECTOR]
    what = "zeros" if lost else f"the sector at {other}"
    return Image(f"{what} at byte {at} of {NAME}{end}", {**whole.files, end: bytes(content)})


HARM = (flipped, flipped, cut, dropped)


def damaged(whole: Image, seed: int, count: int) -> Iterator[Image]:
    """Yield so many images, each damaged once, in its file or its log."""
    chance = Random(seed)
    ends = [end for end in ("", LOG) if whole.files.get(end)]
    for _ in range(count):
        yield chance.choice(HARM)(whole, chance.choice(ends), chance)


def headless(whole: Image, folder: Path) -> Iterator[Image]:
    """Yield an image for each table and index, whose first page is lost."""
    queue = whole.put(folder)
    with contextlib.closing(sqlite3.connect(f"{queue.as_uri()}?mode=ro", uri=True)) as opened:
        ((size,),) = opened.execute("PRAGMA page_size").fetchall()
        roots = "SELECT name, rootpage FROM sqlite_schema WHERE rootpage > 0 ORDER BY name"
        found = opened.execute(roots).fetchall()
    for name, page in found:
        content, at = whole.files[""], (page - 1) * size
        lost = content[:at] + bytes(size) + content[at + size :]
        yield Image(f"the first page of {name} is zeros", {**whole.files, "": lost})


def misplaced(closed: Image, killed: Image) -> Iterator[Image]:
    """Yield what comes of files that are lost, or copied to where they do not belong."""
    log, index = killed.files[LOG], killed.files[INDEX]
    yield Image("no log", {"": killed.files[""], INDEX: index})
    yield Image("no index", {"": killed.files[""], LOG: log})
    yield Image("neither log nor index", {"": killed.files[""]})
    yield Image("a log and no file", {LOG: log, INDEX: index})
    yield Image("the log of another queue", {"": closed.files[""], LOG: log})
    yield Image("the log in place of the file", {"": log})
    yield Image("a log that is empty", {"": killed.files[""], LOG: b""})
    yield Image("a log of zeros", {"": killed.files[""], LOG: bytes(len(log))})
    yield Image("an index of noise", {**killed.files, INDEX: Random(1).randbytes(len(index))})


def foreign(folder: Path) -> Iterator[Image]:
    """Yield files that never were a queue."""
    yield Image("an empty file", {"": b""})
    yield Image("one byte", {"": b"S"})
    yield Image("zeros", {"": bytes(100_000)})
    yield Image("text", {"": b"to be done\n" * 100})
    yield Image("noise", {"": Random(2).randbytes(8192)})
    yield Image("a header alone", {"": b"SQLite format 3\0"})
    yield Image("a picture", {"": b"\x89PNG\r\n\x1a\n" + Random(3).randbytes(500)})
    other = folder / "other.db"
    with contextlib.closing(sqlite3.connect(other)) as made_by_others:
        made_by_others.execute("CREATE TABLE task (id INTEGER PRIMARY KEY, key TEXT)")
        made_by_others.commit()
    yield Image("a database of another program", {"": other.read_bytes()})
    other.unlink()
