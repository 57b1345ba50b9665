"""What every command makes of an image: its status, what it prints, and what it leaves of the file.

Each is asked of a copy of its own, in this process, so that what is raised and not caught is seen.
"""

from __future__ import annotations

import contextlib
import faulthandler
import io
import signal
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from checker.commands.main import main
from impl import report
from impl.derive.reference import design
from impl.queue import Queue
from impl.report import Whole
from impl.sqlite.file.opening import connect
from impl.terms.unusable import StoreError
from tests.damage.images import LOG, Image, read

WORKER = "queue work"

COMMANDS = {
    "queue list": (),
    "queue show": ("1",),
    "queue stats": (),
    "queue recover": (),
    "queue enqueue": ("echo", '"one more"'),
    WORKER: ("--until-empty", "--poll", "0.02", "--grace", "0.1", "--lease", "0.5"),
    "validate": (),
}

WORKS_S = 0.4
"""How long a worker may work; jobs may wait longer, those that are damaged for ever."""

HANGS_S = 60.0
"""Whoever takes longer hangs; the test process ends then, and says where."""


@dataclass(frozen=True)
class Answer:
    """What one command made of an image; `changed`: the file or its log is another one now.

    `known`: the file has a log and is a queue of ours as far as its schema tells, so that the log
    may be put away before what is damaged is come upon.
    """

    command: str
    status: int
    out: str
    err: str
    changed: bool
    known: bool

    @property
    def refused(self) -> bool:
        """Whether the file was not taken for a queue that can be used."""
        return self.status == 2

    def wrong(self) -> Iterator[str]:
        """Say what no answer may be."""
        if self.status not in (0, 1, 2, 3):
            yield f"{self.command} ends with status {self.status}: {self.err[-300:]}"
        if self.status == 1 and self.command != "validate":
            yield f"{self.command} says that a property fails: {self.err}"
        if "Traceback" in self.err or "fault of ffq" in self.err:
            yield f"{self.command} prints a traceback: {self.err[-300:]}"
        if self.refused and not _one_clear_line(self.err):
            yield f"{self.command} does not say in one line why: {self.err!r}"
        if self.command == WORKER:
            return  # it may have worked for a while before it met what is damaged
        if self.refused and self.out:
            yield f"{self.command} refuses the file, and prints {self.out!r}"
        if self.refused and self.changed and not self.known:
            yield f"{self.command} has changed a file that it refuses: {self.err!r}"


def _one_clear_line(text: str) -> bool:
    """Return whether the text is one line, `ffq: subject: fact; remedy`."""
    return text.count("\n") == 1 and text.startswith("ffq: ") and ": " in text[5:] and ";" in text


def ask(image: Image, folder: Path) -> dict[str, Answer]:
    """Return what every command makes of an image, which is put into this folder each time."""
    known = bool(image.files.get(LOG)) and _known(image, folder)
    return {command: _asked(command, image, folder, known) for command in COMMANDS}


def _known(image: Image, folder: Path) -> bool:
    try:
        connect(design(), str(image.put(folder)), 0).close()
    except StoreError:
        return False
    return True


def shown(image: Image, folder: Path) -> list[Whole]:
    """Return all that there is to be shown of every job, as far as it can be read."""
    return list(_shown(image, folder))


def _shown(image: Image, folder: Path) -> Iterator[Whole]:
    with contextlib.suppress(StoreError), Queue(image.put(folder)) as queue:
        for line in report.jobs(queue):
            job = report.job(queue, line.id)
            # When it is due is reckoned from now, and a copy has an epoch of its own.
            yield replace(job, line=replace(line, due=None), token=(0, job.token[1]))


def _asked(command: str, image: Image, folder: Path, known: bool) -> Answer:
    queue = image.put(folder)
    before = _kept(queue)
    out, err = io.StringIO(), io.StringIO()
    faulthandler.dump_traceback_later(HANGS_S, exit=True)
    try:
        with (
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
            _told_to_stop(command),
        ):
            status = main([*command.split(), str(queue), *COMMANDS[command]])
    finally:
        faulthandler.cancel_dump_traceback_later()
    changed = _kept(queue) != before
    return Answer(command, status, out.getvalue(), err.getvalue(), changed, known)


def _kept(queue: Path) -> dict[str, bytes]:
    """Return what holds the jobs; the index is made anew by whoever comes first."""
    return {end: content for end, content in read(queue).items() if end in ("", LOG) and content}


@contextlib.contextmanager
def _told_to_stop(command: str) -> Iterator[None]:
    """Tell a worker to stop if it works for too long; nobody else in this process is to hear it."""
    if command != WORKER:
        yield
        return
    before = {
        signal.SIGTERM: signal.signal(signal.SIGTERM, signal.SIG_IGN),
        signal.SIGALRM: signal.signal(
            signal.SIGALRM, lambda *_: signal.raise_signal(signal.SIGTERM)
        ),
    }
    signal.setitimer(signal.ITIMER_REAL, WORKS_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler in before.items():
            signal.signal(number, handler)
