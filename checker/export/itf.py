"""A run in the Informal Trace Format, which opens in the ITF trace viewer and in Quint's tools.

A field that is kept per element is a function of the elements' names. The format has no place for
the name of a step, so it stands where Quint puts it: in the variables `mbt::actionTaken` and
`mbt::nondetPicks`. What makes a file ours stands in `#meta`, and `itf_reading` reads it back.
"""

from __future__ import annotations

import json
from typing import Any

from checker.explain.run import Run
from checker.export.itf_values import Record, encode
from checker.runs.trace import header, step_as_json
from spec.language.scope import Scope, State, Value, element_name
from spec.language.terms.types import Nat, Type, is_sort

ACTION, PICKS = "mbt::actionTaken", "mbt::nondetPicks"
INIT = "init"
SOURCE = "ffq trace export --as itf"
MARK = f'"source": "{SOURCE}"'


def text(run: Run) -> str:
    """Return the run as the text of a file."""
    return json.dumps(document(run), ensure_ascii=False, indent=1) + "\n"


def document(run: Run) -> dict[str, Any]:
    """Return the run as the one object that a file holds."""
    ours: dict[str, Any] = header(run.trace, run.story)
    ours.pop("start", None)  # it is the first state
    if len(run.states) == len(run.steps):
        ours["leaves"] = step_as_json(run.lines[-1])  # no state is left to be after it
    meta: dict[str, Any] = {
        "format": "ITF",
        "format-description": "https://apalache-mc.org/docs/adr/015adr-trace.html",
        "source": SOURCE,
        "description": f"{run.story.broken.id} {run.story.broken.name}: {run.story.broken.doc}",
        "varTypes": _types(run.scope),
        "ffq": ours,
    }
    fields = [*run.scope.spec.fields]
    found: dict[str, Any] = {"#meta": meta, "vars": [*fields, ACTION, PICKS]}
    if run.story.loop is not None:
        # The state after the first step that comes again, and the last one if nothing happens.
        found["loop"] = min(run.story.loop, run.end)
        ours["loop"] = run.story.loop
    return found | {"states": [_state(run, k) for k in range(len(run.states))]}


def _state(run: Run, k: int) -> dict[str, Any]:
    picks, action, actor, kind = Record(), INIT, "-", "start"
    if k:
        step, line = run.steps[k - 1].step, run.lines[k - 1]
        action, actor = step.action.name, line.actor
        kind = "fault" if step.action.fault else "step"
        for p in step.action.params:
            picks[p.name] = Record(tag="Some", value=_value(p.type, step.binding[p.name]))
    shown: dict[str, Any] = {"#meta": {"index": k, "actor": actor, "kind": kind}}
    shown |= {name: encode(value) for name, value in fields_of(run.scope, run.states[k]).items()}
    return shown | {ACTION: action, PICKS: encode(picks)}


def fields_of(scope: Scope, state: State) -> dict[str, Any]:
    """Return a state field by field: a value, or a function of the elements' names."""
    found: dict[str, Any] = {}
    for place, value in zip(scope.places, state, strict=True):
        f = place.field
        if f.over is None:
            found[f.name] = _value(f.type, value)
        else:
            of_field = found.setdefault(f.name, {})
            of_field[element_name(f.over, place.element)] = _value(f.type, value)
    return found


def _value(t: Type, value: Value) -> Value:
    # No element is called `none`, which stands for none of them: names end in a number.
    return element_name(t, value) if is_sort(t) else value


def _types(scope: Scope) -> dict[str, str]:
    """Return the types of the variables as Apalache writes them; enums and elements are text."""
    found = {}
    for f in scope.spec.fields.values():
        word = "Int" if isinstance(f.type, Nat) else "Bool" if f.type is bool else "Str"
        found[f.name] = word if f.over is None else f"Str -> {word}"
    return found | {ACTION: "Str"}
