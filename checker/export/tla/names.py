"""The names of a scope in TLA+."""

from __future__ import annotations

import re
from collections.abc import Iterator

from spec.language.scope import Scope, element_name
from spec.language.terms.expr import Expr, Quantifier
from spec.language.terms.tree import walk
from spec.language.terms.types import is_enum

# Words of TLA+, names of the modules we extend, and what every module here defines itself.
RESERVED = frozenset(
    """
    ACTION ASSUME ASSUMPTION AXIOM BY CASE CHOOSE CONSTANT CONSTANTS COROLLARY DEF DEFINE DEFS
    DOMAIN ELSE ENABLED EXCEPT EXTENDS HAVE HIDE IF IN INSTANCE LAMBDA LEMMA LET LOCAL MODULE NEW
    OBVIOUS OMITTED ONLY OTHER PICK PROOF PROPOSITION PROVE QED RECURSIVE SF_ STATE STEP SUBSET
    SUFFICES TAKE TEMPORAL THEN THEOREM UNCHANGED UNION USE VARIABLE VARIABLES WF_ WITH WITNESS
    BOOLEAN FALSE STRING TRUE Int Nat Real Infinity Any Assert JavaTime Permutations Print PrintT
    RandomElement SortSeq TLCEval TLCGet TLCSet ToString Append Head Len Naturals Integers
    Sequences SelectSeq Seq SubSeq Tail TLC FiniteSets IsFiniteSet Cardinality Fairness FairSpec
    Init Next None Spec Symmetry TypeOK vars
    """.split()  # noqa: SIM905  # a column of quoted words reads worse
)


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
    types += [e.var.type for e in expressions(scope) if isinstance(e, Quantifier)]
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
