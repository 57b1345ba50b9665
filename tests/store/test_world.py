"""What belongs to the world is asked when a step needs it: no crash changes it, no store has it."""

from collections import Counter
from collections.abc import Collection
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Any, get_args

import pytest

from checker.commands.store.side_by_side import KEPT_IN
from checker.conformance.sql import explained
from checker.conformance.validating.follow import Follower
from checker.conformance.validating.validate import events
from checker.crashlab.explore import explore as crash
from checker.crashlab.images.judge import Judge
from checker.crashlab.images.settings import SHIPPED
from checker.crashlab.recording.paths import paths
from checker.crashlab.recording.recording import Laboratory
from checker.export.tla.module import SURVIVAL
from checker.prove.proof import prove
from checker.search import compiled, plain
from checker.search.compiled.code.layout import Layout
from impl.derive.design import derive
from impl.derive.view import Inexpressible
from impl.interface.process import newcomer
from impl.sqlite.store import Store
from impl.terms.outcomes import Done, Refused, Traced, Unknown
from spec.language import Nat, Sort, Spec, require
from spec.language.declared.model import Survival
from spec.language.evaluate import Evaluator, instances
from spec.language.hashes import spec_hash
from spec.language.scope import Scope
from tests.conformance.replay.replay_graph import graph_states, try_everywhere
from tests.specs.ferry import HARBOUR, Sailor
from tui.rows.beside import WHERE

FERRY = derive(HARBOUR)


# ---------------------------------------------------------------- the engines


@pytest.mark.parametrize("kinds", [KEPT_IN, SURVIVAL, WHERE])
def test_every_reader_knows_every_kind_of_survival(kinds: Collection[str]) -> None:
    assert set(kinds) == set(get_args(Survival))


def test_a_crash_leaves_it_as_it_is() -> None:
    evaluator = Evaluator(HARBOUR)
    (crash,) = (i for i in instances(evaluator) if i.step.action.name == "crash")
    places = [place.name for place in HARBOUR.places]
    state = ("sold", "used", 0, True, True, 0, True, True)
    after = dict(zip(places, crash.after(state), strict=True))
    assert after == {
        "status[ticket1]": "sold", "status[ticket2]": "used",
        "ticket[sailor1]": None, "waits[sailor1]": False,
        "tide": True, "free[boat1]": 0, "here[ticket1]": True, "here[ticket2]": True,
    }  # fmt: skip


def test_both_explorers_find_the_same() -> None:
    mine, known = plain.explore(HARBOUR), compiled.explore(HARBOUR, symmetry=False)
    assert (mine.states, mine.fired, dict(mine.violations)) == (known.states, known.fired, {})


def test_both_solvers_take_it_for_a_variable() -> None:
    proof = prove(HARBOUR.spec)
    assert proof.proves("only_who_has_come_sits")
    assert proof.fallen == {"a_full_boat_has_a_passenger"}  # two seats, and a third passenger


def test_another_kind_of_survival_is_another_spec() -> None:
    assert spec_hash(asking("world")) != spec_hash(asking("volatile"))


# ---------------------------------------------------------------- the store


def test_it_has_no_column_and_is_asked_before_the_store() -> None:
    assert [f.name for table in FERRY.tables for f in table.columns] == ["status"]
    text = explained(FERRY.transitions["seat"])
    assert "--   first, in the world: here[ticket[w]]  (present)" in text
    assert "free = " not in text
    assert FERRY.transitions["turn"].statement is None


def test_every_edge_agrees() -> None:
    tried = try_everywhere(FERRY, map(Layout(HARBOUR).unpack, graph_states(FERRY)))
    known = compiled.explore(HARBOUR, symmetry=False)
    assert (tried.states, tried.taken) == (known.states, Counter(known.fired))
    assert set(tried.refused) >= {"sell.here", "take.high", "seat.seats", "look_up.low"}


def test_a_step_is_told_what_the_world_says() -> None:
    with closing(Store(FERRY)) as store:
        assert store.take("sell", {"k": 0}, {}, {"here": False}) == Refused("here")
        assert isinstance(store.take("sell", {"k": 0}, {}, {"here": True}), Done)
        with pytest.raises(KeyError, match="here"):
            store.take("sell", {"k": 1}, {})


def test_a_trace_is_followed_that_says_nothing_of_it() -> None:
    with closing(Store(FERRY)) as store:
        sailor = newcomer(FERRY, Sailor, 0)
        with store.transaction() as t:
            t.take("sell", k=0, world={"here": True})
            t.take("take", sailor, k=0, world={"tide": True})
            there = {"here": True, "free": 1, "tide": True}
            assert isinstance(t.take("seat", sailor, b=0, world=there), Done)
        rows = list(store.trace())
        assert [row.after for row in rows] == [
            {"status[ticket1]": "sold"},
            {"status[ticket1]": "used", "ticket[sailor1]": None},
        ]
        follower = Follower(FERRY, {1: "Sailor"})
        for event in events(store, 0):
            if isinstance(event, Traced):
                follower.row(event)
            else:
                follower.unseen(*event)
        assert follower.steps == 3


KNOWING = derive(
    HARBOUR,
    answers={"here": "EXISTS (SELECT 1 FROM passenger WHERE passenger.ticket = ticket.id)"},
)


def test_what_the_store_knows_nobody_tells_it(tmp_path: Path) -> None:
    """Tickets 1 and 2 are sold; the passenger of the second one has come."""
    file = str(tmp_path / "harbour.db")
    with closing(Store(FERRY, file)) as store:
        for ticket in (0, 1):
            store.take("sell", {"k": ticket}, {}, {"here": True})
    with closing(Store(KNOWING, file)) as store:
        store.connection.execute(
            "CREATE TABLE passenger (ticket INTEGER); INSERT INTO passenger VALUES (2)"
        )
        world = {"free": 1, "tide": True}

        def seat(ticket: int) -> Done | Refused | Unknown:
            memory = {"ticket": ticket - 1, "waits": False}
            return store.take("seat", {"w": 0, "b": 0}, memory, world)

        assert seat(1) == Refused("present")
        assert isinstance(seat(2), Done)
        store.connection.execute("INSERT INTO passenger VALUES (1)")
        assert isinstance(seat(1), Done)
        assert seat(1) == Refused("sold")


def test_of_a_row_that_is_not_there_it_says_no() -> None:
    with closing(Store(KNOWING)) as store:
        store.connection.execute("CREATE TABLE passenger (ticket INTEGER)")
        store.connection.execute("INSERT INTO passenger VALUES (1)")
        assert store.take("sell", {"k": 0}, {}) == Refused("here")


def test_a_statement_says_what_it_asks_itself_and_what_is_asked_first() -> None:
    text = explained(KNOWING.transitions["seat"])
    assert "first, in the world: (0 < free[b]) & tide  (seats)" in text
    assert "EXISTS (SELECT 1 FROM passenger WHERE passenger.ticket = ticket.id)" in text
    assert "(present)" not in text


@pytest.mark.deep
def test_no_crash_of_the_store_makes_it_matter(tmp_path: Path) -> None:
    (tmp_path / "image").mkdir()
    laboratory = Laboratory(FERRY, tmp_path)
    judge = Judge(FERRY, tmp_path / "image", laboratory.blank)
    wanted = [p for p in paths(FERRY, laboratory.steps, 5) if "seat" in str(p)]
    for path in wanted:
        found = crash(laboratory.record(path, SHIPPED), judge, Random(1), 16)
        assert (found.bad, found.count() > 0) == ([], True), path
    assert wanted


# ---------------------------------------------------------------- what is refused


class Pot(Sort):
    """A row."""


def asking(survival: str) -> Any:
    spec = Spec("kitchen", doc="Made up.")
    spec.durable("full", Pot, bool, False, "it is full")
    spec.durable("heat", Pot, Nat(3), 0, "how hot it is")
    declare = getattr(spec, survival)
    declare("warm", Pot, Nat(3), 0, "how hot it seems")
    declare("next", Pot, Pot, None, "the one beside it")
    return spec


def kept(s: Any, p: Pot) -> None:
    """Somebody writes down how hot it is."""
    s.heat[p] = s.warm[p]


def twice(s: Any, p: Pot, q: Pot) -> None:
    """A pot is filled that is hotter than another."""
    require(hotter=s.warm[p] > s.warm[q])
    s.full[p] = True


def named(s: Any, p: Pot) -> None:
    """The pot beside a pot is filled."""
    s.full[s.next[p]] = True


@pytest.mark.parametrize(
    ("action", "complaint"),
    [
        (kept, "kept: the world says what becomes of heat: `warm[p]`"),
        (twice, "twice: a second question of one kind: `warm[p]`"),
        (named, "named: a row that no parameter and no memory names: `next[p]`"),
    ],
)
def test_what_no_trace_could_show_is_refused_by_name(action: Any, complaint: str) -> None:
    spec = asking("world")
    spec.action()(action)
    with pytest.raises(Inexpressible) as wrong:
        derive(Scope("kitchen", spec, {"Pot": 2}))
    assert str(wrong.value) == complaint
