"""A run as one page of HTML to step through in a browser; it loads nothing else."""

from __future__ import annotations

import html
import json
from functools import cache
from pathlib import Path
from typing import Any

from checker.explain.moves import moves
from checker.explain.run import Run
from checker.runs.story import render
from spec.language.scope import State, value_name

MARK = "<!-- Made by `ffq trace export --as html`. -->"
_PAGE = Path(__file__).with_name("page.html")


def text(run: Run) -> str:
    """Return the page as the text of a file."""
    story = html.escape("\n".join(render(run.story)), quote=False)
    # The last place first: what is put there may hold the other's name.
    return _template().replace("RUN", _embedded(_data(run)), 1).replace("STORY", story, 1)


@cache
def _template() -> str:
    return _PAGE.read_text("utf-8")


def _embedded(data: dict[str, Any]) -> str:
    """Return JSON that ends no script, whatever a name in it says."""
    said = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return said.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def _data(run: Run) -> dict[str, Any]:
    broken = run.story.broken
    bounds = ", ".join(f"{name}={value}" for name, value in run.trace.scope.bounds.items())
    edits = "".join(f"; {title}" for title in run.trace.edits.titles)
    return {
        "title": f"{broken.id} {broken.name} is broken",
        "claim": broken.doc,
        "where": f"{run.trace.scope.name}: {bounds}{edits}",
        "why": "\n".join([broken.clause, *(f"  {reason}" for reason in broken.reasons)]),
        "loop": _loop(run),
        "places": [place.name for place in run.scope.places],
        "states": [_state(run, state) for state in run.states],
        "steps": [
            {
                "actor": line.actor,
                "call": line.call,
                "doc": run.scope.spec.actions[line.action].doc,
                "changes": ", ".join(run.told(line)),
                "fault": run.is_fault(n),
            }
            for n, line in enumerate(run.lines)
        ],
        "moves": [
            [[m.actor, m.call, ", ".join(m.refused_by)] for m in moves(run, state)]
            for state in run.states
        ],
    }


def _state(run: Run, state: State) -> list[str]:
    places = zip(run.scope.places, state, strict=True)
    return [str(value_name(place.field.type, value)) for place, value in places]


def _loop(run: Run) -> str:
    loop = run.story.loop
    if loop is None:
        return ""
    if loop > len(run.lines):
        return "and nothing more, for ever"
    return f"steps {loop} to {len(run.lines)} come again and again"
