"""A scope as a TLA+ module that reads well, and a configuration by which TLC checks it.

TLC is an oracle that we did not write: it must find as many states as our own explorers do.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable
from pathlib import Path

from checker.export.tla_text import SUM, WIDTH, Names, Writer, enums, hang
from spec.language.evaluate import changes
from spec.language.expr import Exists, Expr, ForAll, NoneOf, Or, Read, Var
from spec.language.model import Action, Field, Property, Survival, Update
from spec.language.scope import Scope, element_name
from spec.language.tree import children, walk
from spec.language.types import Enum, Nat, is_sort

_RULE = "-" * 80
_SURVIVAL: dict[Survival, str] = {
    "durable": "durable: in the store",
    "volatile": "volatile: lost when its process crashes",
    "ghost": "ghost: exists only to state properties",
}


def write(scope: Scope, directory: Path, name: str, symmetry: bool = False) -> list[Path]:
    """Write the module and its configuration into the directory; return both paths."""
    texts = {f"{name}.tla": module(scope, name), f"{name}.cfg": config(scope, name, symmetry)}
    directory.mkdir(parents=True, exist_ok=True)
    for file, text in texts.items():
        (directory / file).write_text(text, encoding="utf-8")
    return [directory / file for file in texts]


def module(scope: Scope, name: str) -> str:
    """Return the spec of the scope as a TLA+ module; the bounds are in `config`."""
    return _Module(scope, name).text()


def config(scope: Scope, name: str, symmetry: bool = False, liveness: bool = False) -> str:
    """Return the scope's bounds and what TLC is to check.

    `symmetry` counts states once that differ only in which element is which. `liveness` assumes
    fairness and checks what must come to be; TLC cannot do both at a time.
    """
    if symmetry and liveness:
        raise ValueError("TLC's symmetry reduction is unsound for liveness; ask for one of them")
    m = _Module(scope, name)
    lines = [
        f"\\* {_title(scope)}",
        f"SPECIFICATION {'FairSpec' if liveness else 'Spec'}",
        "CONSTANTS",
    ]
    for sort in scope.spec.sorts:
        elements = ", ".join(element_name(sort, i) for i in range(scope.size(sort)))
        lines.append(f"    {m.names.give('type', sort.__name__)} = {{{elements}}}")
    for constant in scope.spec.constants:
        lines.append(f"    {m.names.give('constant', constant)} = {scope.bounds[constant]}")
    lines += ["    None = None"] if m.none else []
    lines += ["SYMMETRY Symmetry"] if symmetry and m.symmetric else []
    lines += ["INVARIANTS", "    TypeOK"]
    lines += [f"    {m.names.give('property', p.name)}" for p in m.claims("invariant")]
    temporal = [*m.claims("step"), *(m.claims("leads_to") if liveness else [])]
    lines += ["PROPERTIES"] if temporal else []
    lines += [f"    {m.names.give('property', p.name)}" for p in temporal]
    lines += _not_checked(m, liveness)
    return "\n".join(lines) + "\n"


def _not_checked(m: _Module, liveness: bool) -> list[str]:
    """Return the comments of the configuration that name what else could be checked."""
    lines = []
    if m.claims("sometimes"):
        lines.append(
            "\\* Claims that a state is never reached. TLC refutes each with a way to get there."
        )
        lines += [f"\\* INVARIANT {m.names.give('never', p.name)}" for p in m.claims("sometimes")]
    if m.claims("lemma"):
        lines.append("\\* Lemmas of the proofs.")
        lines += [f"\\* INVARIANT {m.names.give('property', p.name)}" for p in m.claims("lemma")]
    if m.claims("leads_to") and not liveness:
        lines.append(
            "\\* What must come to be. Check it with FairSpec for Spec, and without SYMMETRY."
        )
        lines += [f"\\* PROPERTY {m.names.give('property', p.name)}" for p in m.claims("leads_to")]
    return lines


class _Module:
    def __init__(self, scope: Scope, name: str) -> None:
        if not re.fullmatch("[A-Za-z][A-Za-z0-9_]*", name):
            raise ValueError(f"{name!r} cannot name a module; use letters, digits and _")
        self.scope, self.spec, self.name = scope, scope.spec, name
        self.names = Names(scope, name)
        self.writer = Writer(self.names)
        self.symmetric = [sort for sort in self.spec.sorts if scope.size(sort) > 1]
        self.none = self._mentions_none()

    def _mentions_none(self) -> bool:
        if any(is_sort(f.type) for f in self.spec.fields.values()):
            return True
        whole = [g.condition for a in self.spec.actions.values() for g in a.guards]
        whole += [u.value for a in self.spec.actions.values() for u in a.updates(self.spec)]
        whole += [p.body for p in self.spec.properties.values()]
        return any(isinstance(e, NoneOf) for one in whole for e in walk(one))

    def claims(self, kind: str) -> list[Property]:
        """Return the properties of a kind."""
        return [p for p in self.spec.properties.values() if p.kind == kind]

    def field(self, f: Field) -> str:
        return self.names.give("field", f.name)

    def text(self) -> str:
        title = f" MODULE {self.name} "
        sections = [
            [title.center(80, "-"), *self.header()],
            self.constants(),
            self.variables(),
            [*self.type_ok(), "", *self.init()],
            [_RULE],
            *(self.action(a) for a in self.spec.actions.values()),
            self.next(),
            [_RULE],
            *(self.state_claim(p) for p in self.claims("invariant")),
            *(self.state_claim(p) for p in self.claims("lemma")),
            *(self.step_claim(p) for p in self.claims("step")),
            *(self.never(p) for p in self.claims("sometimes")),
            *(self.leads_to(p) for p in self.claims("leads_to")),
            self.symmetry(),
            ["=" * 80],
        ]
        return "\n\n".join("\n".join(s) for s in sections if s) + "\n"

    # ---------------------------------------------------------------- what there is
    def header(self) -> list[str]:
        prose = [f"{_title(self.scope)}"]
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
            lines += textwrap.wrap(_unnested(paragraph), 74)
        width = max(74, *map(len, lines))
        edge = f"({'*' * (width + 4)})"
        return [edge, *(f"(* {line:<{width}} *)" for line in lines), edge]

    def constants(self) -> list[str]:
        rows = [
            (
                self.names.give("type", sort.__name__),
                _first(sort.__doc__ or f"The {sort.__name__}s."),
            )
            for sort in self.spec.sorts
        ]
        rows += [(self.names.give("constant", c.name), c.doc) for c in self.spec.constants.values()]
        rows += [("None", "No element of any sort.")] if self.none else []
        lines = ["EXTENDS Integers" + (", TLC" if self.symmetric else "")]
        lines += ["", "CONSTANTS", *_listed(rows)] if rows else []
        for enum in enums(self.scope):
            lines += ["", *self.enum(enum)]
        return lines

    def enum(self, enum: type) -> list[str]:
        assert issubclass(enum, Enum)
        values = [f'"{member}"' for member in enum.members]
        name = self.names.give("type", enum.__name__)
        one = f"{name} == {{{', '.join(values)}}}"
        meaning = [
            line
            for member, means in enum.members.items()
            for line in _comment(f"{member}: {means}", indent="    ")
        ]
        if len(one) <= WIDTH:
            return [*_comment(_first(enum.__doc__ or "")), *meaning, one]
        rows = textwrap.wrap(", ".join(values), WIDTH - 4)
        return [
            *_comment(_first(enum.__doc__ or "")),
            *meaning,
            f"{name} == {{",
            *(f"    {row}" for row in rows),
            "}",
        ]

    def variables(self) -> list[str]:
        lines = ["VARIABLES"]
        left = len(self.spec.fields)
        width = max((len(self.field(f)) for f in self.spec.fields.values()), default=0) + 1
        for survival, meaning in _SURVIVAL.items():
            mine = [f for f in self.spec.fields.values() if f.survival == survival]
            lines += [f"    \\* {meaning}"] if mine else []
            for f in mine:
                left -= 1
                name = self.field(f) + ("," if left else "")
                lines += _comment(f.doc, f"    {name:<{width}} ")
        inside = ", ".join(self.field(f) for f in self.spec.fields.values())
        return [*lines, "", *_tuple("vars == ", inside)]

    def type_ok(self) -> list[str]:
        lines = [
            "\\* Every variable keeps to its type, and every number to its range.",
            "TypeOK ==",
        ]
        for f in self.spec.fields.values():
            values = self.range(f)
            over = f"[{self.names.give('type', f.over.__name__)} -> {values}]" if f.over else values
            lines.append(f"    /\\ {self.field(f)} \\in {over}")
        return lines

    def range(self, f: Field) -> str:
        if isinstance(f.type, Nat):
            limit = f.type.limit
            return f"0 .. {self.writer.line(limit) if isinstance(limit, Expr) else limit}"
        if is_sort(f.type):
            return f"{self.names.give('type', f.type.__name__)} \\union {{None}}"
        return self.writer.domain(f.type)

    def init(self) -> list[str]:
        lines = ["Init =="]
        for f in self.spec.fields.values():
            value = self.writer.line(f.initial)
            if f.over:
                x = self.writer.variable(Var(f.over.__name__[0].lower(), f.over))
                value = f"[{x} \\in {self.names.give('type', f.over.__name__)} |-> {value}]"
            lines.append(f"    /\\ {self.field(f)} = {value}")
        return lines

    # ---------------------------------------------------------------- what may happen
    def action(self, a: Action) -> list[str]:
        lines = [*_comment(a.doc), f"{self.call(a.name, a.params)} =="]
        known = list(a.references(self.spec))
        for n, reference in enumerate(known):
            body = f"{self.writer.within(reference, SUM, known[:n])} # None"
            lines.append(f"    /\\ {body}")
        lines += self.guards(a, known)
        updated: dict[str, list[Update]] = {}
        for u in a.updates(self.spec):
            updated.setdefault(u.field.name, []).append(u)
        for updates in updated.values():
            lines += self.update(updates, known)
        same = [self.field(f) for f in self.spec.fields.values() if f.name not in updated]
        if same:
            lines += (
                _tuple("    /\\ UNCHANGED ", ", ".join(same))
                if updated
                else ["    /\\ UNCHANGED vars"]
            )
        return lines

    def guards(self, a: Action, known: list[Expr]) -> list[str]:
        longest = max((len(g.name) for g in a.guards), default=0)
        texts = [self.writer.lines(g.condition, WIDTH - 12 - longest, known) for g in a.guards]
        column = max((len(text[0]) for text in texts), default=0)
        lines = []
        for g, text in zip(a.guards, texts, strict=True):
            text[0] = f"{text[0]:<{column}}  \\* {g.name}"
            lines += hang("    /\\ ", text)
        return lines

    def update(self, updates: list[Update], known: list[Expr]) -> list[str]:
        name = self.field(updates[0].field)
        if updates[0].index is None:
            start = f"    /\\ {name}' = "
            return hang(start, self.writer.lines(updates[-1].value, WIDTH - len(start), known))
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

    def call(self, name: str, params: Iterable[Var]) -> str:
        given = ", ".join(self.writer.variable(p) for p in params)
        action = self.names.give("action", name)
        return f"{action}({given})" if given else action

    def each(self, symbol: str, params: tuple[Var, ...], rest: str) -> str:
        return f"{self.writer.choose(symbol, params)} {rest}".strip()

    def next(self) -> list[str]:
        lines = [_RULE, "", "Next =="]
        calls = [
            self.each("\\E", a.params, self.call(a.name, a.params))
            for a in self.spec.actions.values()
        ]
        lines += [f"    \\/ {call}" for call in calls] or ["    FALSE"]
        lines += ["", "Spec == Init /\\ [][Next]_vars", ""]
        fair = []
        for a in self.spec.actions.values():
            if a.fair:
                kind = "WF" if a.fair == "weak" else "SF"
                fair.append(
                    self.each("\\A", a.params, f"{kind}_vars({self.call(a.name, a.params)})")
                )
        for a in self.spec.actions.values():
            if a.finite:
                fair.append(
                    self.each("\\A", a.params, f"<>[][~{self.call(a.name, a.params)}]_vars")
                )
        if not fair:
            return [*lines, "FairSpec == Spec"]
        lines += _comment(
            "What goes on being possible is done at last; faults happen only finitely often."
        )
        lines += ["Fairness ==", *(f"    /\\ {one}" for one in fair)]
        return [*lines, "", "FairSpec == Spec /\\ Fairness"]

    # ---------------------------------------------------------------- what is claimed
    def head(self, p: Property) -> list[str]:
        return [*_comment(f"{p.id}: {p.doc}"), f"{self.names.give('property', p.name)} =="]

    def claim(self, p: Property, body: list[str], symbol: str = "\\A") -> list[str]:
        choice = self.writer.choose(symbol, p.params)
        if not choice:
            return body
        if len(body) == 1 and len(choice) + len(body[0]) < WIDTH - 5:
            return [f"{choice} {body[0]}"]
        return [choice, *(f"  {line}" for line in body)]

    def state_claim(self, p: Property) -> list[str]:
        return [*self.head(p), *hang("    ", self.claim(p, self.writer.lines(p.body, WIDTH - 6)))]

    def never(self, p: Property) -> list[str]:
        inside = self.claim(p, self.writer.lines(p.body, WIDTH - 8), "\\E")
        inside[-1] += ")"
        sentence = _comment(f"{p.id}, denied for TLC to refute: {p.doc}")
        return [*sentence, f"{self.names.give('never', p.name)} ==", *hang("    ~(", inside)]

    def leads_to(self, p: Property) -> list[str]:
        assert p.then is not None
        body = [f"({self.writer.line(p.body)})", f"  ~> ({self.writer.line(p.then)})"]
        if len(body[0]) + len(body[1]) < WIDTH - 30:
            body = ["".join(body).replace(")  ~>", ") ~>", 1)]
        return [*self.head(p), *hang("    ", self.claim(p, body))]

    def step_claim(self, p: Property) -> list[str]:
        """Return `[][A]_v`, where v is the places read after the step for these parameters."""
        places = _places(p.body, frozenset())
        if places is not None:
            v = ", ".join(dict.fromkeys(self.watched(place) for place in places))
            body = hang("[", self.writer.lines(p.body, WIDTH - 8))
            body[-1] += f"]_<<{v}>>"
        else:
            moved = changes(p)
            either = moved[0]
            for one in moved[1:]:
                either = Or(either, one)
            body = self.writer.lines(either >> p.body, WIDTH - 8)
        if places is not None and not p.params:
            return [*self.head(p), *hang("    []", body)]
        inside = self.claim(p, body)
        inside[-1] += "]_vars"
        return [*self.head(p), *hang("    [][", inside)]

    def watched(self, place: Read) -> str:
        name = self.field(place.field)
        return name if place.index is None else f"{name}[{self.writer.line(place.index)}]"

    def symmetry(self) -> list[str]:
        if not self.symmetric:
            return []
        sets = [f"Permutations({self.names.give('type', s.__name__)})" for s in self.symmetric]
        return [
            *_comment("Elements of a sort differ in nothing but their names."),
            *hang("Symmetry == ", [" \\union ".join(sets)]),
        ]


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
    deeper = inside | {e.var.name} if isinstance(e, ForAll | Exists) else inside
    for child in children(e):
        below = _places(child, deeper)
        if below is None:
            return None
        found += below
    return found


def _title(scope: Scope) -> str:
    spec = scope.spec
    bounds = ", ".join(f"{name} = {value}" for name, value in scope.bounds.items())
    edits = "".join(f", {edit}" for edit in spec.edits)
    return f"The spec '{spec.name}'{edits}, generated from scope {scope.name}: {bounds}."


def _first(doc: str) -> str:
    return " ".join(doc.split("\n\n")[0].split())


def _unnested(text: str) -> str:
    """Return the text without the marks that open and close a comment."""
    return text.replace("(*", "( *").replace("*)", "* )")


def _comment(text: str, start: str = "", indent: str = "") -> list[str]:
    """Return the text as comments, the first behind `start`."""
    width = max(30, WIDTH - len(start) - len(indent) - 3)
    rows = textwrap.wrap(_unnested(text), width) or [""]
    return [indent + line for line in hang(start, [f"\\* {row}" for row in rows])]


def _listed(rows: list[tuple[str, str]]) -> list[str]:
    width = max(len(name) for name, _ in rows) + 1
    return [
        line
        for n, (name, doc) in enumerate(rows)
        for line in _comment(doc, f"    {name + (',' if n < len(rows) - 1 else ''):<{width}} ")
    ]


def _tuple(start: str, inside: str) -> list[str]:
    rows = textwrap.wrap(inside, WIDTH - len(start) - 4)
    lines = hang(f"{start}<<", rows)
    return [*lines[:-1], f"{lines[-1]}>>"]
