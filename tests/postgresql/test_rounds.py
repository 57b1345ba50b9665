"""What is said to a server in one round, what an error leaves of it, and how few a look takes."""

from collections.abc import Iterator, Sequence

import pytest
from psycopg import errors
from psycopg.pq import TransactionStatus

from checker.conformance.validating.validate import validate
from impl.postgresql import own
from impl.postgresql.connection import Connection
from impl.postgresql.rounds import Said, in_one_round
from impl.postgresql.trial.embedded import Server
from impl.queue import Queue
from impl.working.attempt import LostClaim
from tests.queue.file.looking import claimed
from tests.stores import address

BEGIN, ONE, TWO = (
    ("BEGIN", None),
    ("INSERT INTO n VALUES (1)", None),
    ("INSERT INTO n VALUES (2)", None),
)
AGAIN, ALL = ("INSERT INTO n VALUES (1)", None), ("SELECT n FROM n ORDER BY n", None)
SAVE, BACK = ("SAVEPOINT here", None), ("ROLLBACK TO SAVEPOINT here", None)
COMMIT, ROLLBACK = ("COMMIT", None), ("ROLLBACK", None)


@pytest.fixture
def opened(server: Server) -> Iterator[Connection]:
    with server.connect() as connection:
        connection.execute("CREATE TEMPORARY TABLE n (n bigint PRIMARY KEY)")
        yield connection


def test_each_statement_has_its_own_rows(opened: Connection) -> None:
    twice: Said = ("SELECT n * %s FROM n ORDER BY n", (2,))
    named: Said = ("SELECT %(b)s::bigint - %(a)s, '%%', %(b)s", {"a": 1, "b": 3, "c": 5})
    none: Said = ("SELECT 7", {"a": 1})
    found = in_one_round(opened, [BEGIN, ONE, TWO, ALL, twice, named, none, COMMIT])
    assert found[3:] == [[(1,), (2,)], [(2,), (4,)], [(2, "%", 3)], [(7,)], []]


def test_what_was_prepared_outlives_a_transaction_that_is_taken_back(opened: Connection) -> None:
    for _ in range(8):  # after which psycopg would prepare what it is asked as well
        in_one_round(opened, [BEGIN, ALL])
        opened.execute("ROLLBACK")
    assert opened.execute("SELECT count(*) FROM pg_prepared_statements").fetchone() == (2,)


def test_the_first_that_fails_is_raised_and_none_behind_it_is_run(opened: Connection) -> None:
    with pytest.raises(errors.UniqueViolation):
        in_one_round(opened, [BEGIN, ONE, AGAIN, TWO, COMMIT])
    assert opened.info.transaction_status == TransactionStatus.INERROR
    in_one_round(opened, [ROLLBACK])
    assert in_one_round(opened, [ALL]) == [[]]


def test_after_an_error_the_transaction_goes_on_from_where_it_was_saved(opened: Connection) -> None:
    with pytest.raises(errors.UniqueViolation):
        in_one_round(opened, [BEGIN, ONE, SAVE, AGAIN, TWO])
    assert in_one_round(opened, [BACK, TWO, COMMIT, ALL])[-1] == [(1,), (2,)]


def test_a_value_that_no_text_can_have_is_raised_and_logged_by_nobody(
    opened: Connection, caplog: pytest.LogCaptureFixture
) -> None:
    nothing: Said = ("SELECT %s::bigint", ("none",))
    nul: Said = ("SELECT %s::text", ("a\0b",))
    with pytest.raises(errors.DataError):
        in_one_round(opened, [BEGIN, nothing, nul])
    assert caplog.records == []
    in_one_round(opened, [ROLLBACK])
    assert in_one_round(opened, [ALL]) == [[]]


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[Sequence[Said]]:
    """Return what is said in transactions from now on, each round by itself."""
    rounds: list[Sequence[Said]] = []

    def heard(opened: Connection, each: Sequence[Said]) -> list[list[object]]:
        rounds.append(each)
        return in_one_round(opened, each)

    monkeypatch.setattr(own, "in_one_round", heard)
    return rounds


def test_a_look_before_a_handler_is_one_round(server: Server, said: list[Sequence[Said]]) -> None:
    with Queue(address(server)) as queue:
        queue.enqueue("k")
        attempt = claimed(queue)
        said.clear()
        assert attempt.start()
        assert len(said) == 1
        assert validate(queue.store.address).finding is None


def test_a_look_that_is_refused_says_by_which_guard(
    server: Server, said: list[Sequence[Said]]
) -> None:
    with Queue(address(server)) as queue:
        queue.enqueue("k")
        attempt = claimed(queue)
        queue.cancel(attempt.id)
        said.clear()
        with pytest.raises(LostClaim, match="start of job 1 is refused: leased"):
            attempt.start()
        assert len(said) == 1
