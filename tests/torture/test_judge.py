"""The judge is judged: what is laid hands on after a torture, in the queue or the ledger, it names.

One small torture is run for all of these; each case changes a copy of what it left.
"""

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import apsw
import pytest

from checker.torture.acts.conditions import DATABASE, open_queue
from checker.torture.acts.ledger import Ledger
from checker.torture.acts.plan import Plan
from checker.torture.run import Torture
from checker.torture.verdict.both_sides import Books, Claim, Effect, Task, books
from checker.torture.verdict.counts import Counts
from checker.torture.verdict.differences import ACCOUNTS, effects
from checker.torture.verdict.judge import judge, processes
from impl.queue import Queue
from impl.sqlite.scribe import write_down

PLAN = Plan(seed=4, jobs=60, kills=0, pauses=0, workers=3, lease_ms=300)


@pytest.fixture(scope="module")
def left(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a torture without a blow has left; nothing is wrong with it."""
    folder = tmp_path_factory.mktemp("torture")
    torture = Torture(folder, PLAN)
    assert torture.run(120, lambda _: None), torture.progress()
    found = judge(folder, PLAN, torture.counts, torture.queue)
    torture.queue.close()
    assert found.wrong == []
    return folder


@pytest.fixture
def folder(left: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(left, tmp_path / "copy"))


def opened(folder: Path) -> Queue:
    return open_queue(folder / DATABASE, folder, PLAN.lease_ms)


def wrong(folder: Path) -> list[str]:
    """Return where ledger and queue differ."""
    with opened(folder) as queue:
        kept = books(folder, queue)
    return [text for account in ACCOUNTS for text in account(PLAN, kept)]


def change(folder: Path, sql: str) -> None:
    """Lay hands on the queue, whatever its schema forbids; one row must be changed."""
    with closing(apsw.Connection(str(folder / DATABASE))) as other:
        other.pragma("ignore_check_constraints", 1)
        write_down(other, False)
        other.execute(sql)
        assert other.changes() == 1, sql


JOB = "(SELECT min(id) FROM job WHERE kind = '{}' AND status = '{}')"
WRITTEN, STEPPED, SENDER = (JOB.format(kind, "done") for kind in ("write", "steps", "send"))
DEAD = """\
(SELECT min(id) FROM job
 WHERE reason = 'failures' AND id NOT IN (SELECT retry_of FROM job WHERE retry_of))"""
LATEST = "(SELECT max(seq) + 1 FROM trace)"

IN_THE_QUEUE = {
    "is lost: a producer was told": f"DELETE FROM job WHERE id = {WRITTEN}",
    "was never asked for": f"UPDATE job SET key = 'another' WHERE id = {WRITTEN}",
    "is another job than": f"UPDATE job SET payload = 'null' WHERE id = {WRITTEN}",
    "ended as ready": f"UPDATE job SET status = 'ready' WHERE id = {STEPPED}",
    "ended as done": f"UPDATE job SET status = 'done', reason = 'none' WHERE id = {DEAD}",
    "ended as dead, by cancelled": f"UPDATE job SET reason = 'cancelled' WHERE id = {DEAD}",
    "is not done, and its worker": f"UPDATE job SET status = 'dead' WHERE id = {STEPPED}",
    "was retried, and nobody asked": f"UPDATE job SET retry_of = {DEAD} WHERE id = {WRITTEN}",
    "effects {}, and wanted once each: done": f"DELETE FROM effects WHERE job = {WRITTEN}",
    "'done': 2": f"""\
INSERT INTO effects (job, effect, number, pid, seq)
SELECT job, effect, number, pid, seq FROM effects WHERE job = {WRITTEN}""",
    "effects {'done': 1}, and wanted once each: none": f"""\
INSERT INTO effects (job, effect, number, pid, seq) VALUES ({DEAD}, 'done', 1, 1, 1)""",
    "'made up': 1": f"""\
INSERT INTO effects (job, effect, number, pid, seq) VALUES ({WRITTEN}, 'made up', 1, 1, 1)""",
    "is that of job 999, which is not there": f"UPDATE effects SET job = 999 WHERE job = {WRITTEN}",
    "when its claim was over": f"UPDATE effects SET seq = {LATEST} WHERE job = {WRITTEN}",
    "is lost: its handler knows of it": f"""\
DELETE FROM effects WHERE job = {STEPPED} AND effect = 'first'""",
    "was never sent": f"DELETE FROM outbox WHERE job = {SENDER}",
    "sent 0 messages, not 1": f"DELETE FROM outbox WHERE job = {SENDER}",
    "is not what was delivered": f"UPDATE outbox SET body = 'null' WHERE job = {SENDER}",
    "nobody was told that job": f"UPDATE job SET reason = 'interruptions' WHERE id = {DEAD}",
}


@pytest.mark.parametrize("said", IN_THE_QUEUE)
def test_a_change_of_the_queue_behind_its_back_is_named(folder: Path, said: str) -> None:
    change(folder, IN_THE_QUEUE[said])
    assert any(said in text for text in wrong(folder)), wrong(folder)


Line = dict[str, Any]


def without(event: str) -> Callable[[list[Line]], Iterator[Line]]:
    """Return what leaves out the lines of the first thing that an event is about."""

    def rewrite(lines: list[Line]) -> Iterator[Line]:
        first = next(line for line in lines if line["event"] == event)
        about = {name: first[name] for name in ("job", "key") if name in first}
        for line in lines:
            if line["event"] != event or not about.items() <= line.items():
                yield line

    return rewrite


def again(event: str, **other: Any) -> Callable[[list[Line]], Iterator[Line]]:
    """Return what says the first such event once more, in other words."""

    def rewrite(lines: list[Line]) -> Iterator[Line]:
        yield from lines
        yield next(line for line in lines if line["event"] == event) | other

    return rewrite


def said(event: str, **what: Any) -> Callable[[list[Line]], Iterator[Line]]:
    """Return what adds a line."""

    def rewrite(lines: list[Line]) -> Iterator[Line]:
        yield from lines
        yield {"event": event, "at": 0.0, "by": 1, **what}

    return rewrite


IN_THE_LEDGER = {
    "was never delivered": without("delivered"),
    "nobody was told that job": without("told"),
    "was never asked for": without("asks"),
    "saw other results": again("seen", result=["another"]),
    "did not die of": said("told", job=999, reason="failures"),
    "is not done, and its worker was told": said("ended", job=999, number=1, how="done"),
    "tokens that do not grow": again("begun", number=99, token=[1, 0]),
    "message made up was never sent": said("delivered", key="made up", job=1, body=None),
    "'other' of job 1 is lost": said("made", job=1, effect="other"),
    "is lost: a producer was told that it retries": said(
        "answered", what="retry", job=1, answer=[999, True, False]
    ),
    "x was kept out by job 1, which is not about the same": said(
        "answered", what="enqueue", key="x", kind="k", payload=1, about="a", answer=[1, 0, 1]
    ),
    "x is lost": said(
        "answered", what="enqueue", n=1, key="x", kind="k", payload=1, answer=[9, 1, 0]
    ),
    "x was refused": said("refused", what="enqueue", n=1, key="x", kind="k", payload=1, why="so"),
}


@pytest.mark.parametrize("said", IN_THE_LEDGER)
def test_an_answer_that_the_queue_does_not_keep_is_named(folder: Path, said: str) -> None:
    ledger = Ledger(folder)
    lines = list(IN_THE_LEDGER[said](ledger.news()))
    ledger.path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert any(said in text for text in wrong(folder)), wrong(folder)


def test_two_new_jobs_two_ends_and_a_job_that_was_cancelled_in_vain_are_named(
    folder: Path,
) -> None:
    ledger = Ledger(folder)
    lines = ledger.news()
    new = next(line for line in lines if line["event"] == "answered" and line["answer"][1])
    done = next(line for line in lines if line["event"] == "ended" and line["how"] == "done")
    ledger.write("answered", **{name: new[name] for name in new.keys() - {"event", "at", "by"}})
    ledger.write("ended", job=done["job"], number=done["number"], how="done")
    ledger.write("answered", what="cancel", job=done["job"], answer=None)
    assert wrong(folder) == [
        f"{new['key']} was new 2 times",
        f"job {done['job']}, which is done, was cancelled: so it was told",
        f"2 attempts of job {done['job']} were told that it is done",
    ]


def test_what_the_spec_and_the_detectors_say_belongs_to_the_verdict(folder: Path) -> None:
    change(folder, f"UPDATE job SET recorded = 0 WHERE id = {WRITTEN}")
    with opened(folder) as queue:
        found = judge(folder, PLAN, Counts(), queue)
    assert found.wrong[0] == (
        "FM-022b done_without_evidence is detected: 1 found, first "
        + ", ".join(map(str, found.alarms[0].first))
    )
    assert found.wrong[1] == "the run is no behaviour of the spec:"
    assert not found.as_json()["ok"]


# ---------------------------------------------------------------- made-up books


def test_a_job_that_died_of_interruptions_after_a_step_has_rightly_one_effect() -> None:
    def account(*made: str) -> list[str]:
        task = Task("steps 85", "steps", {}, None, "dead", "interruptions")
        rows = [Effect(1, name, 1, 5) for name in made]
        return list(effects(PLAN, Books(Empty(), {1: task}, rows, {}, {1: [Claim(1, 4, 9)]})))

    assert account() == account("first") == account("first", "second") == []
    assert account("first", "first") == [
        "job 1, steps 85: effects {'first': 2}, and wanted once each: none"
    ]
    assert account("done") == ["job 1, steps 85: effects {'done': 1}, and wanted once each: none"]


class Empty(dict[str, list[dict[str, Any]]]):
    def __missing__(self, event: str) -> list[dict[str, Any]]:
        return []


def test_a_step_that_a_retry_does_again_is_found() -> None:
    tasks = {
        1: Task("steps 1", "steps", {}, None, "dead", "failures"),
        2: Task("steps 1/retry", "steps", {}, 1, "done", "none"),
    }
    claims = {1: [Claim(1, 1, 9)], 2: [Claim(1, 10, 19)]}
    once = [Effect(1, "first", 1, 5), Effect(2, "second", 1, 11), Effect(2, "done", 1, 15)]
    assert list(effects(PLAN, Books(Empty(), tasks, once, {}, claims))) == []
    twice = [*once, Effect(2, "first", 1, 12)]
    (said,) = effects(PLAN, Books(Empty(), tasks, twice, {}, claims))
    assert said.startswith("job 1, steps 1: effects {'first': 2, ")


def test_a_worker_may_give_up_only_while_something_keeps_it_from_the_store() -> None:
    counts = Counts()
    for line in (
        {"event": "weather", "at": 100.0, "what": "full", "seconds": 1.0},
        {"event": "leaves", "by": 4},
        {"event": "gave up", "by": 1, "at": 101.5, "why": "disk"},
        {"event": "gave up", "by": 2, "at": 99.0, "why": "early"},
        {"event": "gave up", "by": 3, "at": 109.0, "why": "late"},
        {"event": "gave up", "by": 4, "at": 109.0, "why": "was forked"},
        {"event": "broke", "pid": 7, "why": "it raised KeyError"},
    ):
        counts.note(line)
    assert list(processes(PLAN, counts)) == [
        "process 7 broke: it raised KeyError",
        "a worker gave up when nobody kept it from the store: early",
        "a worker gave up when nobody kept it from the store: late",
    ]
