"""Faults of our own that the laboratory has to find, or else its silence would prove nothing."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from checker.crashlab.images.disk import Vice
from checker.crashlab.images.settings import SHIPPED, Setting
from impl.lab.connections import close_as_it_is
from impl.sqlite.file import making
from impl.sqlite.scribe import Line, Scribe, write_down
from impl.sqlite.store import Store

Change = Literal["split", "early", "unfinished"]
What = Literal["path", "making"]


@dataclass(frozen=True)
class Mutant:
    """A store, or a disk under it, that is not what it should be."""

    name: str
    doc: str
    change: Change | None = None
    vice: Vice = field(default_factory=Vice)
    setting: Setting = SHIPPED
    kind: What = "path"

    @contextlib.contextmanager
    def at_work(self, answer: Callable[[], None]) -> Iterator[None]:
        """Let the store be so; `answer` is what it says to whoever asked."""
        match self.change:
            case "split":
                with replaced(Scribe, "run", _split):
                    yield
            case "early":
                with replaced(Store, "_commit", _early(answer)):
                    yield
            case "unfinished":
                with replaced(making, "put_away", _never):
                    yield
            case None:
                yield


@contextlib.contextmanager
def replaced(owner: object, name: str, value: object) -> Iterator[None]:
    """Let something be something else for a while."""
    before = getattr(owner, name)
    setattr(owner, name, value)
    try:
        yield
    finally:
        setattr(owner, name, before)


_run = Scribe.run
_commit = Store._commit


def _split(scribe: Scribe, sql: str, bound: Any, lines: Sequence[Line]) -> list[Any]:
    """Commit what the statement does, unwritten, and then do it again and write it down."""
    table = lines[0].transition.table if lines else None
    if table is None:
        return _run(scribe, sql, bound, lines)
    run = scribe.connection.execute
    before = run(table.every_row).fetchall()
    write_down(scribe.connection, False)
    run(sql, bound).fetchall()
    run("COMMIT; BEGIN IMMEDIATE")
    run(f"DELETE FROM {table.name}")
    for row in before:
        run(f"INSERT INTO {table.name} VALUES (?{', ?' * len(table.columns)})", row)
    write_down(scribe.connection, True)
    return _run(scribe, sql, bound, lines)


def _early(answer: Callable[[], None]) -> Callable[[Store], Exception | None]:
    def commit(store: Store) -> Exception | None:
        answer()
        return _commit(store)

    return commit


def _never(opened: Any) -> None:
    close_as_it_is(opened)


MUTANTS = (
    Mutant("split commit", "The row and its trace are committed one after the other.", "split"),
    Mutant("early reply", "The answer is given before COMMIT.", "early"),
    Mutant(
        "reply before the sync",
        "COMMIT does not wait for the log to be durable.",
        setting=Setting("wal", "normal"),
    ),
    Mutant("no sync of the log", "What is committed is not forced out.", vice=Vice(deaf=("-wal",))),
    Mutant(
        "no sync of the database",
        "The log is put away before what it says is durable.",
        vice=Vice(deaf=(".db",)),
    ),
    Mutant(
        "no sync of the journal",
        "The database is changed before the way back is durable.",
        vice=Vice(deaf=("-journal",)),
        setting=Setting("delete", "extra"),
    ),
    Mutant(
        "named too soon",
        "A store that is made gets its name while its tables are still in the log.",
        "unfinished",
        kind="making",
    ),
)
