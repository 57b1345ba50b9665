"""Steps that read more than the row which they write, as SQL: to show what comes of them.

No statement is derived for those. Every element has its row from the beginning, and what processes
remember is taken from the run of the spec.
"""

from __future__ import annotations

from collections.abc import Mapping

from impl.derive.tables import Table
from impl.derive.view import sort_of
from impl.postgresql.text.sql import (
    POSTGRESQL,
    condition,
    decode,
    identifier,
    literal,
    table_name,
    value,
)
from impl.postgresql.trial.embedded import Server
from impl.postgresql.trial.session import Transactions
from spec.language.declared.model import Field, Update
from spec.language.evaluate import Evaluator, Step
from spec.language.reads import kind_of
from spec.language.scope import Scope, State, Value
from spec.language.terms.expr import Bound, Count, Exists, Expr, ForAll, Not, Quantifier, Read, Var
from spec.language.terms.tree import alike, rebuild
from spec.language.terms.types import Sort, Type, is_sort


class Wide:
    """A database with a row for each element, and steps as SQL that reads any of them."""

    def __init__(self, scope: Scope, server: Server) -> None:
        self.scope, self.server = scope, server
        begins = Evaluator(scope).meaning
        columns: dict[type[Sort], list[Field]] = {}
        for f in scope.spec.fields.values():
            if f.survival == "durable":
                columns.setdefault(sort_of(f), []).append(f)
        self.tables = tuple(
            Table(
                sort, tuple(own), {f.name: begins(f.initial, {})((), ()) for f in own}, None, False
            )
            for sort, own in columns.items()
        )
        self._own = self.session()
        self._own.run("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
        self._own.run(POSTGRESQL.tables(scope, self.tables, checks=False))
        for t in self.tables:
            begun = ", ".join(literal(f.type, t.initial[f.name]) for f in t.columns)
            rows = f"generate_series(1, {scope.size(t.sort)}) AS id"
            self._own.run(f"INSERT INTO {table_name(t.sort)} SELECT id, {begun} FROM {rows}")

    def session(self) -> Transactions:
        """Return another connection to it."""
        return Transactions(self.server.connect())

    def refusal(self, session: Transactions, step: Step, state: State) -> str | None:
        """Take a step, which the spec takes in this state; return the guard that refuses it."""
        said = _Said(self.scope, step, state)
        if session.run(said.text):
            return None
        asked = said.guards.items()
        return next(
            (name for name, e in asked if not session.run(f"SELECT 1 WHERE {said.seen(e)}")),
            "nothing that still refuses it",
        )

    def end(self, last: State) -> State:
        """Return the state that the database is in; all else is as it was last in the spec."""
        found: dict[tuple[str, int], Value] = {}
        for t in self.tables:
            columns = ", ".join(["id", *(identifier(f.name) for f in t.columns)])
            for id, *row in self._own.run(f"SELECT {columns} FROM {table_name(t.sort)}"):
                for f, v in zip(t.columns, row, strict=True):
                    found[f.name, id - 1] = decode(f.type, v)
        places = zip(self.scope.places, last, strict=True)
        return tuple(found.get((p.field.name, p.element or 0), v) for p, v in places)

    def close(self) -> None:
        """Let go of it."""
        self._own.connection.close()


class _Said:
    """A step in a state of the spec, as SQL without parameters."""

    def __init__(self, scope: Scope, step: Step, state: State) -> None:
        self.scope, self.step, self.state = scope, step, state
        self.meaning = Evaluator(scope).meaning
        action, spec = step.action, scope.spec
        self.writes = [u for u in action.updates(spec) if u.field.survival == "durable"]
        self.guards = {
            g.name: g.condition
            for g in action.guards
            if kind_of(spec, action, g.condition) != "memory"
        }

    @property
    def text(self) -> str:
        """The statement, which returns a row if the step is taken."""
        if not self.writes:
            asked = " AND ".join(map(self.seen, self.guards.values())) or "TRUE"
            return f"SELECT 1 WHERE {asked}"
        first = self.writes[0]
        assert all(alike(u.index, first.index) for u in self.writes), "one row is written"
        name, id = table_name(sort_of(first.field)), self._id(first.index)
        sets = ", ".join(map(self._set, self.writes))
        asked = "".join(f" AND {self.seen(e, first)}" for e in self.guards.values())
        return f"UPDATE {name} SET {sets} WHERE {name}.id = {id}{asked} RETURNING id"

    def _set(self, u: Update) -> str:
        e, texts = self._placed(u.value, u)
        return f"{identifier(u.field.name)} = {value(e, lambda v: self._named(v, texts))}"

    def seen(self, e: Expr, written: Update | None = None) -> str:
        """Return a condition as SQL, in a statement that writes a row or in one that only reads."""
        e, texts = self._placed(e, written)
        return condition(e, lambda v: self._named(v, texts))

    def _named(self, v: Read | Var | Bound, texts: Mapping[str, str]) -> str:
        return str(self.scope.bounds[v.name]) if isinstance(v, Bound) else texts[str(v)]

    def _placed(self, e: Expr, written: Update | None) -> tuple[Expr, dict[str, str]]:
        """Return the expression with variables for all that it reads, and what they are as SQL."""
        texts: dict[str, str] = {}

        def stands(text: str, t: Type) -> Var:
            texts[f"place{len(texts)}"] = text
            return Var(f"place{len(texts) - 1}", t)

        def placed(e: Expr, rows: frozenset[str]) -> Expr:
            match e:
                case Quantifier(var=Var(name, sort)) if is_sort(sort):
                    body = placed(Not(e.body) if isinstance(e, ForAll) else e.body, rows | {name})
                    asked = condition(body, lambda v: self._named(v, texts))
                    return stands(_of_all(e, sort, name, asked), e.type)
                case Read() if e.field.survival == "durable":
                    return stands(self._column(e, rows, written), e.type)
                case Read() | Var():
                    now = self.meaning(e, self.step.binding)(self.state, self.state)
                    return stands(literal(e.type, now), e.type)
            return rebuild(e, lambda inside: placed(inside, rows))

        return placed(e, frozenset()), texts

    def _column(self, e: Read, rows: frozenset[str], written: Update | None) -> str:
        column, name = identifier(e.field.name), table_name(sort_of(e.field))
        if isinstance(e.index, Var) and e.index.name in rows:
            return f"{e.index.name}.{column}"
        if written is not None and alike(e.index, written.index):
            return f"{name}.{column}"
        return f"(SELECT {column} FROM {name} WHERE id = {self._id(e.index)})"

    def _id(self, index: Expr | None) -> int:
        """Return the number of a row, which is known before the statement is made."""
        if index is None:
            return 1
        return int(self.meaning(index, self.step.binding)(self.state, self.state) or 0) + 1


def _of_all(e: Quantifier, sort: type[Sort], row: str, asked: str) -> str:
    found = f"FROM {table_name(sort)} AS {row} WHERE {asked}"
    match e:
        case Count():
            return f"(SELECT count(*) {found})"
        case Exists():
            return f"EXISTS (SELECT 1 {found})"
        case ForAll():
            return f"NOT EXISTS (SELECT 1 {found})"
    raise AssertionError(type(e))
