"""What has to be proved: that a claim holds at first and that no action breaks it.

The invariants, lemmas and ranges of numbers of a spec are proved together by induction: each step
begins in a state where all of them hold. A step property is proved of each step from such a state.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import reduce

from checker.prove.solvers.smt import Names, Smt, Taken, after, ascii_only
from spec.language.declared.model import Action, Property, Spec
from spec.language.evaluate import changes
from spec.language.terms.expr import Equal, Expr, NoneOf, Not, Or, Read, Var, number
from spec.language.terms.tree import walk
from spec.language.terms.types import Nat

START = "initial-state"
"""Stands in the name of an obligation where others have an action; no action can be called so."""


@dataclass(frozen=True)
class Obligation:
    """One question for a solver: it is proved if the text has no model.

    `name` is action/claim. `says` is the question in plain words. `framed`: no solver is needed,
    for the action writes nothing that the claim reads.
    """

    name: str
    claim: str
    says: str
    text: str
    framed: bool = False

    @classmethod
    def made(
        cls,
        where: str,
        claim: str,
        says: str,
        lines: Sequence[str],
        body: str,
        framed: bool = False,
    ) -> Obligation:
        """Return the obligation that the body is true wherever the lines are."""
        denied = f"(assert (! (not {body}) :named denied))"
        text = "\n".join([*lines, denied, "(check-sat)", ""])
        return cls(f"{where}/{claim}", claim, says, ascii_only(text), framed)


def inductive(spec: Spec) -> tuple[Property, ...]:
    """Return what is proved together: invariants, lemmas, and the range of each number."""
    claims = [p for p in spec.properties.values() if p.kind in ("invariant", "lemma")]
    return (*claims, *ranges(spec))


def ranges(spec: Spec) -> tuple[Property, ...]:
    """Return for each number the lemma that it stays within its field's limit."""
    found = []
    for f in spec.fields.values():
        if not isinstance(f.type, Nat):
            continue
        element = None if f.over is None else Var("x", f.over)
        value = Read(f, element)
        body = (value >= 0) & (value <= number(f.type.limit))
        doc = f"{f.name} is a number from 0 to {f.type.limit}."
        params = () if element is None else (element,)
        found.append(Property("range", f"range_{f.name}", doc, "lemma", params, body))
    return tuple(found)


class Prover:
    """The obligations of one spec, from hypotheses that may be fewer than all that is claimed."""

    def __init__(self, spec: Spec, hypotheses: Sequence[Property] | None = None) -> None:
        self.spec = spec
        self.hypotheses = inductive(spec) if hypotheses is None else tuple(hypotheses)
        self.smt = Smt(spec)
        self._declarations = ["(set-logic ALL)", *self.smt.declarations()]
        self._written: dict[str, set[str]] = {}
        self._stand = {p.name for p in self.hypotheses}
        self._claims = (*inductive(spec), *spec.properties.values())
        self._assumed = [
            f"(assert (! {self.smt.closed(p.params, p.body)} :named {p.name}))"
            for p in self.hypotheses
        ]

    def all(self, without: Collection[str] = ()) -> Iterator[Obligation]:
        """Yield every obligation but those of some claims: the initial state, then each action."""
        for name in self.names():
            if name.split("/")[1] not in without:
                yield self.obligation(name)

    def names(self) -> list[str]:
        """Return the name of each obligation."""
        claims = [p.name for p in inductive(self.spec)]
        steps = [p.name for p in self.spec.properties.values() if p.kind == "step"]
        actions = self.spec.actions
        return [f"{START}/{claim}" for claim in claims] + [
            f"{action}/{claim}" for action in actions for claim in (*claims, *steps)
        ]

    def obligation(self, name: str) -> Obligation:
        """Return the obligation of this name."""
        where, wanted = name.split("/")
        claim = next(p for p in self._claims if p.name == wanted)
        if where == START:
            return self.initiation(claim)
        return self.consecution(self.spec.actions[where], claim)

    def initiation(self, claim: Property) -> Obligation:
        """Return the obligation that the claim holds in the initial state."""
        lines = list(self._declarations)
        for f in self.spec.fields.values():
            element = None if f.over is None else Var("x", f.over)
            holds = Read(f, element) == f.initial
            params = () if element is None else (element,)
            lines.append(f"(assert (! {self.smt.closed(params, holds)} :named start.{f.name}))")
        return self._obligation(START, claim, lines, claim.body, None)

    def consecution(self, action: Action, claim: Property) -> Obligation:
        """Return the obligation that the action keeps an invariant, or that a step of it is as a
        step property says.
        """
        lines, step = self.step(action)
        if claim.kind == "step":
            # A step property is asked of the places that have changed.
            moved = reduce(Or, changes(claim))
            body: Expr = ~moved | claim.body
            framed = self.spares(action, moved)
        else:
            body = after(claim.body)
            framed = claim.name in self._stand and self.spares(action, body)
        return self._obligation(action.name, claim, lines, body, step, framed)

    def spares(self, action: Action, body: Expr) -> bool:
        """Return whether the action writes no field that the body reads after the step: what it
        says there is what it said before.
        """
        if action.name not in self._written:
            self._written[action.name] = {u.field.name for u in action.updates(self.spec)}
        read = {e.field.name for e in walk(body) if isinstance(e, Read) and e.after}
        return not read & self._written[action.name]

    def assumed(self) -> list[str]:
        """Return the lines that declare a state and assume that the hypotheses hold in it."""
        return [*self._declarations, *self._assumed]

    def step(
        self, action: Action, declared: Sequence[str] = (), names: Names | None = None
    ) -> tuple[list[str], Taken]:
        """Return the lines that assume a step of the action from such a state, and the step.

        Its parameters are new, or those of `declared` that `names` gives.
        """
        lines = [*self.assumed(), *declared]
        if names is None:
            new, names = self.smt.parameters(action.params, action.name)
            lines += new
        for i, (guard, condition) in enumerate(self.enabling(action)):
            label = f"{action.name}.{guard or f'reference{i}'}"
            lines.append(f"(assert (! {self.smt.term(condition, names)} :named {label}))")
        return lines, Taken(action, names)

    def enabling(self, action: Action) -> list[tuple[str, Expr]]:
        """Return what enables the action: each reference it follows is not none, each guard
        holds.
        """
        followed = action.references(self.spec)
        found: list[tuple[str, Expr]] = [("", Not(Equal(r, NoneOf(r.type)))) for r in followed]
        return found + [(g.name, g.condition) for g in action.guards]

    def _obligation(
        self,
        where: str,
        claim: Property,
        lines: list[str],
        body: Expr,
        step: Taken | None,
        framed: bool = False,
    ) -> Obligation:
        declared, names = self.smt.parameters(claim.params, "for")
        if step is None:
            says = f"{claim.name} holds in the initial state."
        elif claim.kind == "step":
            says = f"Every step of {where} is as {claim.name} says."
        else:
            says = f"{where} keeps {claim.name}."
        denied = self.smt.term(body, names, step)
        return Obligation.made(where, claim.name, says, [*lines, *declared], denied, framed)
