"""The generated code that checks properties: of new states, and of the edges of an action."""

from __future__ import annotations

import itertools
import math

from checker.compiled.actions import ActionCode, Names, Text
from checker.compiled.layout import Layout
from checker.compiled.terms import Element, Env, Terms, conjoin, disjoin
from checker.exploration import antecedent
from spec.language.evaluate import changes
from spec.language.expr import Expr, Not, Read, Var
from spec.language.tree import free_variables, walk
from spec.language.model import Field, Property

_UNROLLED_MAX = 64
"""How many instances of a condition are written out; more of them are looped over."""


class ClaimCode:
    """Writes the checks of one property."""

    def __init__(self, layout: Layout, claim: Property, names: Names) -> None:
        self.layout, self.claim, self.names = layout, claim, names
        self.terms = Terms(layout)
        self.watched = after_reads(claim.body)
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
    def write(self, text: Text) -> str:
        """Write the function that checks new states, and return its name."""
        name = f"see_{self.names.pending[self.claim.name]}_{self.claim.name}"
        text.open(f"def {name}(states, first, n, work):")
        if self.claim.kind == "invariant":
            text.open(f"if get(work, {self.found}) == 0:")
            text.add("hit = 0")
            self._search(text, Not(self.claim.body), "True")
            text.open("if hit != 0:")
            text.add(f"put(work, {self.found}, first + hit)")
            text.close(1)
        if self.claim.kind != "step" or not after_reads(self.antecedent):
            # The antecedent of a step counts where a step can be taken.
            where = "(get(work, EDGE + k) != 0)" if self.claim.kind == "step" else "True"
            text.open(f"if get(work, {self.pending}) != 0:")
            text.add("hit = 0")
            self._search(text, self.antecedent, where)
            text.open("if hit != 0:")
            text.add(f"put(work, {self.pending}, 0)")
            text.close(1)
        text.add("return 0")
        text.close(0)
        text.add("", "")
        return name

    def _search(self, text: Text, condition: Expr, where: str) -> None:
        """Write loops that set `hit` to one more than a state in which the condition holds somewhere."""
        at = text.depth
        whole = self._at_once(condition)
        if whole is None:
            for p in self.claim.params:
                choices = self.layout.scope.choices(p.type)
                text.open(f"for {self.names_of[p.name]} in range({len(choices)}):")
            whole = self.terms.truth(condition, self.names_of)
        text.open("for k in range(n):")
        text.add(*load_words("s", "states", "first + k", self.layout.words))
        text.add(f"hit = pick({conjoin([whole, where])}, k + 1, hit)")
        text.close(at)

    def _at_once(self, condition: Expr) -> str | None:
        """Return the text that the condition holds for some parameters, if it splits into parts.

        Parts that share no parameter can be looked for one by one: n + n instances instead of n times n.
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
    def edge_blocks(self, code: ActionCode) -> list[list[str]]:
        """Return the blocks of code that check the edges of an action."""
        blocks = []
        if any(u.field in self.watched for u in code.updates):
            text = Text()
            text.open(f"if get(work, {self.found}) == 0:")
            text.add("hit = 0")
            for env in self._touched(code):
                watched = [code.terms.truth(e, env) for e in changes(self.claim)]
                broken = code.terms.truth(Not(self.claim.body), env)
                self._search_edges(text, code, env, conjoin([disjoin(watched), broken]))
            text.open("if hit != 0:")
            text.add(f"put(work, {self.found}, first + get(work, hit - 1) + 1)")
            blocks.append(text.lines)
        if after_reads(self.antecedent):
            call = f"{self.edges_function}(states, first, c, buf, m, work)"
            blocks.append([f"if get(work, {self.pending}) != 0:", f"    {call}"])
        return blocks

    @property
    def edges_function(self) -> str:
        """The name of the function that looks for the antecedent on edges; all actions share it."""
        return f"edges_{self.names.pending[self.claim.name]}_{self.claim.name}"

    def write_edges(self, text: Text) -> None:
        """Write the function that notes that the antecedent of a step held on one of the c edges found."""
        if not after_reads(self.antecedent):
            return
        words = self.layout.words
        text.open(f"def {self.edges_function}(states, first, c, buf, m, work):")
        text.add("hit = 0")
        for p in self.claim.params:
            choices = self.layout.scope.choices(p.type)
            text.open(f"for {self.names_of[p.name]} in range({len(choices)}):")
        text.open("for k in range(c):")
        text.add(*load_words("s", "states", "first + get(work, k)", words))
        text.add(*load_words("t", "buf", "m + k", words))
        condition = self.terms.truth(self.antecedent, dict(self.names_of))
        text.add(f"hit = pick({condition}, k + 1, hit)")
        text.close(1)
        text.open("if hit != 0:")
        text.add(f"put(work, {self.pending}, 0)")
        text.close(1)
        text.add("return 0")
        text.close(0)
        text.add("", "")

    def _search_edges(self, text: Text, code: ActionCode, env: Env, condition: str) -> None:
        at = text.depth
        for p in self.claim.params:
            if env[p.name] == self.names_of[p.name]:
                choices = self.layout.scope.choices(p.type)
                text.open(f"for {self.names_of[p.name]} in range({len(choices)}):")
        text.open("for k in range(c):")
        text.add("i = get(work, k)", *code.load("i"))
        text.add(*load_words("t", "buf", "m + k", self.layout.words))
        text.add(f"hit = pick({condition}, k + 1, hit)")
        text.close(at)

    def _touched(self, code: ActionCode) -> list[dict[str, Element]]:
        """Return the choices of parameters to check: all, or only those at which a watched place is written.

        The second is enough where the claim reads the state after only at one of its parameters: for other
        elements nothing that it watches has changed.
        """
        everywhere: dict[str, Element] = dict(self.names_of)
        after = [e for e in walk(self.claim.body) if isinstance(e, Read) and e.after]
        indices = {e.index.name if isinstance(e.index, Var) else None for e in after}
        (only, *more) = indices
        if more or only is None or only not in self.names_of:
            return [everywhere]
        found: dict[Element, dict[str, Element]] = {}
        for u in code.updates:
            if u.field in self.watched and u.index is not None:
                if isinstance(u.index, Var):
                    at: Element = code.env[u.index.name]
                else:
                    at = f"({code.terms.reference(u.index, code.env)} - 1)"
                found[at] = {**everywhere, only: at}
        return list(found.values())


def load_words(name: str, array: str, position: str, words: int) -> list[str]:
    """Return lines that read the words of a state into locals."""
    if words == 1:
        return [f"{name}0 = get({array}, {position})"]
    return [f"{name}{w} = get({array}, ({position}) * {words} + {w})" for w in range(words)]


def after_reads(e: Expr) -> set[Field]:
    """Return the fields that an expression reads after the step."""
    return {inside.field for inside in walk(e) if isinstance(inside, Read) and inside.after}
