"""A run whose trace was cut is followed from the cut, and what is wrong behind it is found."""

import json
import shutil
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from random import Random
from typing import Any

import apsw
import pytest

from checker.conformance.validating.validate import validate
from impl.interface.transaction import Transaction
from impl.parts.cutting import cut
from impl.queue import Queue
from impl.sqlite.scribe import write_down
from impl.terms.requests import BadRequest
from impl.working.attempt import Attempt, LostClaim, claim
from spec.queue.job import Worker as WorkerSort
from tests.clocks import HandClock

LEASE = 1_000
STEPS = 300


class Life:
    """A queue with three workers and two recoverers, in which anything may come next."""

    def __init__(self, file: Path, seed: int) -> None:
        self.chance, self.clock = Random(seed), HandClock()
        self.queue = Queue(file, clock=self.clock, lease_ms=LEASE, retain=10)
        self.other = self.queue.again()
        self.workers = [self.queue.process(WorkerSort) for _ in range(3)]
        self.held: dict[int, Attempt] = {}
        self.usual: list[Callable[[], object]] = [
            self._enqueue, self._enqueue, self._claim, self._claim, self._claim, self._work,
            self._work, self._work, self._settle, self._settle, self._cancel, self._retry,
            self.queue.recover, self.other.recover, self._wait, self._tell, self.prune,
        ]  # fmt: skip

    def close(self) -> None:
        self.other.close()
        self.queue.close()

    def go_on(self, steps: int) -> None:
        """Let so many things happen."""
        for _ in range(steps):
            with suppress(LostClaim, BadRequest):  # as for a key that is known with another payload
                self.chance.choice(self.usual)()

    def _enqueue(self) -> None:
        key = self.chance.choice([None, *map(str, range(12))])
        self.queue.enqueue("k", self.chance.randrange(2), key=key, max_attempts=2)

    def _claim(self) -> None:
        worker = self.chance.choice(self.workers)
        if worker.element in self.held:
            return
        with self.queue.transaction() as t:
            attempt = claim(self.queue, t, worker, ["k"])
        if attempt is not None:
            self.held[worker.element] = attempt

    def _work(self) -> None:
        attempt = self.held.get(self.chance.choice(self.workers).element)
        if attempt is not None:
            name = str(self.chance.random())
            does: list[Callable[[], object]] = [
                attempt.start,
                lambda: attempt.heartbeat(self.queue),
                lambda: attempt.once(name),
            ]
            self.chance.choice(does)()

    def _settle(self) -> None:
        worker = self.chance.choice(self.workers)
        attempt = self.held.get(worker.element)
        if attempt is None:
            return
        if self.chance.random() < 0.3:
            if attempt.abandon():
                del self.held[worker.element]
            return
        ways: list[Callable[[Transaction], object]] = [
            attempt.finish,
            attempt.finish,
            lambda t: attempt.fail(t, "boom"),
            lambda t: attempt.release(t, "stopping"),
        ]
        with self.queue.transaction() as t:
            self.chance.choice(ways)(t)
        del self.held[worker.element]

    def _one(self, where: str) -> int | None:
        found = self.queue.query(f"SELECT id FROM job WHERE {where} ORDER BY id")
        return self.chance.choice(found)[0] if found else None

    def _cancel(self) -> None:
        job = self._one("status IN ('ready', 'claimed')")
        if job is not None:
            self.queue.cancel(job)

    def _retry(self) -> None:
        job = self._one("status = 'dead'")
        if job is not None:
            self.queue.retry(job)

    def _wait(self) -> None:
        self.clock.advance(self.chance.choice([100, 600, 2_000]))

    def _tell(self) -> None:
        self.queue.announce(lambda job, reason: None)

    def prune(self) -> None:
        self.queue.prune(dead=self.chance.random() < 0.5)


def lived(file: Path, seed: int) -> None:
    """Make a run that is cut in its middle, and is long behind that."""
    life = Life(file, seed)
    with closing(life):
        life.go_on(STEPS)
        cut(life.queue)
        life.usual.remove(life.prune)
        life.go_on(STEPS)


def rows(file: Path, sql: str) -> list[Any]:
    with closing(apsw.Connection(str(file))) as other:
        return other.execute(sql).fetchall()


READ_BEFORE = """\
SELECT count(*) FROM trace, json_each(unseen) AS step,
  (SELECT CAST(value AS INTEGER) AS cut FROM meta WHERE name = 'origin')
WHERE seq > cut AND step.value ->> 0 < cut"""


def test_random_runs_are_followed_from_where_they_were_cut(tmp_path: Path) -> None:
    read_before = held = 0
    for seed in range(6):
        lived(file := tmp_path / f"{seed}.db", seed)
        verdict = validate(str(file))
        assert verdict.finding is None, (seed, verdict.finding.text())
        assert verdict.origin > 50, seed
        assert verdict.rows > 50, seed
        read_before += rows(file, READ_BEFORE)[0][0]
        held += rows(file, "SELECT count(*) FROM origin WHERE state LIKE '%\"pc\"%'")[0][0]
    # Else nothing here was difficult.
    assert read_before > 3
    assert held > 6


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("run") / "queue.db"
    lived(file, 3)
    return file


def tampered(run: Path, folder: Path, statement: str, values: tuple[Any, ...]) -> str:
    """Return a copy that was changed by somebody who could."""
    copy = folder / "copy.db"
    shutil.copy(run, copy)
    with closing(apsw.Connection(str(copy))) as opened:
        opened.execute("DROP TRIGGER trace_is_not_rewritten; DROP TRIGGER trace_is_not_shortened")
        write_down(opened, False)
        opened.execute(statement, values)
    return str(copy)


def test_a_fault_in_any_row_behind_the_cut_is_found(run: Path, tmp_path: Path) -> None:
    begins = validate(str(run)).origin
    behind = rows(run, f"SELECT seq, before, after FROM trace WHERE seq > {begins} ORDER BY seq")
    assert len(behind) > 50
    for seq, *sides in behind:
        for side, text in zip(("before", "after"), sides, strict=True):
            said = json.loads(text)
            if not said:  # as of a heartbeat, in which nothing changes but a moment
                continue
            place = next(iter(said))
            del said[place]
            change = f"UPDATE trace SET {side} = ? WHERE seq = ?"
            file = tampered(run, tmp_path, change, (json.dumps(said), seq))
            found = validate(file).finding
            assert found is not None, (seq, side, place)
            assert found.position is not None
            assert found.position.seq == seq


def test_a_row_that_is_missing_behind_the_cut_is_found(run: Path, tmp_path: Path) -> None:
    begins = validate(str(run)).origin
    ((last,),) = rows(run, "SELECT max(seq) FROM trace")
    for seq in range(begins + 1, last + 1):
        file = tampered(run, tmp_path, "DELETE FROM trace WHERE seq = ?", (seq,))
        assert validate(file).finding is not None, seq


@pytest.mark.parametrize(
    "statement",
    [
        """\
UPDATE origin SET state = json_set(state, '$.token', 9)
WHERE element GLOB 'job*' AND state GLOB '*token*'""",
        "DELETE FROM origin WHERE element GLOB 'worker*'",
        "DELETE FROM origin WHERE element GLOB 'job*'",
        "UPDATE meta SET value = value + 1 WHERE name = 'origin'",
    ],
)
def test_what_was_recorded_is_held_against_the_run(
    run: Path, tmp_path: Path, statement: str
) -> None:
    assert validate(tampered(run, tmp_path, statement, ())).finding is not None
