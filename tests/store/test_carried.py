"""What the spec does not speak of is carried by the row: given when it is put in, and asked for."""

from collections.abc import Iterator
from typing import Any

import pytest

from impl.derive.design import derive
from impl.derive.tables import Carried
from impl.derive.view import Inexpressible
from impl.interface.process import newcomer
from impl.interface.step import Beside, Chosen
from impl.interface.transaction import Transaction
from impl.sqlite.store import Store
from impl.terms.outcomes import CheckFailed, Done, Refused
from spec.queue import SCOPES
from spec.queue.job import Job, Worker

KEY = Carried("key", "TEXT NOT NULL UNIQUE", "of its request")
DESIGN = derive(SCOPES["life"], carried={Job: (KEY,)})


@pytest.fixture
def store() -> Iterator[Store]:
    opened = Store(DESIGN)
    yield opened
    opened.close()


def put_in(t: Transaction, **carried: Any) -> Done | Refused:
    return t.take("enqueue", beside=Beside(carried), j=t.new(Job))


def claim(t: Transaction, query: str, wanted: str = "id, key") -> Done | Refused:
    chosen = Chosen(query, query, {"key": "b"}, wanted)
    return t.take("claim", newcomer(DESIGN, Worker, 0), beside=Beside(chosen=chosen))


def test_a_row_is_given_what_it_carries_and_keeps_it(store: Store) -> None:
    with store.transaction() as t:
        assert isinstance(put_in(t, key="a"), Done)
        assert isinstance(put_in(t, key="b"), Done)
        assert t.new(Job) == 2
        assert isinstance(claim(t, "SELECT id FROM job ORDER BY id LIMIT 1"), Done)
    assert store.query("SELECT id, status, key FROM job") == [
        (1, "claimed", "a"),
        (2, "ready", "b"),
    ]
    assert store.rows()[Job][0].keys() == {f.name for f in DESIGN.tables[0].columns}


def test_what_another_row_has_that_must_be_unique_is_refused_as_a_row_that_is_there(
    store: Store,
) -> None:
    with store.transaction() as t:
        assert isinstance(put_in(t, key="a"), Done)
        assert put_in(t, key="a") == Refused("new_key")
        assert isinstance(put_in(t, key="b"), Done)
    assert store.query("SELECT id, key FROM job") == [(1, "a"), (2, "b")]
    assert [row.action for row in store.trace()] == ["enqueue", "enqueue"]


def test_a_row_without_what_it_must_carry_is_taken_back(store: Store) -> None:
    wrong = r"NOT NULL constraint failed: job\.key"
    with pytest.raises(CheckFailed, match=wrong), store.transaction() as t:
        put_in(t)
    assert store.query("SELECT count(*) FROM job") == [(0,)]


def test_a_row_that_a_query_chooses_is_named_in_the_trace_and_says_what_is_asked(
    store: Store,
) -> None:
    with store.transaction() as t:
        for key in "abc":
            put_in(t, key=key)
        claimed = claim(t, "SELECT id FROM job WHERE key = :key")
        assert isinstance(claimed, Done)
        assert list(claimed.beside) == [2, "b"]
        assert claimed.memory["job"] == (None, 1)
    *_, last = store.trace()
    assert (last.action, last.params) == ("claim", {"w": "worker1", "j": "job2"})
    assert last.after["job[worker1]"] == "job2"


def test_where_a_query_chooses_none_or_one_that_a_guard_refuses_it_is_said(store: Store) -> None:
    with store.transaction() as t:
        put_in(t, key="a")
        assert claim(t, "SELECT id FROM job WHERE key = :key") == Refused("reference")
        assert isinstance(claim(t, "SELECT id FROM job"), Done)
        assert claim(t, "SELECT id FROM job") == Refused("ready")


@pytest.mark.parametrize("name", ["status", "j", "held", "id"])
def test_what_has_the_name_of_something_in_the_spec_cannot_be_carried(name: str) -> None:
    with pytest.raises(Inexpressible, match="the spec has something of this name"):
        derive(SCOPES["life"], carried={Job: (Carried(name, "TEXT", "anything"),)})
