"""Runs the function of an action or property once on a symbolic state and writes down what it
says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, NoReturn

from spec.language.misuse import Misuse, near
from spec.language.terms.expr import Const, Equal, Expr, Ite, Read, Var, lift, names_in_use, truth
from spec.language.terms.tree import alike, free_variables, rebuild, walk
from spec.language.terms.types import is_enum, is_sort, type_name

if TYPE_CHECKING:
    from spec.language.declared.events import Event
    from spec.language.declared.model import Field, Part, Spec, Update


class _Recorder:
    """The action being traced: its guards and statements so far."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.guards: dict[str, Expr] = {}
        self.statements: list[Update] = []
        self.forgets: list[Expr] = []
        self.erases: list[Expr] = []
        self.raised: list[tuple[Event, tuple[Expr, ...], Expr | None]] = []

    @property
    def assigns(self) -> bool:
        """Whether anything was assigned yet."""
        return bool(self.statements or self.forgets or self.erases or self.raised)


_current: _Recorder | None = None


class State:
    """The symbolic state `s`: `s.field[index]` or `s.field` reads; in an action, assignment
    updates.
    """

    def __init__(self, spec: Spec, recorder: _Recorder | None, after: bool) -> None:
        self.__dict__.update(_spec=spec, _recorder=recorder, _after=after)

    def __getattr__(self, name: str) -> Any:
        spec: Spec = self.__dict__["_spec"]
        if name in spec.constants:
            return spec.constants[name]
        if name not in spec.fields:
            known = [*spec.fields, *spec.constants]
            raise Misuse(f"there is no field '{name}'", near(name, known))
        f = spec.fields[name]
        return self._read(f, None) if f.over is None else _Column(self, f)

    def __setattr__(self, name: str, value: Any) -> None:
        target = getattr(self, name)
        if isinstance(target, _Column):
            raise Misuse(f"'{name}' is kept per element", f"assign s.{name}[...]")
        if not isinstance(target, Read):
            raise Misuse(f"'{name}' is a constant", "change it in the scope")
        self._write(target.field, None, value)

    def _read(self, f: Field, index: Expr | None) -> Read:
        recorder = self.__dict__["_recorder"]
        version = len(recorder.statements) if recorder else 0
        return Read(f, index, self.__dict__["_after"], version)

    def _write(self, f: Field, index: Expr | None, value: Any) -> None:
        from spec.language.declared.model import Update

        recorder = self.__dict__["_recorder"]
        if recorder is None:
            raise Misuse(
                f"a property assigns '{f.name}'", "a property only reads; move it to an action"
            )
        recorder.statements.append(Update(f, index, lift(value, f.type, f"for '{f.name}'")))


class _Column:
    """A field kept per element, waiting for its index."""

    def __init__(self, state: State, f: Field) -> None:
        self.state, self.field = state, f

    def _index(self, index: Any) -> Expr:
        if not isinstance(index, Expr) or index.type is not self.field.over:
            kind = type_name(index.type) if isinstance(index, Expr) else repr(index)
            wanted = self.field.over.__name__  # type: ignore[union-attr]  # a column has a sort
            raise Misuse(
                f"'{self.field.name}[{index}]' is indexed by {kind}", f"index it by {wanted}"
            )
        return index

    def __getitem__(self, index: Any) -> Read:
        return self.state._read(self.field, self._index(index))

    def __setitem__(self, index: Any, value: Any) -> None:
        self.state._write(self.field, self._index(index), value)

    def __getattr__(self, name: str) -> NoReturn:
        raise Misuse(f"'{self.field.name}' is kept per element", f"write s.{self.field.name}[...]")

    def __eq__(self, other: object) -> bool:
        return bool(self.whole)  # raises

    def __bool__(self) -> bool:
        return bool(self.whole)  # raises

    __hash__ = None  # type: ignore[assignment]  # nor in a set


def states(spec: Spec, count: int) -> list[State]:
    """Return the state or states that a property reads."""
    return [State(spec, None, after) for after in (False, True)[:count]]


def require(**conditions: Any) -> None:
    """Give the action being traced named guards: it can be taken only while all of them hold."""
    if _current is None:
        raise Misuse("require() is called outside an action", "properties return their condition")
    for name, condition in conditions.items():
        if _current.assigns:
            raise Misuse(f"guard '{name}' comes after an assignment", "guards come first")
        if name in _current.guards:
            raise Misuse(f"{_current.name} has two guards '{name}'", "give each guard its own name")
        _current.guards[name] = truth(condition)


def forget(process: Any) -> None:
    """The process loses its memory: each of its volatile fields, in whatever module, takes its
    initial value.
    """
    if _current is None:
        raise Misuse("forget() is called outside an action", "call it where the process crashes")
    if not isinstance(process, Expr) or not is_sort(process.type):
        raise Misuse(f"forget({process}) names no process", "pass an element of a sort")
    _current.forgets.append(process)


def erase(row: Any) -> None:
    """The row of an element is deleted: each of its durable fields, in whatever module, takes its
    initial value. Ghosts stay, for a property may speak of what was.
    """
    if _current is None:
        raise Misuse("erase() is called outside an action", "call it where the row is deleted")
    if not isinstance(row, Expr) or not is_sort(row.type):
        raise Misuse(f"erase({row}) names no row", "pass an element of a sort")
    _current.erases.append(row)


def raises(event: Event, s: Any, about: tuple[Any, ...], when: Any) -> None:
    """The step brings the event about for these elements, if the condition holds or is none."""
    if _current is None:
        raise Misuse(f"{event.name} is raised outside an action", "raise it in the step")
    if not isinstance(s, State):
        raise Misuse(f"{event.name} is raised in no state", f"write {event.name}(s, ...)")
    known = s.__dict__["_spec"].events
    if known.get(event.name) is not event:
        raise Misuse(f"no event '{event.name}' to raise", near(event.name, known))
    if len(about) != len(event.params):
        raise Misuse(
            f"{event.name} is raised of {len(about)} things",
            f"name {', '.join(p.name for p in event.params) or 'none'}",
        )
    things = tuple(
        lift(e, p.type, f"for '{p.name}'") for e, p in zip(about, event.params, strict=True)
    )
    _current.raised.append((event, things, None if when is None else truth(when)))


def trace_action(spec: Spec, function: Callable[..., Any], params: tuple[Var, ...]) -> Part:
    """Run the function once and return what it requires and assigns."""
    global _current
    from spec.language.declared.events import Raised
    from spec.language.declared.model import Guard, Part
    from spec.language.declared.signature import first_sentence

    first_sentence(function)
    if _current is not None:
        raise Misuse("an action is traced inside another", "declare actions at the top of a module")
    recorder = _current = _Recorder(function.__name__)
    names_in_use.extend(p.name for p in params)
    try:
        returned = function(State(spec, recorder, False), *params)
    finally:
        _current = None
        names_in_use.clear()
    if returned is not None:
        raise Misuse(
            f"{recorder.name} returns a value, which would be lost", "use require() and assignments"
        )
    whole = [*recorder.guards.values(), *recorder.forgets, *recorder.erases]
    whole += [e for _, about, when in recorder.raised for e in (*about, when) if e is not None]
    for u in recorder.statements:
        whole += [u.value, *([u.index] if u.index is not None else [])]
    refuse_unbound(spec, whole, params, recorder.name)
    guards = tuple(Guard(name, condition) for name, condition in recorder.guards.items())
    done = _done(recorder.statements)
    raised = tuple(
        Raised(
            event,
            params,
            tuple(_before(e, done) for e in about),
            None if when is None else _before(when, done),
        )
        for event, about, when in recorder.raised
    )
    said = recorder.statements, recorder.forgets, recorder.erases
    return Part(params, guards, tuple(said[0]), tuple(said[1]), tuple(said[2]), raised)


def refuse_unbound(spec: Spec, whole: Iterable[Expr], params: Iterable[Var], name: str) -> None:
    """Raise `Misuse` if an expression uses a variable that is no parameter, or a member of an enum
    that the spec does not have.
    """
    bound = {p.name: p for p in params}
    for e in whole:
        for c in walk(e):
            if isinstance(c, Const) and is_enum(c.type) and c.value not in spec.members(c.type):
                raise Misuse(
                    f"{name} uses {c.type.__name__}.{c.value}, which a later spec adds",
                    "extend the spec that adds it",
                )
        for free in free_variables(e).values():
            if free.name not in bound or bound[free.name].type is not free.type:
                raise Misuse(
                    f"{name} uses the unbound variable '{free.name}'", "make it a parameter"
                )


def refuse_still(body: Expr, name: str) -> None:
    """Raise `Misuse` if a step property reads nothing after the step."""
    if not any(e.after for e in walk(body) if isinstance(e, Read)):
        raise Misuse(
            f"{name} reads nothing after the step, so it would never be asked",
            "read what it speaks of from t, or make it an invariant",
        )


def simultaneous(part: Part, spec: Spec) -> list[Update]:
    """Return the part's updates with every value read before the step, one update a place."""
    from spec.language.declared.model import Update

    done = _done(part.statements)
    values: list[Update] = []
    for u in done:
        values = [v for v in values if not (v.field is u.field and alike(v.index, u.index))]
        values.append(u)
    for survival, whose in part.cleared:
        element = _before(whose, done)
        for f in spec.fields.values():
            if f.survival != survival or f.over is not element.type or f.image:
                continue
            written = [u for u in values if u.field is f]
            if not any(alike(u.index, element) for u in written):
                # What is assigned stands, should it be the same element under another name.
                values.insert(0 if written else len(values), Update(f, element, f.initial))
    return values


def _done(statements: Iterable[Update]) -> list[Update]:
    """Return the assignments, each value and index as it was before the first of them."""
    from spec.language.declared.model import Update

    done: list[Update] = []
    for u in statements:
        index = None if u.index is None else _before(u.index, done)
        done.append(Update(u.field, index, _before(u.value, done)))
    return done


def _before(e: Expr, done: list[Update]) -> Expr:
    """Return `e` with each read of a place already assigned replaced by what was assigned to it."""
    if not isinstance(e, Read):
        return rebuild(e, lambda child: _before(child, done))
    index = None if e.index is None else _before(e.index, done)
    value: Expr = Read(e.field, index, e.after)
    for u in done[: e.version]:
        if u.field is not e.field:
            continue
        if alike(u.index, index):
            value = u.value
        else:
            assert u.index is not None and index is not None
            value = Ite(Equal(u.index, index), u.value, value)
    return value


def references(whole: Iterable[Expr], params: Iterable[Var]) -> tuple[Expr, ...]:
    """Return the indices that may be none, innermost first, each once; those that a quantifier
    chooses are left out.
    """
    names = {p.name for p in params}
    found: list[Expr] = []
    for e in whole:
        for inside in reversed(walk(e)):
            if (
                not isinstance(inside, Read)
                or inside.index is None
                or isinstance(inside.index, Var)
            ):
                continue
            known = names.issuperset(free_variables(inside.index))
            if known and not any(alike(inside.index, other) for other in found):
                found.append(inside.index)
    return tuple(found)
