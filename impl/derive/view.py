"""What one action can see: its parameters, the memory of one process, one row of the store, the
values that belong to no row, and what it asks the world.

A step of a distributed system reads no more than that. What reads more cannot be derived and is
refused here, by name.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from spec.language.declared.model import Action, Field, Spec, Survival, Update
from spec.language.evaluate import Evaluator, Meaning
from spec.language.reads import wanted
from spec.language.scope import Scope, State, Value
from spec.language.terms.expr import Expr, NoneOf, Quantifier, Read, Var
from spec.language.terms.tree import alike, rebuild, walk
from spec.language.terms.types import Sort, is_sort


class Inexpressible(Exception):
    """No SQL can be derived: `action: fact: expression`."""

    def __init__(self, subject: str, fact: str, what: object) -> None:
        super().__init__(f"{subject}: {fact}: `{what}`")


class Global(Sort):
    """What the values belong to that no element has: there is one of it, and always its row."""


def sort_of(f: Field) -> type[Sort]:
    """Return the sort whose rows have the column of a durable field."""
    return f.over or Global


@dataclass(frozen=True, eq=False)
class View:
    """The places an action sees; `process` has the memory, `key` names the row of `table`, which is
    what the step writes. The one row of `Global` needs no name. `world` has what it is told by
    whoever takes it; what of the world is `answered` is looked up with the row.
    """

    action: Action
    updates: tuple[Update, ...]
    process: Var | None
    key: Expr | None
    table: type[Sort] | None
    world: tuple[Read, ...]
    answered: Collection[str]

    def owner(self, binding: Mapping[str, Value]) -> tuple[type[Sort], int] | None:
        """Return which process takes the step with these parameters, by its sort and number."""
        if self.process is None or not is_sort(self.process.type):
            return None
        return self.process.type, int(binding[self.process.name] or 0)

    def in_row(self, e: Expr) -> bool:
        """Return whether the expression reads the row, or what is looked up with it."""
        return any(_with_row(r, self.answered) for r in walk(e) if isinstance(r, Read))

    def asks(self, e: Expr) -> bool:
        """Return whether the expression asks the world of whoever takes the step."""
        return not self.in_row(e) and _reads_of(e, "world") is not None


def view(spec: Spec, action: Action, answered: Collection[str] = ()) -> View:
    """Return what the action sees, and of its updates those of store and memory; raises
    `Inexpressible` if that is too much. `answered`: fields of the world that the store answers.
    """
    updates = tuple(u for u in action.updates(spec) if u.field.kept)
    seen = [_asked(spec, g.condition) for g in action.guards]
    seen += [e for u in updates for e in (u.value, Read(u.field, u.index))]
    process: Var | None = None
    key: Expr | None = None
    table: type[Sort] | None = None
    world: dict[str, Read] = {}
    for read in _reads(action.name, seen):
        if read.field.survival == "world" and read.field.name not in answered:
            if not alike(world.setdefault(read.field.name, read), read):
                raise Inexpressible(action.name, "a second question of one kind", read)
        elif read.index is None:
            table = table or Global
        elif read.field.survival == "volatile":
            known = process is None or alike(process, read.index)
            if not isinstance(read.index, Var) or not known:
                raise Inexpressible(action.name, "the memory of a second process", read)
            process = read.index
        elif key is None or alike(key, read.index):
            key, table = read.index, read.field.over
        else:
            raise Inexpressible(action.name, f"a second row, beside `{key}`", read)
    if isinstance(key, Read) and key.field.survival != "volatile":
        raise Inexpressible(action.name, "a row that no parameter and no memory names", key)
    for u in updates:
        if (asked := _reads_of(u.value, "world")) is not None:
            # Whoever follows the trace could not tell what was to be written.
            fact = f"the world says what becomes of {u.field.name}"
            raise Inexpressible(action.name, fact, asked)
        if u.index is None and table is not Global:
            fact = f"writes a value of no row, and sees the row `{key}` as well"
            raise Inexpressible(action.name, fact, u.field.name)
    return View(action, updates, process, key, table, tuple(world.values()), answered)


def _asked(spec: Spec, condition: Expr) -> Expr:
    """Return what a guard sees: of one that asks for a slot, which slot, for an index decides."""
    slot = wanted(spec, condition)
    return condition if slot is None else slot.value


def _with_row(read: Read, answered: Collection[str]) -> bool:
    return read.field.survival == "durable" or read.field.name in answered


def _reads_of(e: Expr, survival: Survival) -> Read | None:
    """Return a place of this kind that an expression reads, if there is one."""
    found = (r for r in walk(e) if isinstance(r, Read) and r.field.survival == survival)
    return next(found, None)


def _reads(name: str, whole: Iterable[Expr]) -> Iterable[Read]:
    for e in (inside for one in whole for inside in walk(one)):
        if isinstance(e, Quantifier):
            raise Inexpressible(name, "a quantifier sees more than one row", e)
        if isinstance(e, Read):
            if e.field.survival == "ghost":
                raise Inexpressible(name, "a ghost is not there to be read", e)
            yield e


class Local:
    """Evaluates expressions over what one action sees, by the spec's own evaluator.

    Each place seen becomes a single value of a small state: parameters, memory and what the world
    says, and then columns.
    """

    def __init__(self, scope: Scope, seen: View) -> None:
        self.name = seen.action.name
        inner = Spec("local")
        inner.constants = dict(scope.spec.constants)
        for p in seen.action.params:
            self._add(inner, Field(p.name, None, p.type, NoneOf(p.type), "volatile", "a parameter"))
        every = scope.spec.fields.values()
        process = None if seen.process is None else seen.process.type
        memory = [f for f in every if f.survival == "volatile" and f.over is process]
        for f in (*memory, *(read.field for read in seen.world)):
            self._add(inner, Field(f.name, None, f.type, f.initial, f.survival, f.doc))
        # What is given before the row is read: its name, and whether it names a row.
        self._given = [(f.name, is_sort(f.type)) for f in inner.fields.values()]
        for f in every:
            if f.survival == "durable" and seen.table and f.over in (seen.table, None):
                self._add(inner, Field(f.name, None, f.type, f.initial, f.survival, f.doc))
        self.fields = inner.fields
        self._columns = [*inner.fields][len(self._given) :]
        self._unread = (None,) * len(self._columns)
        self.evaluator = Evaluator(scope.on(inner))

    def _add(self, inner: Spec, f: Field) -> None:
        if f.name in inner.fields:
            raise Inexpressible(self.name, "a parameter and a field of one name", f.name)
        inner.fields[f.name] = f

    def meaning(self, e: Expr) -> Meaning:
        """Return the expression as a function of what `state` returns, given twice."""
        return self.evaluator.meaning(self._inside(e), {})

    def _inside(self, e: Expr) -> Expr:
        if isinstance(e, Var):
            return Read(self.fields[e.name], None)
        if isinstance(e, Read):
            return Read(self.fields[e.field.name], None)
        return rebuild(e, self._inside)

    def state(self, known: Mapping[str, Value], row: Mapping[str, Value] | None = None) -> State:
        """Return the small state; raises `KeyError` for a parameter or memory that is not known.

        Columns that are not given are none: only guards on memory are asked before the row is read.
        """
        given = tuple([known[name] for name, _ in self._given])
        return given + (tuple(map(row.get, self._columns)) if row else self._unread)

    def bound(self, seen: State) -> dict[str, int | str | None]:
        """Return parameters and memory as SQL has them: rows are counted from 1."""
        return {
            name: int(v) + 1 if row and v is not None else v
            for (name, row), v in zip(self._given, seen, strict=False)
        }
