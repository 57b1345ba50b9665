"""Takes a file over to the spec and the schema of this ffq, in one transaction, or leaves it.

Whoever has the file open holds a lock on it, and so does this, alone: SQLite grants it to nobody
else meanwhile. It stays the same file, so that nobody is left with the old one open.
"""

from __future__ import annotations

import contextlib
import itertools
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import apsw

from impl.derive import origin, tracing
from impl.derive.design import Design
from impl.derive.origin import Rows, Unfit, insertion, recorded_as, row_of
from impl.derive.reference import ENDED, design
from impl.derive.sql import decode, identifier
from impl.derive.tables import VERSION, Table
from impl.derive.view import Global
from impl.sqlite.file import files
from impl.sqlite.file.damage import legible
from impl.sqlite.file.gate import Gate
from impl.sqlite.file.making import make
from impl.sqlite.file.opening import usable
from impl.sqlite.file.outline import Told, differences, outline, says
from impl.sqlite.file.place import refuse_network, require_one_name
from impl.sqlite.foreign import own_names, strays
from impl.sqlite.scribe import write_down
from impl.sqlite.transaction import last
from impl.terms.clock import Clock, MachineClock
from impl.terms.outcomes import RENAMED
from impl.terms.unusable import RESTORE, Damaged, StoreError
from impl.upgrades.aged import Aged
from impl.upgrades.alone import alone
from impl.upgrades.reshape import Reshape, old
from impl.upgrades.subjects import about_itself
from spec.language.scope import Value
from spec.language.terms.types import is_timer
from spec.queue.job import Job

OLDEST = 2
"""The oldest version of the schema that can be taken over."""

_VERSION_2 = frozenset({
    "trace", "meta", "task", "checkpoint", "outbox", "process",
    "trace_is_not_rewritten", "trace_is_not_shortened",
    "task_is_due", "task_is_leased", "job_has_a_notice", "trace_of_failures", "outbox_is_unsent",
})  # fmt: skip
"""What the schema had in version 2, beside the tables of the spec."""

_INDEXES = ("of_a_key", "is_a_retry", "is_due", "waits", "has_failed", "is_leased")
"""What the indexes were of that the table `task` had until version 4, and `job` in version 5."""

_SINCE_6 = frozenset({
    "failures", "paused", "ended", "ended_since", "job_is_over", "job_is_taken_up",
})  # fmt: skip
"""What the schema did not have before version 6."""

_SINCE_7 = frozenset({"job_about", "one_job_about_the_same"})
"""What it did not have before version 7."""

_BEFORE = """\
(
  WITH RECURSIVE back (id) AS (
    SELECT again.retry_of
    UNION ALL
    SELECT one.retry_of FROM temp.{0} AS one JOIN back USING (id)
  ) SELECT coalesce(sum(token), 0) FROM temp.old_job JOIN back USING (id)
) AS claimed_before, NULL AS subject FROM temp.{0} AS again WHERE id = ?1"""

# Until version 5 all but a delay was measured by the clock of the boot.
_MOMENTS = f"SELECT *, lease_until AS lease, coalesce(wait_until, due + ?2) AS due, {_BEFORE}"

_BESIDE = {
    # Jobs waited for the wall clock, with a delay or without; and a retry had a key of its own.
    2: """\
SELECT CASE WHEN retry_of IS NULL THEN key ELSE (
  WITH RECURSIVE back (key, retry_of) AS (
    SELECT key, retry_of FROM temp.old_task AS one WHERE one.id = again.retry_of
    UNION ALL
    SELECT one.key, one.retry_of FROM temp.old_task AS one JOIN back ON one.id = back.retry_of
  ) SELECT key FROM back WHERE retry_of IS NULL
) END AS key, kind, payload, timeout_ms, retry_of, due, lease_until AS lease, deadline,
"""
    + _BEFORE.format("old_task"),
    3: _MOMENTS.format("old_task"),
    4: _MOMENTS.format("old_task"),
    5: _MOMENTS.format("old_job"),
    6: "SELECT *, NULL AS subject FROM temp.old_job WHERE id = ?1",
    7: "SELECT * FROM temp.old_job WHERE id = ?1",
}
"""What a job carries and its moments, by the version of the schema."""

_TIMED = {"due": "ready", "lease": "claimed", "deadline": "claimed"}
"""Timers that are on just while a job has this status: until version 5 it had moments beside them.
"""

_SINCE_2 = {
    # A step that was done was a result, null, and nobody can tell them apart any more.
    "checkpoint": """\
INSERT INTO checkpoint
SELECT job, what, name, iif(what = 'result', result, NULL)
FROM old_checkpoint, (SELECT 'result' AS what UNION ALL SELECT 'once')
WHERE what = 'result' OR result = 'null' ORDER BY old_checkpoint.rowid""",
}
"""How tables are filled whose columns meant something else in version 2."""


class Upgrade:
    """A file that is held alone, and what is to be changed in it; nothing is changed yet.

    `changes`: in plain words, none if the file is as it is to be. `jobs`: how many it has.
    `lapsed`: claims whose lease is over; they are taken over as they are, and end as others do.
    """

    def __init__(self, opened: apsw.Connection, aged: Aged, to: Design, clock: Clock) -> None:
        """Look at everything that could stand in the way; raises `StoreError`."""
        self._opened, self._aged, self._to = opened, aged, to
        same = aged.meta.get("boot") == clock.boot()
        self._wall = clock.wall()
        self._ahead = self._wall - clock.since_boot() if same else 0
        schema = to.whole
        names = _before(aged.version, frozenset(n for _, n in files.tables_of(schema)))
        written = {name for table in (*aged.tables, *names) for name in tracing.names(table)}
        # Before version 4 there were none of them, and whatever has such a name is the user's.
        ours = aged.tables.keys() | (names | written if aged.version > 3 else names - written)
        self._reshape = Reshape(opened, aged.path, schema, ours)
        self.changes = tuple(self._differences())
        self.jobs = self.lapsed = 0
        if not self.changes:
            return
        aged.check(ours)
        for name, table in strays(opened, own_names(to)):
            fact = f"has a table '{name}', which refers to '{table}' otherwise than by its id"
            raise StoreError(aged.path, fact, "change that with the ffq that made the file")
        self.lapsed = aged.lapsed(clock)
        for t in to.tables:
            count = sum(1 for _ in self._rows(t, identifier(t.name)))
            self.jobs += count if t.sort is Job else 0

    def _differences(self) -> Iterator[str]:
        if self._aged.version != VERSION:
            yield f"the schema is of version {VERSION}, and was of version {self._aged.version}"
        elif self._followed and self._reshape.needed:
            yield "the tables are to be made in another way"
        if not self._followed:
            told = list(differences(self._aged.outline, outline(self._to), RENAMED))
            yield from told or ["actions have the same names, and say something else"]

    @property
    def _followed(self) -> bool:
        """Whether the trace can be followed from its beginning, or from the origin that it has."""
        return self._to.identity.items() <= self._aged.meta.items()

    def _rows(self, t: Table, source: str) -> Iterator[tuple[int, Rows, dict[str, Value]]]:
        """Yield each row of a table as it will be, with what no row holds; raises `StoreError` if
        the spec has no such row.
        """
        rows, told = Rows(self._to, t), self._aged.tables.get(t.name)
        new = outline(self._to).fields
        if told is None:
            if t.sort is Global:
                yield 1, rows, rows.whole(t.initial)
            return
        for number, row in self._aged.rows(t.name, source):
            try:
                taken = _taken(t, told, new, row, self._aged.version)
                if t.sort is Job and "about" not in told:
                    taken |= about_itself(number - 1, taken)
                yield number, rows, rows.whole(taken)
            except Unfit as unfit:
                fact = f"{t.name} {number} cannot be taken over: {unfit}"
                remedy = "put that right with the ffq that made it"
                raise StoreError(self._aged.path, fact, remedy) from None

    def _beside(self, t: Table, number: int) -> dict[str, Any]:
        """Return what a row carries, and its moments; raises `StoreError` if the file does not have
        it.
        """
        if not (t.carried or t.timers):
            return {}
        values = (number, self._ahead) if 2 < self._aged.version < 6 else (number,)
        found = self._opened.execute(_BESIDE[self._aged.version], values)
        for row in found:
            names = (name for name, *_ in found.get_description())
            return dict(zip(names, row, strict=True))
        fact = f"{t.name} {number} has no row in its table task"
        raise Damaged(self._aged.path, fact, RESTORE)

    # ------------------------------------------------------------ doing it
    def carry_out(self) -> str:
        """Take the file over; return the name of the backup of what it was. Raises `StoreError`,
        and the file is as it was then.
        """
        path = self._aged.path
        with usable(path), legible(path):
            backup = self._backup()
            try:
                self._opened.execute("BEGIN IMMEDIATE")
                self._change()
                self._opened.execute("COMMIT")
            except BaseException:
                if self._opened.in_transaction:
                    self._opened.execute("ROLLBACK")
                os.unlink(backup)
                raise
        return backup

    def _backup(self) -> str:
        def copy(draft: apsw.Connection) -> None:
            with draft.backup("main", self._opened, "main") as copying:
                copying.step(-1)

        names = (f"{self._aged.path}.backup-{n}" for n in itertools.count(1))
        return next(name for name in names if make(name, 0, copy))

    def _change(self) -> None:
        run, to = self._opened.execute, self._to
        write_down(self._opened, False)
        made = self._reshape.tables()
        states: list[tuple[str, str]] = []
        for t in to.tables:
            source = old(t.name) if t.name in made else identifier(t.name)
            insert = insertion(t)
            for number, rows, whole in self._rows(t, source):
                if t.name in made:
                    beside = self._beside(t, number)
                    carried = (beside[c.name] for c in t.carried)
                    run(insert, (*row_of(t, number, whole, beside), *carried))
                if not self._followed:
                    states.append(rows.recorded(number - 1, whole))
        for table in set(made) - {t.name for t in to.tables}:
            if self._aged.version == 2 and table in _SINCE_2:
                run(_SINCE_2[table])
            else:
                self._reshape.copy(table)
        if self._aged.version < 6:
            run(ENDED, (self._wall,))
        run("DELETE FROM meta WHERE name = 'outline'")
        ahead = {"ahead": str(self._ahead)} if self._aged.version < 6 else {}
        for row in (dict(says(to)) | ahead).items():
            run("INSERT OR REPLACE INTO meta VALUES (?, ?)", row)
        if not self._followed:
            origin.write(run, last(self._opened), states)
        self._opened.pragma("user_version", VERSION)
        files.check_tables(self._opened, to, self._aged.path)


def _before(version: int, now: frozenset[str]) -> frozenset[str]:
    """Return what the schema had in a version, beside the tables of the spec."""
    if version == 2:
        return _VERSION_2
    if version > 6:
        return now
    if version == 6:
        return now - _SINCE_7
    moved = frozenset(f"job_{index}" for index in _INDEXES)
    then = (now | moved) - _SINCE_6 - _SINCE_7
    return then if version == 5 else then - moved | {"task", *(f"task_{i}" for i in _INDEXES)}


def _taken(
    t: Table,
    told: Mapping[str, Told],
    new: Mapping[str, Told],
    row: Mapping[str, Any],
    version: int,
) -> dict[str, Value]:
    """Return the columns that a row has now: one that is new has what it begins as."""
    taken: dict[str, Value] = {}
    for f in t.columns:
        if is_timer(f.type):
            on = row["status"] == _TIMED[f.name] if version < 6 else row[f.name] is not None
            taken[f.name] = recorded_as(f, on)
            continue
        was = told.get(f.name)
        if was is not None and not was.like(new[f.name]):
            raise Unfit(f"{f.name} has another type")
        taken[f.name] = t.initial[f.name] if was is None else decode(f.type, row[f.name])
    return taken


@contextlib.contextmanager
def upgrade(
    path: str | os.PathLike[str],
    *,
    clock: Clock | None = None,
    to: Design | None = None,
    busy_ms: int = 5_000,
) -> Iterator[Upgrade]:
    """Hold a file alone, and say what is to be changed in it; raises `StoreError`."""
    name = os.path.realpath(path)
    with contextlib.ExitStack() as held:
        with usable(name), legible(name):
            refuse_network(name)
            version = files.version(Path(name))
            if not OLDEST <= version <= VERSION:
                fact = f"has version {version} of the schema, and this ffq knows {VERSION}"
                remedy = "use a newer ffq" if version > VERSION else "use an older ffq"
                raise StoreError(name, fact, remedy)
            require_one_name(name)
            held.enter_context(Gate(name).held(busy_ms))
            opened = held.enter_context(contextlib.closing(alone(name)))
            aged = Aged(opened, name, version)
            found = Upgrade(opened, aged, to or design(), clock or MachineClock())
        yield found
