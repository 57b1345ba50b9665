"""From a scope to a compiled module: generates its source, and has it compiled and loaded."""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Iterable
from dataclasses import dataclass

from checker.search.compiled.code import kernel, numbering, promises
from checker.search.compiled.code.actions import ActionCode
from checker.search.compiled.code.claims import ClaimCode, load_words
from checker.search.compiled.code.layout import WORD_BITS, Layout, TooWide
from checker.search.compiled.code.machine import kept
from checker.search.compiled.code.symmetry import CanonCode, merged
from checker.search.compiled.code.text import Names, Text
from checker.search.compiled.code.units import Unit, units
from spec.language.declared.model import Spec
from spec.language.scope import Scope
from spec.language.terms.types import Nat

ENTRY, _ARRAYS = "run", 9
"""The function that is called from outside, and how many arrays it takes."""

_GUARDS = 16
"""So many guards an action may have before the numbers of all others move."""

CHECKED = ("invariant", "step", "sometimes", "leads_to")
_BEGIN = "# ---- the kernel: compiled from here on\n"


@dataclass(frozen=True)
class Compiled:
    """A scope made ready to explore."""

    layout: Layout
    names: Names
    symmetry: tuple[str, ...]
    instances: int
    at: dict[str, int]
    run: kept.Code


def name_all(scope: Scope) -> Names:
    """Number everything that the generated code counts."""
    spec = scope.spec
    claims = [p for p in spec.properties.values() if p.kind in CHECKED]
    violations = [p.name for p in claims if p.kind in ("invariant", "step")]
    violations += [f"range_{f.name}" for f in spec.fields.values() if isinstance(f.type, Nat)]
    numbered = violations, [p.name for p in claims], spec.actions
    return Names(_guards(spec), *({name: i for i, name in enumerate(names)} for names in numbered))


def _guards(spec: Spec) -> dict[str, int]:
    """Number the guards so that what one action has moves the numbers of no other."""
    return {
        f"{action.name}.{guard.name}": n * _room(spec) + k
        for n, action in enumerate(spec.actions.values())
        for k, guard in enumerate(action.guards)
    }


def _room(spec: Spec) -> int:
    """Return how many numbers each action has for its guards."""
    return max([_GUARDS, *(len(a.guards) for a in spec.actions.values())])


def source(layout: Layout, names: Names, symmetry: bool) -> str:
    """Return the text of the module that explores the scope."""
    text = Text()
    text.add('"""Generated from a scope by checker.search.compiled; not to be edited."""', "")
    _properties_and_actions(text, layout, names)
    promises.write(text, layout)
    _canonical(text, layout, symmetry)
    files = [inspect.getsource(part).split(_BEGIN)[1] for part in (numbering, kernel)]
    return "\n".join([*text.lines, *files])


def constants(layout: Layout, names: Names) -> dict[str, int]:
    """Return the numbers that the text calls by name: where the parts of a thread's workspace
    begin, and such.
    """
    spec = layout.scope.spec
    parts = {
        "FIRED": len(names.fired),
        "FOUND": len(names.violations),
        "PENDING": len(names.pending),
        "OFF": len(spec.actions) * _room(spec),
    }
    known = {n: v for n, v in vars(kernel).items() if n.isupper() and isinstance(v, int)}
    known["WORDS"] = layout.words
    position = kernel.CONTROL
    for name, size in parts.items():
        known[name] = position
        position += size
    known["SOURCE"] = position
    known["LABELS"] = position + kernel.MAX_BATCH * layout.words
    return known


def _properties_and_actions(text: Text, layout: Layout, names: Names) -> None:
    spec = layout.scope.spec
    claims = [ClaimCode(layout, p, names) for p in spec.properties.values() if p.kind in CHECKED]
    steps = [c for c in claims if c.claim.kind == "step"]
    for claim in claims:
        claim.write_states(text)
    for claim in steps:
        claim.write_edges(text)
    _see(text, layout, [c for c in claims if c.claim.kind != "step"])
    text.open("def see_edges(states, first, n, work):")
    text.add(
        *_note([c for c in steps if not c.noted_on_edges], "states, first, n, states, 0, work")
    )
    text.add("return 0")
    text.close(0)
    text.add("", "")
    actions = [ActionCode(layout, a, names) for a in spec.actions.values()]
    on_edges = _note([c for c in steps if c.noted_on_edges], "states, first, c, buf, m, work")
    for action in actions:
        watching = [c for c in steps if c.watches(action)]
        broken = [condition for c in watching for condition in c.broken_edge(action)]
        rare = [f"{c.broken_function}(states, first, c, buf, m, work)" for c in watching]
        action.write(text, broken, rare, on_edges)
    text.open("def expand(states, first, n, buf, work):")
    text.add("m = 0", *(f"m = {a.function}(states, first, n, buf, m, work)" for a in actions))
    text.add("return m")
    text.close(0)
    text.add("", "")


def _note(claims: list[ClaimCode], arguments: str) -> list[str]:
    """Return lines that let claims that may still be vacuous look for their antecedent."""
    lines = []
    for c in claims:
        lines += [f"if get(work, {c.pending}) != 0:", f"    {c.noted_function}({arguments})"]
    return lines


def _see(text: Text, layout: Layout, claims: list[ClaimCode]) -> None:
    """Write the function that checks new states: all invariants at once, and one by one only if one
    is broken.
    """
    invariants = [c for c in claims if c.claim.kind == "invariant"]
    broken = {c.broken_function: c.broken() for c in invariants}
    text.open("def see(states, first, n, work):")
    text.add("hit = 0")
    text.open("for k in range(n):")
    text.add(*load_words("s", "states", "first + k", layout.words))
    text.add(*(f"hit |= flag({condition})" for condition in broken.values() if condition))
    text.close(1)
    calls = {name: f"{name}(states, first, n, states, 0, work)" for name in broken}
    text.add(*(calls[name] for name, condition in broken.items() if condition is None))
    text.open("if hit != 0:")
    text.add("hit = 0", *(calls[name] for name, condition in broken.items() if condition))
    text.close(1)
    text.add(*_note(claims, "states, first, n, states, 0, work"), "return 0")
    text.close(0)
    text.add("", "")


def _canonical(text: Text, layout: Layout, symmetry: bool) -> None:
    lines = CanonCode(layout).lines if symmetry else []
    words = range(layout.words)
    text.open("def canonical(buf, m):")
    if lines:
        text.open("for k in range(m):")
        text.add(*(f"s{w} = get(buf, k * {layout.words} + {w})" for w in words), *lines)
        text.add(*(f"put(buf, k * {layout.words} + {w}, s{w})" for w in words))
        text.close(1)
    text.add("return m")
    text.close(0)
    text.add("", "")


# -------------------------------------------------------------------- machine code
def prepare(scope: Scope, symmetry: bool = True, word_bits: int = WORD_BITS) -> Compiled:
    """Return the compiled module of a scope, from the cache if its like was compiled before."""
    layout, names, known = _named(scope, word_bits)
    run = kept.code(_units(layout, names, known, symmetry), ENTRY, _ARRAYS)
    instances = sum(1 for a in scope.spec.actions.values() for _ in scope.bindings(a.params))
    return Compiled(layout, names, merged(layout) if symmetry else (), instances, known, run)


def prepare_ahead(scopes: Iterable[Scope], symmetry: bool = True) -> None:
    """Let other processes compile what these scopes will need, in this order."""
    for scope in scopes:
        with contextlib.suppress(TooWide):  # which is said when its turn comes
            layout, names, known = _named(scope, WORD_BITS)
            kept.ahead(_units(layout, names, known, symmetry))


def _units(layout: Layout, names: Names, known: dict[str, int], symmetry: bool) -> list[Unit]:
    return list(units(source(layout, names, symmetry), known, ENTRY))


def _named(scope: Scope, word_bits: int) -> tuple[Layout, Names, dict[str, int]]:
    layout = Layout(scope, word_bits)
    names = name_all(scope)
    return layout, names, constants(layout, names)
