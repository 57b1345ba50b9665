"""Redriving: the work of many dead jobs is put in again, each by a step of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from impl.parts.asking import Asking, Enqueued
from impl.parts.owner import Owner
from impl.terms.requests import BadRequest

_AT_ONCE = 1000
"""Jobs that are looked for in one query."""

_DEAD = """\
FROM ended JOIN job ON job.id = ended.job
WHERE how = 'dead' AND at <= ? AND (at, job) > (?, ?) AND kind = COALESCE(CAST(? AS TEXT), kind)"""


@dataclass(frozen=True)
class Redriven:
    """What was put in again, the oldest first, and why other dead jobs were left."""

    made: tuple[Enqueued, ...]
    left: Mapping[int, str]


def redrive(queue: Owner, kind: str | None, spread_ms: int) -> Redriven:
    """Put in again what is dead now, and was not put in again yet; raises `StoreError`.

    A job that has to be left keeps no other from being put in. One that dies again meanwhile is not
    taken again, or there would be no end where whatever they all need is still away.
    """
    made, left = list[Enqueued](), dict[int, str]()
    asking, until = Asking(queue), queue.clock.now()
    ((number,),) = queue.store.own(f"SELECT count(*) {_DEAD}", (until, -1, 0, kind))
    for place, job in enumerate(_dead(queue, kind, until)):
        # What has died since it was counted does not make the time longer.
        delay_ms = spread_ms * min(place, number) // max(number, 1)
        try:
            again = asking.retry(job, delay_ms)
        except BadRequest as why:
            left[job] = str(why).removeprefix(f"job {job}: ")
        else:
            made += [again] * again.new
    return Redriven(tuple(made), left)


def _dead(queue: Owner, kind: str | None, until: int) -> Iterator[int]:
    last = (-1, 0)
    query = f"SELECT at, job {_DEAD} ORDER BY at, job LIMIT ?"
    while some := queue.store.own(query, (until, *last, kind, _AT_ONCE)):
        for at, job in some:
            last = (at, job)
            yield job
