"""Of jobs about the same one is in the queue, until it is over, or until a worker has it."""

from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from checker.commands.main import main
from checker.conformance.validating.validate import validate
from impl.interface.process import newcomer
from impl.interface.step import Beside
from impl.parts.asking import Enqueued
from impl.queue import Queue
from impl.terms.outcomes import Refused
from impl.terms.requests import BadRequest
from impl.working.attempt import Attempt, claim
from spec.queue.job import Job, Worker
from tests.clocks import HandClock
from tests.queue.file.looking import fail

ON_BOTH = True


@pytest.fixture(autouse=True)
def is_a_run_of_the_spec(queue: Queue, file: Path) -> Iterator[None]:
    yield
    assert validate(str(file)).finding is None


def claimed(queue: Queue, kind: str = "k") -> Attempt:
    """Return an attempt that nobody will look after, as one of a worker that has died."""
    worker = queue.process(Worker)
    with queue.transaction() as t:
        attempt = claim(queue, t, worker, [kind])
    assert attempt is not None
    return attempt


def done(queue: Queue) -> None:
    """Let a worker claim a job and do it."""
    finished(queue, claimed(queue))


def finished(queue: Queue, attempt: Attempt) -> None:
    attempt.start()
    with queue.transaction() as t:
        attempt.finish(t)


# ---------------------------------------------------------------- who is kept out
def test_of_two_about_the_same_the_second_is_told_of_the_first(queue: Queue) -> None:
    first = queue.enqueue("k", 1, unique="invoice 7")
    assert first.new and not first.kept_out
    second = queue.enqueue("k", 2, unique="invoice 7")
    assert second == Enqueued(first.id, first.key, new=False, kept_out=True)
    assert queue.enqueue("other", unique="invoice 7").kept_out
    assert queue.enqueue("k", unique="invoice 8").new
    assert queue.enqueue("k").new and queue.enqueue("k").new


def test_a_request_that_comes_again_is_not_kept_out_by_its_own_job(queue: Queue) -> None:
    made = queue.enqueue("k", 1, key="one", unique="x")
    assert queue.enqueue("k", 1, key="one", unique="x") == Enqueued(made.id, "one", new=False)
    with pytest.raises(BadRequest, match="is that of job 1, which has another kind or payload"):
        queue.enqueue("k", 2, key="one", unique="x")
    # What was kept out has left no key behind.
    assert queue.enqueue("k", 2, key="two", unique="x").kept_out
    done(queue)
    assert queue.enqueue("k", 3, key="two", unique="x").new


@pytest.mark.parametrize("until", ["over", "claimed"])
def test_it_keeps_others_out_for_as_long_as_was_said(
    queue: Queue, clock: HandClock, until: str
) -> None:
    queue.enqueue("k", unique="x", unique_until=until)
    attempt = claimed(queue)
    while_at_work = queue.enqueue("later", unique="x", delay=1)
    assert while_at_work.kept_out is (until == "over")
    fail(queue, attempt)  # a retry asks nobody, whoever is there by now
    assert queue.enqueue("k", unique="x").kept_out
    clock.advance(3_600_000)
    assert claimed(queue).number == 2


def test_recovery_puts_a_job_back_beside_a_newer_one(queue: Queue, clock: HandClock) -> None:
    queue.enqueue("k", unique="x", unique_until="claimed")
    claimed(queue)
    assert queue.enqueue("k", unique="x").new
    clock.advance(20_000)
    assert queue.recover() == 1
    assert queue.query("SELECT count(*) FROM job WHERE status = 'ready'") == [(2,)]


def test_a_job_that_is_over_makes_room_however_it_ends(queue: Queue) -> None:
    queue.enqueue("k", unique="x")
    done(queue)
    cancelled = queue.enqueue("k", unique="x")
    queue.cancel(cancelled.id)
    dead = queue.enqueue("k", unique="x", max_attempts=1)
    fail(queue, claimed(queue))
    assert [dead.new, queue.enqueue("k", unique="x").new] == [True, True]


def test_the_work_of_a_dead_job_is_about_what_it_was_about(queue: Queue) -> None:
    queue.enqueue("k", unique="x", max_attempts=1)
    fail(queue, claimed(queue))
    newer = queue.enqueue("k", unique="x")
    with pytest.raises(BadRequest, match=rf"job 1: job {newer.id} is about the same, 'x', and"):
        queue.retry(1)
    queue.cancel(newer.id)
    assert queue.retry(1).new
    assert not queue.retry(1).new
    assert queue.enqueue("k", unique="x").kept_out


def test_in_a_transaction_the_refusal_takes_nothing_back(queue: Queue) -> None:
    queue.enqueue("k", unique="x")
    with queue.transaction() as t:
        assert queue.enqueue("k", within=t).new
        assert queue.enqueue("k", unique="x", within=t).kept_out
    assert queue.query("SELECT count(*) FROM job") == [(2,)]


# ---------------------------------------------------------------- what it is about
def test_what_a_forgotten_job_was_about_is_said_by_those_that_are_left(
    retaining: Queue, clock: HandClock, queue: Queue
) -> None:
    retaining.enqueue("k", unique="x")
    done(retaining)
    clock.advance(1_000)
    retaining.enqueue("k", unique="x")
    clock.advance(3_600_000 - 1_000)
    assert retaining.prune() == 1
    assert retaining.enqueue("k", unique="x").kept_out
    done(retaining)
    clock.advance(3_600_000)
    assert retaining.prune() == 1
    assert retaining.enqueue("k", unique="x").new


@pytest.mark.parametrize("seed", range(3))
def test_whatever_is_done_one_is_in_the_queue_of_those_that_keep_others_out(
    queue: Queue, clock: HandClock, seed: int
) -> None:
    """A dictionary says who keeps others out of what."""
    chance, holder = Random(seed), dict[str, int]()
    until: dict[int, str] = {}
    for _ in range(60):
        match chance.choice(["put in", "put in", "claim", "fail", "recover", "cancel"]):
            case "put in":
                subject, how = chance.choice("xyz"), chance.choice(["over", "claimed"])
                made = queue.enqueue("k", unique=subject, unique_until=how)
                assert made.new is (subject not in holder)
                assert made.kept_out is not made.new
                assert made.id == holder.setdefault(subject, made.id)
                until.setdefault(made.id, how)
            case "claim" | "fail" as what if queue.line.first(queue.store.own, ["k"]):
                attempt = claimed(queue)
                gone = attempt.id
                if what == "fail":
                    fail(queue, attempt)
                    ((status,),) = queue.query("SELECT status FROM job WHERE id = ?", (gone,))
                else:
                    finished(queue, attempt)
                    status = "done"
                if status in ("done", "dead") or until[gone] == "claimed":
                    holder = {s: n for s, n in holder.items() if n != gone}
            case "recover":
                clock.advance(20_000)
                queue.recover()
            case "cancel" if holder:
                subject = chance.choice(sorted(holder))
                queue.cancel(holder.pop(subject))
    found = queue.query("SELECT subject, id FROM job WHERE keeps_out IS NOT NULL")
    assert dict(found) == holder


# ---------------------------------------------------------------- the guard
def test_the_statement_that_puts_in_asks_itself(queue: Queue) -> None:
    queue.enqueue("k", unique="x")
    carried = {"key": "two", "kind": "k", "timeout_ms": 1, "claimed_before": 0, "payload": "1"}
    client = newcomer(queue.store.design, Job, 1)
    with queue.transaction() as t:
        t.new(Job)
        t.take("send", client)
        outcome = t.take(
            "enqueue", client, world={"content": False, "free": 2}, beside=Beside(carried),
            lasts={"due": 0}, d=0, u=0, whole=False,
        )  # fmt: skip
    assert outcome == Refused("vacant")


# ---------------------------------------------------------------- what cannot be
@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"unique": ""}, "unique: is empty"),
        ({"unique": 7}, "unique: is of type int"),
        ({"unique": "x" * 501}, "unique: has 501 bytes"),
        ({"unique_until": "done"}, "unique_until: is 'done'; choose over or claimed"),
    ],
)
def test_what_nothing_can_be_about_is_refused(
    queue: Queue, given: dict[str, str], said: str
) -> None:
    with pytest.raises(BadRequest, match=said):
        queue.enqueue("k", **given)  # type: ignore[arg-type]
    assert queue.query("SELECT count(*) FROM job") == [(0,)]


def test_at_the_command_line_it_is_said_who_keeps_it_out(
    queue: Queue, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(2):
        said = ["k", "--unique", "x", "--unique-until", "claimed", "--key", "one"]
        assert main(["queue", "enqueue", str(file), *said]) == 0
    assert main(["queue", "enqueue", str(file), "k", "--unique", "x"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "job 1 is in the queue, under the key one",
        "job 1 was in the queue already, under the key one",
        "job 1 is about the same, and keeps this one out; it is in the queue, under the key one",
    ]
    assert main(["queue", "enqueue", str(file), "k", "--unique-until", "x"]) == 2
