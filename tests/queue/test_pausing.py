"""Kinds that are paused: nothing of them is claimed, by anybody, until they are resumed."""

import os
import subprocess
import sys
import time
from pathlib import Path
from random import Random

import pytest

from checker.commands.main import main
from checker.conformance.validating.validate import validate
from impl import report
from impl.address import on_a_server
from impl.derive.reference import stepping_as
from impl.queue import Queue
from impl.sqlite.queue_store import QueueStore, in_file, runs
from impl.terms.outcomes import Done, Refused
from impl.terms.requests import BadRequest
from impl.terms.unusable import Damaged, StoreError
from impl.worker import Worker
from impl.working.attempt import Attempt
from spec.language.edited.edits import without
from spec.queue import SCOPES
from spec.queue.job import Worker as WorkerSort
from tests.clocks import HandClock
from tests.queue.file.looking import claimed, fail, rows, status
from tests.stores import in_a_file

ON_BOTH = True

NAME = subprocess.run(["id", "-un"], capture_output=True, text=True, check=True).stdout.strip()


def first(queue: Queue, *kinds: str) -> list[int]:
    """Return the job that a worker of these kinds would be given."""
    return [number for (number,) in queue.line.first(queue.store.own, kinds)]


# ---------------------------------------------------------------- what a pause does
def test_jobs_of_a_paused_kind_wait_and_those_of_others_are_claimed(queue: Queue) -> None:
    for kind in ("mail", "mail", "video"):
        queue.enqueue(kind)
    assert queue.pause("mail")
    assert first(queue, "mail") == []
    assert first(queue, "mail", "video") == [3]
    assert claimed(queue, "video").id == 3
    assert queue.resume("mail")
    assert (claimed(queue, "mail").id, first(queue, "mail")) == (1, [2])


def test_a_job_that_runs_goes_on_and_no_other_is_begun(shared: Queue, file: Path) -> None:
    begun = []

    def work(attempt: Attempt) -> None:
        begun.append(attempt.id)
        with Queue(file) as other:
            assert other.pause("k")
        worker.stop()

    shared.enqueue("k")
    shared.enqueue("k")
    worker = Worker(shared, {"k": work})
    assert worker.run() == {"done": 1}
    assert (begun, status(file)) == ([1], {1: "done", 2: "ready"})
    assert validate(str(file)).finding is None


def test_a_job_that_fails_while_its_kind_is_paused_is_tried_again_after_that(
    queue: Queue, clock: HandClock
) -> None:
    queue.enqueue("k")
    attempt = claimed(queue)
    queue.pause("k")
    fail(queue, attempt)
    clock.advance(3_600_000)
    assert first(queue, "k") == []
    queue.resume("k")
    assert claimed(queue).number == 2


def test_a_claim_whose_worker_is_gone_is_recovered_all_the_same(
    queue: Queue, clock: HandClock
) -> None:
    queue.enqueue("k")
    claimed(queue)
    queue.pause("k")
    clock.advance(20_000)
    assert (queue.recover(), first(queue, "k")) == (1, [])


def test_jobs_that_come_later_wait_as_well(queue: Queue) -> None:
    queue.pause("k")
    assert queue.enqueue("k").new
    assert first(queue, "k") == []


@pytest.mark.parametrize("seed", range(5))
def test_whoever_pauses_and_resumes_what_is_claimed_is_what_is_not_paused(
    queue: Queue, seed: int
) -> None:
    """A set of names in Python says which kinds are paused."""
    chance, paused = Random(seed), set[str]()
    kinds = ["a", "b", "c"]
    left = {kind: [queue.enqueue(kind).id for _ in range(20)] for kind in kinds}
    for _ in range(60):
        kind = chance.choice(kinds)
        match chance.choice(["pause", "resume", "claim"]):
            case "pause":
                assert queue.pause(kind) == (kind not in paused)
                paused.add(kind)
            case "resume":
                assert queue.resume(kind) == (kind in paused)
                paused.discard(kind)
            case "claim":
                mine = chance.sample(kinds, 2)
                open_to_me = [n for k in mine if k not in paused for n in left[k]]
                assert first(queue, *mine) == ([min(open_to_me)] if open_to_me else [])
                if open_to_me:
                    (kind,) = (k for k in mine if min(open_to_me) in left[k])
                    left[kind].remove(claimed(queue, kind).id)


def looked_at(queue: Queue) -> int:
    """Return how many instructions SQLite takes to find the next job."""
    count = 0

    def one_more() -> bool:
        nonlocal count
        count += 1
        return False

    in_file(queue.store).connection.set_progress_handler(one_more, 1)
    assert first(queue, "paused", "open") == [1]
    in_file(queue.store).connection.set_progress_handler(None)
    return count


@in_a_file
def test_jobs_of_a_paused_kind_cost_nothing_to_who_looks_for_another_however_many_there_are(
    queue: Queue,
) -> None:
    queue.enqueue("open")
    queue.pause("paused")
    counts = []
    for more in (10, 1_000):
        with queue.transaction() as t:
            for _ in range(more):
                queue.enqueue("paused", within=t)
        counts.append(looked_at(queue))
    assert counts[0] == counts[1] > 0


# ---------------------------------------------------------------- the guard
def refused_or_done(queue: Queue) -> Done | Refused:
    """Let a worker claim job 1 without looking in the line."""
    worker = queue.process(WorkerSort)
    with queue.transaction() as t:
        return t.take("claim", worker, j=0, world={"known": True}, lasts={"lease": 1000})


def test_the_statement_that_claims_asks_itself_and_says_which_guard_refuses(queue: Queue) -> None:
    queue.enqueue("k")
    queue.pause("k")
    assert refused_or_done(queue) == Refused("unpaused")
    queue.resume("k")
    assert isinstance(refused_or_done(queue), Done)


@in_a_file
def test_without_the_guard_a_paused_job_is_claimed(file: Path) -> None:
    edited = stepping_as(without(SCOPES["reference"].spec, "claim.unpaused"))
    with Queue(file) as queue:
        queue.enqueue("k")
        queue.pause("k")
        queue.store.close()
        queue.store = QueueStore(edited, str(file), None, 5_000, read_only=False)
        queue.store.enter()
        assert isinstance(refused_or_done(queue), Done)


# ---------------------------------------------------------------- who has paused it
def test_a_pause_is_known_by_when_and_whose_it_is_and_stays_that_of_the_first(
    queue: Queue, clock: HandClock
) -> None:
    began = clock.wall()
    assert queue.pause("k")
    clock.advance(5_000)
    assert not queue.pause("k")
    found = report.stats(queue).kinds["k"].pause
    assert found is not None
    assert (found.since, found.user, found.pid) == (began, NAME, os.getpid())


def test_a_user_without_a_name_is_known_by_the_number(
    queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 4_000_000_001)
    queue.pause("k")
    found = report.stats(queue).kinds["k"].pause
    assert found is not None and found.user == "4000000001"


def test_a_kind_that_is_not_paused_cannot_be_resumed_and_nothing_happens(queue: Queue) -> None:
    assert not queue.resume("k")


# ---------------------------------------------------------------- what cannot be
@pytest.mark.parametrize(
    ("kind", "said"),
    [("", "kind: is empty"), (7, "kind: is of type int"), ("k" * 501, "kind: has 501 bytes")],
)
def test_what_is_no_name_of_a_kind_is_refused(queue: Queue, kind: str, said: str) -> None:
    for what in (queue.pause, queue.resume):
        with pytest.raises(BadRequest, match=said):
            what(kind)


def test_a_queue_that_is_only_looked_at_is_not_paused(shared: Queue, file: Path) -> None:
    shared.pause("k")
    with Queue(file, read_only=True) as looking:
        for what in (looking.pause, looking.resume):
            with pytest.raises(StoreError, match="was opened to be read only"):
                what("k")
        assert report.stats(looking).kinds["k"].pause is not None


@in_a_file
def test_users_statements_neither_pause_nor_resume(queue: Queue) -> None:
    queue.pause("k")
    with pytest.raises(BadRequest, match="paused"), queue.transaction() as t:
        t.execute("DELETE FROM paused")
    assert queue.resume("k")


# ---------------------------------------------------------------- what is shown
def test_kinds_that_wait_are_shown_with_why_and_how_many(
    shared: Queue, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for kind in ("mail", "mail", "video", "known"):
        shared.enqueue(kind)
    shared.pause("mail")
    shared.pause("mistyped")
    Worker(shared, {"mail": print, "known": print})
    assert main(["queue", "stats", str(file)]) == 0
    shown = [line for line in capsys.readouterr().out.splitlines() if " ready" in line]
    told = [(line.split()[0], line.rpartition(": ")[2]) for line in shown]
    assert told == [("mail", "2 ready"), ("mistyped", "0 ready"), ("video", "1 ready")]
    assert shown[0].startswith("mail is paused for ")
    assert shown[0].endswith(f" s, by {NAME} in process {os.getpid()}: 2 ready")
    where = "is connected" if on_a_server(str(file)) else "runs here"
    assert shown[2] == f"video is known to no worker that {where}: 1 ready"


def test_a_worker_that_is_gone_knows_no_kind_any_more(shared: Queue, file: Path) -> None:
    script = """\
import sys
from impl.queue import Queue
from impl.worker import Worker
with Queue(sys.argv[1]) as shared:
    Worker(shared, {"k": print})
    print(flush=True)
    sys.stdin.readline()
"""
    shared.enqueue("k")
    worker = subprocess.Popen(
        [sys.executable, "-c", script, str(file)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert worker.stdout is not None and worker.stdout.readline() == b"\n"
    (pid,) = report.stats(shared).kinds["k"].workers
    assert (pid, runs(pid)) == (worker.pid, True)
    worker.communicate(b"\n")
    until = time.monotonic() + 10
    while report.stats(shared).kinds["k"].workers and time.monotonic() < until:
        time.sleep(0.01)  # a server hears of it a moment later
    assert report.stats(shared).kinds["k"].workers == ()


@in_a_file
def test_of_damage_it_is_said_that_it_is_damage(queue: Queue, file: Path) -> None:
    queue.enqueue("k")
    queue.pause("k")
    rows(file, "UPDATE paused SET kind = CAST(x'ff' AS TEXT)")
    with pytest.raises(Damaged):
        report.stats(queue)
