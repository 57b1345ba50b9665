"""Runs as files: what was tried on a fresh store, step by step, whether it was taken or refused.

A trace is a run of the spec that violates a property. A run claims nothing: it is kept because
store and spec differ at its last step, and `ffq replay` tries it again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from checker.conformance.beside_spec import Replay
from checker.runs.reading import rows, scope_of, step_of
from checker.runs.story import params_of
from checker.runs.trace import header_of, parameters_of
from impl.derive.design import derive
from impl.sqlite.file.files import MEMORY
from spec.language.evaluate import Step
from spec.language.hashes import spec_hash
from spec.language.scope import Scope

FORMAT, VERSION = "ffq run", 1

_REMEDY = "make the run anew with ffq replay --generate"


@dataclass(frozen=True)
class Run:
    """Steps to be tried one after the other, from the beginning, in a scope."""

    scope: Scope
    steps: tuple[Step, ...]


def record(run: Run) -> str:
    """Return the text of a file."""
    header = {
        "format": FORMAT,
        "version": VERSION,
        "spec": spec_hash(run.scope.spec),
        "scope": run.scope.name,
        "bounds": dict(run.scope.bounds),
        "steps": len(run.steps),
    }
    lines: Sequence[dict[str, object]] = [
        {
            "n": n,
            "action": step.action.name,
            "params": params_of(step),
        }
        for n, step in enumerate(run.steps, 1)
    ]
    return "".join(json.dumps(row) + "\n" for row in (header, *lines))


def is_run(file: Path) -> bool:
    """Return whether the file says that it is a run."""
    return file.is_file() and header_of(file).get("format") == FORMAT


def read(file: Path, scopes: Mapping[str, Scope]) -> Run:
    """Return what the file says, or raise `BadTrace`; the spec is found in `scopes` by its hash."""
    header, *lines = rows(file)
    header.only("format", "version", "spec", "scope", "bounds", "steps")
    if (version := header.take("version", int)) != VERSION:
        fact = f"has version {version}, and this ffq reads version {VERSION}"
        raise header.bad(fact, _REMEDY)
    scope, count = scope_of(header, scopes), header.take("steps", int)
    if count != len(lines):
        raise header.bad(f"counts {count} steps, and the file holds {len(lines)}", _REMEDY)
    steps = []
    for n, row in enumerate(lines, 1):
        row.only("n", "action", "params")
        name, params = step_of(row, scope, n)
        action = scope.spec.actions[name]
        steps.append(Step(action, parameters_of(scope, action, params)))
    return Run(scope, tuple(steps))


def replay_run(run: Run, path: str = MEMORY) -> int:
    """Try a run on a fresh store and return how many steps were compared; raises `Divergence`."""
    replay = Replay(derive(run.scope), path)
    try:
        for step in run.steps:
            replay.step(replay.steps.find(step.action.name, step.binding))
    finally:
        replay.store.close()
    return len(run.steps)
