"""The lines of an obligation that were enough to prove it: wherever they all stand, it is proved.

An obligation is asked with everything that its spec assumes, and needs little of it. What it needs
is cut out, proved by both solvers, and kept. The same lines are in the texts of larger specs, and
of specs with an edit elsewhere: more lines exclude more models, and bring none back.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import asdict, dataclass
from typing import Any

from checker.prove.solvers.answer import Answer, answer_of
from checker.prove.solvers.smt import ascii_only
from checker.runs.cache import Place, place, recall, remember
from checker.runs.sources import Sources

_DECIDES = Sources("checker.prove.portfolio")
_NAMED = re.compile(r"\(assert \(! .* :named ([^\s()]+)\)\)")
_BEGINS = re.compile(r"\(declare-(?:sort|datatypes|fun|const) (?!a\.|no\.)")
_SYMBOL = re.compile(r"[^\s()]+")
_DECLARED = re.compile(r"\(declare-(?:sort|fun|const) ([^\s()]+)")
_MEMBER = re.compile(r"\(([^\s()]+)\)")


@dataclass(frozen=True)
class Sufficient:
    """Lines that have no model, as both solvers say."""

    lines: tuple[str, ...]
    z3: Answer
    cvc5: Answer

    @property
    def text(self) -> str:
        """The lines as a solver gets them."""
        return "\n".join([*self.lines, ""])

    @classmethod
    def of(cls, text: str, z3: Answer, cvc5: Answer) -> Sufficient:
        """Return a text and what both say of it."""
        return cls(tuple(text.splitlines()), z3, cvc5)


def cut(text: str, core: Collection[str]) -> str:
    """Return the text with only these of its named assertions, and the declarations they need."""
    kept = {ascii_only(name) for name in core} | {"denied"}
    chosen: list[str] = []
    needed: set[str] = set()
    for part in reversed(_parts(text.splitlines())):
        named = _NAMED.fullmatch(part[0])
        if named[1] in kept if named else _declares(part) & needed or not _BEGINS.match(part[0]):
            chosen[:0] = part
            needed |= {symbol for line in part for symbol in _SYMBOL.findall(line)}
    return "\n".join([*chosen, ""])


def _parts(lines: list[str]) -> list[list[str]]:
    """Return each declaration with what is said of it alone, each named assertion, each command."""
    parts: list[list[str]] = []
    for line in lines:
        alone = _NAMED.fullmatch(line) or _BEGINS.match(line)
        if alone or not line.startswith(("(assert", "(declare-")):
            parts.append([line])
        else:
            parts[-1].append(line)
    return parts


def _declares(part: list[str]) -> set[str]:
    found = {name for line in part for name in _DECLARED.findall(line)}
    if part[0].startswith("(declare-datatypes"):
        found |= set(_MEMBER.findall(part[0])) | {_SYMBOL.findall(part[0])[1]}
    return found


# ---------------------------------------------------------------- remembered
def known(text: str) -> Sufficient | None:
    """Return lines of this text that both solvers have proved to be enough, if there are any."""
    lines = frozenset(text.splitlines())
    every = recall(_place(text), _all) or []
    return next((s for s in every if lines.issuperset(s.lines)), None)


def keep(found: Sufficient) -> None:
    """Remember lines that are enough."""
    at = _place(found.text)
    every = [*(recall(at, _all) or ()), found]
    remember(at, [[s.lines, asdict(s.z3), asdict(s.cvc5)] for s in every])


def _all(kept: Any) -> list[Sufficient]:
    return [
        Sufficient(tuple(map(str, lines)), answer_of(z3), answer_of(cvc5))
        for lines, z3, cvc5 in kept
    ]


def _place(text: str) -> Place:
    """Return where what is known of a goal is kept: all texts that deny the same are in one."""
    goal = next(line for line in reversed(text.splitlines()) if line.startswith("(assert"))
    return place("sufficient", _DECIDES, [goal])
