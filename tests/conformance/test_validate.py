"""A real run is a behaviour of the spec; a run that was tampered with is not, and it is said where.

The file refuses to be tampered with, so copies are changed whose triggers are dropped.
"""

import json
import shutil
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Any

import apsw
import pytest

from checker.commands.main import main
from checker.conformance.finding import Finding
from checker.conformance.validate import validate
from impl.derive.design import derive
from impl.inject import HandClock
from impl.queue import Queue
from impl.sqlite.files import RESTORE
from impl.sqlite.scribe import write_down
from impl.sqlite.store import Store
from impl.sqlite.transaction import Process
from impl.terms.backoff import Backoff
from impl.working.attempt import Attempt, LostClaim, claim
from spec.queue import SCOPES
from spec.queue.job import Worker as WorkerSort

LEASE = 1_000
QUICK = Backoff(first_ms=1, most_ms=1)


def claim_one(queue: Queue, worker: Process) -> Attempt:
    with queue.transaction() as t:
        attempt = claim(queue, t, worker, ["k"])
    assert attempt is not None
    return attempt


def claimed(queue: Queue, worker: Process) -> Attempt:
    attempt = claim_one(queue, worker)
    attempt.start()
    return attempt


def settle(queue: Queue, how: Callable[[Any], object]) -> None:
    with queue.transaction() as t:
        how(t)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a queue with 16 rows of trace: the tests below count on each of them."""
    file, clock = tmp_path_factory.mktemp("run") / "queue.db", HandClock()
    with Queue(file, clock=clock, lease_ms=LEASE, backoff=QUICK) as queue:
        for n in (1, 2, 3):
            queue.enqueue("k", n, max_attempts=1)  # rows 1, 2 and 3
        slow, quick = queue.process(WorkerSort), queue.process(WorkerSort)
        late = claimed(queue, slow)  # row 4: job 1
        clock.advance(LEASE)
        assert queue.recover() == 1  # row 5
        clock.advance(1)
        first = claimed(queue, quick)  # row 6: job 2 was due before job 1 came back
        settle(queue, first.finish)  # rows 7 to 10
        with pytest.raises(LostClaim):
            settle(queue, late.finish)
        late.abandon()
        failing = claimed(queue, slow)  # row 11: job 3
        settle(queue, lambda t: failing.fail(t, "boom"))  # row 12
        assert queue.announce(lambda job, reason: None) == 1  # row 13
        last = claimed(queue, quick)  # row 14: job 1 once more
        settle(queue, lambda t: last.release(t, "stopping"))  # row 15
        claimed(queue, quick)  # row 16
    return file


def tampered(run: Path, folder: Path, *statements: str) -> str:
    """Return a copy that was changed by somebody who could."""
    copy = folder / "copy.db"
    shutil.copy(run, copy)
    with closing(apsw.Connection(str(copy))) as opened:
        for trigger in ("rewritten", "shortened"):
            opened.execute(f"DROP TRIGGER IF EXISTS trace_is_not_{trigger}")
        write_down(opened, False)
        for statement in statements:
            opened.execute(statement)
    return str(copy)


def finding(file: str) -> Finding:
    found = validate(file).finding
    assert found is not None
    return found


def drop(seq: int) -> list[str]:
    return [
        f"DELETE FROM trace WHERE seq = {seq}",
        f"UPDATE trace SET seq = -seq WHERE seq > {seq}",
        "UPDATE trace SET seq = -seq - 1 WHERE seq < 0",
    ]


def swap(one: int, other: int) -> list[str]:
    moves = ((-1, one), (one, other), (other, -1))
    return [f"UPDATE trace SET seq = {to} WHERE seq = {now}" for to, now in moves]


def value(seq: int, side: str, place: str, new: str) -> str:
    changed = f"""json_set({side}, '$."{place}"', json('{new}'))"""
    return f"UPDATE trace SET {side} = {changed} WHERE seq = {seq}"


def told(seq: int, side: str, place: str) -> str:
    """Let a row not tell of a place."""
    return f"""UPDATE trace SET {side} = json_remove({side}, '$."{place}"') WHERE seq = {seq}"""


def not_over(seq: int, number: int) -> str:
    """Let a step without a row not tell of the timers that it has found over."""
    return f"UPDATE trace SET unseen = json_remove(unseen, '$[{number}][3]') WHERE seq = {seq}"


def unseen(seq: int, number: int, after: int) -> str:
    changed = f"json_set(unseen, '$[{number}][0]', {after})"
    return f"UPDATE trace SET unseen = {changed} WHERE seq = {seq}"


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


# ---------------------------------------------------------------- the command


def test_the_command_says_so(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["validate", str(run)]) == 0
    assert "31 steps, 16 of them durable: a behaviour of the spec" in capsys.readouterr().out
    copy = tampered(run, tmp_path, *swap(8, 9))
    assert main(["validate", copy]) == 1
    out = capsys.readouterr().out.splitlines()
    assert out[2] == "row 8, record(worker2) of worker2: second is false"
    assert main(["validate", copy, "--json"]) == 1
    answer = json.loads(capsys.readouterr().out)
    assert (answer["ok"], answer["finding"]["position"]["seq"]) == (False, 8)


def test_a_file_that_is_no_queue_is_left_alone(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def complaint(name: str) -> str:
        assert main(["validate", str(tmp_path / name)]) == 2
        return capsys.readouterr().err

    assert "does not exist; name the file of a queue" in complaint("none.db")
    assert not (tmp_path / "none.db").exists()
    (tmp_path / "text.db").write_text("a" * 200, encoding="utf-8")
    assert "is not a database" in complaint("text.db")
    Store(derive(SCOPES["life"]), str(tmp_path / "life.db")).close()
    assert "was made with spec" in complaint("life.db")
    damaged = bytearray(run.read_bytes())
    for at in range(4096 + 100, len(damaged), 4096):
        damaged[at : at + 200] = b"?" * 200
    (tmp_path / "damaged.db").write_bytes(damaged)
    assert "damaged.db" in complaint("damaged.db")
    tampered(run, tmp_path, "UPDATE trace SET unseen = '[7]' WHERE seq = 5")
    assert "copy.db: row 5 of the trace lists" in complaint("copy.db")


# ---------------------------------------------------------------- what is damaged

BAD = "CAST(x'80ff41' AS TEXT)"


def damaged(run: Path, folder: Path, *statements: str) -> str:
    return tampered(run, folder, "PRAGMA ignore_check_constraints = 1", *statements)


@pytest.mark.parametrize(
    ("change", "where"),
    [
        (f"UPDATE trace SET actor = {BAD} WHERE seq = 9", "'actor' of row 9 of trace, byte 1"),
        (f"UPDATE trace SET note = {BAD} WHERE seq = 13", "'note' of row 13 of trace, byte 1"),
        (f"UPDATE job SET key = {BAD} WHERE id = 2", "'key' of row 2 of job, byte 1"),
        (f"UPDATE job SET kind = 'k' || {BAD} WHERE id = 3", "'kind' of row 3 of job, byte 2"),
        (f"UPDATE process SET sort = {BAD} WHERE id = 2", "'sort' of row 2 of process, byte 1"),
    ],
)
def test_text_that_is_no_utf_8_is_one_line_that_says_where(
    change: str, where: str, run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = damaged(run, tmp_path, change)
    assert main(["validate", file]) == 2
    told = f"ffq: {file}: is damaged: {where} is not UTF-8; {RESTORE}\n"
    assert capsys.readouterr() == ("", told)


@pytest.mark.parametrize("command", ["validate", "queue list", "queue stats", "queue recover"])
@pytest.mark.parametrize("column", ["name", "value"])
def test_a_file_that_cannot_say_what_it_is_is_refused(
    column: str, command: str, run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tampered(run, tmp_path, f"UPDATE meta SET {column} = {BAD} WHERE name = 'epoch'")
    assert main([*command.split(), file]) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.startswith(f"ffq: {file}: is damaged: text in it is not UTF-8; ")


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ("DELETE FROM meta WHERE name = 'epoch'", "`meta` has no epoch, though it knows a boot"),
        ("UPDATE meta SET value = 'x' WHERE name = 'epoch'", "the epoch in `meta`"),
        ("UPDATE meta SET value = '0' WHERE name = 'epoch'", "the epoch in `meta`"),
        ("UPDATE process SET pid = -1 WHERE id = 3", "a row of `process`"),
        ("INSERT INTO process VALUES (4, 'Cow', 1, NULL)", "a row of `process`"),
    ],
)
def test_what_cannot_stand_beside_the_trace_is_found(
    change: str, what: str, run: Path, tmp_path: Path
) -> None:
    found = finding(tampered(run, tmp_path, change))
    assert (found.kind, found.position, found.what) == ("table", None, what)


@pytest.mark.parametrize("bad", ["'{'", "'null'", "'7'", "'[7]'", "'{\"a\": [1]}'", BAD])
@pytest.mark.parametrize("column", ["params", "before", "after", "unseen"])
def test_a_bad_row_of_the_trace_is_told_of_by_every_command_that_reads_it(
    column: str, bad: str, run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = damaged(run, tmp_path, f"UPDATE trace SET {column} = {bad} WHERE seq = 7")
    assert main(["validate", file]) in (1, 2)
    out, err = capsys.readouterr()
    assert "row 7" in out + err or "in trace" in err
    for number in ("1", "2", "3"):
        status = main(["queue", "show", file, number])
        out, err = capsys.readouterr()
        assert status in (0, 2)
        if status == 2:
            assert out == "" and err.count("\n") == 1 and "is damaged: " in err


@pytest.mark.parametrize("column", ["key", "kind", "payload"])
@pytest.mark.parametrize("command", ["list", "show"])
def test_a_job_that_cannot_be_read_is_one_line(
    command: str, column: str, run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = damaged(run, tmp_path, f"UPDATE job SET {column} = {BAD} WHERE id = 2")
    number = ["2"] if command == "show" else []
    wanted = 0 if (command, column) == ("list", "payload") else 2
    assert main(["queue", command, file, *number]) == wanted
    if wanted:
        told = f"{file}: is damaged: text in it is not UTF-8; `ffq validate` says where"
        assert capsys.readouterr() == ("", f"ffq: {told}; {RESTORE}\n")
