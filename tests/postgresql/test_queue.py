"""A queue on a server: it does its work, and says in one line what a server can do to it."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from checker.conformance.validating.validate import validate
from impl.postgresql.trial.embedded import Server
from impl.queue import Queue
from impl.terms.outcomes import OutcomeUnknown, Refused
from impl.terms.requests import BadRequest
from impl.terms.unusable import Busy, OtherHistory, StoreError
from impl.worker import Worker
from impl.working.attempt import Attempt
from spec.queue.job import Worker as WorkerSort
from tests.postgresql.crashing import crash
from tests.stores import address
from tests.worker.looking import AT_ONCE


@pytest.fixture
def place(server: Server) -> str:
    return address(server)


@pytest.fixture
def queue(place: str) -> Iterator[Queue]:
    with Queue(place, backoff=AT_ONCE, busy_ms=300) as opened:
        yield opened


@pytest.fixture
def other(server: Server, place: str, queue: Queue) -> Iterator[psycopg.Connection]:
    """Return a connection of somebody else, to the schema of the queue."""
    with server.connect() as opened:
        opened.execute(f"SET search_path = {place.partition('#')[2]}")
        yield opened


def cut_off(other: psycopg.Connection) -> None:
    """Let the server drop every connection but this one."""
    other.execute(
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
        " AND backend_type = 'client backend'"
    )


def test_work_is_done_once_and_what_happened_is_a_behaviour_of_the_spec(
    queue: Queue, place: str
) -> None:
    queue.define("CREATE TABLE ledger (what text UNIQUE)")
    for _ in range(2):  # asking twice is asking once
        queue.enqueue("pay", 7, key="seven")
    queue.enqueue("fail", max_attempts=2)
    delivered: list[Any] = []
    died: list[tuple[int, str]] = []

    def pay(attempt: Attempt) -> None:
        attempt.once("step", ("INSERT INTO ledger VALUES (?)", ("step",)))
        attempt.write("INSERT INTO ledger VALUES (?)", f"pay {attempt.payload}")
        attempt.send("mail", {"to": "Ann"})

    def fail(_: Attempt) -> None:
        raise ValueError("no\0pe")

    worker = Worker(
        queue,
        {"pay": pay, "fail": fail},
        receivers={"mail": lambda message: delivered.append(message.body)},
        on_death=lambda job, why: died.append((job, why)),
    )
    assert worker.run(until_empty=True) == {"done": 1, "failed": 2}
    assert sorted(queue.query("SELECT what FROM ledger")) == [("pay 7",), ("step",)]
    assert (delivered, [why for _, why in died]) == ([{"to": "Ann"}], ["failures"])
    verdict = validate(place)
    assert verdict.finding is None
    assert verdict.jobs == {"dead": 1, "done": 1}


# ---------------------------------------------------------------- what others do to it
def test_a_row_that_no_step_changes_is_not_changed(queue: Queue, other: psycopg.Connection) -> None:
    queue.enqueue("k")
    for change in ("UPDATE job SET kind = 'other'", "DELETE FROM job"):
        with pytest.raises(psycopg.errors.RaiseException, match="by no step"):
            other.execute(change)
    with pytest.raises(psycopg.errors.RaiseException, match="append-only"):
        other.execute("DELETE FROM trace")


@pytest.mark.parametrize(
    ("sql", "why"),
    [
        ("UPDATE job SET kind = 'other'", "would write 'job'"),
        ("WITH x AS (DELETE FROM outbox RETURNING 1) SELECT * FROM x", "would write 'outbox'"),
        ("INSERT INTO meta VALUES ('epoch', '9')", "would write 'meta'"),
        ("DELETE FROM incarnation", "would write 'incarnation'"),
        ("DROP TABLE paused", "would change a table"),
        ("ALTER TABLE job DISABLE TRIGGER ALL", "would change a table"),
        ("ALTER TABLE job ADD COLUMN mine text", "would change a table"),
        ("CREATE RULE x AS ON INSERT TO trace DO INSTEAD NOTHING", "would change a table"),
    ],
)
def test_a_statement_of_users_leaves_alone_what_is_the_queues_own(
    queue: Queue, sql: str, why: str
) -> None:
    queue.enqueue("k")
    with pytest.raises(BadRequest, match="was taken back"), queue.transaction() as t:
        # What the step that is refused would have been must not be taken for this one.
        assert t.take("notify", j=0) == Refused("due")
        with pytest.raises(BadRequest, match=f"{why}.*; leave it be"):
            t.execute(sql)
        t.execute("SELECT 1")
    assert queue.query("SELECT kind FROM job") == [("k",)]


def test_a_table_of_users_may_refer_to_a_job(queue: Queue) -> None:
    queue.define("CREATE TABLE mine (job bigint REFERENCES job (id))")
    job = queue.enqueue("k").id
    with queue.transaction() as t:
        t.execute("INSERT INTO mine VALUES (?)", (job,))
        t.take("cancel", j=job - 1)
    assert queue.query("SELECT status FROM job JOIN mine ON mine.job = job.id") == [("dead",)]


@pytest.mark.parametrize("sql", ["COMMIT", "/* x */ rollback", "-- x\nSET lock_timeout = 0", ""])
def test_what_would_end_a_transaction_is_refused(queue: Queue, sql: str) -> None:
    with queue.transaction() as t, pytest.raises(BadRequest, match="is no statement for"):
        t.execute(sql)


def test_of_two_statements_in_one_none_is_run(queue: Queue) -> None:
    with pytest.raises(psycopg.errors.SyntaxError), queue.transaction() as t:
        t.execute("CREATE TABLE one (); COMMIT")
    assert queue.query("SELECT to_regclass('one')") == [(None,)]


def test_a_query_that_writes_is_refused(queue: Queue) -> None:
    with pytest.raises(BadRequest, match="writes, and this may only read"):
        queue.query("CREATE TABLE one ()")


def test_a_gap_in_the_trace_is_found(queue: Queue, place: str, other: psycopg.Connection) -> None:
    queue.enqueue("k")
    Worker(queue, {"k": lambda _: None}).run(until_empty=True)
    other.execute("SET session_replication_role = replica")
    other.execute("DELETE FROM trace WHERE action = 'claim'")
    finding = validate(place).finding
    assert finding is not None
    assert (finding.kind, finding.what) == ("order", "version 2 of job1 is missing")


def test_two_who_take_themselves_for_one_process_are_found(
    queue: Queue, place: str, other: psycopg.Connection
) -> None:
    queue.enqueue("k")
    Worker(queue, {"k": lambda _: None}).run(until_empty=True)
    other.execute("SET session_replication_role = replica")
    other.execute("UPDATE trace SET nth = 1 WHERE action = 'settle_done'")
    finding = validate(place).finding
    assert finding is not None
    assert (finding.kind, finding.what) == ("order", "row 1 of worker1 is there twice")


def test_a_step_that_never_was_is_found(
    queue: Queue, place: str, other: psycopg.Connection
) -> None:
    queue.enqueue("k")
    Worker(queue, {"k": lambda _: None}).run(until_empty=True)
    other.execute("SET session_replication_role = replica")
    other.execute("""UPDATE trace SET after = '{"status[job1]": "dead"}' WHERE action = 'claim'""")
    finding = validate(place).finding
    assert finding is not None
    assert (finding.kind, finding.what) == ("field", "status[job1] after it")


# ---------------------------------------------------------------- what a server does to it
def test_a_connection_that_is_dropped_takes_back_what_it_had_not_committed(
    queue: Queue, other: psycopg.Connection
) -> None:
    with pytest.raises(StoreError, match="try again"), queue.transaction() as t:
        queue.enqueue("k", key="lost", within=t)
        cut_off(other)
        queue.enqueue("k", key="not asked", within=t)
    queue.enqueue("k", key="kept")
    assert queue.query("SELECT key FROM job") == [("kept",)]


def test_a_commit_that_the_server_never_got_was_none(
    queue: Queue, other: psycopg.Connection
) -> None:
    worker = queue.process(WorkerSort)
    with pytest.raises(StoreError, match="COMMIT failed"), queue.transaction() as t:
        queue.enqueue("k", within=t)
        cut_off(other)
    assert queue.query("SELECT id FROM job") == []
    assert worker.doubt is None


def test_a_commit_whose_answer_is_lost_took_place(
    queue: Queue, other: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    execute = psycopg.Connection.execute

    def lost(self: Any, sql: Any, *values: Any, **how: Any) -> Any:
        done = execute(self, sql, *values, **how)
        if sql == "COMMIT" and self is not other:
            monkeypatch.undo()
            cut_off(other)
            raise psycopg.OperationalError("the connection is lost")
        return done

    monkeypatch.setattr(psycopg.Connection, "execute", lost)
    assert queue.enqueue("k", key="once").new
    assert queue.query("SELECT key FROM job") == [("once",)]


def test_of_a_commit_without_a_step_nobody_knows(queue: Queue, other: psycopg.Connection) -> None:
    queue.define("CREATE TABLE mine (x text)")
    with pytest.raises(OutcomeUnknown, match="COMMIT failed"), queue.transaction() as t:
        t.execute("INSERT INTO mine VALUES ('x')")
        cut_off(other)


def test_whoever_waits_too_long_for_a_row_is_told_that_it_is_locked(
    queue: Queue, other: psycopg.Connection
) -> None:
    queue.enqueue("k")
    with other.transaction():
        other.execute("SELECT 1 FROM job FOR UPDATE")
        with pytest.raises(Busy, match="lock timeout"):
            queue.cancel(1)
    queue.cancel(1)


def test_after_a_crash_a_history_begins_and_what_was_claimed_is_lost() -> None:
    with Server() as server:
        with Queue(address(server), lease_ms=60_000) as queue:
            queue.enqueue("k")
            place = queue.store.address
            worker = queue.process(WorkerSort)
            with queue.transaction() as t:
                t.take("claim", worker, j=0, world={"known": True}, lasts={"lease": 60_000})
            crash(server)
            with pytest.raises(OtherHistory, match="has crashed"):
                queue.enqueue("k")
        with Queue(place) as queue:
            assert queue.epoch > 1
            assert queue.recover() == 1
        assert validate(place).finding is None


# ---------------------------------------------------------------- where it cannot be
@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("postgresql://ffq@/postgres?host={}#Jobs", "#Jobs: is no name of a schema"),
        ("postgresql://ffq@/postgres?host={}#public", "is a schema of another program"),
        ("postgresql://ffq@/nosuch?host={}", 'database "nosuch" does not exist'),
        ("postgresql://nobody@/postgres?host={}", 'role "nobody" does not exist'),
        ("postgresql://x:se:secret@127.0.0.1:1/d", "x@127.0.0.1:1/d#ffq: .* Connection refused"),
        ("mysql://x:secret@127.0.0.1/d", "mysql://: keeps no queue; name a file, or postgresql://"),
        ("postgresql://a b", "address: .*; write postgresql://"),
        ("postgresql:///d?connect_timeout=soon", "bad value for connect_timeout"),
        ("postgresql:///d?password=secret&host=/none", r"/d\?host=/none#ffq: .* No such file"),
    ],
)
def test_what_is_no_place_for_a_queue_is_said_in_one_line(
    server: Server, said: str, why: str
) -> None:
    with pytest.raises((StoreError, BadRequest), match=why) as refused:
        Queue(said.format(server.folder))
    assert "secret" not in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_schema_of_another_spec_is_left_alone(
    queue: Queue, place: str, other: psycopg.Connection
) -> None:
    other.execute("UPDATE meta SET value = 'older' WHERE name = 'spec'")
    with pytest.raises(StoreError, match="was made with spec older"):
        Queue(place)


def test_a_schema_whose_triggers_are_off_is_left_alone(
    queue: Queue, place: str, other: psycopg.Connection
) -> None:
    other.execute("ALTER TABLE job DISABLE TRIGGER ALL")
    with pytest.raises(StoreError, match=r"the trigger 'job_\w+' is missing or switched off"):
        Queue(place)


def test_a_role_that_may_not_write_is_told_so(
    queue: Queue, place: str, other: psycopg.Connection
) -> None:
    schema = place.partition("#")[2]
    other.execute(f"CREATE ROLE reader_of_{schema} LOGIN")
    theirs = place.replace("ffq@", f"reader_of_{schema}@")
    with pytest.raises(StoreError, match=f"permission denied for schema {schema}"):
        Queue(theirs)


def test_a_copy_is_left_to_the_server(queue: Queue) -> None:
    with pytest.raises(BadRequest, match="use pg_dump"):
        queue.backup("copy.db")
