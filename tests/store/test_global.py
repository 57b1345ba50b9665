"""A value that no row has is one row of the store: steps of rows read it, and it has steps of its
own.
"""

import json
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

import apsw
import pytest

from checker.conformance.sql import explained
from checker.conformance.validating.finding import NotAllowed
from checker.conformance.validating.follow import Follower
from checker.conformance.validating.validate import events
from checker.crashlab.explore import explore as crash
from checker.crashlab.images.judge import Judge
from checker.crashlab.images.settings import SHIPPED
from checker.crashlab.recording.paths import paths
from checker.crashlab.recording.recording import Laboratory
from checker.search.compiled.code.layout import Layout
from checker.search.plain import explore
from impl.derive.design import derive
from impl.derive.origin import Rows, Unfit
from impl.derive.view import Global, Inexpressible
from impl.interface.process import newcomer
from impl.sqlite.scribe import write_down
from impl.sqlite.store import Store
from impl.terms.outcomes import CheckFailed, Done, Traced
from spec.language import Nat, Sort, Spec, require
from spec.language.declared.model import Property
from spec.language.declared.tracing import State
from spec.language.evaluate import Evaluator, instances
from spec.language.scope import Scope
from tests.conformance.replay.replay_graph import graph_states, try_everywhere
from tests.specs.hotel import INN, Guest
from tests.specs.lease_lock import lease_lock

HOTEL = derive(INN)
LOCK = derive(Scope("lock", lease_lock, {"Client": 2, "Tokens": 2}))
EVERY: Any = instances(Evaluator(INN))

early = Property(
    "HOTEL-9", "early", "No second night.", "invariant", (), State(INN.spec, None, False).night < 2
)


def sql(action: str) -> str:
    statement = HOTEL.transitions[action].statement
    assert statement is not None
    return statement.text


# ---------------------------------------------------------------- what is derived


def test_the_row_is_made_with_its_table() -> None:
    assert Store(HOTEL).own("SELECT id, night, manager FROM global") == [(1, 0, None)]


def test_a_step_of_a_row_asks_for_the_value_in_the_same_statement() -> None:
    assert sql("check_in") == (
        "UPDATE room\n"
        "SET status = 'taken',\n"
        "    since = CASE WHEN (SELECT manager FROM global) IS NOT DISTINCT FROM :g THEN since"
        " ELSE (SELECT night FROM global) END\n"
        "WHERE id = :r\n"
        "  AND status = 'free'                 /* free */\n"
        "  AND 0 < (SELECT night FROM global)  /* dark */\n"
        "RETURNING status, since"
    )


def test_a_step_of_its_own_changes_the_one_row() -> None:
    assert sql("pass_night") == (
        "UPDATE global\n"
        "SET night = night + 1\n"
        "WHERE id = 1\n"
        "  AND night < :Nights  /* more */\n"
        "RETURNING night"
    )


def test_who_only_reads_it_selects_it() -> None:
    assert sql("listen") == (
        "SELECT night\nFROM global\nWHERE id = 1\n  AND :heard < night  /* later */"
    )
    assert "then remembered, as read before the step: heard[g] = night" in explained(
        HOTEL.transitions["listen"]
    )


@pytest.mark.parametrize("wrong", [("night", 3), ("night", None), ("id", 2)])
def test_the_row_refuses_what_is_no_value_of_its_field(wrong: tuple[str, Any]) -> None:
    store = Store(HOTEL)
    write_down(store.connection, False)
    with pytest.raises(apsw.ConstraintError):
        store.connection.execute(f"UPDATE global SET {wrong[0]} = ?", (wrong[1],))


def test_a_claim_about_it_alone_is_a_check() -> None:
    spec = INN.spec.edited("early", properties={"early": early})
    store = Store(derive(INN.on(spec)))
    assert isinstance(store.take("pass_night", {}, {}), Done)
    with pytest.raises(CheckFailed, match="early"):
        store.take("pass_night", {}, {})


# ---------------------------------------------------------------- store and spec


@pytest.mark.parametrize("design", [HOTEL, LOCK], ids=["hotel", "lock"])
def test_every_edge_agrees(design: Any) -> None:
    tried = try_everywhere(design, map(Layout(design.scope).unpack, graph_states(design)))
    known = explore(design.scope)
    assert (tried.states, tried.taken) == (known.states, Counter(known.fired))


def test_the_trace_names_it_without_an_element_and_is_followed() -> None:
    store, random = Store(HOTEL), Random(seed := 3)
    guests = [newcomer(HOTEL, Guest, n) for n in range(2)]
    for _ in range(200):
        step = random.choice(EVERY)
        process = guests[step.step.binding["g"]] if "g" in step.step.binding else None
        params = {n: v for n, v in step.step.binding.items() if n != "g"}
        with store.transaction() as t:
            t.take(step.step.action.name, process, **params)
    rows = list(store.trace())
    assert {"night", "manager"} < {place for row in rows for place in row.after}
    follower = Follower(HOTEL, {1: "Guest", 2: "Guest"})
    for event in events(store, 0):
        follower.row(event) if isinstance(event, Traced) else follower.unseen(*event)
    assert follower.rows == len(rows) > 5, f"seed {seed}"
    manager = store.rows()[Global][0]["manager"]
    assert follower.sparse.now[follower.sparse.at("manager", 0)] == manager is not None


def test_a_trace_that_tells_another_night_is_not_followed() -> None:
    row = Traced(1, "-", "pass_night", {}, {"night": 0}, {"night": 2}, (), None)
    with pytest.raises(NotAllowed, match=r"night after it"):
        Follower(HOTEL, {}).row(row)


def test_a_recorded_state_has_it(tmp_path: Path) -> None:
    table = next(t for t in HOTEL.tables if t.sort is Global)
    rows = Rows(HOTEL, table)
    recorded = rows.recorded(0, rows.whole({"night": 2, "manager": 1}))
    assert recorded == ("global1", '{"night": 2, "manager": "guest2"}')
    follower = Follower(HOTEL, {})
    follower.begin(0, [(recorded[0], json.loads(recorded[1]))])
    assert follower.sparse.refusal("pass_night", {}) == "more"
    with pytest.raises(Unfit, match="night cannot be 3"):
        rows.whole({"night": 3, "manager": None})


@pytest.mark.deep
def test_no_crash_takes_an_answered_step_of_it_back(tmp_path: Path) -> None:
    (tmp_path / "image").mkdir()
    laboratory = Laboratory(HOTEL, tmp_path)
    judge = Judge(HOTEL, tmp_path / "image", laboratory.blank)
    wanted = [p for p in paths(HOTEL, laboratory.steps, 3) if "pass_night" in str(p)]
    for path in wanted:
        found = crash(laboratory.record(path, SHIPPED), judge, Random(1), 16)
        assert (found.bad, found.count() > 0) == ([], True), path
    assert len(wanted) > 3


# ---------------------------------------------------------------- what is refused


class Shelf(Sort):
    """A row."""


def library() -> Any:
    spec = Spec("library", doc="Made up.")
    spec.durable("books", None, Nat(3), 0, "how many there are")
    spec.durable("full", Shelf, bool, False, "it is full")
    return spec


def both(s: Any, a: Shelf) -> None:
    """A shelf is filled and the books counted."""
    s.full[a] = True
    s.books += 1


def by_a_row(s: Any, a: Shelf) -> None:
    """The books are counted while a shelf is full."""
    require(full=s.full[a])
    s.books += 1


@pytest.mark.parametrize("action", [both, by_a_row])
def test_a_step_of_a_row_does_not_write_it(action: Any) -> None:
    spec = library()
    spec.action()(action)
    with pytest.raises(Inexpressible) as wrong:
        derive(Scope("library", spec, {"Shelf": 1}))
    fact = "writes a value of no row, and sees the row `a` as well"
    assert str(wrong.value) == f"{action.__name__}: {fact}: `books`"


def test_a_sort_of_that_name_is_refused() -> None:
    spec = library()
    spec.durable("warm", type("Global", (Sort,), {}), bool, True, "how it is")
    with pytest.raises(Inexpressible, match="Global: the store has a table of this name"):
        derive(Scope("library", spec, {"Shelf": 1, "Global": 1}))


def test_a_memory_of_no_process_is_refused() -> None:
    spec = library()
    spec.volatile("read", None, bool, False, "somebody has read one")
    with pytest.raises(Inexpressible, match="library: a memory that no process has: `read`"):
        derive(Scope("library", spec, {"Shelf": 1}))
