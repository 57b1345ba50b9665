"""What a server does at a crash, at a promotion, and in a transaction that nobody goes on with.

Nothing here is a step of the queue: it is what a step has to reckon with. Of each, what is to be
expected stands beside how it is found out.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from checker.failover.taken import LAZY
from impl.postgresql.trial.embedded import Connection, Refusal, Server
from impl.postgresql.trial.standby import Pair

Alone = Callable[[Server], str]
"""How a fact of one server is found out."""

Beside = Callable[[Pair], str]
"""How one of two servers is."""


@dataclass(frozen=True)
class Fact:
    """What is tried, what is to be expected, and what came."""

    tried: str
    expected: str
    came: str


def facts() -> Iterator[Fact]:
    """Find out on servers that are started for it; raises `NoServer`."""
    with Server(settings=LAZY) as server:
        for tried, expected, find in ALONE:
            yield Fact(tried, expected, find(server))
    with Pair(settings=LAZY) as pair:
        for tried, expected, ask in BESIDE:
            yield Fact(tried, expected, ask(pair))


# ---------------------------------------------------------------- one server
def _stuck(server: Server, timeout: str) -> str:
    """Return what recovery gets of a row that a stopped transaction has, and the end of that."""
    _anew(server, "id int PRIMARY KEY, status text", "INSERT INTO job VALUES (1, 'claimed')")
    with server.connect() as worker, server.connect() as recoverer:
        worker.execute(f"SET idle_in_transaction_session_timeout = '{timeout}'".encode())
        worker.execute("BEGIN")
        worker.execute("UPDATE job SET status = 'done'")
        early = _recovered(recoverer)
        time.sleep(0.6)
        late = _recovered(recoverer)
        return f"{early} at once, {late} later; its COMMIT: {_said(worker, 'COMMIT')}"


def _recovered(recoverer: Connection) -> int:
    found = "SELECT id FROM job WHERE status = 'claimed' FOR UPDATE SKIP LOCKED"
    return recoverer.execute(f"UPDATE job SET status = 'ready' WHERE id = ({found})").rowcount


def _stamped(server: Server, locked_before: bool) -> str:
    """Return what is left of a lease that is given to a row for which one has waited."""
    _anew(server, "id int PRIMARY KEY, until timestamptz", "INSERT INTO job VALUES (1, NULL)")
    stamp = "UPDATE job SET until = clock_timestamp() + interval '0.2 s'"
    with (
        server.connect() as first,
        server.connect() as second,
        server.connect() as watch,
        ThreadPoolExecutor(1) as aside,
    ):
        first.execute("BEGIN")
        first.execute("SELECT id FROM job FOR UPDATE")
        second.execute("BEGIN")
        waiting = "SELECT id FROM job FOR UPDATE" if locked_before else stamp
        sent = aside.submit(second.execute, waiting.encode())
        _until(watch, "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
        time.sleep(0.4)
        first.execute("COMMIT")
        sent.result()
        if locked_before:
            second.execute(stamp.encode())
        asked = "SELECT until > clock_timestamp() FROM job"
        (left,) = second.execute(asked.encode()).fetchone() or (None,)
        return "it has time left" if left else "it has run out"


def _missed(server: Server, when: str) -> str:
    """Return whether a hint is heard that is sent then."""
    with server.connect() as listener, server.connect() as sender:
        match when:
            case "before LISTEN":
                sender.execute("NOTIFY jobs")
                listener.execute("LISTEN jobs")
            case "inside a transaction":
                listener.execute("LISTEN jobs")
                listener.execute("BEGIN")
                listener.execute("SELECT 1")
                sender.execute("NOTIFY jobs")
            case "between two connections":
                listener.execute("LISTEN jobs")
                pid = listener.info.backend_pid
                sender.execute("SELECT pg_terminate_backend(%s)", [pid])
                sender.execute("NOTIFY jobs")
                with server.connect() as again:
                    again.execute("LISTEN jobs")
                    return _heard(again)
            case _:
                listener.execute("LISTEN jobs")
                sender.execute("NOTIFY jobs")
        return _heard(listener)


def _heard(listener: Connection) -> str:
    return "heard" if list(listener.notifies(timeout=0.2, stop_after=1)) else "not heard"


def _unlogged(server: Server, how: str) -> str:
    """Return whether a row of an unlogged table is there after an end of the server."""
    _anew(server, "id int", "CREATE UNLOGGED TABLE mark AS SELECT 1")
    with server.connect() as c:
        c.execute("CHECKPOINT")
    if how == "clean":
        server.shut_down()
        server.start()
    elif how == "killed":
        server.kill()
        server.start()
    else:
        server.kill_one()
    with server.connect() as c:
        return "there" if c.execute("SELECT FROM mark").fetchone() is not None else "gone"


def _numbers(server: Server) -> str:
    """Return what becomes of the numbers of transactions that a crash has taken."""
    _anew(server, "xid xid8 DEFAULT pg_current_xact_id()", "CREATE SEQUENCE s")
    asked = "SELECT pg_xact_status(%s::xid8)"
    with server.connect() as c:
        c.execute("SET synchronous_commit = off")
        (lost,) = c.execute("INSERT INTO job DEFAULT VALUES RETURNING xid").fetchone() or (0,)
        (drawn,) = c.execute("SELECT nextval('s')").fetchone() or (0,)
    server.kill()
    server.start()
    with server.connect() as c:
        (rows,) = c.execute("SELECT count(*) FROM job").fetchone() or (0,)
        xid = 0
        while xid < int(lost):
            (text,) = c.execute("SELECT pg_current_xact_id()::text").fetchone() or ("0",)
            xid = int(text)
        (again,) = c.execute("SELECT nextval('s')").fetchone() or (0,)
        (status,) = c.execute(asked, [str(lost)]).fetchone() or ("",)
        same = "the same" if (xid, again) == (int(lost), drawn) else "another one"
        return f"{rows} rows, {same} drawn again, the lost one is called {status}"


ALONE: list[tuple[str, str, Alone]] = [
    (
        "recovery of a row that a stopped transaction has",
        "0 at once, 0 later; its COMMIT: OK",
        lambda s: _stuck(s, "0"),
    ),
    (
        "the same, `idle_in_transaction_session_timeout` is 0.3 s",
        "0 at once, 1 later; its COMMIT: 25P03",
        lambda s: _stuck(s, "300ms"),
    ),
    (
        "a lease of 0.2 s, stamped by a statement that waits 0.4 s for its row",
        "it has run out",
        lambda s: _stamped(s, False),
    ),
    (
        "the same, the row locked by a statement before",
        "it has time left",
        lambda s: _stamped(s, True),
    ),
    ("a hint, while somebody listens", "heard", lambda s: _missed(s, "")),
    ("a hint, before somebody listens", "not heard", lambda s: _missed(s, "before LISTEN")),
    (
        "a hint, while its listener is in a transaction",
        "not heard",
        lambda s: _missed(s, "inside a transaction"),
    ),
    (
        "a hint, between two connections",
        "not heard",
        lambda s: _missed(s, "between two connections"),
    ),
    ("an unlogged row, after a stop and a start", "there", lambda s: _unlogged(s, "clean")),
    ("an unlogged row, after the server was killed", "gone", lambda s: _unlogged(s, "killed")),
    ("an unlogged row, after one process was killed", "gone", lambda s: _unlogged(s, "one")),
    (
        "numbers of what a crash has taken: a transaction's, a sequence's",
        "0 rows, the same drawn again, the lost one is called committed",
        _numbers,
    ),
]
"""What is tried on one server, in this order."""


# ---------------------------------------------------------------- two servers
def _identity(pair: Pair) -> str:
    """Return what a promoted standby draws after numbers that it had not heard of; it is the last
    thing that is done with the pair.
    """
    make = "CREATE TABLE process (id bigint GENERATED ALWAYS AS IDENTITY)"
    draw = "INSERT INTO process DEFAULT VALUES RETURNING id"
    with pair.primary.connect() as c:
        c.execute(make.encode())
        c.execute(draw.encode())
        pair.catch_up()
        pair.hold_back()
        told = [c.execute(draw.encode()).fetchone() for _ in range(40)]
    pair.promote()
    with pair.standby.connect() as c:
        drawn = [c.execute(draw.encode()).fetchone() for _ in range(40)]
    return "some come again" if set(told) & set(drawn) else "none comes again"


def _in_recovery(pair: Pair, sql: str) -> str:
    with pair.primary.connect() as c:
        c.execute("CREATE TABLE IF NOT EXISTS job (id int)")
        c.execute("CREATE UNLOGGED TABLE IF NOT EXISTS mark (id int)")
    pair.catch_up()
    with pair.standby.connect() as c:
        return _said(c, sql)


def _both_alone(pair: Pair) -> str:
    asked = "SELECT pg_try_advisory_lock(1)"
    with pair.primary.connect() as one, pair.standby.connect() as other:
        got = [c.execute(asked.encode()).fetchone() for c in (one, other)]
        return f"granted by {sum(row == (True,) for row in got)} servers"


def _first_in_line(pair: Pair) -> str:
    """Return which server a client comes to that asks for one that takes writes, of two that do."""
    with pair.standby.connect() as c:
        (there,) = c.execute("SELECT pg_is_in_recovery()").fetchone() or (True,)
    assert not there, "it has been promoted"
    with pair.connect() as c:
        return "the old one" if c.info.host == str(pair.primary.folder) else "the new one"


BESIDE: list[tuple[str, str, Beside]] = [
    ("a write on a standby", "25006", lambda p: _in_recovery(p, "UPDATE job SET id = 1")),
    (
        "a row locked on a standby, `SKIP LOCKED`",
        "25006",
        lambda p: _in_recovery(p, "SELECT FROM job FOR UPDATE SKIP LOCKED"),
    ),
    ("`LISTEN` on a standby", "25006", lambda p: _in_recovery(p, "LISTEN jobs")),
    ("an unlogged table read on a standby", "0A000", lambda p: _in_recovery(p, "SELECT FROM mark")),
    ("an advisory lock on the primary and on its standby", "granted by 2 servers", _both_alone),
    ("identity values of a promoted standby that was behind", "some come again", _identity),
    (
        "a client that asks for one that takes writes, the old primary first",
        "the old one",
        _first_in_line,
    ),
]
"""What is tried on two servers, in this order: then the standby is promoted."""


def _anew(server: Server, columns: str, then: str) -> None:
    with server.connect() as c:
        c.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
        c.execute(f"CREATE TABLE job ({columns})".encode())
        c.execute(then.encode())


def _said(connection: Connection, sql: str) -> str:
    """Return OK, or the SQLSTATE with which the server refuses."""
    try:
        connection.execute(sql.encode())
    except Refusal as refused:
        return refused.sqlstate or "no answer"
    return "OK"


def _until(watch: Connection, asked: str) -> None:
    while watch.execute(asked.encode()).fetchone() is None:
        time.sleep(0.005)
