"""A spec as a TLA+ module: what there is, what may happen, what is claimed."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable

from checker.export.tla.claims import Claims
from checker.export.tla.layout import WIDTH, comment, hang, listed, tupled, unnested
from checker.export.tla.names import Names, enums, expressions
from checker.export.tla.text import SUM, Writer
from spec.language.declared.model import Action, Field, Property, Survival, Update
from spec.language.scope import Scope
from spec.language.terms.expr import Const, Count, Expr, NoneOf, Read, Var
from spec.language.terms.types import Enum, Nat, is_sort

RULE = "-" * 80
SURVIVAL: dict[Survival, str] = {
    "durable": "durable: in the store",
    "volatile": "volatile: lost when its process crashes",
    "world": "world: asked, neither stored nor remembered",
    "ghost": "ghost: exists only to state properties",
}


class Module:
    """The module of a scope, section by section in the order it is read."""

    def __init__(self, scope: Scope, name: str) -> None:
        if not re.fullmatch("[A-Za-z][A-Za-z0-9_]*", name):
            raise ValueError(f"{name!r} cannot name a module; use letters, digits and _")
        self.scope, self.spec, self.name = scope, scope.spec, name
        self.names = Names(scope, name)
        self.writer = Writer(self.names)
        self.symmetric = [sort for sort in self.spec.sorts if scope.size(sort) > 1]
        self.none = self._mentions_none()

    def _mentions_none(self) -> bool:
        references = any(is_sort(f.type) for f in self.spec.fields.values())
        return references or any(isinstance(e, NoneOf) for e in expressions(self.scope))

    def claims(self, kind: str) -> list[Property]:
        """Return the properties of a kind."""
        return [p for p in self.spec.properties.values() if p.kind == kind]

    def _field(self, f: Field) -> str:
        return self.names.give("field", f.name)

    def text(self) -> str:
        """Return the whole module."""
        claims = Claims(self.names, self.writer)
        sections = [
            [f" MODULE {self.name} ".center(80, "-"), *self._header()],
            self._constants(),
            self._variables(),
            [*self._type_ok(), "", *self._init()],
            [RULE],
            *(self._action(a) for a in self.spec.actions.values()),
            self._next(),
            [RULE],
            *(claims.state_claim(p) for p in self.claims("invariant")),
            *(claims.state_claim(p) for p in self.claims("lemma")),
            *(claims.step_claim(p) for p in self.claims("step")),
            *(claims.never(p) for p in self.claims("sometimes")),
            *(claims.leads_to(p) for p in self.claims("leads_to")),
            self._symmetry(),
            ["=" * 80],
        ]
        return "\n\n".join("\n".join(s) for s in sections if s) + "\n"

    # ---------------------------------------------------------------- what there is
    def _header(self) -> list[str]:
        prose = [title(self.scope)]
        prose += [self.spec.doc] if self.spec.doc else []
        prose += [self.scope.doc] if self.scope.doc else []
        prose += [
            "Safety is Spec; what must come to be is left to FairSpec. Check it with",
            f"    java -cp tla2tools.jar tlc2.TLC -deadlock {self.name}",
        ]
        lines: list[str] = []
        for paragraph in prose:
            if paragraph.startswith("    "):
                lines += ["", paragraph]
                continue
            lines += [""] if lines else []
            lines += textwrap.wrap(unnested(paragraph), 74)
        width = max(74, *map(len, lines))
        edge = f"({'*' * (width + 4)})"
        return [edge, *(f"(* {line:<{width}} *)" for line in lines), edge]

    def _constants(self) -> list[str]:
        rows = [
            (
                self.names.give("type", sort.__name__),
                _sentence(sort.__doc__ or f"The {sort.__name__}s."),
            )
            for sort in self.spec.sorts
        ]
        rows += [(self.names.give("constant", c.name), c.doc) for c in self.spec.constants.values()]
        rows += [("None", "No element of any sort.")] if self.none else []
        counts = any(isinstance(e, Count) for e in expressions(self.scope))
        extends = ["Integers", *["FiniteSets"] * counts, *["TLC"] * bool(self.symmetric)]
        lines = [f"EXTENDS {', '.join(extends)}"]
        lines += ["", "CONSTANTS", *listed(rows)] if rows else []
        for enum in enums(self.scope):
            lines += ["", *self._enum(enum)]
        return lines

    def _enum(self, enum: type) -> list[str]:
        assert issubclass(enum, Enum)
        members = self.spec.members(enum)
        values = [f'"{member}"' for member in members]
        name = self.names.give("type", enum.__name__)
        one = f"{name} == {{{', '.join(values)}}}"
        meaning = [
            line
            for member, means in members.items()
            for line in comment(f"{member}: {means}", indent="    ")
        ]
        if len(one) <= WIDTH:
            return [*comment(_sentence(enum.__doc__ or "")), *meaning, one]
        rows = textwrap.wrap(", ".join(values), WIDTH - 4)
        return [
            *comment(_sentence(enum.__doc__ or "")),
            *meaning,
            f"{name} == {{",
            *(f"    {row}" for row in rows),
            "}",
        ]

    def _variables(self) -> list[str]:
        lines = ["VARIABLES"]
        left = len(self.spec.fields)
        width = max((len(self._field(f)) for f in self.spec.fields.values()), default=0) + 1
        for survival, meaning in SURVIVAL.items():
            mine = [f for f in self.spec.fields.values() if f.survival == survival]
            lines += [f"    \\* {meaning}"] if mine else []
            for f in mine:
                left -= 1
                name = self._field(f) + ("," if left else "")
                lines += comment(f.doc, f"    {name:<{width}} ")
        inside = ", ".join(self._field(f) for f in self.spec.fields.values())
        return [*lines, "", *tupled("vars == ", inside)]

    def _type_ok(self) -> list[str]:
        lines = [
            "\\* Every variable keeps to its type, and every number to its range.",
            "TypeOK ==",
        ]
        for f in self.spec.fields.values():
            values = self._range(f)
            over = f"[{self.names.give('type', f.over.__name__)} -> {values}]" if f.over else values
            lines.append(f"    /\\ {self._field(f)} \\in {over}")
        return lines

    def _range(self, f: Field) -> str:
        if isinstance(f.type, Nat):
            limit = f.type.limit
            return f"0 .. {self.writer.line(limit) if isinstance(limit, Expr) else limit}"
        if is_sort(f.type):
            return f"{self.names.give('type', f.type.__name__)} \\union {{None}}"
        return self.writer.domain(f.type)

    def _init(self) -> list[str]:
        lines = ["Init =="]
        for f in self.spec.fields.values():
            value = self.writer.line(f.initial)
            if f.over:
                x = self.writer.variable(Var(f.over.__name__[0].lower(), f.over))
                value = f"[{x} \\in {self.names.give('type', f.over.__name__)} |-> {value}]"
            lines.append(f"    /\\ {self._field(f)} = {value}")
        return lines

    # ---------------------------------------------------------------- what may happen
    def _action(self, a: Action) -> list[str]:
        lines = [*comment(a.doc), f"{self._call(a.name, a.params)} =="]
        known = list(a.references(self.spec))
        for n, reference in enumerate(known):
            body = f"{self.writer.within(reference, SUM, known[:n])} # None"
            lines.append(f"    /\\ {body}")
        lines += self._guards(a, known)
        updated: dict[str, list[Update]] = {}
        for u in a.updates(self.spec):
            updated.setdefault(u.field.name, []).append(u)
        for updates in updated.values():
            lines += self._update(updates, known)
        same = [self._field(f) for f in self.spec.fields.values() if f.name not in updated]
        if same:
            lines += (
                tupled("    /\\ UNCHANGED ", ", ".join(same))
                if updated
                else ["    /\\ UNCHANGED vars"]
            )
        return lines

    def _guards(self, a: Action, known: list[Expr]) -> list[str]:
        longest = max((len(g.name) for g in a.guards), default=0)
        texts = [self.writer.lines(g.condition, WIDTH - 12 - longest, known) for g in a.guards]
        column = max((len(text[0]) for text in texts), default=0)
        lines = []
        for g, text in zip(a.guards, texts, strict=True):
            text[0] = f"{text[0]:<{column}}  \\* {g.name}"
            lines += hang("    /\\ ", text)
        return lines

    def _update(self, updates: list[Update], known: list[Expr]) -> list[str]:
        name = self._field(updates[0].field)
        if updates[0].index is None:
            # `=` binds closer than `or`: a value that is a formula stands in parentheses.
            value = updates[-1].value
            formula = value.type is bool and not isinstance(value, Const | Read | Var)
            opening, closing = ("(", ")") if formula else ("", "")
            start = f"    /\\ {name}' = {opening}"
            text = self.writer.lines(value, WIDTH - len(start) - len(closing), known)
            text[-1] += closing
            return hang(start, text)
        start = f"    /\\ {name}' = [{name} EXCEPT "
        lines: list[str] = []
        for n, u in enumerate(updates):
            assert u.index is not None
            place = f"![{self.writer.line(u.index, known)}] = "
            width = WIDTH - len(start) - len(place)
            item = hang(place, self.writer.lines(u.value, width, known))
            item[-1] += "," if n < len(updates) - 1 else "]"
            lines += item
        return hang(start, lines)

    def _call(self, name: str, params: Iterable[Var]) -> str:
        given = ", ".join(self.writer.variable(p) for p in params)
        action = self.names.give("action", name)
        return f"{action}({given})" if given else action

    def _each(self, symbol: str, params: tuple[Var, ...], rest: str) -> str:
        return f"{self.writer.choose(symbol, params)} {rest}".strip()

    def _next(self) -> list[str]:
        lines = [RULE, "", "Next =="]
        calls = [
            self._each("\\E", a.params, self._call(a.name, a.params))
            for a in self.spec.actions.values()
        ]
        lines += [f"    \\/ {call}" for call in calls] or ["    FALSE"]
        lines += ["", "Spec == Init /\\ [][Next]_vars", ""]
        fair = []
        for a in self.spec.actions.values():
            if a.fair:
                kind = "WF" if a.fair == "weak" else "SF"
                fair.append(
                    self._each("\\A", a.params, f"{kind}_vars({self._call(a.name, a.params)})")
                )
        for a in self.spec.actions.values():
            if a.finite:
                fair.append(
                    self._each("\\A", a.params, f"<>[][~{self._call(a.name, a.params)}]_vars")
                )
        if not fair:
            return [*lines, "FairSpec == Spec"]
        lines += comment(
            "What goes on being possible is done at last; faults happen only finitely often."
        )
        lines += ["Fairness ==", *(f"    /\\ {one}" for one in fair)]
        return [*lines, "", "FairSpec == Spec /\\ Fairness"]

    def _symmetry(self) -> list[str]:
        if not self.symmetric:
            return []
        sets = [f"Permutations({self.names.give('type', s.__name__)})" for s in self.symmetric]
        return [
            *comment("Elements of a sort differ in nothing but their names."),
            *hang("Symmetry == ", [" \\union ".join(sets)]),
        ]


def title(scope: Scope) -> str:
    """Return the sentence that says which spec this is, how edited, and in which scope."""
    spec = scope.spec
    bounds = ", ".join(f"{name} = {value}" for name, value in scope.bounds.items())
    edits = "".join(f", {edit}" for edit in spec.edits)
    return f"The spec '{spec.name}'{edits}, generated from scope {scope.name}: {bounds}."


def _sentence(doc: str) -> str:
    return " ".join(doc.split("\n\n")[0].split())
