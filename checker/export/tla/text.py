"""Expressions in TLA+, laid out to be read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from checker.export.tla.layout import WIDTH, hang
from checker.export.tla.names import Names
from spec.language.terms.expr import (
    Add,
    And,
    Bound,
    Const,
    Count,
    Equal,
    Exists,
    Expr,
    ForAll,
    Implies,
    Ite,
    Less,
    LessEqual,
    NoneOf,
    Not,
    Or,
    Quantifier,
    Read,
    Subtract,
    Var,
)
from spec.language.terms.tree import alike
from spec.language.terms.types import Type

# Binding strength. /\ and \/ have the same in TLA+, where they may not be mixed without brackets.
OPEN, IMPLIES, JUNCTION, NOT, COMPARE, SUM, DIFFERENCE, TIGHT = range(8)

COMPARISONS: dict[type[Expr], str] = {Equal: "=", Less: "<", LessEqual: "<="}


class Writer:
    """Writes expressions.

    Reading through none gives the field's initial value. `known` lists the references that are not
    none where the expression stands, so that nothing need be said of it.
    """

    def __init__(self, names: Names) -> None:
        self.names = names

    # ---------------------------------------------------------------- on one line
    def line(self, e: Expr, known: Sequence[Expr] = ()) -> str:
        """Return the expression on one line."""
        return self._parts(e, known)[0]

    def within(self, e: Expr, least: int, known: Sequence[Expr]) -> str:
        """Return the expression on one line, in brackets if it binds less strongly than this."""
        text, strength = self._parts(e, known)
        return text if strength >= least else f"({text})"

    def _parts(self, e: Expr, known: Sequence[Expr]) -> tuple[str, int]:
        """Return the text, and how strongly its outermost operator binds."""
        match e:
            case Const():
                if isinstance(e.value, bool):
                    return ("TRUE" if e.value else "FALSE"), TIGHT
                return (f'"{e.value}"' if isinstance(e.value, str) else str(e.value)), TIGHT
            case NoneOf():
                return "None", TIGHT
            case Bound():
                return self.names.give("constant", e.name), TIGHT
            case Var():
                return self.variable(e), TIGHT
            case Read():
                return self._read(e, known)
            case Not(Equal() as same):
                return self._sides(same, "#", COMPARE, known), COMPARE
            case Not():
                return f"~{self.within(e.body, TIGHT, known)}", NOT
            case And() | Or():
                items = self.items(e, known)
                symbol = " /\\ " if isinstance(e, And) else " \\/ "
                return symbol.join(self.within(i, NOT, k) for i, k in items), JUNCTION
            case Implies():
                left = self.within(e.left, JUNCTION, known)
                right = self.within(e.right, JUNCTION, learnt(e.left, known))
                return f"{left} => {right}", IMPLIES
            case Equal() | Less() | LessEqual():
                return self._sides(e, COMPARISONS[type(e)], COMPARE, known), COMPARE
            case Add():
                return self._sides(e, "+", SUM, known), SUM
            case Subtract():
                return self._sides(e, "-", DIFFERENCE, known), DIFFERENCE
            case Ite():
                then = self.line(e.then, learnt(e.condition, known))
                other = self.line(e.other, learnt(Not(e.condition), known))
                return f"IF {self.line(e.condition, known)} THEN {then} ELSE {other}", OPEN
            case Count():
                chosen = f"{self.variable(e.var)} \\in {self.domain(e.var.type)}"
                return f"Cardinality({{{chosen} : {self.line(e.body, known)}}})", TIGHT
            case Quantifier():
                return f"{self.quantifier(e)} {self.line(e.body, known)}", OPEN
        raise AssertionError(type(e))

    def _sides(
        self,
        e: Equal | Less | LessEqual | Add | Subtract,
        symbol: str,
        strength: int,
        known: Sequence[Expr],
    ) -> str:
        sums = isinstance(e, Add | Subtract)
        left = self.within(e.left, strength if sums else strength + 1, known)
        return f"{left} {symbol} {self.within(e.right, strength + 1, known)}"

    def _read(self, e: Read, known: Sequence[Expr]) -> tuple[str, int]:
        name = self.names.give("field", e.field.name) + ("'" if e.after else "")
        if e.index is None:
            return name, TIGHT
        index = self.line(e.index, known)
        read = f"{name}[{index}]"
        if isinstance(e.index, Var) or any(alike(e.index, other) for other in known):
            return read, TIGHT
        unread = self.line(e.field.initial)
        return (
            f"IF {self.within(e.index, COMPARE + 1, known)} = None THEN {unread} ELSE {read}",
            OPEN,
        )

    def variable(self, v: Var) -> str:
        """Return the name of a parameter or bound variable."""
        return self.names.give("variable", v.name)

    def domain(self, t: Type) -> str:
        """Return the set a variable of this type ranges over."""
        return "BOOLEAN" if t is bool else self.names.give("type", t.__name__)  # type: ignore[union-attr]  # finite

    def quantifier(self, e: Quantifier) -> str:
        """Return `\\A x \\in S :`."""
        return self.choose("\\A" if isinstance(e, ForAll) else "\\E", [e.var])

    def choose(self, symbol: str, params: Iterable[Var]) -> str:
        """Return `\\A x, y \\in S, z \\in T :`, or nothing where there are no parameters."""
        groups: list[tuple[str, list[str]]] = []
        for p in params:
            domain = self.domain(p.type)
            if not groups or groups[-1][0] != domain:
                groups.append((domain, []))
            groups[-1][1].append(self.variable(p))
        inside = ", ".join(f"{', '.join(names)} \\in {domain}" for domain, names in groups)
        return f"{symbol} {inside} :" if groups else ""

    def items(self, e: And | Or, known: Sequence[Expr]) -> list[tuple[Expr, list[Expr]]]:
        """Return the members of a chain of one operator, each with what those before make known."""
        found: list[tuple[Expr, list[Expr]]] = []
        so_far = list(known)
        for item in flatten(e, type(e)):
            found.append((item, list(so_far)))
            so_far = learnt(item if isinstance(e, And) else Not(item), so_far)
        return found

    # ---------------------------------------------------------------- on as many lines as it needs
    def lines(self, e: Expr, width: int = WIDTH, known: Sequence[Expr] = ()) -> list[str]:
        """Return the expression in lines of the width, where it can be broken."""
        one = self.line(e, known)
        if len(one) <= width:
            return [one]
        match e:
            case And() | Or():
                bullet = "/\\ " if isinstance(e, And) else "\\/ "
                found = []
                for item, so_far in self.items(e, known):
                    found += hang(bullet, self.lines(item, width - 3, so_far))
                return found
            case Implies():
                left = self.operand(e.left, JUNCTION, width, known)
                right = self.operand(e.right, JUNCTION, width - 5, learnt(e.left, known))
                return [*left, *hang("  => ", right)]
            case ForAll() | Exists():
                body = self.lines(e.body, width - 2, known)
                return [self.quantifier(e), *(f"  {line}" for line in body)]
            case Ite():
                then = self.lines(e.then, width - 5, learnt(e.condition, known))
                other = self.lines(e.other, width - 5, learnt(Not(e.condition), known))
                return [
                    *hang("IF ", self.lines(e.condition, width - 3, known)),
                    *hang("THEN ", then),
                    *hang("ELSE ", other),
                ]
            case Not(Equal() as same):
                return self._broken(same, "#", width, known)
            case Not():
                return hang("~", self.operand(e.body, TIGHT, width - 1, known))
            case Equal() | Less() | LessEqual():
                return self._broken(e, COMPARISONS[type(e)], width, known)
        return [one]

    def _broken(
        self, e: Equal | Less | LessEqual, symbol: str, width: int, known: Sequence[Expr]
    ) -> list[str]:
        """Return a comparison, its right side on lines of its own if the left one is long."""
        left = self.operand(e.left, COMPARE + 1, width, known)
        start = f"{left[0]} {symbol} "
        if len(left) > 1 or len(start) > width // 2:
            start = f"  {symbol} "
        right = hang(start, self.operand(e.right, COMPARE + 1, width - len(start), known))
        return [*left, *right] if start.startswith(" ") else right

    def operand(self, e: Expr, least: int, width: int, known: Sequence[Expr]) -> list[str]:
        """Return the lines of one side, in brackets if it binds less strongly or ends in a list."""
        one = self.within(e, least, known)
        found = self.lines(e, width - 2, known)
        if len(one) <= width or len(found) == 1:
            return [one]
        inside = hang("(", found)
        return [*inside[:-1], f"{inside[-1]})"]


def flatten(e: Expr, kind: type[Expr]) -> list[Expr]:
    """Return the members of a chain of the same operator, left to right."""
    if isinstance(e, kind) and isinstance(e, And | Or):
        return flatten(e.left, kind) + flatten(e.right, kind)
    return [e]


def learnt(condition: Expr, known: Sequence[Expr]) -> list[Expr]:
    """Return the references known not to be none where the condition holds."""
    found = list(known)
    match condition:
        case And():
            return learnt(condition.right, learnt(condition.left, found))
        case Not(Or() as either):
            return learnt(Not(either.right), learnt(Not(either.left), found))
        case Not(Not() as twice):
            return learnt(twice.body, found)
        case Not(Equal(left, NoneOf())):
            found.append(left)
        case Not(Equal(NoneOf(), right)):
            found.append(right)
        case Equal(left, Var()):
            found.append(left)
        case Equal(Var(), right):
            found.append(right)
    return found
