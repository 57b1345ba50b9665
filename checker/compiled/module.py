"""From a scope to a compiled module: generates its source, keeps it under its content's hash, and loads it."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from checker.compiled.actions import ActionCode, Names, Text
from checker.compiled.claims import ClaimCode
from checker.compiled.layout import WORD_BITS, Layout
from checker.compiled.symmetry import CanonCode, merged
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
    run: Callable[..., int]


def prepare(scope: Scope, symmetry: bool = True, word_bits: int = WORD_BITS) -> Compiled:
    """Return the compiled module of a scope, from the cache if its like was compiled before."""
    layout = Layout(scope, word_bits)
    names = name_all(scope)
    text = source(layout, names, symmetry)
    module = load(text)
    instances = sum(1 for a in scope.spec.actions.values() for _ in scope.bindings(a.params))
    return Compiled(layout, names, merged(layout) if symmetry else (), instances, module.run)


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
    text.add("from typing import Any", "", "from numba import njit", "")
    text.add("from checker.compiled.intrinsics import *  # noqa: F403")
    text.add("from checker.compiled.kernel import ALIVE, BACK, BUSY, CONTROL, COUNT, DEAD, DONE, EDGE, END")
    text.add("from checker.compiled.kernel import MAX_BATCH, NEXT, REINSERT, SEARCH, SEE, STATES_FULL")
    text.add("from checker.compiled.kernel import TABLE_FULL, TAIL", "")
    text.add(f"WORDS = {layout.words}", "FIRED = CONTROL")
    text.add(f"FOUND = FIRED + {len(names.fired)}", f"PENDING = FOUND + {len(names.violations)}")
    text.add(f"OFF = PENDING + {len(names.pending)}", f"WORK = OFF + {len(names.guards)}")
    text.add("inner = njit(nogil=True, no_cpython_wrapper=True, no_cfunc_wrapper=True)", "", "")
    _properties_and_actions(text, layout, names)
    _canonical(text, layout, symmetry)
    kernel = (_HERE / "kernel.py").read_text().split(_BEGIN)[1]
    whole = "\n".join(text.lines) + "\n" + kernel
    body = whole.replace("\ndef ", "\n@inner\ndef ")
    return body.replace("\n@inner\ndef run(", "\n@njit(nogil=True, cache=True)\ndef run(")


def _properties_and_actions(text: Text, layout: Layout, names: Names) -> None:
    spec = layout.scope.spec
    claims = [ClaimCode(layout, p, names) for p in spec.properties.values() if p.kind in CHECKED]
    seen: dict[bool, list[str]] = {True: [], False: []}
    for claim in claims:
        seen[claim.claim.kind == "step"].append(claim.write(text))
    for name, functions in (("see", seen[False]), ("see_edges", seen[True])):
        text.open(f"def {name}(states, first, n, work):")
        text.add(*(f"{f}(states, first, n, work)" for f in functions), "return 0")
        text.close(0)
        text.add("", "")
    actions = [ActionCode(layout, a, names) for a in spec.actions.values()]
    for action in actions:
        steps = [c for c in claims if c.claim.kind == "step"]
        action.write(text, [block for c in steps for block in c.edge_blocks(action)])
    text.open("def expand(states, first, n, buf, work):")
    text.add("m = 0", *(f"m = {a.function}(states, first, n, buf, m, work)" for a in actions))
    text.add("return m")
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
def load(text: str) -> ModuleType:
    """Return the module with this text, compiled at its first use or read from the cache."""
    digest = hashlib.sha256((text + _machine_text()).encode()).hexdigest()[:24]
    name = f"ffq_compiled_{digest}"
    if name in sys.modules:
        return sys.modules[name]
    path = cache_folder() / f"{name}.py"
    _write_once(path, text)
    found = importlib.util.spec_from_file_location(name, path)
    assert found is not None and found.loader is not None
    module = importlib.util.module_from_spec(found)
    sys.modules[name] = module
    try:
        found.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


@cache
def _machine_text() -> str:
    """What a compiled module also depends on, besides its own text."""
    return (_HERE / "intrinsics.py").read_text() + (_HERE / "kernel.py").read_text()


@cache
def cache_folder() -> Path:
    """Return a folder that can be written: `$FFQ_CACHE_DIR`, the user's cache, or a temporary one."""
    chosen = os.environ.get("FFQ_CACHE_DIR")
    user = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    for folder in (chosen, f"{user}/ffq"):
        if not folder:
            continue
        try:
            path = Path(folder).expanduser()
            path.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=path):
                return path
        except (OSError, RuntimeError):
            continue
    return Path(tempfile.mkdtemp(prefix="ffq-"))


def _write_once(path: Path, text: str) -> None:
    """Write the file so that no process ever sees half of it; whoever writes, it looks the same."""
    if path.exists():
        return
    handle, draft = tempfile.mkstemp(dir=path.parent, suffix=".tmp")
    with os.fdopen(handle, "w") as file:
        file.write(text)
    # Numba takes compiled code to be stale when its source's time has changed.
    os.utime(draft, (1_000_000_000, 1_000_000_000))
    os.replace(draft, path)


def workspace(compiled: Compiled) -> dict[str, Any]:
    """Return where the parts of a thread's workspace begin."""
    module = sys.modules[compiled.run.__module__]
    return {name: getattr(module, name) for name in ("FIRED", "FOUND", "PENDING", "OFF", "WORK")}
