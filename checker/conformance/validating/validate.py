"""Judges a queue: whether what happened there is a behaviour of the spec.

The trace is followed from its first row to its last, by the spec's own evaluator: no statement of
the store is asked whether it was right. In the end the tables have to be where the trace leads.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from checker.conformance.validating.finding import Finding, NotAllowed
from checker.conformance.validating.follow import Follower
from checker.conformance.validating.nearest import Event, elsewhere, possible
from checker.conformance.validating.records import illegible, strange
from impl.address import on_a_server, store_at
from impl.derive import origin
from impl.derive.mapping import Rows
from impl.derive.reference import design
from impl.derive.tracing import plain
from impl.sqlite.file.damage import legible
from impl.sqlite.file.opening import writable
from impl.sqlite.store import Store
from impl.terms.outcomes import Traced
from impl.terms.unusable import RESTORE, Damaged, StoreError
from spec.language.reads import slots
from spec.language.terms.types import is_timer, phases


@dataclass(frozen=True)
class Verdict:
    """How far a run was followed: rows of the trace, steps (those between rows included), jobs by
    status, processes that joined; and what is wrong, if anything is. `origin`: the row after whose
    recorded state it begins, 0 for the beginning.
    """

    origin: int
    rows: int
    steps: int
    jobs: dict[str, int]
    processes: int
    seconds: float
    finding: Finding | None

    def as_json(self) -> dict[str, Any]:
        """Return it for programs."""
        found = None if self.finding is None else self.finding.as_json()
        return {
            "ok": self.finding is None,
            "origin": self.origin,
            "rows": self.rows,
            "steps": self.steps,
            "jobs": self.jobs,
            "processes": self.processes,
            "seconds": round(self.seconds, 3),
            "finding": found,
        }


def validate(path: str) -> Verdict:
    """Return whether the run in a queue is a behaviour of the spec, and if not, what is the first
    step that is not allowed. Raises `StoreError` if it is no queue of this spec.
    """
    if on_a_server(path):
        return _on_a_server(path)
    if not Path(path).exists():
        raise StoreError(path, "does not exist", "name the file of a queue")
    store = Store(design(), path, read_only=not writable(path))
    try:
        with store.transaction(writes=False):  # one moment, whoever goes on writing
            store.check()
            try:
                with legible(path):
                    verdict, where = _in_file(store), illegible(store, ("trace",))
            except Damaged:
                where = illegible(store)
                if where is None:
                    raise
            if where is not None:
                raise Damaged(path, f"is damaged: {where} is not UTF-8", RESTORE)
            return verdict
    finally:
        store.close()


def _in_file(store: Store) -> Verdict:
    after, states = origin.read(store.connection.execute, store.path)
    run = _Run(store, after, list(states), lambda: events(store, after), lambda: strange(store))
    return _judge(run)


def _on_a_server(address: str) -> Verdict:
    store = store_at(address, design(), None, 5_000, read_only=True)
    try:
        with store.transaction(writes=False):  # one moment, whoever goes on writing
            from checker.conformance.validating.merged import merged
            from impl.postgresql.trace import ends, rows

            after, states = origin.read(store.own, store.path)
            found, before = list(rows(store.own, after, store.path)), ends(store.own, after)
            alone = slots(store.design.scope.spec)
            events = partial(merged, found, after, before, alone)
            run = _Run(store, after, list(states), lambda: iter(events()), lambda: None)
            return _judge(run)
    finally:
        store.close()


class _Readable(Rows, Protocol):
    """A store, to be read."""

    def own(self, sql: str, values: Any = ()) -> list[Any]:
        """Return the rows of a query."""


@dataclass(frozen=True)
class _Run:
    """A run as its store has it: after which row it begins, the states there, what comes then, and
    what is strange about its records.
    """

    store: _Readable
    after: int
    states: list[tuple[str, Any]]
    events: Callable[[], Iterator[Event]]
    strange: Callable[[], Finding | None]


def _judge(run: _Run) -> Verdict:
    started, store = time.monotonic(), run.store
    joined = dict(store.own("SELECT id, sort FROM process"))
    jobs = dict(store.own("SELECT status, count(*) FROM job GROUP BY status ORDER BY status"))
    follower = Follower(store.design, joined)
    finding: Finding | None = None
    try:
        follower.begin(run.after, run.states)
        for event in run.events():
            if isinstance(event, Traced):
                follower.row(event)
            else:
                follower.unseen(*event)
        finding = run.strange() or _tables(store, follower) or _messages(store)
    except NotAllowed as wrong:
        finding = _explained(run, follower, wrong)
    seconds = time.monotonic() - started
    rows = follower.rows - run.after
    return Verdict(run.after, rows, follower.steps, jobs, len(joined), seconds, finding)


def events(store: Store, after: int) -> Iterator[Event]:
    """Yield the rows of the trace that come after one, and after each the steps that were read
    there.
    """
    listed = store.unseen(after)
    waiting = next(listed, None)
    for row in itertools.chain([None], store.trace(after)):
        if row is not None:
            yield row
        while waiting is not None and waiting[1].after <= (row.seq if row else after):
            yield waiting
            waiting = next(listed, None)
    while waiting is not None:  # read after a row that is not there
        yield waiting
        waiting = next(listed, None)


def _explained(run: _Run, follower: Follower, wrong: NotAllowed) -> Finding:
    """Return the finding with what was possible instead."""
    step, finding = wrong.step, wrong.finding
    if step is None or finding.kind not in ("guard", "field"):
        return finding
    again = Follower(run.store.design, follower.joined)
    again.begin(run.after, run.states)
    return replace(
        finding,
        possible=possible(follower, step),
        elsewhere=elsewhere(again, run.events(), step),
    )


# ---------------------------------------------------------------- the end
def _tables(store: _Readable, follower: Follower) -> Finding | None:
    """Hold the tables against the state that the trace leads to."""
    sparse = follower.sparse
    rows = store.rows()
    for table in store.design.tables:
        found = rows[table.sort]
        for element in sorted(found.keys() | sparse.known(table.sort)):
            got = found.get(element, table.initial)
            for f in table.columns:
                at = sparse.at(f.name, element)
                want, there = sparse.now[at], got[f.name]
                if is_timer(f.type):  # since the last step that told of it, it may have run out
                    off, on, _ = phases(f.type)
                    want, there = (off if v == off else on for v in (want, there))
                if want != there:
                    said = plain(f.type, want), plain(f.type, there)
                    return Finding("table", sparse.name(at), None, *said)
    return None


_SAID = """\
SELECT outbox.key, outbox.job FROM outbox JOIN job ON job.id = outbox.job
WHERE NOT recorded ORDER BY outbox.id LIMIT 1"""


def _messages(store: _Readable) -> Finding | None:
    """Hold what was sent against the states of its jobs."""
    for key, job in store.own(_SAID):
        what = f"message {key} was sent by job{job}, whose effect is not committed"
        return Finding("table", what)
    return None
