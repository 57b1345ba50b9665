"""Several statements that are said to a server in one round, and what an error leaves of them."""

from collections.abc import Iterator

import pytest
from psycopg import errors
from psycopg.pq import TransactionStatus

from impl.postgresql.connection import Connection
from impl.postgresql.rounds import Said, in_one_round
from impl.postgresql.trial.embedded import Server

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
    found = in_one_round(opened, [BEGIN, ONE, TWO, ALL, twice, COMMIT])
    assert found == [[], [], [], [(1,), (2,)], [(2,), (4,)], []]


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
