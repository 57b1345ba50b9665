"""Properties as they are written: declared once, and excepted from by later modules."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property, reduce
from typing import TYPE_CHECKING, Any, Literal

from spec.language.declared import tracing
from spec.language.declared.signature import first_sentence, names, parameters
from spec.language.misuse import Misuse, near
from spec.language.terms.expr import Expr, Implies, Or, Var, truth
from spec.language.terms.tree import quantified

if TYPE_CHECKING:
    from spec.language.declared.model import Spec

Kind = Literal["invariant", "step", "sometimes", "leads_to", "lemma"]

EXEMPTED = ("invariant", "step", "lemma")
"""The kinds of property that can have exemptions: what is hoped for has an outcome instead."""


@dataclass(frozen=True)
class Exemption:
    """A named condition under which a property need not hold; the module that says it is a later
    one.
    """

    name: str
    doc: str
    condition: Expr


@dataclass(frozen=True)
class Property:
    """A claim about the spec: `body` of one state (invariant, sometimes, lemma) or of two (step).

    `own` is what its own module claims; `body` is that, unless one of the exemptions holds. A step
    property is checked for the parameters at which one of the fields that `own` reads after the
    step has changed, as TLA+'s [A]_v: an exemption takes away from a claim and never adds to it.
    `leads_to`: whenever `body` holds, `then` holds later.
    """

    id: str
    name: str
    doc: str
    kind: Kind
    params: tuple[Var, ...]
    own: Expr
    then: Expr | None = None
    exemptions: tuple[Exemption, ...] = ()

    @cached_property
    def body(self) -> Expr:
        """The condition that is asked of a state or step."""
        if not self.exemptions:
            return self.own
        unless = reduce(Or, (e.condition for e in self.exemptions))
        if isinstance(self.own, Implies):
            # What it speaks of stays what it was: the claim is no less vacuous for an exemption.
            return Implies(self.own.left, Or(self.own.right, unless))
        return Or(self.own, unless)

    @property
    def bodies(self) -> tuple[Expr, ...]:
        """The conditions that it speaks of: one or, of `leads_to`, two."""
        return (self.body,) if self.then is None else (self.body, self.then)

    @cached_property
    def variables(self) -> tuple[Var, ...]:
        """The parameters, and the variables of the quantifiers."""
        return (*self.params, *quantified(self.bodies))


# -------------------------------------------------------------------- from plain Python
def declared(spec: Spec, id: str, kind: Kind, function: Callable[..., Any]) -> Property:
    """Return the property that a function says."""
    name, (params, result) = function.__name__, _traced(spec, kind, function)
    if kind == "leads_to" and not (isinstance(result, tuple) and len(result) == 2):
        raise Misuse(f"{name} does not return two conditions", "return cause, outcome")
    own, then = result if kind == "leads_to" else (result, None)
    claim = Property(
        id, name, first_sentence(function), kind, params, truth(own),
        None if then is None else truth(then),
    )  # fmt: skip
    tracing.refuse_unbound(spec, claim.bodies, params, name)
    if kind == "step":
        tracing.refuse_still(claim.own, name)
    return claim


def exempted(spec: Spec, claim: Property, function: Callable[..., Any]) -> Property:
    """Return the property of the spec with one more exemption, which a function says."""
    name, known = function.__name__, spec.properties.get(claim.name)
    if known is None or known.own is not claim.own:
        raise Misuse(
            f"no property '{claim.name}' to except from", near(claim.name, spec.properties)
        )
    if claim.kind not in EXEMPTED:
        raise Misuse(
            f"{claim.name} is a {claim.kind}, which has no exemptions",
            "except from an invariant, a step or a lemma",
        )
    params, result = _traced(spec, claim.kind, function)
    if [(p.name, p.type) for p in params] != [(p.name, p.type) for p in claim.params]:
        states = "s, t" if claim.kind == "step" else "s"
        wanted = ", ".join([states, *(f"{p.name}: {p.type.__name__}" for p in claim.params)])  # type: ignore[union-attr]
        raise Misuse(
            f"{name} does not have the parameters of {claim.name}", f"write {name}({wanted})"
        )
    said = Exemption(name, first_sentence(function), truth(result))
    tracing.refuse_unbound(spec, [said.condition], params, name)
    return _with(known, (*known.exemptions, said))


def joined(a: Property, b: Property) -> Property:
    """Return one property with the exemptions of both, each once."""
    if a.own is not b.own:
        raise Misuse(f"two extended specs declare the property '{a.name}'", "rename one of them")
    more = tuple(e for e in b.exemptions if not any(e is mine for mine in a.exemptions))
    return _with(a, (*a.exemptions, *more)) if more else a


def without(claim: Property, exemption: str) -> Property:
    """Return the property without the exemption of this name."""
    return _with(claim, tuple(e for e in claim.exemptions if e.name != exemption))


def _with(claim: Property, exemptions: tuple[Exemption, ...]) -> Property:
    said = [e.name for e in exemptions]
    for name in said:
        if said.count(name) > 1:
            raise Misuse(
                f"{claim.name} has two exemptions '{name}'", "give each exemption its own name"
            )
    return replace(claim, exemptions=exemptions)


def _traced(spec: Spec, kind: Kind, function: Callable[..., Any]) -> tuple[tuple[Var, ...], Any]:
    """Return the parameters of a function of one state, or of a step's two, and what it returns."""
    states = 2 if kind == "step" else 1
    params = parameters(function, states)
    with names(params):
        return params, function(*tracing.states(spec, states), *params)
