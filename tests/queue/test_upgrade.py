"""A file of another spec, or of an older schema, is taken over whole, or it is said why it cannot
be and nothing is changed.
"""

import io
import json
import multiprocessing
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from random import Random

import apsw
import pytest
from apsw.shell import Shell

from checker.commands.main import main
from checker.conformance.validate import Verdict, validate
from impl import outline, report
from impl.attempt import Attempt
from impl.derive import Design
from impl.files import StoreError
from impl.queue import Queue
from impl.tasks import design, queue_of
from impl.upgrade import upgrade
from impl.worker import Worker
from spec.language.edits import find, without
from spec.language.expr import Const
from spec.language.model import Field, Spec
from spec.language.types import Enum, Nat
from spec.queue.job import Job, Reason
from spec.queue.job import Worker as WorkerSort
from tests.clocks import HandClock
from tests.older import WHOLE, called, forge, more, retyped

VERSION_2 = Path(__file__).with_name("version-2.sql")
FORK = multiprocessing.get_context("fork")

URGENT = more(Field("urgency", Job, Nat(3), Const(0, Nat(3)), "durable", "how soon"))
LAX = without(WHOLE, "heartbeat.in_time")
Reasons = type("Reasons", (Enum,), dict(Reason.members) | {"expired": "it came too late"})
MORE_REASONS = retyped("reason", type=Reasons)
FEWER_REASONS = retyped(
    "reason", type=type("Few", (Enum,), {m: "" for m in Reason.members if m != "cancelled"})
)
TRUSTING = WHOLE.edited(
    "trusting",
    properties={n: p for n, p in WHOLE.properties.items() if n != "no_hidden_partial_update"},
)
OLD_NAME = called("settle_failed", "give_up")

Patch = pytest.MonkeyPatch


@contextmanager
def under(spec: Spec) -> Iterator[Design]:
    """Let queues be of this spec, and be judged by it."""
    other = queue_of(spec)
    with Patch.context() as patch:
        for module in ("impl.queue", "impl.upgrade", "impl.intake", "checker.conformance.validate"):
            patch.setattr(f"{module}.design", lambda: other)
        yield other


def work(attempt: Attempt) -> None:
    attempt.result("looked", lambda: attempt.payload)
    attempt.send("mail", attempt.payload)


def fill(file: Path, clock: HandClock | None = None) -> None:
    """Put jobs of every status but claimed into a queue."""
    with Queue(file, clock=clock or HandClock()) as queue:
        queue.define("CREATE TABLE receipt (job INTEGER REFERENCES job (id), text TEXT)")
        for n in (1, 2):
            queue.enqueue("work", n, key=f"work {n}")
        Worker(queue, {"work": work}).run(until_empty=True)
        with queue.transaction() as t:
            t.execute("INSERT INTO receipt VALUES (1, 'paid')")
        queue.cancel(queue.enqueue("other").id)
        queue.enqueue("work", 3, key="work 3", max_attempts=7)
        queue.enqueue("work", 4, delay=60)


def taken_over(file: Path) -> tuple[str, ...]:
    with upgrade(file, clock=HandClock()) as found:
        found.carry_out()
        return found.changes


def refused(file: Path, clock: HandClock | None = None) -> str:
    """Return why a file cannot be taken over; it is as it was then, and nothing is beside it."""
    before, beside = contents(file), sorted(file.parent.glob("*.backup*"))
    with pytest.raises(StoreError) as wrong, upgrade(file, clock=clock or HandClock(boots=2)):
        pass
    assert contents(file) == before
    assert sorted(file.parent.glob("*.backup*")) == beside
    return str(wrong.value).removeprefix(f"{file}: ")


def contents(file: Path) -> str:
    """Return the file as text; read by our build of SQLite, for another would undo its locks."""
    said = io.StringIO()
    with closing(apsw.Connection(str(file))) as opened:
        version = opened.pragma("user_version")
        Shell(stdout=said, db=opened).process_command(".dump")  # type: ignore[no-untyped-call]
    lines = (line for line in said.getvalue().splitlines() if not line.startswith("-- "))
    return "\n".join([str(version), *lines])


def of_one_spec(file: Path, to: Design) -> None:
    """Hold the file against a new one of the same spec: not a letter of the schema differs."""
    query = (
        "SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE name NOT IN ('receipt', 'mine')"
    )
    with closing(sqlite3.connect(file)) as old, closing(sqlite3.connect(":memory:")) as new:
        new.executescript(to.schema + to.beside)
        assert sorted(map(repr, old.execute(query))) == sorted(map(repr, new.execute(query)))
        assert outline.says(to).items() <= dict(old.execute("SELECT name, value FROM meta")).items()


def goes_on(file: Path) -> Verdict:
    """Let the rest of the jobs be done, and judge the whole run."""
    clock = HandClock(date=HandClock.date + 100_000)
    with Queue(file, clock=clock) as queue:
        Worker(queue, {"work": work}).run(until_empty=True)
        assert queue.query("SELECT text FROM receipt") == [("paid",)]
    judged = validate(str(file))
    assert judged.finding is None
    return judged


# ---------------------------------------------------------------- from spec to spec
@pytest.mark.parametrize(
    ("old", "new", "change"),
    [
        (WHOLE, URGENT, "field urgency is new, and begins as 0"),
        (URGENT, WHOLE, "field urgency is gone: what it held is in the backup alone"),
        (WHOLE, LAX, "action heartbeat loses its guard in_time"),
        (LAX, WHOLE, "action heartbeat has a new guard, in_time"),
        (WHOLE, MORE_REASONS, "field reason can be expired"),
        (MORE_REASONS, WHOLE, "field reason cannot be expired"),
        (WHOLE, OLD_NAME, "action give_up is new"),
        (find(WHOLE, "weaken claim token"), WHOLE, "action lose_token is gone"),
        (WHOLE, find(WHOLE, "unfair claim"), "actions have the same names, and say something else"),
    ],
)
def test_a_file_goes_over_to_another_spec(
    tmp_path: Path, old: Spec, new: Spec, change: str
) -> None:
    file = tmp_path / "queue.db"
    with under(old):
        fill(file)
        rows = validate(str(file)).rows
    with under(new) as to:
        with pytest.raises(StoreError, match=r"was made with spec .*`ffq queue upgrade"):
            Queue(file)
        assert change in taken_over(file)
        of_one_spec(file, to)
        with Queue(file, clock=HandClock()) as queue:
            assert report.stats(queue).jobs == {"dead": 1, "done": 2, "ready": 2}
            assert report.job(queue, 1).steps == ("looked",)
            assert [past.outcome for past in report.job(queue, 2).history] == ["done"]
            assert not queue.enqueue("work", 1, key="work 1").new
        if new is not OLD_NAME:
            judged = goes_on(file)
            assert judged.jobs == {"dead": 1, "done": 4}
            assert judged.origin == rows
    with under(old):
        assert validate(f"{file}.backup-1").rows == rows


def test_an_action_by_an_older_name_is_known_again(tmp_path: Path, monkeypatch: Patch) -> None:
    file, clock = tmp_path / "queue.db", HandClock()
    with under(OLD_NAME), Queue(file, clock=clock) as queue:
        queue.enqueue("work", 1, max_attempts=1)
        worker = queue.process(WorkerSort)
        with queue.transaction() as t:
            t.take("claim", worker, j=0)
            t.take("give_up", worker, note="boom")
            queue.line.leave(t, 1)
    for module in ("impl.upgrade", "impl.report"):
        monkeypatch.setattr(f"{module}.RENAMED", {"give_up": "settle_failed"})
    with upgrade(file, clock=clock) as found:
        assert found.changes == ("action give_up is called settle_failed",)
        found.carry_out()
    with Queue(file, clock=clock) as queue:
        (past,) = report.job(queue, 1).history
        assert (past.outcome, past.note) == ("failed", "boom")
    assert validate(str(file)).finding is None


def test_a_guard_that_says_something_else_is_a_change(tmp_path: Path) -> None:
    changed = retyped("token", type=Nat(1000))
    with under(changed):
        fill(tmp_path / "queue.db")
    assert taken_over(tmp_path / "queue.db") == ("field token goes up to 200, and went up to 1000",)


def test_what_is_as_it_is_to_be_is_left_alone(tmp_path: Path) -> None:
    fill(tmp_path / "queue.db")
    before = (tmp_path / "queue.db").read_bytes()
    with upgrade(tmp_path / "queue.db") as found:
        assert found.changes == ()
    assert (tmp_path / "queue.db").read_bytes() == before
    assert list(tmp_path.glob("*.backup*")) == []


# ---------------------------------------------------------------- why it cannot be
def test_a_value_that_the_new_spec_does_not_know_is_refused(tmp_path: Path) -> None:
    fill(tmp_path / "queue.db")
    with under(FEWER_REASONS):
        assert refused(tmp_path / "queue.db") == (
            'job 3 cannot be taken over: reason cannot be "cancelled"; '
            "put that right with the ffq that made it"
        )


def test_a_row_that_breaks_an_invariant_of_the_new_spec_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "queue.db"
    with under(TRUSTING):
        fill(file)
    forge(str(file), 1, first=0)
    assert refused(file).startswith(
        "job 1 cannot be taken over: breaks INV-008 no_hidden_partial_update; "
    )


def test_an_invariant_more_is_a_change_of_the_tables(tmp_path: Path) -> None:
    file = tmp_path / "queue.db"
    with under(TRUSTING):
        fill(file)
    with pytest.raises(StoreError, match=r"if an older ffq made it, `ffq queue upgrade"):
        Queue(file)
    assert taken_over(file) == ("the tables are to be made in another way",)
    of_one_spec(file, design())
    assert goes_on(file).origin == 0


def test_a_field_of_another_kind_is_refused(tmp_path: Path) -> None:
    with under(more(Field("urgency", Job, bool, Const(False, bool), "durable", "whether soon"))):
        fill(tmp_path / "queue.db")
    with under(URGENT):
        assert "job 1 cannot be taken over: urgency has another type" in refused(
            tmp_path / "queue.db"
        )


@pytest.mark.parametrize(
    ("damage", "fact"),
    [
        ("UPDATE job SET max_fails = 5 WHERE id = 5",
         "the trace leads to max_fails[job5] = 3, and it is 5"),
        ("DELETE FROM trace WHERE seq = 2", "row 2 of the trace is missing"),
        ("UPDATE trace SET before = '{\"status[job1]\": \"dead\"}' WHERE seq = 4",
         "row 4 of the trace has status[job1] = 'dead' before it, and it was "),
        ("UPDATE trace SET after = '[]' WHERE seq = 1", "row 1 of the trace cannot be read"),
        ("DELETE FROM job WHERE id = 4", "row 4 of task belongs to a row of job that is not there"),
        ("UPDATE meta SET value = '{}' WHERE name = 'outline'",
         "was made for a spec that it does not describe"),
        ("DROP TABLE task", "has no table task"),
    ],
)  # fmt: skip
def test_a_file_that_is_not_whole_is_refused(tmp_path: Path, damage: str, fact: str) -> None:
    file = tmp_path / "queue.db"
    with under(LAX):
        fill(file)
    with closing(apsw.Connection(str(file))) as other:
        for trigger in ("rewritten", "shortened"):
            other.execute(f"DROP TRIGGER trace_is_not_{trigger}")
        other.pragma("ignore_check_constraints", 1)
        other.execute(damage)
    assert fact in refused(file)


def claimed(file: Path, clock: HandClock) -> None:
    """Leave a job behind that is claimed, and nobody to hold the file."""
    with Queue(file, clock=clock, lease_ms=10_000) as queue:
        job, worker = queue.enqueue("work").id, queue.process(WorkerSort)
        with queue.transaction() as t:
            t.take("claim", worker, j=job - 1)
            queue.line.claim(t, job, 10_000, 300_000)


def test_a_claim_whose_lease_runs_is_waited_for(tmp_path: Path) -> None:
    file, clock = tmp_path / "queue.db", HandClock()
    with under(LAX):
        claimed(file, clock)
    clock.advance(4_000)
    assert refused(file, clock=clock) == (
        "job 1 is claimed, and its lease runs for 6.0 s; "
        "let its worker finish, or wait until it is over"
    )


@pytest.mark.parametrize("over", ["the lease has run out", "the machine was started anew"])
def test_a_claim_whose_lease_is_over_is_taken_over_and_ends_as_others_do(
    tmp_path: Path, over: str
) -> None:
    file, clock = tmp_path / "queue.db", HandClock()
    with under(LAX):
        claimed(file, clock)
    if over == "the lease has run out":
        clock.advance(10_000)
    else:
        clock.reboot()
    with upgrade(file, clock=clock) as found:
        assert (found.jobs, found.lapsed) == (1, 1)
        found.carry_out()
    with Queue(file, clock=clock) as queue:
        assert queue.recover() == 1
        (past,) = report.job(queue, 1).history
        assert past.outcome == "interrupted"
    assert validate(str(file)).finding is None


@pytest.mark.parametrize("version", [1, 4])
def test_a_schema_of_another_time_is_refused(tmp_path: Path, version: int) -> None:
    fill(tmp_path / "queue.db")
    with closing(apsw.Connection(str(tmp_path / "queue.db"))) as other:
        other.pragma("user_version", version)
    remedy = "an older ffq" if version == 1 else "a newer ffq"
    fact = f"has version {version} of the schema, and this ffq knows 3; use {remedy}"
    assert refused(tmp_path / "queue.db") == fact


def test_a_table_of_the_users_that_would_keep_the_queue_from_writing_is_refused(
    tmp_path: Path,
) -> None:
    """A key was unique in version 2, so that a foreign key could name it."""
    file = tmp_path / "queue.db"
    version_2(file)
    with closing(apsw.Connection(str(file))) as other:
        other.execute("CREATE TABLE invoice (key TEXT REFERENCES task (key))")
    assert refused(file) == (
        "has a table 'invoice', which refers to 'task' otherwise than by its id; "
        "change that with the ffq that made the file"
    )


def test_a_name_that_the_user_has_taken_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "queue.db"
    version_2(file)
    with closing(apsw.Connection(str(file))) as other:
        other.execute("CREATE TABLE origin (place TEXT)")
    assert refused(file) == (
        "has something called 'origin', and so is a table of the new schema; "
        "rename it with the ffq that made the file"
    )


def test_a_trigger_of_the_users_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "queue.db"
    version_2(file)
    with closing(apsw.Connection(str(file))) as other:
        other.execute("CREATE TRIGGER mine AFTER INSERT ON task BEGIN SELECT 1; END")
    assert refused(file) == (
        "has a trigger 'mine' on the table task, where there may be none; "
        "drop it with the ffq that made the file"
    )


def test_what_the_spec_says_in_prose_is_no_difference(tmp_path: Path) -> None:
    file = tmp_path / "queue.db"
    with under(retyped("token", doc="how often it was claimed")):
        fill(file)
    with Queue(file, clock=HandClock()) as queue:
        assert report.stats(queue).jobs == {"dead": 1, "done": 2, "ready": 2}
    with upgrade(file) as found:
        assert found.changes == ()


@pytest.mark.parametrize("seed", range(4))
def test_of_damage_it_is_said_in_one_line(tmp_path: Path, seed: int) -> None:
    chance, whole = Random(seed), tmp_path / "whole.db"
    version_2(whole)
    for n in range(40):
        file, damaged = tmp_path / f"{n}.db", bytearray(whole.read_bytes())
        damaged[chance.randrange(len(damaged))] ^= 1 << chance.randrange(8)
        file.write_bytes(damaged)
        try:
            with upgrade(file, clock=HandClock(boots=2)) as found:
                found.carry_out()
        except StoreError as wrong:
            assert len(str(wrong).splitlines()) == 1
            assert file.read_bytes() == damaged
            assert not list(tmp_path.glob(f"{n}.db.backup*"))


# ---------------------------------------------------------------- from version 2
def version_2(file: Path) -> None:
    """Make the file as an ffq of that version has left it."""
    with closing(apsw.Connection(str(file))) as made:
        made.pragma("journal_mode", "wal")
        made.execute(VERSION_2.read_text(encoding="utf-8"))


def test_a_file_of_version_2_is_taken_over(tmp_path: Path) -> None:
    file, clock = tmp_path / "queue.db", HandClock(boots=2)
    version_2(file)
    with closing(apsw.Connection(str(file))) as other:
        other.execute("CREATE INDEX mine ON task (kind)")
    with pytest.raises(StoreError, match=r"has version 2 of the schema.*`ffq queue upgrade"):
        Queue(file)
    with upgrade(file, clock=clock) as found:
        assert found.changes == ("the schema is of version 3, and was of version 2",)
        assert (found.jobs, found.lapsed) == (8, 1)
        assert found.carry_out() == f"{file}.backup-1"
    of_one_spec(file, design())
    with Queue(file, clock=clock) as queue:
        assert queue.recover() == 1
        stats = report.stats(queue)
        assert (stats.jobs, stats.unsent, stats.notices) == (
            {"dead": 2, "done": 2, "ready": 4}, 1, 1,
        )  # fmt: skip
        whole = {job.id: report.job(queue, job.id) for job in report.jobs(queue)}
        assert [job.line.key for job in whole.values()] == [
            "first", "second", "bad", "given up", "waiting", "delayed", "given up",
            "left behind",
        ]  # fmt: skip
        assert whole[6].line.due == 1_900_003_600_000
        assert whole[6].payload == {"déjà": "vu"}
        assert (whole[4].retried_as, whole[7].retry_of) == (7, 4)
        assert [past.outcome for past in whole[8].history] == ["interrupted"]
        assert whole[8].steps == ("quote",)
        assert queue.retry(4).id == 7
        assert whole[3].history[0].note == "RuntimeError: no such account"
        assert whole[8].token > (1, 1)
        assert queue.query("SELECT * FROM receipt") == [(1, 7), (2, 7)]
        assert queue.query("SELECT tbl_name FROM sqlite_schema WHERE name = 'mine'") == [("task",)]
        sent: list[str] = []
        assert queue.deliver({"mail": lambda message: sent.append(message.key)}) == 1
        assert sent == ["second/mail/1"]
        assert not queue.enqueue("charge", {"account": 1}, key="first").new
        clock.advance(4_000_000)
        done: list[str] = []
        kinds = dict.fromkeys(("charge", "never"), lambda a: done.append(a.key))
        Worker(queue, kinds).run(until_empty=True)
        assert done == ["waiting", "given up", "left behind", "delayed"]
    judged = validate(str(file))
    assert (judged.finding, judged.origin) == (None, 0)


def test_schema_and_spec_can_change_at_once(tmp_path: Path) -> None:
    file, clock = tmp_path / "queue.db", HandClock(boots=2)
    version_2(file)
    with under(URGENT) as to:
        with upgrade(file, clock=clock) as found:
            assert found.changes == (
                "the schema is of version 3, and was of version 2",
                "field urgency is new, and begins as 0",
            )
            found.carry_out()
        of_one_spec(file, to)
        with Queue(file, clock=clock) as queue:
            assert queue.recover() == 1
            clock.advance(4_000_000)
            kinds = dict.fromkeys(("charge", "never"), lambda a: None)
            assert Worker(queue, kinds).run(until_empty=True) == {"done": 4}
        judged = validate(str(file))
        assert (judged.finding, judged.origin) == (None, 27)


def test_one_change_after_the_other_keeps_each_backup(tmp_path: Path) -> None:
    file, clock = tmp_path / "queue.db", HandClock()
    origins: list[int] = []
    for spec in (WHOLE, LAX, URGENT, MORE_REASONS, WHOLE):
        with under(spec):
            if spec is WHOLE and not origins:
                fill(file, clock)
            else:
                taken_over(file)
            with Queue(file, clock=clock) as queue:
                clock.advance(100_000)
                queue.enqueue("work", spec.edits)
                Worker(queue, {"work": work}).run(until_empty=True)
            judged = validate(str(file))
            assert judged.finding is None
            origins.append(judged.origin)
    assert origins == sorted(set(origins))
    assert [len(list(tmp_path.glob(f"queue.db.backup-{n}"))) for n in range(6)] == [
        0,
        1,
        1,
        1,
        1,
        0,
    ]
    with under(WHOLE), Queue(file, clock=clock) as queue:
        attempts = [past for n in range(1, 11) for past in report.job(queue, n).history]
        assert [past.outcome for past in attempts] == ["done"] * 9


def test_what_the_code_says_of_version_2_is_what_its_files_are() -> None:
    """While the spec is still the one of that time, its outline is computed and not remembered."""
    found = outline.read({"spec": "38563507c6881d02a481c841cbe44f79"})
    assert found is not None
    if design().identity["spec"] == "38563507c6881d02a481c841cbe44f79":
        assert found == outline.outline(design())


def test_a_file_of_version_2_and_of_an_unknown_spec_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "queue.db"
    version_2(file)
    with closing(apsw.Connection(str(file))) as other:
        other.execute("UPDATE meta SET value = 'f00' WHERE name = 'spec'")
    assert refused(file) == (
        "was made for a spec that it does not describe (f00); export it with the ffq that made it"
    )


# ---------------------------------------------------------------- at the same time
HOLDING = """
import sys, apsw
opened = apsw.Connection(sys.argv[1])
opened.execute("SELECT * FROM meta").fetchall()
if sys.argv[2] == "having lost its lock":
    open(sys.argv[1]).close()
print("open", flush=True)
sys.stdin.readline()
opened.execute("INSERT INTO receipt VALUES (2, 'late')")
"""


@pytest.mark.parametrize("how", ["holding its lock", "having lost its lock"])
def test_a_file_that_another_process_has_open_is_left_alone(tmp_path: Path, how: str) -> None:
    file = tmp_path / "queue.db"
    with under(LAX):
        fill(file)
    with subprocess.Popen(
        [sys.executable, "-c", HOLDING, str(file), how],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdout is not None
        other.stdout.readline()
        with pytest.raises(StoreError) as wrong, upgrade(file, clock=HandClock()):
            pass
        assert str(wrong.value) == (
            f"{file}: is open elsewhere; stop its workers and whoever else has it"
        )
        other.communicate("\n")
        assert other.returncode == 0
    taken_over(file)
    with Queue(file, clock=HandClock()) as queue:
        assert queue.query("SELECT text FROM receipt ORDER BY 1") == [("late",), ("paid",)]


def test_a_file_that_this_process_has_open_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "queue.db"
    with under(LAX), Queue(file), Queue(file) as queue:
        with under(WHOLE):
            assert refused(file).startswith("is open elsewhere")
        assert queue.enqueue("more").new


def test_meanwhile_nobody_opens_it(tmp_path: Path) -> None:
    file = tmp_path / "queue.db"
    with under(LAX):
        fill(file)
    with upgrade(file, clock=HandClock()) as found:
        opening = "import sys; from impl.queue import Queue; Queue(sys.argv[1], busy_ms=50)"
        other = subprocess.run(
            [sys.executable, "-c", opening, str(file)], capture_output=True, text=True
        )
        assert "database is locked" in other.stderr
        found.carry_out()
    Queue(file).close()


def _in_a_child(what: Callable[[], None]) -> int:
    child = FORK.Process(target=what)
    child.start()
    child.join()
    assert child.exitcode is not None
    return child.exitcode


def test_of_two_at_once_one_takes_it_over(tmp_path: Path) -> None:
    file = tmp_path / "queue.db"
    with under(LAX):
        fill(file)
    children = [FORK.Process(target=taken_over_if_need_be, args=(file,)) for _ in range(4)]
    for child in children:
        child.start()
    for child in children:
        child.join()
    assert [child.exitcode for child in children] == [0] * 4
    assert list(tmp_path.glob("*.backup-*")) == [tmp_path / "queue.db.backup-1"]
    assert goes_on(file).jobs == {"dead": 1, "done": 4}


def taken_over_if_need_be(file: Path) -> None:
    with upgrade(file, clock=HandClock(boots=2), busy_ms=60_000) as found:
        if found.changes:
            found.carry_out()


def killed(file: Path, at: int) -> bool:
    """Take the file over in a child that is killed before a statement of the transaction, counted
    from its BEGIN; return whether it came so far.
    """

    def die() -> None:
        left = at

        def count(cursor: object, sql: str, bindings: object) -> bool:
            nonlocal left
            left -= left < at or sql.startswith("BEGIN IMMEDIATE")
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return True

        apsw.connection_hooks.append(lambda opened: opened.set_exec_trace(count))
        taken_over_if_need_be(file)

    code = _in_a_child(die)
    assert code in (0, -signal.SIGKILL)
    return code != 0


def test_killed_at_any_statement_it_is_the_old_file_and_can_be_taken_over_again(
    tmp_path: Path,
) -> None:
    clock, at = HandClock(boots=2), 1
    version_2(tmp_path / "1.db")
    before = contents(tmp_path / "1.db")
    while killed(file := tmp_path / f"{at}.db", at):
        assert contents(file) == before
        with upgrade(file, clock=clock) as found:
            found.carry_out()
        with Queue(file, clock=clock) as queue:
            assert report.stats(queue).jobs == {"claimed": 1, "dead": 2, "done": 2, "ready": 3}
        assert validate(str(file)).finding is None
        at += 1
        version_2(tmp_path / f"{at}.db")
    assert at > 20
    with Queue(file, clock=clock) as queue:
        assert report.stats(queue).jobs["done"] == 2


# ---------------------------------------------------------------- from a terminal
def test_the_command_says_what_it_changes_and_does_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "queue.db"
    version_2(file)
    assert main(["queue", "list", str(file)]) == 2
    (why,) = capsys.readouterr().err.splitlines()
    assert why.endswith(f"; `ffq queue upgrade {file}` takes it over")
    assert main(["queue", "upgrade", str(file)]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "the schema is of version 3, and was of version 2",
        "claims that are open, and whose lease is over: 1",
        f"8 jobs are taken over; what the file was is kept as {file}.backup-1",
        "1 claim was ended",
    ]
    assert main(["queue", "upgrade", str(file), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "ok": True, "changes": [], "jobs": 0, "ended": 0, "backup": None,
    }  # fmt: skip
    assert main(["validate", str(file)]) == 0


def test_the_command_says_in_one_line_why_it_cannot(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "queue.db"
    fill(file)
    before = contents(file)
    with under(FEWER_REASONS):
        assert main(["queue", "upgrade", str(file)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"ffq: {file}: job 3 cannot be taken over: reason cannot be")
    assert len(err.splitlines()) == 1
    assert contents(file) == before
    assert main(["queue", "upgrade", str(tmp_path / "none.db")]) == 2
    assert "No such file" in capsys.readouterr().err
