"""From a scope to a compiled module: generates its source, keeps it under its content's hash, and
loads it.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from checker.cache import cache_folder
from checker.compiled import kernel, promises
from checker.compiled.actions import ActionCode
from checker.compiled.claims import ClaimCode, load_words
from checker.compiled.layout import WORD_BITS, Layout
from checker.compiled.native import Loaded, object_code, processor
from checker.compiled.symmetry import CanonCode, merged
from checker.compiled.text import Names, Text
from spec.language.scope import Scope
from spec.language.types import Nat

CHECKED = ("invariant", "step", "sometimes", "leads_to")
_HERE = Path(__file__).parent
_BEGIN = "# ---- the kernel: compiled from here on\n"


@dataclass(frozen=True)
class Compiled:
    """A scope made ready to explore."""

    layout: Layout
    names: Names
    symmetry: tuple[str, ...]
    instances: int
    at: dict[str, int]
    run: Loaded


def name_all(scope: Scope) -> Names:
    """Number everything that the generated code counts."""
    spec = scope.spec
    claims = [p for p in spec.properties.values() if p.kind in CHECKED]
    violations = [p.name for p in claims if p.kind in ("invariant", "step")]
    violations += [f"range_{f.name}" for f in spec.fields.values() if isinstance(f.type, Nat)]
    numbered = spec.guard_names(), violations, [p.name for p in claims], spec.actions
    return Names(*({name: i for i, name in enumerate(names)} for names in numbered))


def source(layout: Layout, names: Names, symmetry: bool) -> str:
    """Return the text of the module that explores the scope."""
    text = Text()
    text.add('"""Generated from a scope by checker.compiled; not to be edited."""', "")
    _properties_and_actions(text, layout, names)
    promises.write(text, layout)
    _canonical(text, layout, symmetry)
    kernel = (_HERE / "kernel.py").read_text().split(_BEGIN)[1]
    return "\n".join(text.lines) + "\n" + kernel


def constants(layout: Layout, names: Names) -> dict[str, int]:
    """Return the numbers that the text calls by name: where the parts of a thread's workspace
    begin, and such.
    """
    parts = {"FIRED": names.fired, "FOUND": names.violations, "PENDING": names.pending}
    parts["OFF"] = names.guards
    known = {n: v for n, v in vars(kernel).items() if n.isupper() and isinstance(v, int)}
    known["WORDS"] = layout.words
    position = kernel.CONTROL
    for name, numbered in parts.items():
        known[name] = position
        position += len(numbered)
    known["LABELS"] = position
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


# -------------------------------------------------------------------- the cache
def load(text: str, known: dict[str, int]) -> Loaded:
    """Return the machine code of a text, from the cache if the like was compiled before."""
    whole = "\n".join([text, repr(sorted(known.items())), _compiler_text(), processor()])
    digest = hashlib.sha256(whole.encode()).hexdigest()[:24]
    if digest not in _loaded:
        path = cache_folder() / f"{digest}.o"
        code = _read(path)
        if code is None:
            code = object_code(text, known, "run")
            _write(path, code)
        _loaded[digest] = Loaded(code, "run", 9)
    return _loaded[digest]


_loaded: dict[str, Loaded] = {}


@cache
def _compiler_text() -> str:
    """What machine code also depends on, besides its own text."""
    return (_HERE / "intrinsics.py").read_text() + (_HERE / "native.py").read_text()


_DIGEST_BYTES = 32


def _read(path: Path) -> bytes | None:
    """Return the code kept in a file, or None if there is none or it was damaged."""
    try:
        kept = path.read_bytes()
    except OSError:
        return None
    code = kept[_DIGEST_BYTES:]
    return code if hashlib.sha256(code).digest() == kept[:_DIGEST_BYTES] else None


def _write(path: Path, code: bytes) -> None:
    """Keep the code so that no process ever sees half of it; what cannot be kept is compiled
    again.
    """
    try:
        handle, draft = tempfile.mkstemp(dir=path.parent, suffix=".tmp")
        with os.fdopen(handle, "wb") as file:
            file.write(hashlib.sha256(code).digest() + code)
        os.replace(draft, path)
    except OSError:
        return


def prepare(scope: Scope, symmetry: bool = True, word_bits: int = WORD_BITS) -> Compiled:
    """Return the compiled module of a scope, from the cache if its like was compiled before."""
    layout = Layout(scope, word_bits)
    names = name_all(scope)
    known = constants(layout, names)
    run = load(source(layout, names, symmetry), known)
    instances = sum(1 for a in scope.spec.actions.values() for _ in scope.bindings(a.params))
    return Compiled(layout, names, merged(layout) if symmetry else (), instances, known, run)
