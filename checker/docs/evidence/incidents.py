"""Incidents told as runs of the spec, as Markdown."""

from __future__ import annotations

from collections.abc import Callable

from checker.docs.model.tables import code, table
from checker.evidence import incidents
from checker.runs.story import Line
from checker.runs.trace import Trace
from spec.failures.edits import in_words
from spec.failures.incidents import INCIDENTS
from spec.failures.incidents.stories import STORIES


def told() -> str:
    """Print each incident with what is lacking there, and the run that tells it."""
    lines = []
    for id, story in STORIES.items():
        incident, trace = INCIDENTS[id], incidents.kept(id)
        modes = ", ".join(f"[{mode}](failure-modes/{mode}.md)" for mode in incident.teaches)
        claim = trace.scope.spec.properties[trace.violated]
        lacks = ", ".join(code(in_words(text)) for text in trace.edits)
        file = incidents.file_of(id)
        link = f"[{len(trace.lines)} steps](../postmortems/{file.parent.name}/{file.name})"
        lines += [
            f"- **{id}** [{incident.system}]({incident.url}) ({incident.grade}). {story.doc}",
            f"  {modes}, {lacks}: {_run(trace)}. Broken in {link}: {claim.id} {code(claim.name)}.",
        ]
        lines += [f"  {story.but}"] if story.but else []
    return "\n".join(lines)


def _run(trace: Trace) -> str:
    return code(", ".join(map(_step, trace.lines)))


def _step(line: Line) -> str:
    return line.action if line.actor.startswith(("job", "-")) else f"{line.actor} {line.action}"


def untold() -> str:
    """Print the incidents that are no run, each with the reason."""
    rows = [
        [id, f"[{INCIDENTS[id].system}]({INCIDENTS[id].url})", reason]
        for id, reason in incidents.untold().items()
    ]
    of = len(STORIES) + len(rows)
    return f"{table(['ID', 'system', 'why'], rows)}\n\n_{len(STORIES)} of {of} are told._"


PRINTERS: dict[str, Callable[[], str]] = {
    "incidents-told": told,
    "incidents-untold": untold,
}
