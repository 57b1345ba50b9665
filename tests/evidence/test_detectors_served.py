"""Detectors ask a queue in either store, and find the same in both."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from random import Random
from typing import Any

import psycopg
import pytest

from checker.evidence.detection.alarms import alarms, detectors
from checker.evidence.detection.queries import SQLITE, tables
from impl.derive.reference import design
from impl.postgresql.trial.embedded import Server
from impl.queue import Queue
from impl.terms.unusable import StoreError
from impl.worker import Worker
from tests.queue.file.looking import claimed
from tests.stores import address
from tests.worker.looking import AT_ONCE


@pytest.fixture
def place(server: Server) -> str:
    """Return a queue with jobs that are done, dead, claimed and waiting."""
    place = address(server)
    with Queue(place, backoff=AT_ONCE) as queue:
        for n in range(4):
            queue.enqueue("pay" if n else "fail", n, max_attempts=2)

        def fail(_: object) -> None:
            raise ValueError("no")

        Worker(queue, {"pay": lambda a: a.send("mail", 1), "fail": fail}).run(until_empty=True)
        queue.enqueue("k")
        queue.enqueue("k")
        claimed(queue)
    return place


@pytest.fixture
def other(server: Server, place: str) -> Iterator[psycopg.Connection]:
    """Return a connection that may damage the queue unseen."""
    with server.connect() as opened:
        opened.execute(f"SET search_path = {place.partition('#')[2]}")
        opened.execute("SET session_replication_role = replica")
        yield opened


def test_a_row_that_is_damaged_on_a_server_is_found(place: str, other: psycopg.Connection) -> None:
    assert alarms(place) == []
    other.execute("UPDATE job SET recorded = FALSE, first = 0, second = 0 WHERE id = 2")
    assert "FM-022b" in [alarm.mode.id for alarm in alarms(place)]


def in_sqlite(other: psycopg.Connection) -> dict[str, list[Any]]:
    """Return what each detector finds in the same rows, asked by SQLite."""
    steps = other.execute(
        "SELECT seq, actor, action, params::text, before::text, after::text FROM trace"
    ).fetchall()
    (job,) = (t for t in design().tables if t.name == "job")
    names = ", ".join(["id", *(f'"{f.name}"' for f in job.columns)])
    rows = other.execute(f"SELECT {names} FROM job".encode()).fetchall()
    with closing(sqlite3.connect(":memory:")) as database:
        database.execute("CREATE TABLE trace (seq, actor, action, params, before, after)")
        database.executemany("INSERT INTO trace VALUES (?, ?, ?, ?, ?, ?)", steps)
        database.execute(f"CREATE TABLE job ({names})")
        marks = ", ".join("?" * (len(job.columns) + 1))
        database.executemany(f"INSERT INTO job VALUES ({marks})", rows)
        database.executescript(tables(SQLITE))
        return {id: database.execute(query).fetchall() for id, query in detectors().items()}


@pytest.mark.deep
def test_both_stores_find_the_same_in_the_same_trace(place: str, other: psycopg.Connection) -> None:
    """Seeded: a value of the trace is changed, or an action, and so on, each on top of the last."""
    random = Random(7)
    fired: set[str] = set()
    for _ in range(60):
        ((seq, side, where, value),) = random.sample(
            other.execute(
                "SELECT seq, side, key, value::text FROM trace, LATERAL ("
                "  SELECT 'before' AS side, * FROM json_each(before)"
                "  UNION ALL SELECT 'after', * FROM json_each(after)) AS place ORDER BY 1, 2, 3"
            ).fetchall(),
            1,
        )
        others = other.execute(
            "SELECT DISTINCT value::text FROM trace, json_each(after) WHERE split_part(key, '[', 1)"
            " = split_part(%s, '[', 1) ORDER BY 1",
            (where,),
        ).fetchall()
        chosen = random.choice([*others, (value,)])[0]
        other.execute(
            f"UPDATE trace SET {side} = jsonb_set({side}::jsonb, ARRAY[%s], %s::jsonb)::json"
            " WHERE seq = %s".encode(),
            (where, chosen, seq),
        )
        asked = {id: rows for id, rows in in_sqlite(other).items() if rows}
        assert {a.mode.id: a.count for a in alarms(place)} == {i: len(r) for i, r in asked.items()}
        fired |= asked.keys()
    assert len(fired) >= 3, fired


def test_where_there_is_no_queue_it_is_said() -> None:
    with pytest.raises(StoreError, match="does not exist; name the file of a queue"):
        alarms("nowhere.db")
