"""A server that cannot keep a queue, or keeps one that is not ours, is left as it is, in a line."""

import socket
import threading
from collections.abc import Callable

import pytest

from checker.commands.main import main
from impl.postgresql.text.schema import VERSION
from impl.postgresql.trial.embedded import Server
from impl.queue import Queue
from impl.terms.unusable import StoreError
from tests.stores import address

MOVE = "; export it with the ffq that made it, and import that into another schema"


def said(place: str, read_only: bool = False) -> str:
    with pytest.raises(StoreError) as refused:
        Queue(place, read_only=read_only)
    (line,) = str(refused.value).splitlines()
    return line


@pytest.mark.parametrize(
    ("name", "value", "fact"),
    [
        ("version", "1", f"an older ffq: its schema is of version 1, and not {VERSION}"),
        ("version", "99", f"a newer ffq: its schema is of version 99, and not {VERSION}"),
        ("version", "x", f"an older ffq: its schema is of version x, and not {VERSION}"),
        ("spec", "other", "was made with spec other, not "),
    ],
)
def test_a_schema_of_another_version_is_left_alone_and_it_is_said_how_to_move_it(
    server: Server, name: str, value: str, fact: str, capsys: pytest.CaptureFixture[str]
) -> None:
    place = address(server)
    Queue(place).close()
    with server.connect() as other:
        other.execute(f"SET search_path = {place.partition('#')[2]}")
        other.execute("UPDATE meta SET value = %s WHERE name = %s", (value, name))
        before = other.execute("SELECT * FROM meta ORDER BY name").fetchall()
        assert fact in said(place)
        assert said(place).endswith(MOVE)
        assert main(["queue", "upgrade", place]) == 2
        assert capsys.readouterr().err.rstrip().endswith(MOVE)
        assert other.execute("SELECT * FROM meta ORDER BY name").fetchall() == before


def test_a_schema_that_is_as_it_is_to_be_needs_no_upgrade(
    server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    place = address(server)
    Queue(place).close()
    assert main(["queue", "upgrade", place]) == 0
    assert capsys.readouterr().out == "the schema is as it is to be\n"


def test_a_database_that_cannot_hold_every_text_is_refused(server: Server) -> None:
    with server.connect() as other:
        other.execute("CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
    place = address(server).replace("/postgres?", "/latin?")
    assert "is a database in LATIN1, which cannot hold every text; make one in UTF8" in said(place)


def answering(answer: bytes) -> tuple[int, Callable[[], None]]:
    """Return the port of what answers whoever connects to it, and what ends it."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                found, _ = listener.accept()
            except OSError:
                return
            with found:
                found.recv(1024)
                found.sendall(answer)

    threading.Thread(target=serve, daemon=True).start()
    return listener.getsockname()[1], lambda: listener.close()


@pytest.mark.parametrize(
    ("answer", "fact"),
    [
        (b"N", "server does not support SSL, but SSL was required"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "received invalid response to SSL negotiation: H"),
        (b"", "see that the server is there"),
    ],
)
def test_what_answers_and_takes_no_encrypted_connection_is_refused(
    answer: bytes, fact: str
) -> None:
    port, end = answering(answer)
    try:
        assert fact in said(f"postgresql://ann@127.0.0.1:{port}/shop?sslmode=require")
    finally:
        end()


def test_a_role_that_may_make_no_schema_is_told_what_is_missing(server: Server) -> None:
    with server.connect() as other:
        other.execute("CREATE ROLE guest LOGIN")
    line = said(address(server).replace("ffq@", "guest@"))
    assert "permission denied for database postgres; let its owner grant what is missing" in line


def test_a_role_that_only_ever_reads_is_let_write_or_told_so(server: Server) -> None:
    """What a role begins with is set anew, and read back."""
    with server.connect() as other:
        other.execute("CREATE ROLE careful LOGIN SUPERUSER")
        other.execute("ALTER ROLE careful SET default_transaction_read_only = on")
        other.execute("ALTER ROLE careful SET synchronous_commit = off")
    with Queue(address(server).replace("ffq@", "careful@")) as queue:
        assert queue.enqueue("k").new
        assert queue.query("SELECT current_setting('synchronous_commit')") == [("on",)]


@pytest.mark.deep
def test_a_standby_is_told_apart_and_the_primary_asked_for() -> None:
    with Server(settings={"wal_level": "replica"}) as primary:
        place = address(primary)
        Queue(place).close()
        with Server(source=primary) as standby:
            there = place.replace(str(primary.folder), str(standby.folder))
            for read_only in (False, True):
                line = said(there, read_only)
                assert "is a standby, which can only be read; name the primary" in line
