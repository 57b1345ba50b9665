"""The generated code that checks properties: of new states, and of the edges of an action."""

from __future__ import annotations

import itertools
import math

from checker.runs.exploration import antecedent
from checker.search.compiled.code.actions import ActionCode
from checker.search.compiled.code.layout import Layout
from checker.search.compiled.code.terms import Element, Env, Terms, conjoin, disjoin
from checker.search.compiled.code.text import Names, Text
from spec.language.declared.model import Field, Property
from spec.language.evaluate import changes
from spec.language.terms.expr import Expr, Not, Read, Var
from spec.language.terms.tree import free_variables, walk

_UNROLLED_MAX = 64
"""How many instances of a condition are written out; more of them are looped over."""


class ClaimCode:
    """Writes the checks of one property."""

    def __init__(self, layout: Layout, claim: Property, names: Names) -> None:
        self.layout, self.claim, self.names = layout, claim, names
        self.terms = Terms(layout)
        self.watched = after_reads(claim.own)
        self.antecedent = antecedent(claim)
        self.names_of = {p.name: f"q{i}" for i, p in enumerate(claim.params)}

    @property
    def found(self) -> str:
        """Where the first violation is noted."""
        return f"FOUND + {self.names.violations[self.claim.name]}"

    @property
    def pending(self) -> str:
        """Where it stands whether the claim is still vacuous."""
        return f"PENDING + {self.names.pending[self.claim.name]}"

    # ---------------------------------------------------------------- new states
    def broken(self) -> str | None:
        """Return the text that an invariant does not hold somewhere, or None if it is too long to
        write out.
        """
        return self._at_once(Not(self.claim.body)) or self._written_out(Not(self.claim.body))

    def write_states(self, text: Text) -> None:
        """Write the functions that note, among new states, a violation and that the claim is not
        vacuous.
        """
        if self.claim.kind == "invariant":
            self._open(text, self.broken_function)
            self._search(text, Not(self.claim.body), "True")
            self._close(text, self.found, "first + hit")
        if not self.noted_on_edges:
            # The antecedent of a step counts where a step can be taken.
            where = "(get(work, EDGE + k) != 0)" if self.claim.kind == "step" else "True"
            self._open(text, self.noted_function)
            self._search(text, self.antecedent, where)
            self._close(text, self.pending, "0")

    def _open(self, text: Text, name: str) -> None:
        text.open(f"def {name}(states, first, n, buf, m, work):")
        text.add("hit = 0")

    def _close(self, text: Text, place: str, value: str) -> None:
        text.close(1)
        unless = "!= 0" if place == self.pending else "== 0"
        text.open(f"if hit != 0 and get(work, {place}) {unless}:")
        text.add(f"put(work, {place}, {value})")
        text.close(1)
        text.add("return 0")
        text.close(0)
        text.add("", "")

    @property
    def noted_on_edges(self) -> bool:
        """Whether it takes an edge to see that the claim is not vacuous."""
        return bool(after_reads(self.antecedent))

    @property
    def broken_function(self) -> str:
        """The function that finds the first violation among states or edges."""
        return f"broken_{self.names.pending[self.claim.name]}_{self.claim.name}"

    @property
    def noted_function(self) -> str:
        """The function that notes that the antecedent held."""
        return f"noted_{self.names.pending[self.claim.name]}_{self.claim.name}"

    def _search(self, text: Text, condition: Expr, where: str) -> None:
        """Write loops that set `hit` to one more than a state in which the condition holds
        somewhere.
        """
        whole = self._at_once(condition)
        if whole is None:
            self._loops(text, self.names_of)
            whole = self.terms.truth(condition, self.names_of)
        text.open("for k in range(n):")
        text.add(*load_words("s", "states", "first + k", self.layout.words))
        text.add(f"hit = pick({conjoin([whole, where])}, k + 1, hit)")

    def _loops(self, text: Text, env: Env) -> None:
        for p in self.claim.params:
            if env[p.name] == self.names_of[p.name]:
                choices = self.layout.scope.choices(p.type)
                text.open(f"for {self.names_of[p.name]} in range({len(choices)}):")

    def _written_out(self, condition: Expr) -> str | None:
        """Return the text that the condition holds for some parameters, every choice written
        out.
        """
        sizes = [len(self.layout.scope.choices(p.type)) for p in self.claim.params]
        if math.prod(sizes) > _UNROLLED_MAX:
            return None
        choices = itertools.product(*(range(size) for size in sizes))
        names = [p.name for p in self.claim.params]
        envs: list[Env] = [dict(zip(names, c, strict=True)) for c in choices]
        return disjoin(self.terms.truth(condition, env) for env in envs)

    def _at_once(self, condition: Expr) -> str | None:
        """Return the text that the condition holds for some parameters, if it splits into parts.

        Parts that share no parameter can be looked for one by one: n + n instances instead of n
        times n.
        """
        conjuncts = self.terms.conjuncts(condition, self.names_of)
        parts = [(e, set(free_variables(e)) & set(self.names_of)) for e, _ in conjuncts]
        if any(env != self.names_of for _, env in conjuncts):
            return None  # a quantifier was unrolled: its variable is not in the text
        groups: list[tuple[list[Expr], set[str]]] = []
        for e, names in parts:
            apart = [g for g in groups if not g[1] & names]
            joint = [g for g in groups if g[1] & names]
            together = [x for g in joint for x in g[0]] + [e]
            groups = [*apart, (together, names.union(*(g[1] for g in joint)))]
        if len(groups) < 2:
            return None
        texts = []
        for members, names in groups:
            params = [p for p in self.claim.params if p.name in names]
            sizes = [len(self.layout.scope.choices(p.type)) for p in params]
            if math.prod(sizes) > _UNROLLED_MAX:
                return None
            choices = itertools.product(*(range(size) for size in sizes))
            envs: list[Env] = [dict(zip([p.name for p in params], c, strict=True)) for c in choices]
            texts.append(disjoin(self.terms.all_of([(e, env) for e in members]) for env in envs))
        return conjoin(texts)

    # ---------------------------------------------------------------- edges
    def watches(self, code: ActionCode) -> bool:
        """Return whether the action writes what the step property watches."""
        return any(u.field in self.watched for u in code.updates)

    def broken_edge(self, code: ActionCode) -> list[str]:
        """Return conditions on an edge of the action, one of which holds if the property is
        violated.
        """
        found = []
        for env in self._touched(code):
            parts = [disjoin(code.terms.truth(e, env) for e in changes(self.claim))]
            found.append(conjoin([*parts, code.terms.truth(Not(self.claim.body), env)]))
        return found

    def write_edges(self, text: Text) -> None:
        """Write the functions that note, among the n edges of an action, a violation and the
        antecedent.
        """
        self._open(text, self.broken_function)
        watched = disjoin(self.terms.truth(e, self.names_of) for e in changes(self.claim))
        broken = self.terms.truth(Not(self.claim.body), self.names_of)
        self._search_edges(text, conjoin([watched, broken]))
        self._close(text, self.found, "first + get(work, hit - 1) + 1")
        if self.noted_on_edges:
            self._open(text, self.noted_function)
            self._search_edges(text, self.terms.truth(self.antecedent, self.names_of))
            self._close(text, self.pending, "0")

    def _search_edges(self, text: Text, condition: str) -> None:
        self._loops(text, self.names_of)
        text.open("for k in range(n):")
        text.add(*load_words("s", "states", "first + get(work, k)", self.layout.words))
        text.add(*load_words("t", "buf", "m + k", self.layout.words))
        text.add(f"hit = pick({condition}, k + 1, hit)")

    def _touched(self, code: ActionCode) -> list[Env]:
        """Return the choices of parameters to check: all, or only those at which a watched place is
        written.

        The second is enough where the claim reads the state after only at one of its parameters:
        for other elements nothing that it watches has changed.
        """
        after = [e for e in walk(self.claim.own) if isinstance(e, Read) and e.after]
        indices = {e.index.name if isinstance(e.index, Var) else None for e in after}
        (only, *more) = indices
        alone = not more and only is not None and only in self.names_of
        found: dict[tuple[Element, ...], Env] = {}
        for p_choices in itertools.product(
            *(self._choices(p, only if alone else None, code) for p in self.claim.params)
        ):
            found[p_choices] = dict(zip(self.names_of, p_choices, strict=True))
        return list(found.values())

    def _choices(self, p: Var, only: str | None, code: ActionCode) -> list[Element]:
        if p.name != only:
            return list(range(len(self.layout.scope.choices(p.type))))
        found: list[Element] = []
        for u in code.updates:
            if u.field in self.watched and u.index is not None:
                if isinstance(u.index, Var):
                    at: Element = code.env[u.index.name]
                else:
                    at = f"({code.terms.reference(u.index, code.env)} - 1)"
                found += [at] if at not in found else []
        return found


def load_words(name: str, array: str, position: str, words: int) -> list[str]:
    """Return lines that read the words of a state into locals."""
    if words == 1:
        return [f"{name}0 = get({array}, {position})"]
    return [f"{name}{w} = get({array}, ({position}) * {words} + {w})" for w in range(words)]


def after_reads(e: Expr) -> set[Field]:
    """Return the fields that an expression reads after the step."""
    return {inside.field for inside in walk(e) if isinstance(inside, Read) and inside.after}
