"""A real run is a behaviour of the spec; one that was tampered with is not, and where."""

import json
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Any

import apsw
import pytest

from checker.conformance.validating.validate import validate
from impl.inject import HandClock
from impl.queue import Queue
from impl.working.attempt import LostClaim
from spec.queue.job import Worker as WorkerSort
from tests.conformance.tampering import (
    LEASE,
    QUICK,
    claimed,
    drop,
    finding,
    not_over,
    settle,
    swap,
    tampered,
    told,
    unseen,
    value,
)

# ---------------------------------------------------------------- what is right


def test_a_real_run_is_a_behaviour_of_the_spec(run: Path) -> None:
    verdict = validate(str(run))
    assert verdict.finding is None
    assert (verdict.rows, verdict.steps) == (16, 16 + 9 + 6)
    # 3 sends, 1 look, 4 starts, 1 abandon; and a lease and 5 times run out, which no row says
    assert verdict.jobs == {"claimed": 1, "dead": 1, "done": 1}
    assert verdict.processes == 3


def test_a_queue_that_was_never_used_is_one_too(tmp_path: Path) -> None:
    Queue(tmp_path / "queue.db", clock=HandClock()).close()
    assert validate(str(tmp_path / "queue.db")).finding is None


def test_jobs_that_are_cancelled_or_tried_again_are_in_order_too(tmp_path: Path) -> None:
    file = tmp_path / "queue.db"
    with Queue(file, clock=HandClock(), lease_ms=LEASE, backoff=QUICK) as queue:
        for n in (1, 2, 3):
            queue.enqueue("k", n, max_attempts=1)
        queue.cancel(2)
        held = claimed(queue, queue.process(WorkerSort))
        queue.cancel(1)
        with pytest.raises(LostClaim):
            settle(queue, held.finish)
        failing = claimed(queue, queue.process(WorkerSort))
        settle(queue, lambda t: failing.fail(t, "boom"))
        queue.retry(3)
    verdict = validate(str(file))
    assert verdict.finding is None
    assert verdict.jobs == {"dead": 3, "ready": 1}


# ---------------------------------------------------------------- what is not


@pytest.mark.parametrize(
    ("changes", "where", "kind", "what"),
    [
        (["DELETE FROM trace WHERE seq = 8"], (9, None), "order", "row 8 is missing before it"),
        (drop(8), (8, None), "guard", "second is false"),
        (swap(8, 9), (8, None), "guard", "second is false"),
        (swap(6, 7), (6, None), "order", "unseen steps of its process"),
        ([value(14, "after", "token[job1]", "3")], (14, None), "field", "token[job1] after it"),
        ([value(14, "before", "token[job1]", "0")], (14, None), "field", "token[job1] before it"),
        ([value(14, "after", "held[worker2]", "1")], (14, None), "field", "held[worker2] after it"),
        ([value(8, "after", "second[job1]", "1")], (8, None), "field", "second[job1] after it"),
        ([value(5, "after", "seen[recoverer3]", '"job2"')], (5, None), "field", "seen[recoverer3]"),
        ([value(5, "before", "lease[job1]", '"live"')], (5, None), "field", "lease[job1] be"),
        ([told(4, "before", "due[job1]")], (4, None), "guard", "due is false"),
        (["UPDATE trace SET actor = 'worker1' WHERE seq = 8"], (8, None), "field", "actor"),
        ([unseen(11, 1, 4)], (11, 4), "guard", "lost is false"),
        ([unseen(12, 0, 10)], (12, 10), "order", "was read before row 11"),
        ([unseen(7, 0, 5)], (7, 5), "guard", "it has no job to speak of"),
        ([unseen(12, 0, 12)], (12, None), "order", "unseen steps of its process"),
        ([unseen(5, 0, 3)], (5, 3), "guard", "expired is false"),
        ([not_over(5, 0)], (5, 4), "guard", "expired is false"),
        (["UPDATE trace SET action = 'steal' WHERE seq = 5"], (5, None), "unreadable", "no action"),
        (["UPDATE trace SET params = '[]' WHERE seq = 5"], (5, None), "unreadable", "parameters"),
        (["UPDATE trace SET after = '7' WHERE seq = 5"], (5, None), "unreadable", "changes"),
        (["UPDATE process SET sort = 'Recoverer' WHERE id = 1"], (4, None), "process", "worker1"),
    ],
)  # fmt: skip
def test_the_first_step_that_is_not_allowed_is_named(
    run: Path, tmp_path: Path, changes: list[str], where: tuple[int, Any], kind: str, what: str
) -> None:
    found = finding(tampered(run, tmp_path, *changes))
    assert found.position is not None
    assert (found.position.seq, found.position.after) == where, found
    assert found.kind == kind
    assert what in found.what


@pytest.mark.parametrize(
    ("changes", "kind", "what"),
    [
        (["DELETE FROM trace WHERE seq = 16"], "table", "status[job1]"),
        (["UPDATE job SET max_fails = 2 WHERE id = 2"], "table", "max_fails[job2]"),
        (["INSERT INTO outbox (key, job, topic, body) VALUES ('a', 3, 't', '1')"], "table", "a"),
    ],
)
def test_tables_that_are_not_where_the_trace_leads_are_named(
    run: Path, tmp_path: Path, changes: list[str], kind: str, what: str
) -> None:
    found = finding(tampered(run, tmp_path, *changes))
    assert found.position is None
    assert found.kind == kind
    assert what in found.what


def test_it_is_said_what_was_read_and_what_was_possible_instead(run: Path, tmp_path: Path) -> None:
    found = finding(tampered(run, tmp_path, *swap(8, 9)))
    assert found.values == {"progress[worker2]": "first"}
    mine = ("heartbeat", "start", "write_second", "settle_failed", "settle_released")
    assert set(found.possible) == {f"{action}(worker2)" for action in mine}
    assert found.elsewhere == 9
    found = finding(tampered(run, tmp_path, unseen(11, 1, 4)))
    assert found.values["token[job1]"] == found.values["held[worker1]"] == 1
    assert found.elsewhere == 5
    found = finding(tampered(run, tmp_path, value(14, "after", "token[job1]", "3")))
    assert (found.want, found.got) == (2, 3)
    assert found.possible[0] == "claim(worker2, job1)"


def test_no_row_can_be_dropped_in_silence(run: Path, tmp_path: Path) -> None:
    for seq in range(1, 17):
        found = finding(tampered(run, tmp_path, *drop(seq)))
        assert found.position is None or found.position.seq >= seq


TIMERS = ("lease[", "deadline[", "due[")


@pytest.mark.deep
def test_no_value_can_be_changed_in_silence(run: Path, tmp_path: Path) -> None:
    with closing(apsw.Connection(str(run))) as opened:
        rows = opened.execute("SELECT seq, before, after FROM trace").fetchall()
    random, tried = Random(seed := 5), 0
    for seq, *sides in rows:
        for side, text in zip(("before", "after"), sides, strict=True):
            for place, old in json.loads(str(text)).items():
                new = random.choice([v for v in (0, 1, 2, 7, True, "ready", None) if v != old])
                if "max_" in place and side == "after" and isinstance(new, int):
                    new = 0  # other budgets could have been chosen, and the table will tell
                change = value(int(str(seq)), side, place, json.dumps(new))
                found = finding(tampered(run, tmp_path, change))
                assert found.position is not None, f"seed {seed}"
                kinds = ["field"]
                if side == "before" and place.startswith(TIMERS):
                    kinds.append("guard")  # a timer that is not over may be asked for
                assert found.position.seq == seq, f"seed {seed}: {change}"
                assert found.kind in kinds, f"seed {seed}: {change}"
                tried += 1
    assert tried > 100


def test_another_budget_is_told_by_the_table(run: Path, tmp_path: Path) -> None:
    found = finding(tampered(run, tmp_path, value(2, "after", "max_fails[job2]", "5")))
    assert (found.position, found.what, found.want, found.got) == (None, "max_fails[job2]", 5, 1)
