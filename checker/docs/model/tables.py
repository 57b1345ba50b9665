"""What the spec says, as tables of Markdown: modules, types, fields, actions, properties."""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Iterable, Mapping, Sequence

from checker.docs.model.spec_index import Index, Module
from checker.shown.duration import measured
from spec.language.declared.model import Action, Field, Guard, Part, Property
from spec.language.terms.expr import Var
from spec.language.terms.types import Nat, is_enum, is_sort

KINDS = {
    "invariant": "every state",
    "step": "every step",
    "leads_to": "every fair run",
    "sometimes": "some state",
    "lemma": "every state (helps a proof)",
}
NOTHING = "–"

WIDEST = 100
"""Characters of a formula in a cell: one that is longer stands below its table."""


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table of Markdown; a `|` in a cell is escaped, as code in a table wants it."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(
        "| " + " | ".join(cell.replace("|", "\\|") or NOTHING for cell in line) + " |"
        for line in lines
    )


def code(text: str) -> str:
    """Return text as code of Markdown."""
    return f"`{text}`"


def commands(sentences: Mapping[str, str]) -> str:
    """Print the commands with what each is for."""
    rows = ([code(f"ffq {name}"), sentence] for name, sentence in sentences.items())
    return table(["command", "what it does"], rows) + "\n\n_Printed from `ffq --help`._"


def times() -> str:
    """Print what commands took where they were measured."""
    where, rows = measured()
    said = (
        [code(f"ffq {r.line}"), *(f"{seconds:.1f} s" for seconds in (r.first, r.again))]
        for r in rows
    )
    told = f"_Measured in this order by `ffq bench commands --write`: {where}._"
    return table(["command", "the first time", "again"], said) + f"\n\n{told}"


def listed(names: Iterable[str]) -> str:
    """Return names as code, with commas, each once."""
    return ", ".join(code(name) for name in dict.fromkeys(names))


# ---------------------------------------------------------------- modules and types
def modules(index: Index) -> str:
    """Print what each module is for, and what it adds to others."""
    return table(
        ["module", "what it says", "stands on", "new actions", "adds to"],
        (
            [
                f"[`{m.name}`](../{m.file})" if m.file else code(m.name),
                m.spec.doc,
                listed(s.name for s in m.spec.extends),
                listed(a.name for a in m.actions),
                listed(
                    [
                        *(a.name for a, _ in m.additions),
                        *(h.event.name for h in m.hooks),
                        *(added.enum.__name__ for added in m.members),
                    ]
                ),
            ]
            for m in index.modules
        ),
    )


def sorts(index: Index) -> str:
    """Print the things that there are any number of."""
    return table(["sort", "what it is"], ([code(s.__name__), first_line(s)] for s in index.sorts))


def constants(index: Index) -> str:
    """Print the numbers that a scope chooses."""
    bounds = {n: m.spec.constants[n] for m in index.modules for n in m.constants}
    return table(
        ["constant", "what it is", "at least"],
        ([code(b.name), b.doc, str(b.least)] for b in bounds.values()),
    )


def enums(index: Index) -> str:
    """Print each list of values with what its members mean, and which module adds which."""
    rows = []
    for t in (t for t in index.types if is_enum(t)):
        own = [[code(name), means] for name, means in t.members.items()]
        for m in index.modules:
            more = (a for a in m.members if a.enum is t)
            own += [[code(a.name), f"{a.doc} (`{m.name}`)"] for a in more]
        heads = [f"`{t.__name__}`: {first_line(t)}", *[" "] * (len(own) - 1)]
        rows += [[head, *row] for head, row in zip(heads, own, strict=True)]
    return table(["enum", "member", "what it means"], rows)


def first_line(thing: object) -> str:
    """Return the first sentence of a docstring on one line."""
    return " ".join((inspect.getdoc(thing) or "").split("\n\n")[0].split())


# ---------------------------------------------------------------- fields
def fields(index: Index, module: Module) -> str:
    """Print the state that a module adds."""
    return table(
        ["field", "of each", "type", "at first", "survival", "what it is"],
        (
            [
                code(f.name),
                code(f.over.__name__) if f.over else "queue",
                type_word(f),
                code(str(f.initial)),
                f.survival,
                f.doc,
            ]
            for f in module.fields
        ),
    )


def type_word(f: Field) -> str:
    """Return the type of a field as people say it."""
    if f.type is bool:
        return "yes or no"
    if isinstance(f.type, Nat):
        return code(f"0..{f.type.limit}")
    name = code(f.type.__name__)
    return f"{name} or none" if is_sort(f.type) else name


# ---------------------------------------------------------------- actions
def actions(index: Index, module: Module) -> str:
    """Print the actions of a module in the order of a job's life, then what it adds to others."""
    own = [
        [
            f"`{signature(a)}`{weather(a)}",
            a.doc,
            guards(a.parts[:1]),
            changes(a.parts[:1]),
            f"{a.fair}ly fair" if a.fair else NOTHING,
        ]
        for a in module.actions
    ]
    text = []
    if own:
        text.append(table(["action", "what happens", "only if", "changes", "fairness"], own))
    text += ["\n".join(lines) for a in module.actions if (lines := below(a.name, a.parts[:1]))]
    if module.additions:
        added = ([code(a.name), guards([part]), changes([part])] for a, part in module.additions)
        text.append(
            f"`{module.name}` adds to actions of other modules, in the same step:\n\n"
            + table(["action", "only if, besides", "changes, besides"], added)
        )
    text += ["\n".join(lines) for a, p in module.additions if (lines := below(a.name, [p]))]
    if module.hooks:
        rows = (
            [
                f"`{h.event.name}({parameters(h.event.params)})`: {h.event.doc}",
                listed(index.raising(h.event)),
                h.doc,
                listed(u.field.name for u in h.statements),
            ]
            for h in module.hooks
        )
        text.append(
            f"`{module.name}` adds to each action that brings an event about:\n\n"
            + table(["event", "brought about by", "what happens then", "changes"], rows)
        )
    return "\n\n".join(text) or f"`{module.name}` has no actions."


def signature(a: Action) -> str:
    """Return an action with its parameters: `claim(w: Worker, j: Job)`."""
    return f"{a.name}({parameters(a.params)})"


def parameters(params: Iterable[Var]) -> str:
    """Return parameters with their types."""
    return ", ".join(f"{p.name}: {p.type.__name__}" for p in params)  # type: ignore[union-attr]


def weather(a: Action) -> str:
    """Return whether an action is done to the system, whether it ever stops, and whether nobody
    waits for the disk to have it.
    """
    loose = "<br>not waited for" if a.loose else ""
    if a.fault:
        return ("<br>a fault, finitely often" if a.finite else "<br>a fault, at any time") + loose
    return ("<br>finitely often" if a.finite else "") + loose


def guards(parts: Iterable[Part]) -> str:
    """Return the guards of these parts, each with its name; a long one stands below the table."""
    return "<br>".join(
        f"`{g.name}`" if _long(g) else f"`{g.name}`: `{g.condition}`"
        for p in parts
        for g in p.guards
    )


def _long(g: Guard) -> bool:
    return len(str(g.condition)) > WIDEST


def below(name: str, parts: Iterable[Part]) -> list[str]:
    """Return the guards that are too long for a cell of the table, a line each."""
    return [f"- `{name}.{g.name}`: `{g.condition}`" for p in parts for g in p.guards if _long(g)]


def changes(parts: Sequence[Part]) -> str:
    """Return the fields that these parts assign, and the memories and rows that are lost."""
    assigned = listed(u.field.name for p in parts for u in p.statements)
    lost = [f"all that `{e}` knew" for p in parts for e in p.forgets]
    lost += [f"the row of `{e}`" for p in parts for e in p.erases]
    return ", ".join(text for text in (assigned, *lost) if text)


# ---------------------------------------------------------------- properties
def claims(index: Index) -> str:
    """Print what must hold, by ID."""
    rows: list[list[str]] = []
    for p in _by_id(index, ("invariant", "step", "lemma")):
        rows.append([p.id, f"`{p.name}`: {p.doc}", KINDS[p.kind], home(index, p)])
        for m, e in index.exemptions(p):
            rows.append(["", f"unless `{e.name}`: {e.doc}", "", code(m.name)])
    return table(["ID", "claim", "holds in", "module"], rows)


def home(index: Index, p: Property) -> str:
    """Return the module that declares a property."""
    return listed(m.name for m in index.modules if p in m.properties)


def hopes(index: Index) -> str:
    """Print what must come to be."""
    return table(
        ["ID", "claim", "whenever", "later", "module"],
        (
            [
                p.id,
                f"`{p.name}`: {p.doc}",
                code(str(p.body)),
                code(str(p.then)),
                home(index, p),
            ]
            for p in _by_id(index, ("leads_to",))
        ),
    )


def reachable(index: Index) -> str:
    """Print what must be possible."""
    return table(
        ["for", "claim", "module"],
        ([p.id, f"`{p.name}`: {p.doc}", home(index, p)] for p in _by_id(index, ("sometimes",))),
    )


def formulas(index: Index, module: Module) -> str:
    """Print the text of each property of a module as the spec means it."""
    lines = ["```text"]
    for p in module.properties:
        lines += [f"# {p.id} {p.name}, {KINDS[p.kind]}" + for_all(p)]
        texts = [str(p.own) if p.then is None else f"{p.own}  leads to  {p.then}"]
        texts += [f"unless {e.name}, of {m.name}: {e.condition}" for m, e in index.exemptions(p)]
        for text in texts:
            wrapped = textwrap.wrap(text, 88, break_long_words=False, break_on_hyphens=False)
            lines += [wrapped[0], *(f"    {line}" for line in wrapped[1:])]
        lines.append("")
    if len(lines) == 1:
        return f"`{module.name}` claims nothing."
    return "\n".join([*lines[:-1], "```"])


def for_all(p: Property) -> str:
    """Return what the claim ranges over."""
    if not p.params:
        return ""
    word = "some" if p.kind == "sometimes" else "each"
    return f" for {word} {parameters(p.params)}"


def _by_id(index: Index, kinds: Sequence[str]) -> list[Property]:
    found = [p for p in index.properties.values() if p.kind in kinds]
    return sorted(found, key=lambda p: p.id)
