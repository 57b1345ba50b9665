"""Workers are killed, and so is the server: nothing that was answered is lost, nothing is twice."""

import contextlib
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from checker.conformance.validating.validate import validate
from impl.postgresql.trial.embedded import Server
from impl.queue import Queue
from impl.terms.outcomes import OutcomeUnknown
from impl.terms.unusable import StoreError
from tests.checkout import ROOT
from tests.postgresql.crashing import crash
from tests.postgresql.worker_process import LEASE_MS, QUICK
from tests.stores import address

JOBS, WORKERS = 120, 3


class Workers:
    """Processes that work, and are begun anew when they are killed."""

    def __init__(self, place: str, log: Path) -> None:
        self._place, self._log = place, log.open("ab")
        self._running = [self._begun() for _ in range(WORKERS)]

    def _begun(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-m", "tests.postgresql.worker_process", self._place],
            cwd=ROOT, stdout=self._log, stderr=self._log,
        )  # fmt: skip

    def kill_one(self, chance: random.Random) -> None:
        n = chance.randrange(WORKERS)
        self._running[n].kill()
        self._running[n].wait()
        self._running[n] = self._begun()

    def ended(self) -> list[int]:
        return [process.wait(60) for process in self._running]

    def close(self) -> None:
        for process in self._running:
            process.kill()
            process.wait()
        self._log.close()


def until_answered(place: str, payload: object, key: str) -> None:
    """Ask for a job until it is answered, as a producer does."""
    while True:
        with contextlib.suppress(StoreError, OutcomeUnknown), Queue(place) as queue:
            queue.enqueue("step", payload, key=key)
            return
        time.sleep(0.05)


@pytest.fixture
def own() -> Iterator[Server]:
    with Server() as running:
        yield running


@pytest.mark.deep
@pytest.mark.parametrize("seed", [1])
def test_nothing_is_lost_and_no_effect_is_twice(own: Server, tmp_path: Path, seed: int) -> None:
    chance, place = random.Random(seed), address(own)
    with Queue(place, lease_ms=LEASE_MS, backoff=QUICK) as queue:
        queue.define("CREATE TABLE begun (job bigint PRIMARY KEY)")
        queue.define("CREATE TABLE effects (job bigint PRIMARY KEY, token bigint[] NOT NULL)")
    workers = Workers(place, tmp_path / "log")
    kills = crashes = 0
    try:
        for n in range(JOBS):
            until_answered(place, n % 5 == 0, f"job {n}")
            if n % 4 == 3:
                workers.kill_one(chance)
                kills += 1
            if n % 30 == 29:
                crash(own)
                crashes += 1
        assert workers.ended() == [0] * WORKERS, (tmp_path / "log").read_text()
    finally:
        workers.close()
    verdict = validate(place)
    assert verdict.finding is None, verdict.finding.text()
    assert verdict.jobs == {"done": JOBS}
    with Queue(place) as queue:
        assert queue.query("SELECT count(*) FROM effects") == [(JOBS,)]
        assert queue.query("SELECT count(*) FROM begun") == [(JOBS,)]
        assert queue.query("SELECT count(*) FROM outbox WHERE NOT sent") == [(0,)]
        ((recovered,),) = queue.query("SELECT count(*) FROM trace WHERE action = 'recover'")
    assert (kills, crashes) == (30, 4)
    assert recovered > 0  # some of the blows have hit
