"""A scope as a TLA+ module that reads well, and a configuration by which TLC checks it.

TLC is an oracle that we did not write: it must find as many states as our own explorers do.
"""

from __future__ import annotations

from pathlib import Path

from checker.export.tla.module import Module, title
from checker.runs.trace import put
from spec.language.scope import Scope, element_name


def write(scope: Scope, directory: Path, name: str, symmetry: bool = False) -> list[Path]:
    """Write the module and its configuration into the directory; return both paths."""
    texts = {f"{name}.tla": module(scope, name), f"{name}.cfg": config(scope, name, symmetry)}
    for file, text in texts.items():
        put(directory / file, text)
    return [directory / file for file in texts]


def module(scope: Scope, name: str) -> str:
    """Return the spec of the scope as a TLA+ module; the bounds are in `config`."""
    return Module(scope, name).text()


def config(scope: Scope, name: str, symmetry: bool = False, liveness: bool = False) -> str:
    """Return the scope's bounds and what TLC is to check.

    `symmetry` counts states once that differ only in which element is which. `liveness` assumes
    fairness and checks what must come to be; TLC cannot do both at a time.
    """
    if symmetry and liveness:
        raise ValueError("TLC's symmetry reduction is unsound for liveness; ask for one of them")
    m = Module(scope, name)
    lines = [
        f"\\* {title(scope)}",
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


def _not_checked(m: Module, liveness: bool) -> list[str]:
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
