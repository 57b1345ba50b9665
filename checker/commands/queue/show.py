"""`ffq queue list`, `show` and `stats`: what is in the queue, without touching it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from checker.commands.options import NUMBER_MAX, AsJson, Wrong, close
from checker.commands.queue.shared import Number, Place, age, opened, paused

if TYPE_CHECKING:
    from impl.report import Past, Waiting, Whole

STATUSES = ("ready", "claimed", "done", "dead")


def list_jobs(
    file: Place,
    status: Annotated[
        list[str] | None, typer.Option(help="Only jobs of this status. May be repeated.")
    ] = None,
    limit: Annotated[int, typer.Option(help="At most so many, the oldest.")] = 100,
    as_json: AsJson = False,
) -> None:
    """List jobs: number, kind, key, status, attempts, and when they are due.

    Exit status: 0 they are listed, 2 bad usage, 3 the store cannot be used now.
    """
    from checker.shown import console
    from impl.report import jobs

    for given in status or ():
        if given not in STATUSES:
            remedy = close(given, STATUSES, "ffq queue stats")
            raise Wrong(f"--status: there is no status '{given}'; {remedy}")
    if not 1 <= limit < NUMBER_MAX:
        raise Wrong(f"--limit: is {limit}; choose at least 1 and less than {NUMBER_MAX}")
    with opened(file, as_json, looks=True) as found:
        lines = jobs(found, status or (), limit + 1)
        now = found.clock.wall()
    more, lines = len(lines) > limit, lines[:limit]
    if as_json:
        console.emit({"ok": True, "jobs": [asdict(line) for line in lines], "more": more})
        return
    rows = [(str(j.id), j.kind, j.key, j.status, str(j.attempts), _due(j.due, now)) for j in lines]
    _columns([("job", "kind", "key", "status", "attempts", "due"), *rows])
    if more:
        console.say(f"there are more than {limit}; --limit shows them")


def show(file: Place, number: Number, as_json: AsJson = False) -> None:
    """Show a job: what it is about, its token, each attempt, and why it is dead.

    Exit status: 0 it is shown, 2 there is none or bad usage, 3 the store cannot be used now.
    """
    from checker.shown import console
    from impl.report import job

    with opened(file, as_json, looks=True) as found:
        whole = job(found, number)
        now = found.clock.wall()
    if as_json:
        known = asdict(whole)
        console.emit({"ok": True, "job": known.pop("line") | known})
        return
    for line in _story(whole, now):
        console.line(line)


def _story(j: Whole, now: int) -> Iterable[str]:
    line = j.line
    yield f"job {line.id}, {line.kind}, key {line.key}: {line.status}"
    yield f"  payload {json.dumps(j.payload, ensure_ascii=False)}"
    if line.status == "ready":
        yield f"  due {_due(line.due, now)}"
    yield f"  token {j.token[0]}.{j.token[1]}" + (f", lease {j.lease}" if j.lease != "none" else "")
    failed, interrupted = ("{} of {}".format(*pair) for pair in (j.fails, j.interrupts))
    yield f"  failed {failed}, interrupted {interrupted}"
    if j.steps:
        yield f"  steps done: {', '.join(j.steps)}"
    if line.status == "dead":
        yield f"  dead of {j.reason}; of its effect was written: {j.letter}"
    for u in j.unsaid:
        what = "given up" if u.given_up else "not sent yet"
        tried = f", tried {u.tries} times: {u.error or 'under way'}" if u.tries else ""
        yield f"  {u.what}: {what}{tried}"
    if j.retry_of is not None:
        yield f"  a retry of job {j.retry_of}"
    if j.retried_as is not None:
        yield f"  retried as job {j.retried_as}"
    for past in j.history:
        yield f"  attempt {past.token} by {past.worker}: {_ended(past, now)}"


def _ended(past: Past, now: int) -> str:
    took = f"{((past.ended or now) - past.begun) / 1000:.1f} s"
    return f"{past.outcome} after {took}" + (f": {past.note}" if past.note else "")


def stats(file: Place, as_json: AsJson = False) -> None:
    """Count jobs by status, and say how old the oldest is that waits, or whose lease ran out, and
    which kinds wait because they are paused, or because no worker that runs here knows them.

    Exit status: 0 they are counted, 2 bad usage, 3 the store cannot be used now.
    """
    from checker.shown import console
    from impl.report import stats as counted

    with opened(file, as_json, looks=True) as found:
        s = counted(found)
        now = found.clock.wall()
    if as_json:
        console.emit({"ok": True, **asdict(s)})
        return
    rows = [(status, str(s.jobs.get(status, 0))) for status in STATUSES]
    rows += [(f"dead of {reason}", str(n)) for reason, n in s.dead.items()]
    rows += [
        ("oldest job due for", age(s.oldest_due)),
        ("oldest expired lease", age(s.oldest_expired)),
        ("messages not sent", str(s.unsent)),
        ("deaths not announced", str(s.notices)),
        ("of these given up", str(s.given_up)),
    ]
    _columns(rows)
    for kind, waiting in s.kinds.items():
        for why in _held_back(waiting, now, s.seeing):
            console.line(f"{kind} {why}: {waiting.jobs} ready")


def _held_back(w: Waiting, now: int, seeing: str) -> Iterable[str]:
    if w.pause is not None:
        yield paused(w.pause, now)
    if w.jobs and not w.workers:
        yield f"is known to no worker that {seeing}"


def _columns(rows: Sequence[tuple[str, ...]]) -> None:
    from checker.shown import console

    safe = [[console.printable(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*safe, strict=True)]
    for row in safe:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        console.line("  ".join(cells).rstrip())


def _due(due: int | None, now: int) -> str:
    if due is None:
        return "-"
    return "now" if due <= now else f"in {(due - now) / 1000:.1f} s"
