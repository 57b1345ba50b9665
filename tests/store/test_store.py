"""The store keeps what is committed, names who refuses, and leaves alone what is not its own."""

import sqlite3
from contextlib import closing

import apsw
import pytest

from impl.derive.mapping import Memories, Unmapped, abstract
from impl.sqlite.file.place import place
from impl.sqlite.store import Store
from impl.terms.outcomes import Done, Refused, Unknown
from impl.terms.unusable import StoreError
from spec.language.evaluate import Evaluator
from spec.language.scope import Value
from spec.queue.job import Job, Worker
from tests.disks import FAILING, Disk
from tests.store.life import DESIGN, LIFE

IDLE: dict[str, Value] = {"pc": "idle", "job": None, "held": 0, "held_epoch": 0}
HOLDER: dict[str, Value] = {"pc": "claimed", "job": 0, "held": 1, "held_epoch": 0}


# ---------------------------------------------------------------- steps


def test_a_statement_is_compiled_once_whatever_comes_between(store: Store) -> None:
    def compiled() -> int:
        assert store.take("claim", {"w": 0, "j": 0}, IDLE) == Refused("ready")
        return int(store.connection.cache_stats()["misses"])

    before = compiled()
    for _ in range(300):
        store.own("SELECT 1")
    store.scribe.put("DELETE FROM job")
    assert compiled() - before == 2  # the query and the deletion


def test_a_step_says_what_it_changed_and_what_to_remember(store: Store) -> None:
    enqueued = store.take("enqueue", {"j": 0}, {})
    assert isinstance(enqueued, Done)
    assert enqueued.row["status"] == "ready"
    claimed = store.take("claim", {"w": 1, "j": 0}, IDLE)
    assert claimed == Done(
        row={"status": "claimed", "lease": "live", "token": 1, "deadline": "ahead"},
        memory={
            "pc": ("idle", "claimed"),
            "job": (None, 0),
            "held": (0, 1),
            "held_epoch": (0, 0),
        },
    )


def test_what_is_committed_is_in_the_file(store: Store, file: str) -> None:
    store.take("enqueue", {"j": 1}, {})
    with closing(sqlite3.connect(file)) as other:  # another SQLite, and another connection
        assert other.execute("SELECT id, status FROM job").fetchall() == [(2, "ready")]
    store.close()
    again = Store(DESIGN, file)
    assert again.rows()[Job][1]["status"] == "ready"
    again.close()


def test_a_step_is_refused_by_its_first_false_guard(store: Store) -> None:
    assert store.take("claim", {"w": 0, "j": 0}, IDLE) == Refused("ready")
    assert store.take("claim", {"w": 0, "j": 0}, HOLDER) == Refused("idle")
    assert store.take("heartbeat", {"w": 0}, IDLE) == Refused("reference")
    store.take("enqueue", {"j": 0}, {})
    assert store.take("enqueue", {"j": 0}, {}) == Refused("new_key")
    store.take("claim", {"w": 0, "j": 0}, IDLE)
    stale = HOLDER | {"held": 2}
    assert store.take("heartbeat", {"w": 0}, stale) == Refused("fenced")
    assert store.take("pass_deadline", {"j": 0}, {}) != Refused("ahead")
    assert store.take("heartbeat", {"w": 0}, HOLDER) == Refused("in_time")


def test_each_durable_step_has_its_row_in_the_trace(store: Store) -> None:
    store.take("enqueue", {"j": 0}, {})
    store.take("enqueue", {"j": 0}, {})  # refused
    store.take("claim", {"w": 1, "j": 0}, IDLE)
    store.take("start", {"w": 1}, HOLDER)  # changes nothing durable
    first, second = store.trace()
    assert (first.seq, first.actor, first.action) == (1, "job1", "enqueue")
    assert (first.before, first.after) == ({"status[job1]": "absent"}, {"status[job1]": "ready"})
    assert (second.actor, second.params) == ("worker2", {"w": "worker2", "j": "job1"})
    assert second.after == {
        "status[job1]": "claimed",
        "lease[job1]": "live",
        "token[job1]": 1,
        "deadline[job1]": "ahead",
        "pc[worker2]": "claimed",
        "job[worker2]": "job1",
        "held[worker2]": 1,
    }


def test_the_mapping_reads_rows_memory_and_nothing_else(store: Store) -> None:
    start = Evaluator(LIFE).initial()
    memories = Memories(store.design)
    assert abstract(store, memories, start) == start
    store.take("enqueue", {"j": 1}, {})
    memories[Worker][0]["pc"] = "down"
    entered = {"entered": True}
    ghosts = tuple(entered.get(p.field.name, v) for p, v in zip(LIFE.places, start, strict=True))
    state = abstract(store, memories, ghosts)
    changed = {
        (p.field.name, p.element): v
        for p, v, old in zip(LIFE.places, state, start, strict=True)
        if v != old
    }
    assert changed == {
        ("status", 1): "ready",
        ("pc", 0): "down",
        ("entered", 0): True,
        ("entered", 1): True,
    }


def test_a_row_beyond_the_scope_has_no_state(store: Store) -> None:
    store.take("enqueue", {"j": 2}, {})
    with pytest.raises(Unmapped, match="job3"):
        abstract(store, Memories(store.design), Evaluator(LIFE).initial())


# ---------------------------------------------------------------- durability


def test_a_store_flushes_every_commit_to_a_log_ahead(store: Store) -> None:
    assert store.connection.pragma("journal_mode") == "wal"
    assert store.connection.pragma("synchronous") == 2  # FULL
    assert store.connection.pragma("foreign_keys") == 1


def test_only_a_transaction_that_says_so_is_not_waited_for(store: Store) -> None:
    def waits() -> int:
        return int(store.connection.pragma("synchronous"))

    with store.transaction():
        assert waits() == 2  # FULL
    with store.transaction(durable=False):
        assert waits() == 1  # NORMAL
    assert waits() == 2
    with pytest.raises(ZeroDivisionError), store.transaction(durable=False):
        raise ZeroDivisionError
    assert waits() == 2


def test_a_commit_that_fails_is_unknown_and_the_row_tells(store: Store, file: str) -> None:
    disk = Disk()
    store.take("enqueue", {"j": 0}, {})
    store.close()
    store._open = apsw.Connection(file, vfs=FAILING)
    store._open.pragma("synchronous", 2)
    store._open.execute("SELECT * FROM meta").fetchall()  # which makes the log
    store.place = place(file)
    disk.unsynced = 99
    outcome = store.take("claim", {"w": 0, "j": 0}, IDLE)
    disk.unsynced = 0
    assert isinstance(outcome, Unknown)
    # The store opens the file anew; row and trace agree on what has happened.
    status = store.rows()[Job][0]["status"]
    assert (status, [row.action for row in store.trace()]) in (
        ("ready", ["enqueue"]),
        ("claimed", ["enqueue", "claim"]),
    )


def test_a_full_disk_takes_a_step_back_and_keeps_the_rest(store: Store) -> None:
    store.take("enqueue", {"j": 0}, {})
    store.take("claim", {"w": 0, "j": 0}, IDLE)
    store.connection.pragma("max_page_count", store.connection.pragma("page_count"))
    taken = 2
    with pytest.raises(StoreError, match="heartbeat was not taken: database or disk is full"):
        for _ in range(500):
            assert isinstance(store.take("heartbeat", {"w": 0}, HOLDER), Done)
            taken += 1
    assert len(list(store.trace())) == taken > 2
    assert not store.connection.in_transaction
    store.connection.pragma("max_page_count", 1000)
    assert isinstance(store.take("heartbeat", {"w": 0}, HOLDER), Done)


def test_a_locked_store_says_so_and_changes_nothing(file: str) -> None:
    one, two = Store(DESIGN, file), Store(DESIGN, file, busy_ms=20)
    one.connection.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError, match="enqueue was not taken: database is locked"):
        two.take("enqueue", {"j": 0}, {})
    one.connection.execute("ROLLBACK")
    assert isinstance(two.take("enqueue", {"j": 0}, {}), Done)
    one.close()
    two.close()
