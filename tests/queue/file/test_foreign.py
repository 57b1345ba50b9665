"""What statements of users may do beside the queue's."""

from pathlib import Path
from typing import Any

import apsw
import pytest

from impl.queue import Queue
from impl.sqlite.queue_store import in_file
from impl.terms.requests import BadRequest
from impl.terms.unusable import StoreError
from impl.worker import Worker
from impl.working.attempt import Attempt
from tests.queue.file.looking import rows, status

FORBIDDEN = [
    ("COMMIT", "would begin or end a transaction"),
    ("ROLLBACK", "would begin or end a transaction"),
    ("BEGIN IMMEDIATE", "would begin or end a transaction"),
    ("SAVEPOINT s", "would begin or end a transaction"),
    ("INSERT INTO mine VALUES (1); COMMIT", "would begin or end a transaction"),
    ("UPDATE job SET token = token", "would write 'job'"),
    ("UPDATE JOB SET status = 'done'", "would write 'job'"),
    ("DELETE FROM job", "would write 'job'"),
    ("INSERT INTO checkpoint (job, name) VALUES (1, 'x')", "would write 'checkpoint'"),
    ("UPDATE outbox SET sent = 1", "would write 'outbox'"),
    ("DELETE FROM trace", "would write 'trace'"),
    ("INSERT OR REPLACE INTO meta VALUES ('epoch', '9')", "would write 'meta'"),
    ("INSERT INTO process (sort, pid) VALUES ('Worker', 0)", "would write 'process'"),
    ("DROP TABLE outbox", "would write 'outbox'"),
    ("DROP INDEX job_is_due", "would write 'job_is_due'"),
    ("DROP TRIGGER trace_is_not_rewritten", "would write 'trace_is_not_rewritten'"),
    ("ALTER TABLE job ADD COLUMN mine", "would write 'job'"),
    ("CREATE INDEX mine_too ON job (token)", "would write 'job'"),
    (
        "CREATE TRIGGER t AFTER UPDATE ON job BEGIN DELETE FROM mine; END",
        "would write 'job'",
    ),
    ("CREATE TEMP TABLE job (id)", "is no statement for a queue's file (CREATE TEMP TABLE job)"),
    ("PRAGMA synchronous = OFF", "is no statement for a queue's file (PRAGMA synchronous)"),
    ("PRAGMA wal_checkpoint", "is no statement for a queue's file (PRAGMA wal_checkpoint)"),
    ("SELECT * FROM pragma_journal_mode", "is no statement for a queue's file (PRAGMA"),
    ("ATTACH '/nowhere/at.all' AS other", "is no statement for a queue's file (ATTACH"),
    ("DETACH main", "is no statement for a queue's file (DETACH main)"),
]


def everything(file: Path) -> Any:
    tables = [name for (name,) in rows(file, "SELECT name FROM sqlite_schema WHERE type = 'table'")]
    whole = [rows(file, f"SELECT * FROM {name}") for name in tables]
    return rows(file, "SELECT name, sql FROM sqlite_schema ORDER BY name"), whole


@pytest.mark.parametrize(("sql", "why"), FORBIDDEN)
def test_no_statement_of_a_user_ends_the_transaction_or_writes_what_is_the_queues(
    mine: Queue, file: Path, sql: str, why: str
) -> None:
    before = everything(file)
    with pytest.raises(BadRequest) as refused, mine.transaction() as t:
        t.execute("INSERT INTO mine VALUES ('taken back')")
        t.execute(sql)
    assert why in str(refused.value) and str(refused.value).startswith(sql[:20])
    for ask in (mine.define, mine.query):
        with pytest.raises(BadRequest):
            ask(sql)
    assert everything(file) == before


@pytest.mark.parametrize(("sql", "why"), FORBIDDEN)
def test_an_effect_that_may_not_be_is_a_failure_of_its_attempt(
    mine: Queue, file: Path, sql: str, why: str
) -> None:
    """Those in the effects of a job, and those in a step of its handler."""
    mine.enqueue("written", max_attempts=1)
    mine.enqueue("once", max_attempts=1)
    mine.enqueue("fine")

    def written(attempt: Attempt) -> None:
        attempt.write("INSERT INTO mine VALUES ('taken back')")
        attempt.write(sql)

    def once(attempt: Attempt) -> None:
        attempt.once("step", ("INSERT INTO mine VALUES ('taken back')", ()), (sql, ()))

    handlers = {"written": written, "once": once, "fine": lambda attempt: None}
    tally = Worker(mine, handlers).run(until_empty=True)
    assert tally == {"failed": 2, "done": 1}
    assert status(file) == {1: "ready", 2: "dead", 3: "dead", 4: "done"}
    noted = rows(file, "SELECT note FROM trace WHERE action = 'settle_failed'")
    assert len(noted) == 2 and all(why in note for (note,) in noted)
    assert rows(file, "SELECT count(*) FROM mine") == rows(file, "SELECT count(*) FROM checkpoint")


def test_a_trigger_of_ones_own_cannot_write_what_is_the_queues(mine: Queue, file: Path) -> None:
    mine.define("CREATE TRIGGER t AFTER INSERT ON mine BEGIN UPDATE job SET token = 0; END")
    with pytest.raises(BadRequest, match="would write 'job'"), mine.transaction() as t:
        t.execute("INSERT INTO mine VALUES (1)")
    assert rows(file, "SELECT * FROM mine") == []


@pytest.mark.parametrize(
    "column",
    [
        "x REFERENCES job (kind)",
        "x REFERENCES JOB (key) DEFERRABLE INITIALLY DEFERRED",
        "x REFERENCES job (status) ON UPDATE CASCADE",
        "x REFERENCES checkpoint",
        "x, y, FOREIGN KEY (x, y) REFERENCES job (id, token)",
        "x, y, FOREIGN KEY (x, y) REFERENCES job",
    ],
)
def test_a_table_of_a_user_cannot_keep_the_queue_from_writing(
    mine: Queue, file: Path, column: str
) -> None:
    """A foreign key to what is not unique is a mistake, and SQLite tells it to whoever writes."""
    wrong = f"CREATE TABLE child ({column})"
    with pytest.raises(BadRequest, match="table 'child': refers to "):
        mine.define(wrong)
    mine.define("CREATE TABLE later (a)")
    if "FOREIGN" not in column:
        with pytest.raises(BadRequest, match="table 'later': refers to"), mine.transaction() as t:
            t.execute(f"ALTER TABLE later ADD COLUMN {column}")
            t.execute("SELECT 1")  # it is not forgotten
    mine.enqueue("makes", max_attempts=1)
    tally = Worker(mine, {"makes": lambda a: a.write(wrong)}).run(until_empty=True)
    assert tally == {"failed": 1}
    assert rows(file, "SELECT count(*) FROM sqlite_schema WHERE name = 'child'") == [(0,)]
    mine.enqueue("fine")

    def fine(attempt: Attempt) -> None:
        attempt.once("step")

    assert Worker(mine, {"fine": fine}).run(until_empty=True) == {"done": 1}


def test_what_is_ones_own_is_made_written_and_read_as_one_likes(mine: Queue) -> None:
    """A word search brings tables of its own, and asks for what changes nothing."""
    mine.define(
        """
CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, job INTEGER REFERENCES job (id), meta);
CREATE INDEX t_meta ON t (meta);
CREATE VIEW v AS SELECT * FROM t JOIN job ON job.id = t.job;
CREATE TRIGGER t_t AFTER INSERT ON t BEGIN UPDATE t SET meta = 'm' WHERE id = new.id; END;
CREATE VIRTUAL TABLE words USING fts5 (text);"""
    )
    with mine.transaction() as t:
        t.execute("INSERT INTO t (job) VALUES (1)")
        t.execute("INSERT INTO words VALUES ('hello world')")
        assert t.changes("UPDATE t SET meta = meta || 'n'") == 1
    assert mine.query("SELECT meta, status FROM v") == [("mn", "ready")]
    assert mine.query("SELECT text FROM words WHERE text MATCH 'world'") == [("hello world",)]
    assert [row[1] for row in mine.query("PRAGMA table_info(t)")] == ["id", "job", "meta"]
    mine.define("ALTER TABLE t ADD COLUMN more; ANALYZE t; DROP VIEW v; ALTER TABLE t RENAME TO u")
    mine.define("DROP TABLE u; DROP TABLE words")


@pytest.mark.parametrize("sql", [5, None, b"SELECT 1", ["SELECT 1"]])
def test_what_is_no_statement_is_refused_as_none(mine: Queue, sql: Any) -> None:
    for ask in (mine.define, mine.query):
        with pytest.raises(BadRequest, match=f"statement: is of type {type(sql).__name__}; make"):
            ask(sql)


def test_a_query_and_a_snapshot_only_read(mine: Queue, file: Path) -> None:
    insert = "INSERT INTO mine VALUES (1)"
    with pytest.raises(BadRequest, match="writes, and this may only read; use `transaction`"):
        mine.query(insert)
    with pytest.raises(BadRequest, match="may only read"), mine.snapshot() as t:
        t.execute(insert)
    assert rows(file, "SELECT * FROM mine") == []


def test_a_query_of_a_store_that_is_no_use_is_a_store_error(
    queue: Queue, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It must not become the failure of a job whose handler asked."""
    queue.query("SELECT 1")

    def busy(*_: Any) -> int:
        raise apsw.BusyError("database is locked")

    in_file(queue.store).connection.create_scalar_function("busy", busy)
    with pytest.raises(StoreError, match="the query was not taken: database is locked"):
        queue.query("SELECT busy()")


def test_what_a_query_of_a_user_finds_says_nothing_of_the_file(mine: Queue) -> None:
    """It is for the handler that asked: text that is none, and JSON that is none."""
    mine.define("CREATE TABLE odd AS SELECT CAST(x'ff' AS TEXT) AS text")
    with pytest.raises(UnicodeDecodeError):
        mine.query("SELECT text FROM odd")
    with pytest.raises(apsw.SQLError, match="malformed JSON"):
        mine.query("SELECT json_extract('{', '$.a')")
