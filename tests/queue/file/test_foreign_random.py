"""Whatever users' statements are made of, what is the queue's stays as it is and can be written."""

from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Any

import apsw
import pytest

from impl.queue import Queue
from impl.terms.requests import BadRequest

OURS = ["job", "process", "checkpoint", "outbox", "trace", "meta"]


class Statements:
    """Statements made at random, of names of ours and of theirs, and of anything that SQL has."""

    def __init__(self, chance: Random) -> None:
        self._one = chance.choice

    def any(self) -> str:
        """Return one or two."""
        made = (self._one([self._change, self._change, self._shape, self._rule])() for _ in "12")
        return "; ".join(made) if self._one([True, False]) else next(made)

    def _name(self) -> str:
        name = self._one([*OURS, *["mine", "other"] * 4, "made"])
        return self._one([name, name, name.upper(), f'"{name}"', f"main.{name}", f"temp.{name}"])

    def _column(self) -> str:
        return self._one(["a", "b", "x", "id", "key", "status", "token", "due", "name", "value"])

    def _query(self) -> str:
        return self._one([f"SELECT * FROM {self._name()}", "SELECT 1, 2", "SELECT 1"])

    def _change(self) -> str:
        how = self._one(["", "OR REPLACE", "OR IGNORE", "OR ROLLBACK", "OR FAIL"])
        name, column = self._name(), self._column()
        return self._one([
            f"INSERT {how} INTO {name} VALUES (1, 'x')",
            f"INSERT {how} INTO {name} {self._query()}",
            f"UPDATE {how} {name} SET {column} = 1",
            f"UPDATE {name} SET {column} = z.{self._column()} FROM {self._name()} AS z",
            f"WITH w AS ({self._query()}) DELETE FROM {name}",
            f"REPLACE INTO {name} ({column}) VALUES ('y')",
        ])  # fmt: skip

    def _shape(self) -> str:
        name, other, column, temp = self._name(), self._name(), self._column(), self._temp()
        when = self._one(["AFTER INSERT", "BEFORE UPDATE", "AFTER DELETE"])
        to = self._one([*OURS, "mine", "made"])
        return self._one([
            f"CREATE {temp} TABLE {name} (a, {column} REFERENCES {other} ({self._column()}))",
            f"CREATE {temp} TABLE {name} AS {self._query()}",
            f"CREATE {temp} VIEW {name} AS {self._query()}",
            f"CREATE {temp} TRIGGER t {when} ON {name} BEGIN {self._change()}; END",
            f"CREATE UNIQUE INDEX i ON {to} ({column})",
            f"DROP {self._one(['TABLE', 'VIEW', 'TRIGGER', 'INDEX'])} {name}",
            f"ALTER TABLE {name} RENAME TO {to}",
            f"ALTER TABLE {name} ADD COLUMN {column}",
            f"ALTER TABLE {name} DROP COLUMN {column}",
        ])  # fmt: skip

    def _temp(self) -> str:
        return self._one(["", "TEMP"])

    def _rule(self) -> str:
        return self._one([
            "COMMIT", "ROLLBACK", "BEGIN", "SAVEPOINT s", "RELEASE s", "VACUUM", "REINDEX",
            "PRAGMA writable_schema = 1", "PRAGMA foreign_keys = 0", "PRAGMA user_version = 9",
            "ATTACH ':memory:' AS z", "DETACH main", "DELETE FROM sqlite_schema",
            "ANALYZE", "SELECT * FROM pragma_wal_checkpoint",
        ])  # fmt: skip


def ours(file: Path) -> list[Any]:
    """Return all that is the queue's: its rows, and how it was made."""
    with closing(apsw.Connection(str(file))) as other:
        shape = f"SELECT * FROM sqlite_schema WHERE tbl_name IN ({', '.join('?' * len(OURS))})"
        found = [other.execute(f"SELECT * FROM {name}").fetchall() for name in OURS]
        return [*found, sorted(map(repr, other.execute(shape, OURS)))]


@pytest.mark.parametrize("seed", range(3))
def test_nothing_that_users_say_changes_what_is_the_queues(
    queue: Queue, file: Path, seed: int
) -> None:
    statements, chance = Statements(Random(seed)), Random(seed)
    queue.define("CREATE TABLE mine (a, b UNIQUE ON CONFLICT ROLLBACK); CREATE TABLE other (x, y)")
    queue.enqueue("k", key="a")
    ended: Counter[str] = Counter()

    def within(sql: str) -> None:
        with queue.transaction() as t:
            t.execute(sql)

    asks: list[Callable[[str], object]] = [within, queue.define, queue.query]
    for n in range(300):
        sql, before = statements.any(), ours(file)
        try:
            chance.choice(asks)(sql)
            ended["done"] += 1
        except (apsw.Error, BadRequest) as refused:
            ended[type(refused).__name__] += 1
        assert ours(file) == before, sql
        if n % 50 == 49:
            assert queue.enqueue("k", key=f"{n}").new, sql
    assert min(ended["done"], ended["BadRequest"], ended["SQLError"]) > 5, ended
