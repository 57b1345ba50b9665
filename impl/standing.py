"""Where a job stands as the spec sees it: its row, who wrote it last, and when that may change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from impl.derive.mapping import rows_of
from impl.interface.seeing import Seeing
from impl.interface.transaction import Transaction
from impl.parts.pauses import Pause, pauses
from impl.queue import Queue
from impl.report import Line, line_of, moment, workers_of
from spec.language.scope import Value
from spec.queue.job import Job


@dataclass(frozen=True)
class Wrote:
    """A step of the trace: which action of whom, in which process of the system if it is one, and
    when by the wall clock, in ms; whether that process is seen to run.
    """

    action: str
    actor: str
    pid: int | None
    at: int
    note: str | None
    runs: bool


@dataclass(frozen=True)
class Standing:
    """A job at one moment, `now` by the wall clock; all times so, in ms, None where there is none.

    `row`: each durable field of the spec, budgets too. `status`: the step that made the status what
    it is, None if it is older than the trace. `subject`: what it is about, if not itself alone, and
    whether it `keeps_out` others about the same. `lease_until` and `deadline`: of its claim.
    `ahead`: jobs of its kind that are due and before it in line. `pause`: of its kind. `workers`:
    the process of the system of each worker that is seen to run and knows its kind; `seeing`: what
    that means.
    """

    line: Line
    row: Mapping[str, Value]
    now: int
    status: Wrote | None
    subject: str | None
    keeps_out: bool
    lease_until: int | None
    deadline: int | None
    ahead: int
    pause: Pause | None
    workers: tuple[int, ...]
    seeing: Seeing


_ALONE = """\
SELECT lease, deadline, subject, subject IS NOT NULL AND keeps_out IS NOT NULL
FROM job WHERE id = ?"""

_AHEAD = """\
SELECT count(*) FROM job AS other JOIN job AS mine ON mine.id = ?1
WHERE other.kind = mine.kind AND other.due <= ?2
  AND (other.due, other.id) < (coalesce(mine.due, ?2), mine.id)"""

_STATUS = """\
SELECT action, actor, process.id, pid, at - ?2 + ?3, note
FROM trace LEFT JOIN process ON sort || process.id = 'Worker' || substr(actor, 7)
WHERE after ->> ?1 IS NOT NULL ORDER BY seq DESC LIMIT 1"""


def standing(queue: Queue, number: int) -> Standing:
    """Return where a job stands. Raises `BadRequest` if there is none, `StoreError`."""
    now, wall = moment(queue)
    seeing = queue.store.seeing()
    with queue.snapshot() as t:
        line = line_of(queue.path, t, (now, wall), number)
        ((lease_until, deadline, subject, keeps_out),) = t.own(_ALONE, (number,))
        ((ahead,),) = t.own(_AHEAD, (number, now))
        status = t.own(_STATUS, (f"status[job{number}]", now, wall))
        return Standing(
            line,
            _row(queue, t, number, now),
            wall,
            _wrote(seeing, *status[0]) if status else None,
            subject,
            bool(keeps_out),
            None if lease_until is None else lease_until - now + wall,
            None if deadline is None else deadline - now + wall,
            ahead,
            next((pause for pause in pauses(t, now, wall) if pause.kind == line.kind), None),
            workers_of(t, seeing).get(line.kind, ()),
            seeing,
        )


def _wrote(
    seeing: Seeing,
    action: str,
    actor: str,
    number: int | None,
    pid: int | None,
    at: int,
    note: str | None,
) -> Wrote:
    runs = number is not None and pid is not None and seeing.runs(number, pid)
    return Wrote(action, actor, pid, at, note, runs)


def _row(queue: Queue, t: Transaction, number: int, now: int) -> Mapping[str, Value]:
    """Return the row of a job in the spec's own values."""

    def of_it(query: str) -> list[tuple[object, ...]]:
        return t.own(f"SELECT * FROM ({query}) WHERE id = ?", (number,))

    return rows_of(queue.store.design, of_it, now)[Job][number - 1]
