"""The properties of a spec as formulas of TLA+."""

from __future__ import annotations

from checker.export.tla.layout import WIDTH, comment, hang
from checker.export.tla.names import Names
from checker.export.tla.text import Writer
from spec.language.declared.model import Property
from spec.language.evaluate import changes
from spec.language.terms.expr import Expr, Or, Quantifier, Read, Var
from spec.language.terms.tree import alike, children


class Claims:
    """Writes properties, each a definition with its sentence above it."""

    def __init__(self, names: Names, writer: Writer) -> None:
        self.names, self.writer = names, writer

    def head(self, p: Property) -> list[str]:
        """Return the sentence of a property and the beginning of its definition."""
        unless = (line for e in p.exemptions for line in comment(f"Unless {e.name}: {e.doc}"))
        return [*comment(f"{p.id}: {p.doc}"), *unless, f"{self.names.give('property', p.name)} =="]

    def claim(self, p: Property, body: list[str], symbol: str = "\\A") -> list[str]:
        """Return the body for every choice of the parameters, or with `\\E` for some."""
        choice = self.writer.choose(symbol, p.params)
        if not choice:
            return body
        if len(body) == 1 and len(choice) + len(body[0]) < WIDTH - 5:
            return [f"{choice} {body[0]}"]
        return [choice, *(f"  {line}" for line in body)]

    def state_claim(self, p: Property) -> list[str]:
        """Return a property of one state."""
        return [*self.head(p), *hang("    ", self.claim(p, self.writer.lines(p.body, WIDTH - 6)))]

    def never(self, p: Property) -> list[str]:
        """Return the denial of a `sometimes`."""
        inside = self.claim(p, self.writer.lines(p.body, WIDTH - 8), "\\E")
        inside[-1] += ")"
        sentence = comment(f"{p.id}, denied for TLC to refute: {p.doc}")
        return [*sentence, f"{self.names.give('never', p.name)} ==", *hang("    ~(", inside)]

    def leads_to(self, p: Property) -> list[str]:
        """Return a temporal formula `cause ~> outcome`."""
        assert p.then is not None
        body = [f"({self.writer.line(p.body)})", f"  ~> ({self.writer.line(p.then)})"]
        if len(body[0]) + len(body[1]) < WIDTH - 30:
            body = ["".join(body).replace(")  ~>", ") ~>", 1)]
        return [*self.head(p), *hang("    ", self.claim(p, body))]

    def step_claim(self, p: Property) -> list[str]:
        """Return `[][A]_v`, where v is the places read after the step for these parameters."""
        places = _places(p.own, frozenset())
        if places is not None:
            v = ", ".join(dict.fromkeys(self.watched(place) for place in places))
            body = _closed(hang("[", self.writer.lines(p.body, WIDTH - 12)), f"]_<<{v}>>")
        else:
            moved: list[Expr] = []
            for one in changes(p):
                if not any(alike(one, other) for other in moved):
                    moved.append(one)
            either = moved[0]
            for one in moved[1:]:
                either = Or(either, one)
            body = self.writer.lines(either >> p.body, WIDTH - 12)
        if places is not None and not p.params:
            return [*self.head(p), *hang("    []", body)]
        inside = _closed(self.claim(p, body), "]_vars")
        return [*self.head(p), *hang("    [][", inside)]

    def watched(self, place: Read) -> str:
        """Return a place as it stands in the subscript of `[A]_v`."""
        name = self.names.give("field", place.field.name)
        return name if place.index is None else f"{name}[{self.writer.line(place.index)}]"


def _closed(lines: list[str], end: str) -> list[str]:
    """Return the lines with the end behind the last, or below it where that would be too long."""
    if len(lines[-1]) + len(end) < WIDTH - 5:
        return [*lines[:-1], lines[-1] + end]
    return [*lines, end]


def _places(e: Expr, inside: frozenset[str]) -> list[Read] | None:
    """Return what a step property watches, each place that a quantifier chooses as the whole field.

    None if a place depends on the state: then it is not one place before and after the step.
    """
    found: list[Read] = []
    if isinstance(e, Read) and e.after:
        if isinstance(e.index, Var):
            found.append(Read(e.field, None if e.index.name in inside else e.index))
        elif e.index is None:
            found.append(Read(e.field, None))
        else:
            return None
    deeper = inside | {e.var.name} if isinstance(e, Quantifier) else inside
    for child in children(e):
        below = _places(child, deeper)
        if below is None:
            return None
        found += below
    return found
