"""Candidates for lemmas: clauses over the atoms of a shape that are true in every state of a scope.

A clause is minimal: it has no shorter one inside it that is true as well. Where two atoms agree in
every state, that they agree is a candidate, and longer clauses are made of the first alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from math import comb
from typing import Any

import numpy as np

from checker.prove.lemmas.atoms import Shape, shapes
from checker.search.compiled.states import states
from checker.search.vectorised import Columns, Reader
from spec.language.declared.model import Property
from spec.language.scope import Scope
from spec.language.terms.expr import And, Expr, Implies, Less, LessEqual, Not, Or

Literal = tuple[int, bool]
"""The number of an atom, and whether it is affirmed."""

Clause = tuple[Literal, ...]


@dataclass(frozen=True)
class Mined:
    """The candidates of a scope, the shortest first, and what they were chosen from.

    `valuations` counts the different ways in which the atoms are true together.
    """

    scope: Scope
    states: int
    atoms: int
    valuations: int
    tried: int
    candidates: tuple[Property, ...]


def mine(scope: Scope, literals: int) -> Mined:
    """Return the minimal clauses of so many literals that are true in every state of the scope."""
    layout, words = states(scope)
    reader, columns = Reader(layout), Columns(layout, words)
    atoms = valuations = tried = 0
    found: list[tuple[int, Property]] = []
    for shape in shapes(scope.spec):
        table = _valuations(reader, columns, shape)
        atoms, valuations = atoms + table.shape[1], valuations + len(table)
        tried += sum(comb(table.shape[1], k) * 2**k for k in range(1, literals + 1))
        sort = "_".join(v.type.__name__.lower() for v in shape.params) or "all"  # type: ignore[union-attr]  # a sort
        for i, clause in enumerate(clauses(table, literals)):
            name = f"candidate_{sort}_{i + 1}"
            doc = "It is true in every state of a scope."
            body = _body(shape.atoms, clause)
            found.append(
                (len(clause), Property("candidate", name, doc, "lemma", shape.params, body))
            )
    found.sort(key=lambda sized: sized[0])
    return Mined(scope, len(columns), atoms, valuations, tried, tuple(p for _, p in found))


def _valuations(reader: Reader, columns: Columns, shape: Shape) -> Any:
    """Return each combination of truth values that the atoms have in some state, once."""
    rows = []
    for binding in reader.scope.bindings(shape.params):
        table = np.stack([reader.truth(atom, binding, columns) for atom in shape.atoms])
        rows.append(_distinct(_words(table.T)))
    packed = _distinct(np.concatenate(rows)).view(np.uint8)
    return np.unpackbits(packed, axis=1, count=len(shape.atoms)).astype(bool)


def _distinct(rows: Any) -> Any:
    """Return each row once; numbers are sorted much sooner than rows."""
    names = np.zeros(len(rows), np.int64)
    for column in rows.T:
        _, codes = np.unique(column, return_inverse=True)
        _, first, names = np.unique(
            names * (codes.max() + 1) + codes, return_index=True, return_inverse=True
        )
    return rows[first]


# ---------------------------------------------------------------- clauses
def clauses(table: Any, literals: int) -> Iterator[Clause]:
    """Yield the minimal clauses that are true in every row of the table."""
    atoms = table.shape[1]
    varying: list[int] = []
    for a in range(atoms):
        column = table[:, a]
        if column.all() or not column.any():
            yield ((a, bool(column[0])),)
            continue
        first = next((b for b in varying if _same(table, a, b)), None)
        if first is None:
            varying.append(a)
            continue
        equal = bool(column[0] == table[0, first])
        yield ((first, False), (a, equal))
        yield ((first, True), (a, not equal))
    if literals > 1 and varying:
        yield from _longer(table, varying, literals)


def _same(table: Any, a: int, b: int) -> bool:
    differ = table[:, a] ^ table[:, b]
    return bool(differ.all() or not differ.any())


def _longer(table: Any, varying: Sequence[int], literals: int) -> Iterator[Clause]:
    """Yield the clauses of more than one literal, over atoms of which no two always agree."""
    names: list[Literal] = [(a, affirmed) for a in varying for affirmed in (True, False)]
    false = _words(np.stack([table[:, a] != affirmed for a, affirmed in names]))
    count = len(names)
    # A clause is true where no row makes all of its literals false.
    true = np.zeros((count, count), bool)
    for i in range(count):
        true[i] = ~(false & false[i]).any(axis=1)
    for i in range(0, count, 2):
        true[i, i + 1] = true[i + 1, i] = False
    yield from ((names[i], names[j]) for i, j in zip(*np.nonzero(np.triu(true)), strict=True))
    if literals < 3:
        return
    own = np.arange(count) // 2
    for i in range(count):
        for j in range(i + 1, count):
            if true[i, j] or own[i] == own[j]:
                continue
            both = false[i] & false[j]
            used = np.nonzero(both)[0]
            later = np.arange(j + 1, count)
            later = later[~(true[i, later] | true[j, later] | (own[later] == own[j]))]
            open_ = (false[np.ix_(later, used)] & both[used]).any(axis=1)
            yield from ((names[i], names[j], names[k]) for k in later[~open_])


def _words(rows: Any) -> Any:
    """Return rows of truth values with 64 of them in each number."""
    packed = np.packbits(rows, axis=1)
    padded = np.pad(packed, ((0, 0), (0, -packed.shape[1] % 8)))
    return np.ascontiguousarray(padded).view(np.uint64)


# ---------------------------------------------------------------- as a person would say it
def _body(atoms: Sequence[Expr], clause: Clause) -> Expr:
    """Return the clause as an implication from what it denies to what it affirms."""
    denied = [atoms[a] for a, affirmed in clause if not affirmed]
    affirmed = [atoms[a] for a, affirmed in clause if affirmed]
    if not affirmed:
        affirmed = [negation(denied.pop())]
    outcome = reduce(Or, affirmed)
    return Implies(reduce(And, denied), outcome) if denied else outcome


def negation(e: Expr) -> Expr:
    """Return what is true where `e` is not, without a negation where numbers are compared."""
    match e:
        case LessEqual():
            return Less(e.right, e.left)
        case Less():
            return LessEqual(e.right, e.left)
        case Not():
            return e.body
    return Not(e)
