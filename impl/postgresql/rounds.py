"""What is said to a server in one round: several statements, and then the answers to all.

A cursor of psycopg takes longer than what it runs here, so ours go by its lower layer: each is
prepared when it is first said on a connection, and from then on sent as its name and its values.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol, TypeVar
from weakref import WeakKeyDictionary

import psycopg
from psycopg import adapt, errors, generators
from psycopg.abc import Transformer
from psycopg.adapt import PyFormat
from psycopg.pq import ConnStatus, ExecStatus
from psycopg.pq.abc import PGconn, PGresult

from impl.postgresql.connection import Connection

_T = TypeVar("_T")

Said = tuple[str, Any]
"""A statement and its values."""

_VALUE = re.compile(r"%(?:\((?P<name>\w+)\)s|s|%)")

_Key = tuple[str, tuple[int, ...]]
"""What is prepared: a text, and the types of its values."""

_prepared: WeakKeyDictionary[Connection, dict[_Key, bytes]] = WeakKeyDictionary()
"""What each connection knows, by the name that it has there. Nobody else may prepare anything:
psycopg lets a connection forget it all, ours too, when a transaction is taken back.
"""

_numbers = itertools.count()


class Tried(Protocol):
    """Runs something on a connection, and once more on a new one if the old one is dead."""

    def __call__(self, run: Callable[[Connection], _T], /) -> _T:
        """Return what it returns."""


@dataclass(frozen=True)
class _Ready:
    """A statement as it is sent: its values, and the format of each."""

    key: _Key
    values: Sequence[Any]
    formats: Sequence[Any]


def in_one_round(opened: Connection, said: Sequence[Said]) -> list[list[Any]]:
    """Run statements one after the other, none of which waits here for the answer to another one;
    return the rows of each. Raises what the first one raises that fails, and none behind it is run.
    """
    opened.prepare_threshold = None
    known, values = _prepared.setdefault(opened, {}), adapt.Transformer.from_context(opened)
    ready = [_ready(values, *each) for each in said]
    new: dict[_Key, bytes] = {}
    answers: list[_Key | None] = []  # what each is to: a statement, or that this one is prepared
    with opened.lock:
        server = opened.pgconn
        server.enter_pipeline_mode()
        try:
            for each in ready:
                name = known.get(each.key) or new.get(each.key)
                if name is None:  # in turn: what is prepared ahead of BEGIN would be a query
                    name = new[each.key] = b"ffq_%d" % next(_numbers)
                    server.send_prepare(name, each.key[0].encode(), each.key[1])
                    answers.append(each.key)
                server.send_query_prepared(name, each.values, each.formats)
                answers.append(None)
            server.pipeline_sync()
            found = opened.wait(_answers(server, len(answers)))
        finally:
            if server.status == ConnStatus.OK:
                server.exit_pipeline_mode()
    rows = []
    for key, result in zip(answers, found, strict=True):
        if result.status not in (ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK):
            raise errors.error_from_result(result, encoding=opened.info.encoding)
        if key is None:
            rows.append(_rows(values, result))
        else:
            known[key] = new[key]
    return rows


def by_itself(opened: Connection, said: Said) -> psycopg.Cursor:
    """Run a statement of others, and return what has its rows. It is one: another one behind it
    might end the transaction.
    """
    with opened.pipeline():
        cursor = opened.execute(said[0].encode(), said[1])
    return cursor


def _answers(server: PGconn, n: int) -> Generator[Any, Any, list[PGresult]]:
    """Return the first n results, once all has been sent, and what ends the round was received."""
    yield from generators.send(server)
    found = []
    for _ in range(n + 1):
        found.append((yield from generators.fetch_many(server))[-1])
    return found[:-1]


def _rows(values: Transformer, result: PGresult) -> list[Any]:
    if result.status != ExecStatus.TUPLES_OK:
        return []
    values.set_pgresult(result)
    return values.load_rows(0, result.ntuples, tuple)


def _ready(values: Transformer, text: str, given: Any) -> _Ready:
    """Return a statement ready to be sent. Raises what psycopg raises of values that none has."""
    if given is None:
        return _Ready((text, ()), (), ())
    said, names = _numbered(text)
    whole = [given[name] for name in names] if isinstance(given, Mapping) else list(given)
    dumped = values.dump_sequence(whole, [PyFormat.AUTO] * len(whole))
    return _Ready((said, tuple(values.types or ())), dumped, list(values.formats or ()))


@lru_cache(maxsize=512)
def _numbered(text: str) -> tuple[str, tuple[str, ...]]:
    """Return a statement with its parameters numbered, as the server has them, and their names, if
    they have any.
    """
    names: list[str] = []
    places = 0

    def number(found: re.Match[str]) -> str:
        nonlocal places
        if found[0] == "%%":
            return "%"
        if found["name"] is None:
            places += 1
            return f"${places}"
        if found["name"] not in names:
            names.append(found["name"])
        return f"${names.index(found['name']) + 1}"

    return _VALUE.sub(number, text), tuple(names)
