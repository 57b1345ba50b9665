"""The questions: each is a schedule of faults at the gates of the witness, and asks for failure
modes of the catalogue.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from checker.exam.director import ENDED, Director, Unreached, Worker
from checker.exam.sessions import Failed
from checker.exam.torture import torture
from checker.exam.witness import Point

_STOP_S = 15.0
_BROKEN_OFF = "the product breaks the late handler off"


@dataclass(frozen=True)
class Question:
    """What is done to a product, and which failure modes would show, if it asks for some."""

    name: str
    doc: str
    modes: tuple[str, ...]
    put: Callable[[Director], str | None]
    """Puts it, and returns what else there is to say of how it went."""
    of_children: bool = False
    """Whether it is about a handler in a process below the worker."""
    of_servers: bool = False
    """Whether it is about calls of a server; the number of the try is that of the call."""
    counts: bool = False
    """Whether it asks how often the job may be interrupted."""


# ---------------------------------------------------------------- the worker is killed
def _killed(d: Director, at: str, child: bool = False) -> None:
    worker, point = d.begun()
    point = d.to(at, point)
    if child:
        d.kill_child(point)
    else:
        d.kill(worker)
        d.worker()
    d.finish()


def _poison(d: Director, child: bool = False) -> None:
    """The job kills whoever begins it, until it has been begun more often than it may be."""
    worker, point = d.begun()
    # Whoever died may have been the one who said that the job had failed.
    for _ in range(sum(d.variant.budgets(counts=True))):
        since = d.witness.now
        if child:
            d.kill_child(point)
        else:
            d.kill(worker)
        again = d.starts(d.patience, since=since, supervised=True)
        if again is None:
            break
        worker, point = d.named(again.process), again
    d.finish()


# ---------------------------------------------------------------- the late worker
def _overtaken(d: Director) -> tuple[Worker, Point, Worker, Point]:
    """Stop whoever has begun the job, until another has; return both.

    The other is started afterwards: of one that was there before, nobody could say that it had not
    claimed the job first, and was slow to begin.
    """
    late, first = d.begun()
    d.stop(late)
    other = d.worker()
    second = d.starts(d.patience, but=first, traffic=True)
    if second is None:
        raise Unreached("nobody takes the job over from a worker that is stopped")
    return late, first, other, second


def _late_before(d: Director, how: str) -> str | None:
    """The late worker reports while another has the job."""
    late, first, other, second = _overtaken(d)
    d.status()
    d.go_on(late)
    heard = d.through(first, how)
    d.starts(2.0, since=second.number + 1)  # nothing says that a product has taken a report
    if not set(d.status()) <= ENDED:
        d.kill(other)  # if it was believed, nobody does the other's work now
        d.worker()
    d.finish()
    return None if heard else _BROKEN_OFF


def _late_after(d: Director, how: str) -> str | None:
    """The late worker reports when another has done the job."""
    late, first, _, second = _overtaken(d)
    d.through(second)
    d.ends(d.patience)
    d.status()
    d.go_on(late)
    heard = d.through(first, how)
    d.finish()
    return None if heard else _BROKEN_OFF


# ---------------------------------------------------------------- no fault
def _again_waiting(d: Director) -> None:
    d.ask()
    d.ask()
    d.worker()
    _, point = d.has_begun()
    d.through(point)
    d.ends(d.patience)
    d.status()
    d.finish()


def _again_running(d: Director) -> None:
    _, first = d.begun()
    d.ask()
    d.worker()
    d.starts(d.patience, but=first)
    d.finish()


def _again_done(d: Director) -> None:
    _, point = d.begun()
    d.through(point)
    d.ends(d.patience)
    d.status()
    d.ask()
    d.finish()


def _told_to_stop(d: Director) -> None:
    worker, point = d.begun()
    worker.session.tell()
    if not worker.session.wait(d.variant.lease + 2):
        d.through(point)
        worker.session.wait(_STOP_S)
    d.kill(worker)  # what is left of it, as whoever told it would
    d.worker()
    d.finish()


def _takes_long(d: Director, jobs: int) -> None:
    d.begun()
    for _ in range(jobs):
        d.canary()
    d.worker()
    d.starts(d.patience, since=d.witness.now)
    d.finish()


# ---------------------------------------------------------------- a call of the store
def _cut(d: Director) -> None:
    """The worker dies at a call of its store, counted from when it is handed the job."""
    d.witness.free(d.JOB)
    victim: list[Worker] = []
    cut, address = d.cut(lambda: d.kill(victim[0]))
    victim.append(d.worker(address))
    d.up(victim[0])
    d.ask()
    ended = d.ends(d.patience)
    if not cut.fired.wait(0 if ended else d.patience):
        raise Unreached("the job has ended before that call")
    d.finish()


def _unanswered(d: Director) -> None:
    """The client does not hear the answer, and asks again."""
    cut, address = d.cut(lambda: None, answer=True)
    client = d.new_client(address)
    client.call("setup")
    d.witness.write("asked", job=d.JOB)
    with suppress(Failed):
        client.call("enqueue", d.JOB)
    if not cut.fired.wait(1):
        raise Unreached("the client makes no such call")
    d.ask()
    d.worker()
    _, point = d.has_begun()
    d.through(point)
    d.ends(d.patience)
    d.status()
    d.finish()


_LOST = ("FM-001", "FM-002a", "FM-028")
_LATE = ("FM-010", "FM-011")

QUESTIONS = {
    q.name: q
    for q in (
        Question(
            "killed-before", "The worker is killed before the effect.", _LOST,
            partial(_killed, at="start"),
        ),
        Question(
            "killed-after", "The worker is killed after the effect, before it reports.", _LOST,
            partial(_killed, at="effect"),
        ),
        Question(
            "child-before", "The process of the handler is killed before the effect.", _LOST,
            partial(_killed, at="start", child=True), of_children=True,
        ),
        Question(
            "child-after", "The process of the handler is killed after the effect.", _LOST,
            partial(_killed, at="effect", child=True), of_children=True,
        ),
        Question(
            "late-success", "A stopped worker reports success while another has the job.", _LATE,
            partial(_late_before, how="ok"),
        ),
        Question(
            "late-failure", "A stopped worker reports failure while another has the job.", _LATE,
            partial(_late_before, how="error"),
        ),
        Question(
            "last-success", "A stopped worker reports success when another has done the job.",
            ("FM-030",), partial(_late_after, how="ok"),
        ),
        Question(
            "last-failure", "A stopped worker reports failure when another has done the job.",
            ("FM-011", "FM-030"), partial(_late_after, how="error"),
        ),
        Question(
            "poison", "The job kills every worker that begins it.", (*_LOST, "FM-027a"), _poison,
            counts=True,
        ),
        Question(
            "child-poison", "The job kills every process that its handler runs in.",
            (*_LOST, "FM-027a"), partial(_poison, child=True), of_children=True, counts=True,
        ),
        Question(
            "again-waiting", "It is asked for again while it waits.", ("FM-024a",), _again_waiting,
        ),
        Question(
            "again-running", "It is asked for again while it runs.", ("FM-024a",), _again_running,
        ),
        Question(
            "again-done", "It is asked for again when it is done.", ("FM-024a",), _again_done,
        ),
        Question(
            "again-unanswered", "It is asked for again, for the answer was lost.", ("FM-024a",),
            _unanswered, of_servers=True,
        ),
        Question(
            "killed-at-call", "The worker is killed at a call of its store.", _LOST, _cut,
            of_servers=True,
        ),
        Question(
            "told-to-stop", "The worker is told to stop while it works.", _LOST, _told_to_stop,
        ),
        Question(
            "takes-long", "The handler takes longer than every timer.", ("FM-008a", "FM-008b"),
            partial(_takes_long, jobs=0),
        ),
        Question(
            "takes-long-full", "The handler takes long, and more jobs wait.",
            ("FM-008a", "FM-008b"), partial(_takes_long, jobs=5),
        ),
        Question(
            "random", "Gates are opened and faults done as the lot falls; the try is the seed.", (),
            torture,
        ),
    )
}  # fmt: skip
