"""Names and expressions in TLA+, laid out to be read."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from spec.language.expr import (
    Add,
    And,
    Bound,
    Const,
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
    Read,
    Subtract,
    Var,
)
from spec.language.scope import Scope, element_name
from spec.language.tree import alike, walk
from spec.language.types import Type, is_enum

WIDTH = 96

# Words of TLA+, names of the modules we extend, and what every module here defines itself.
RESERVED = frozenset(
    """
    ACTION ASSUME ASSUMPTION AXIOM BY CASE CHOOSE CONSTANT CONSTANTS COROLLARY DEF DEFINE DEFS
    DOMAIN ELSE ENABLED EXCEPT EXTENDS HAVE HIDE IF IN INSTANCE LAMBDA LEMMA LET LOCAL MODULE NEW
    OBVIOUS OMITTED ONLY OTHER PICK PROOF PROPOSITION PROVE QED RECURSIVE SF_ STATE STEP SUBSET
    SUFFICES TAKE TEMPORAL THEN THEOREM UNCHANGED UNION USE VARIABLE VARIABLES WF_ WITH WITNESS
    BOOLEAN FALSE STRING TRUE Int Nat Real Infinity Any Assert JavaTime Permutations Print PrintT
    RandomElement SortSeq TLCEval TLCGet TLCSet ToString Append Head Len Naturals Integers
    Sequences SelectSeq Seq SubSeq Tail TLC FiniteSets Fairness FairSpec Init Next None Spec
    Symmetry TypeOK vars
    """.split()  # noqa: SIM905  # a column of quoted words reads worse
)

# Binding strength. /\ and \/ have the same in TLA+, where they may not be mixed without brackets.
OPEN, IMPLIES, JUNCTION, NOT, COMPARE, SUM, DIFFERENCE, TIGHT = range(8)


class Names:
    """The names of a scope as TLA+ identifiers, no two alike: TLA+ lets no name hide another."""

    def __init__(self, scope: Scope, module: str) -> None:
        spec = scope.spec
        self.taken = {*RESERVED, module}
        for sort in spec.sorts:
            self.taken |= {element_name(sort, i) for i in range(scope.size(sort))}
        self.given: dict[tuple[str, str], str] = {}
        for kind, names in (
            ("type", [t.__name__ for t in (*spec.sorts, *enums(scope))]),
            ("constant", spec.constants),
            ("field", spec.fields),
            ("action", spec.actions),
            ("property", spec.properties),
            ("never", spec.properties),
        ):
            for name in names:
                self.give(kind, name)

    def give(self, kind: str, name: str) -> str:
        """Return the identifier for what is called `name` here, the same one each time."""
        if (kind, name) not in self.given:
            wanted = f"never_{name}" if kind == "never" else name
            wanted = re.sub(r"[^A-Za-z0-9_]", lambda odd: f"u{ord(odd[0]):x}", wanted)
            if wanted.startswith(("WF_", "SF_")) or not re.search("[A-Za-z]", wanted):
                wanted = f"x{wanted}"
            while wanted in self.taken:
                wanted += "_"
            self.taken.add(wanted)
            self.given[kind, name] = wanted
        return self.given[kind, name]


def enums(scope: Scope) -> list[type]:
    """Return the enums of fields and parameters, in order of first use."""
    spec = scope.spec
    types = [f.type for f in spec.fields.values()]
    types += [p.type for action in spec.actions.values() for p in action.params]
    types += [p.type for claim in spec.properties.values() for p in claim.params]
    types += [e.var.type for e in expressions(scope) if isinstance(e, ForAll | Exists)]
    return list(dict.fromkeys(t for t in types if isinstance(t, type) and is_enum(t)))


def expressions(scope: Scope) -> Iterator[Expr]:
    """Yield every expression of actions and properties, and everything inside."""
    for action in scope.spec.actions.values():
        for guard in action.guards:
            yield from walk(guard.condition)
        for u in action.updates(scope.spec):
            yield from walk(u.value)
    for p in scope.spec.properties.values():
        yield from walk(p.body)
        yield from walk(p.then) if p.then is not None else ()


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
                symbol = {Equal: "=", Less: "<", LessEqual: "<="}[type(e)]
                return self._sides(e, symbol, COMPARE, known), COMPARE
            case Add():
                return self._sides(e, "+", SUM, known), SUM
            case Subtract():
                return self._sides(e, "-", DIFFERENCE, known), DIFFERENCE
            case Ite():
                then = self.line(e.then, learnt(e.condition, known))
                other = self.line(e.other, learnt(Not(e.condition), known))
                return f"IF {self.line(e.condition, known)} THEN {then} ELSE {other}", OPEN
            case ForAll() | Exists():
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

    def quantifier(self, e: ForAll | Exists) -> str:
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
                left = bracket(self.lines(e.left, width - 2, known), e.left)
                right = self.lines(e.right, width - 5, learnt(e.left, known))
                return [*left, *hang("  => ", bracket(right, e.right))]
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
            case Not(Equal()):
                return [one]
            case Not():
                return hang("~", bracket(self.lines(e.body, width - 3, known), e.body))
        return [one]


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


def hang(mark: str, lines: Sequence[str]) -> list[str]:
    """Return the lines behind a mark, the later ones indented to match."""
    return [(mark if n == 0 else " " * len(mark)) + line for n, line in enumerate(lines)]


def bracket(lines: list[str], e: Expr) -> list[str]:
    """Return the lines in brackets where the expression is one that would reach too far without."""
    if isinstance(e, And | Or) and len(lines) == 1:
        return lines
    if not isinstance(e, And | Or | Implies | Ite | ForAll | Exists | Read) or (
        isinstance(e, Read) and not lines[0].startswith("IF ")
    ):
        return lines
    inside = hang("(", lines)
    return [*inside[:-1], f"{inside[-1]})"]
