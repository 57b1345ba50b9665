"""The atoms of lemmas, taken from a spec's own text.

An atom speaks of one shape: an element, and what its references name. It is a truth value, a value
of an enum, the lack of a reference, or a comparison of numbers that the spec compares or assigns
to one another somewhere, made of the elements of the shape.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import combinations, product

from spec.language.declared.model import Property, Spec
from spec.language.terms.expr import (
    Bound,
    Const,
    Equal,
    Expr,
    Ite,
    Less,
    LessEqual,
    NoneOf,
    Quantifier,
    Read,
    Var,
)
from spec.language.terms.show import show
from spec.language.terms.tree import rebuild, walk
from spec.language.terms.types import Nat, Sort, is_enum, is_sort


@dataclass(frozen=True)
class Shape:
    """An element and what it refers to, or what the whole state refers to; and its atoms."""

    params: tuple[Var, ...]
    elements: tuple[Expr, ...]
    atoms: tuple[Expr, ...]


def shapes(spec: Spec) -> list[Shape]:
    """Return the shapes of a spec that have atoms, those of no element first."""
    pairs = list(_compared(spec))
    found = []
    whole = [Read(f, None) for f in spec.fields.values() if f.over is None and is_sort(f.type)]
    for sort in (None, *spec.sorts):
        params = () if sort is None else (_variable(spec, sort),)
        mine = [f for f in spec.fields.values() if f.over is sort and is_sort(f.type)]
        named = [Read(f, params[0]) for f in mine] if params else []
        elements = (*params, *named, *whole)
        atoms = _atoms(spec, elements, pairs)
        if any(not params or _speaks_of(a, params[0]) for a in atoms):
            found.append(Shape(params, elements, tuple(atoms)))
    return found


def _speaks_of(e: Expr, v: Var) -> bool:
    return any(isinstance(part, Var) and part.name == v.name for part in walk(e))


def _variable(spec: Spec, sort: type[Sort]) -> Var:
    """Return a variable of the sort, called as the spec calls one."""
    used = (p for a in spec.actions.values() for p in a.params if p.type is sort)
    return next(used, Var(sort.__name__.lower(), sort))


def _atoms(spec: Spec, elements: tuple[Expr, ...], pairs: list[tuple[Expr, Expr]]) -> list[Expr]:
    found: list[Expr] = []
    for f in spec.fields.values():
        holders = [None] if f.over is None else [e for e in elements if e.type is f.over]
        for value in (Read(f, e) for e in holders):
            if f.type is bool:
                found.append(value)
            elif is_enum(f.type):
                found += [Equal(value, Const(m, f.type)) for m in spec.members(f.type)]
            elif is_sort(f.type):
                found.append(Equal(value, NoneOf(f.type)))
    alike = [(a, b) for a, b in combinations(elements, 2) if a.type is b.type]
    found += [Equal(a, b) for a, b in alike]
    numbers: dict[frozenset[str], tuple[Expr, Expr]] = {}
    for left, right in pairs:
        for a, b in _instances(left, right, elements):
            numbers.setdefault(frozenset((str(a), str(b))), (a, b))
    for a, b in numbers.values():
        found += [Equal(a, b), LessEqual(a, b), LessEqual(b, a)]
    return list({str(atom): atom for atom in found}.values())


# ---------------------------------------------------------------- numbers of the same meaning
def _compared(spec: Spec) -> Iterator[tuple[Expr, Expr]]:
    """Yield each two numbers that the spec compares, or of which it gives one to the other."""
    for f in spec.fields.values():
        if isinstance(f.type, Nat):
            yield Read(f, None if f.over is None else Var("x", f.over)), f.initial
    for whole in _formulas(spec):
        for e in walk(whole):
            if isinstance(e, Equal | Less | LessEqual) and isinstance(e.left.type, Nat):
                yield _now(e.left), _now(e.right)
    for action in spec.actions.values():
        for u in (u for part in action.parts for u in part.statements):
            if isinstance(u.field.type, Nat) and isinstance(u.value, Read | Const):
                yield Read(u.field, u.index), _now(u.value)


def _formulas(spec: Spec) -> Iterable[Expr]:
    for action in spec.actions.values():
        yield from (g.condition for g in action.guards)
        yield from (u.value for part in action.parts for u in part.statements)
    for p in spec.properties.values():
        yield from p.bodies


def _now(e: Expr) -> Expr:
    """Return the expression with every read made of the one state that an atom sees."""
    if isinstance(e, Read):
        return Read(e.field, None if e.index is None else _now(e.index))
    return rebuild(e, _now)


def _instances(left: Expr, right: Expr, elements: tuple[Expr, ...]) -> Iterator[tuple[Expr, Expr]]:
    """Yield the two numbers with each element that they speak of replaced by one of the shape."""
    both = [*walk(left), *walk(right)]
    if any(isinstance(e, Ite | Quantifier) for e in both):
        return  # a case distinction is a clause, not an atom
    slots: dict[str, Expr] = {}
    for e in both:
        if isinstance(e, Read) and isinstance(e.type, Nat) and e.index is not None:
            slots[str(e.index)] = e.index
    choices = [[e for e in elements if e.type is slot.type] for slot in slots.values()]
    for chosen in product(*choices):
        put = dict(zip(slots, chosen, strict=True))
        a, b = _put(left, put), _put(right, put)
        if str(a) != str(b):
            # A number that stays the same is on the right, where people look for it.
            yield (a, b) if any(isinstance(e, Read) for e in walk(a)) else (b, a)


def _put(e: Expr, put: dict[str, Expr]) -> Expr:
    if isinstance(e, Read):
        return e if e.index is None else Read(e.field, put[str(e.index)])
    return rebuild(e, lambda child: _put(child, put))


# ---------------------------------------------------------------- as the spec writes it
def written(e: Expr) -> str:
    """Return the expression as Python that can be pasted into the spec."""
    return show(_python(e))


def written_lemma(p: Property) -> str:
    """Return the head and body of a lemma that can be pasted into the spec."""
    params = "".join(f", {v.name}: {v.type.__name__}" for v in p.params)  # type: ignore[union-attr]  # a sort
    return f"def {p.name}(s{params}):\n    return {written(p.body)}"


def _python(e: Expr) -> Expr:
    """Return the expression with each name as Python has to spell it."""
    match e:
        case Read():
            field = replace(e.field, name=f"s.{e.field.name}")
            return Read(field, None if e.index is None else _python(e.index))
        case Const() if is_enum(e.type):
            return Var(f"{e.type.__name__}.{e.value}", e.type)
        case NoneOf():
            return Var("None", e.type)
        case Bound():
            return Var(f"s.{e.name}", e.type)
    return rebuild(e, _python)
