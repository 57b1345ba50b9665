"""What is derived from the spec is readable, complete, and means what the evaluator says."""

import re
from collections.abc import Iterator
from contextlib import closing
from random import Random
from typing import Any

import apsw
import pytest

from impl.derive.design import derive
from impl.derive.possible import possible
from impl.derive.sql import bound, decode, encode, value
from impl.derive.tables import of_one_row
from impl.derive.view import Inexpressible
from impl.sqlite.store import Store
from impl.terms.outcomes import Done
from spec.language import Nat, Sort, Spec, exists, require
from spec.language.edited.edits import without
from spec.language.evaluate import Claim, Evaluator
from spec.language.scope import Scope, State
from spec.language.terms.expr import Expr
from spec.language.terms.types import is_enum
from spec.queue import SCOPES
from tests.expressions import BOXES, Box, Colour, Hand, Size, random_expression
from tests.walks import Walks

WHOLE = derive(SCOPES["whole"])


def sql(action: str) -> str:
    statement = WHOLE.transitions[action].statement
    assert statement is not None
    return statement.text


# ---------------------------------------------------------------- readable


def test_a_claim_is_one_update() -> None:
    assert sql("claim") == (
        "UPDATE job\n"
        "SET status = 'claimed',\n"
        "    lease = :now + :lease_ms,\n"
        "    token = token + 1,\n"
        "    due = NULL,\n"
        "    deadline = :now + :deadline_ms\n"
        "WHERE id = :j\n"
        "  AND status = 'ready'     /* ready */\n"
        "  AND due <= :now IS TRUE  /* due */\n"
        "RETURNING status, lease, token, due, deadline"
    )


def test_a_guard_on_memory_is_left_to_the_process() -> None:
    claim = WHOLE.transitions["claim"]
    assert [g.name for g in claim.guards if g.in_memory] == ["idle"]
    assert [r.field.name for r in claim.remembers] == ["pc", "job", "held", "held_epoch"]


def test_enqueue_inserts_a_row_where_there_is_none() -> None:
    text = sql("enqueue")
    assert text.startswith("INSERT INTO job\n  (id, status, token,")
    assert "  (:j, 'ready', 0, 0, NULL, 0, 0, 'none', 0, 0, FALSE, 'none', 'none', :now +" in text
    assert "ON CONFLICT (id) DO NOTHING  /* new_key */" in text


def test_looking_is_a_select_and_crashing_needs_no_store() -> None:
    assert sql("look") == (
        "SELECT lease\nFROM job\nWHERE id = :j\n  AND lease <= :now IS TRUE  /* expired */"
    )
    assert WHOLE.transitions["crash"].statement is None


def test_a_row_that_is_there_is_not_absent() -> None:
    """With every guard in place no step leaves an absent row, so the column never says it; but a
    change, a pause, a registry, a number, a time, a second look or a transaction's end may find no
    job, and a loss of power or a copy may leave an image alone.
    """
    for scope in SCOPES.values():
        (table,) = derive(scope).tables
        alone = (
            "busy", "coalescing", "copies", "cursor", "due", "fleet", "intents", "operators",
            "pace", "permits", "schedule", "storage",
        )  # fmt: skip
        lasting = scope.name not in alone
        always = "enqueue" in scope.spec.actions and lasting
        assert table.absent == ("status", "absent")
        assert table.always or not always
    assert "'absent'" not in WHOLE.schema
    unguarded = SCOPES["life"].on(without(SCOPES["life"].spec, "pass_deadline.ahead"))
    (table,) = derive(unguarded).tables
    assert table.always is False


def test_no_ghost_is_in_what_is_derived() -> None:
    for scope in SCOPES.values():
        design = derive(scope)
        ghosts = [f.name for f in scope.spec.fields.values() if f.survival == "ghost"]
        assert ghosts[:2] == ["successes", "entered"]
        texts = [design.schema, design.triggers]
        for t in design.transitions.values():
            texts += [t.statement.text if t.statement else "", t.verdicts]
            assert not {r.field.name for r in t.remembers} & set(ghosts)
        for text in texts:
            words = re.sub(r"'[^']*'|/\*.*?\*/|--.*", "", text)
            assert not re.search(rf"\b({'|'.join(ghosts)})\b", words)


# ---------------------------------------------------------------- what cannot be derived


class Tin(Sort):
    """A row."""


class Cook(Sort):
    """A process."""


def kitchen() -> Any:
    spec = Spec("kitchen", doc="Made up.")
    spec.durable("full", Tin, bool, False, "it is full")
    spec.durable("next", Tin, Tin, None, "the one behind it")
    spec.volatile("tin", Cook, Tin, None, "in hand")
    spec.ghost("opened", Tin, bool, False, "it was opened")
    return spec


def two_rows(s: Any, a: Tin, b: Tin) -> None:
    """One tin is poured into another."""
    require(full=s.full[a])
    s.full[b] = True


def two_cooks(s: Any, c: Cook, d: Cook) -> None:
    """A tin changes hands."""
    s.tin[d] = s.tin[c]


def all_rows(s: Any, a: Tin) -> None:
    """A tin is filled while another one is full."""
    require(one=exists(Tin, lambda t: s.full[t]))
    s.full[a] = True


def a_ghost(s: Any, a: Tin) -> None:
    """A tin is filled that was opened."""
    require(opened=s.opened[a])
    s.full[a] = True


def a_chain(s: Any, a: Tin) -> None:
    """The tin behind a tin is filled."""
    s.full[s.next[a]] = True


def a_name_twice(s: Any, full: Tin) -> None:
    """A tin is emptied."""
    s.full[full] = False


@pytest.mark.parametrize(
    ("action", "complaint"),
    [
        (two_rows, "two_rows: a second row, beside `a`: `full[b]`"),
        (two_cooks, "two_cooks: the memory of a second process: `tin[d]`"),
        (all_rows, "all_rows: a quantifier sees more than one row: `exists(Tin, "),
        (a_ghost, "a_ghost: a ghost is not there to be read: `opened[a]`"),
        (a_chain, "a_chain: a second row, beside `next[a]`: `next[a]`"),
        (a_name_twice, "a_name_twice: a parameter and a field of one name: `full`"),
    ],
)
def test_what_sees_too_much_is_refused_by_name(action: Any, complaint: str) -> None:
    spec = kitchen()
    spec.action()(action)
    bounds = {sort.__name__: 2 for sort in spec.sorts}
    with pytest.raises(Inexpressible) as wrong:
        derive(Scope("kitchen", spec, bounds))
    assert str(wrong.value).startswith(complaint)


@pytest.mark.parametrize("name", ["id", "ID", "Full"])
def test_two_columns_of_one_name_are_refused_by_name(name: str) -> None:
    spec = kitchen()
    spec.durable(name, Tin, bool, False, "a name that is taken")
    with pytest.raises(Inexpressible) as wrong:
        derive(Scope("kitchen", spec, {"Tin": 1, "Cook": 1}))
    assert str(wrong.value) == f"Tin: the table has a column of this name: `{name}`"


# ---------------------------------------------------------------- SQLite and the evaluator agree

TYPES: tuple[Any, ...] = (bool, Colour, Size.type, Hand)


def random_state(random: Random) -> State:
    return tuple(
        random.randrange(4)
        if isinstance(place.field.type, Nat)
        else random.choice([None, *BOXES.choices(place.field.type)])
        if place.field.type is Hand
        else random.choice(BOXES.choices(place.field.type))
        for place in BOXES.places
    )


def test_random_expressions_mean_the_same_in_sql() -> None:
    evaluator = Evaluator(BOXES)
    random = Random(seed := 4)
    with closing(apsw.Connection(":memory:")) as opened:
        for _ in range(1500):
            kind = random.choice(TYPES)
            e = random_expression(random, kind, depth=4)
            state = random_state(random)
            row = {p.field: v for p, v in zip(BOXES.places, state, strict=True) if p.element == 0}
            given = {f.name: encode(f.type, v) for f, v in row.items()} | {"h": 1, "Size": 2}
            columns = [f':{f.name} AS "{f.name}"' for f in row if f.survival == "durable"]
            query = f"SELECT {value(e, bound(Box))} FROM (SELECT {', '.join(columns)})"
            ((got,),) = opened.execute(query, given).fetchall()
            want = evaluator.meaning(e, {"b": 0, "h": 0})(state, state)
            assert decode(kind, got) == want, f"seed {seed}: {e} as {query} with {given}"


@pytest.mark.deep
def test_what_happens_was_possible() -> None:
    evaluator = Evaluator(BOXES)
    random = Random(seed := 5)
    certain = 0
    for _ in range(1500):
        e: Expr = random_expression(random, random.choice(TYPES), depth=4)
        state = random_state(random)
        known = {
            p.field.name: frozenset({v, *random.sample([v, *BOXES.choices(p.field.type)], 1)})
            for p, v in zip(BOXES.places, state, strict=True)
            if p.element == 0 and p.field.survival == "durable" and is_enum(p.field.type)
        }
        found = possible(e, known, BOXES.bounds)
        want = evaluator.meaning(e, {"b": 0, "h": 0})(state, state)
        assert found is None or want in found, f"seed {seed}: {e} is {want}, not in {found}"
        certain += found is not None and len(found) == 1
    assert certain > 250  # it does know something


# ---------------------------------------------------------------- the schema


def nearly_right(scope: Scope, seed: int, count: int) -> Iterator[tuple[State, dict[str, Any]]]:
    """Yield states that were reached, with a few durable values changed, and their columns."""
    random = Random(seed)
    reached = sorted(Walks(derive(scope), seed).run(walks=4, steps=60).seen, key=str)
    stored = [i for i, p in enumerate(scope.places) if p.field.survival == "durable"]
    for _ in range(count):
        state = list(random.choice(reached))
        for at in random.sample(stored, random.randint(1, 4)):
            kind = scope.places[at].field.type
            choices = range(scope.limit(kind) + 1) if isinstance(kind, Nat) else scope.choices(kind)
            state[at] = random.choice(list(choices))
        columns = [(scope.places[i].field, state[i]) for i in stored]
        yield tuple(state), {f.name: encode(f.type, v) for f, v in columns}


def test_checks_refuse_exactly_the_rows_that_break_an_invariant() -> None:
    scope, evaluator = SCOPES["whole"], Evaluator(SCOPES["whole"])
    (table,) = WHOLE.tables
    claims = [Claim(evaluator, p) for p in scope.spec.properties.values() if of_one_row(p, table)]
    assert len(claims) == 10
    named: set[str] = set()
    accepted = 0
    with closing(apsw.Connection(":memory:")) as opened:
        opened.execute(WHOLE.schema)
        for state, columns in nearly_right(scope, seed=6, count=6000):
            broken = {f"{c.property.id} {c.property.name}" for c in claims if c.holds(state)}
            if len(broken) > 1 or columns["status"] == "absent":
                continue
            names, holes = ", ".join(f'"{n}"' for n in columns), ", ".join(f":{n}" for n in columns)
            insert = f"INSERT OR ROLLBACK INTO job ({names}) VALUES ({holes})"
            try:
                opened.execute(insert, columns)
                accepted += 1
                assert not broken
            except apsw.ConstraintError as refused:
                assert str(refused) == f"CHECK constraint failed: {next(iter(broken), '')}"
                named |= broken
    assert named == {f"{c.property.id} {c.property.name}" for c in claims}
    assert accepted > 100


@pytest.mark.parametrize(
    ("column", "bad", "complaint"),
    [
        ("token", 5, "CHECK constraint failed: range_token"),
        ("token", -1, "CHECK constraint failed: range_token"),
        ("status", "lost", "CHECK constraint failed: status IN"),
        ("status", "absent", "CHECK constraint failed: status IN"),
        ("lease", "live", "cannot store TEXT value in INTEGER column job.lease"),
        ("token", "one", "cannot store TEXT value in INTEGER column job.token"),
        ("reason", None, "NOT NULL constraint failed: job.reason"),
    ],
)
def test_a_column_refuses_what_is_no_value_of_its_field(
    column: str, bad: Any, complaint: str
) -> None:
    with closing(apsw.Connection(":memory:")) as opened:
        opened.execute(derive(SCOPES["whole"], checks=False).schema)
        opened.execute(sql("enqueue"), {"j": 1, "now": 0, "due_ms": 1}).fetchall()
        with pytest.raises(apsw.ConstraintError) as refused:
            opened.execute(f"UPDATE job SET {column} = ?", (bad,))
    assert str(refused.value).startswith(complaint)


@pytest.mark.parametrize(
    "rewrite",
    [
        "UPDATE trace SET action = 'x'",
        "DELETE FROM trace",
        "REPLACE INTO trace VALUES (1, 'a', 'b', '{}', '{}', '{}', '[]', NULL, 0)",
    ],
)
def test_the_trace_cannot_be_rewritten(rewrite: str) -> None:
    store = Store(derive(SCOPES["one-job"]))
    assert isinstance(store.take("enqueue", {"j": 0}, {}), Done)
    with pytest.raises(apsw.ConstraintError, match="the trace is append-only"):
        store.connection.execute(rewrite)
    assert [row.action for row in store.trace()] == ["enqueue"]
