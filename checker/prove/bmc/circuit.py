"""Truth values over yes-or-no variables, in SMT-LIB: each is a word, and each `and` and `or` gets a
name, so that what is used twice is printed once.
"""

from __future__ import annotations

from collections.abc import Iterable

YES, NO = "true", "false"


class Gates:
    """The definitions of one text, all at level @0; `lines` holds them in an order in which a
    solver can read them.
    """

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix
        self.lines: list[str] = []
        self._named: dict[str, str] = {}

    def conj(self, parts: Iterable[str]) -> str:
        """Return the word for: all of these."""
        return self._gate("and", parts, YES, NO)

    def disj(self, parts: Iterable[str]) -> str:
        """Return the word for: at least one of these."""
        return self._gate("or", parts, NO, YES)

    def define(self, name: str, term: str) -> str:
        """Give the word a name of its own."""
        self.lines.append(f"(define-fun {name} () Bool {term})")
        return name

    def _gate(self, op: str, parts: Iterable[str], neutral: str, decisive: str) -> str:
        kept = sorted({p for p in parts if p != neutral})
        if decisive in kept or any(negate(p) in kept for p in kept):
            return decisive
        if len(kept) < 2:
            return kept[0] if kept else neutral
        term = f"({op} {' '.join(kept)})"
        if term not in self._named:
            name = f"{self.prefix}{len(self._named)}@0"
            self._named[term] = self.define(name, term)
        return self._named[term]


def negate(term: str) -> str:
    """Return the word for: not this."""
    if term in (YES, NO):
        return NO if term == YES else YES
    return term[5:-1] if term.startswith("(not ") else f"(not {term})"
