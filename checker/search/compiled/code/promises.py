"""The generated code that tells where cause and outcome of a `leads_to` hold.

Elements of a sort are interchangeable, so that one choice of the parameters speaks for all that
differ from it only in which elements are chosen: `leads_to` of job1 holds exactly if that of job2
does.
"""

from __future__ import annotations

from collections.abc import Iterator

from checker.search.compiled.code.claims import load_words
from checker.search.compiled.code.layout import Layout
from checker.search.compiled.code.terms import Terms
from checker.search.compiled.code.text import Text
from spec.language.declared.model import Property
from spec.language.evaluate import Binding
from spec.language.scope import Scope
from spec.language.terms.types import is_sort


def cases(scope: Scope) -> list[tuple[Property, Binding]]:
    """Return each `leads_to` with each choice of its parameters that speaks for others, numbered by
    its position.
    """
    claims = (p for p in scope.spec.properties.values() if p.kind == "leads_to")
    return [(claim, binding) for claim in claims for binding in _first(scope, claim)]


def _first(scope: Scope, claim: Property) -> Iterator[Binding]:
    """Yield the choices in which the elements of each sort appear in their order."""
    for binding in scope.bindings(claim.params):
        highest: dict[object, int] = {}
        for p in claim.params:
            element = binding[p.name]
            if is_sort(p.type):
                assert isinstance(element, int)
                if element > highest.get(p.type, -1) + 1:
                    break
                highest[p.type] = max(element, highest.get(p.type, -1))
        else:
            yield binding


def write(text: Text, layout: Layout) -> None:
    """Write the function that tells for n states whether cause (1) and outcome (2) hold."""
    terms = Terms(layout)
    text.open("def promised(states, n, found, case):")
    for number, (claim, binding) in enumerate(cases(layout.scope)):
        env = {p.name: layout.scope.choices(p.type).index(binding[p.name]) for p in claim.params}
        assert claim.then is not None
        cause, outcome = (terms.truth(e, env) for e in (claim.body, claim.then))
        text.open(f"if case == {number}:")
        text.open("for k in range(n):")
        text.add(*load_words("s", "states", "k", layout.words))
        text.add(f"put(found, k, flag({cause}) | (flag({outcome}) << 1))")
        text.close(1)
    text.add("return n")
    text.close(0)
    text.add("", "")
