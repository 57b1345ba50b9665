"""Incidents as runs of the spec: the shortest one that tells each, and breaks what it broke there.

The run of a failure mode is that of an incident too where it tells it already; else one of its own
is kept in the repository.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from checker.evidence import traces
from checker.runs.reading import read
from checker.runs.story import Line
from checker.runs.trace import Trace, save
from spec.failures import FAILURES, Loss
from spec.failures.edits import Edits
from spec.failures.incidents import INCIDENTS
from spec.failures.incidents.stories import STORIES, Step, Told
from spec.queue import SCOPES

FOLDER = traces.FOLDER.parent / "incidents"

LAST = 60
"""The number of the last incident of the collection that was read for its actors and their order;
what came later was read for one failure mode, whose page names it.
"""


def loss_of(told: Told) -> Loss:
    """Return what the system of an incident lacks, with the property that it breaks."""
    losses = [_losses()[name] for name in told.losses]
    edits = tuple(text for loss in losses for text in loss.edits)
    via = f"via {' then '.join(step.action for step in told.steps)}"
    return Loss(edits, told.breaks or losses[0].breaks, losses[0].scope, told.doc, (via,))


@cache
def _losses() -> dict[str, Loss]:
    modes = FAILURES.values()
    return {traces.file_of(mode, loss).stem: loss for mode in modes for loss in mode.losses}


def file_of(id: str) -> Path:
    """Return where the run of an incident is kept: of its own, or that of what it lacks."""
    told = STORIES[id]
    shared = traces.FOLDER / f"{told.losses[0]}.jsonl"
    return shared if shared.is_file() and _tells(shared, told) else FOLDER / f"{id}.jsonl"


def _tells(file: Path, told: Told) -> bool:
    trace, loss = read(file, SCOPES), loss_of(told)
    same = trace.edits, trace.violated
    return same == (Edits(loss.edits), loss.breaks) and tells(trace.lines, told.steps)


def kept(id: str) -> Trace:
    """Return the run that the repository keeps of an incident; raises `BadTrace`."""
    return read(file_of(id), SCOPES)


def keep(id: str) -> bool:
    """Write the run of an incident where it is kept; return whether that changes a file.

    Raises `NotReproduced` if none breaks what it should, or if the shortest tells something else.
    """
    told, file = STORIES[id], file_of(id)
    if file.parent != FOLDER:
        return False
    text = traces.shortest(loss_of(told))
    if file.is_file() and file.read_text("utf-8") == text:
        return False
    save(file, text)
    if not tells(kept(id).lines, told.steps):
        raise traces.NotReproduced(f"{file.name} does not tell what its steps say")
    return True


def untold() -> dict[str, str]:
    """Return each incident of the collection that is no run, with the reason."""
    found = {}
    for incident in INCIDENTS.values():
        if incident.id not in STORIES and int(incident.id[1:]) <= LAST:
            missing = [name for name in incident.teaches if name not in FAILURES]
            found[incident.id] = f"no part of the spec is what {', '.join(missing)} would be about"
    return found


# ---------------------------------------------------------------- whether a run tells it
def tells(lines: Sequence[Line], steps: Sequence[Step]) -> bool:
    """Return whether a run takes these steps in this order, each part always by the same one."""
    return _tells_on(lines, steps, {})


def _tells_on(lines: Sequence[Line], steps: Sequence[Step], known: Mapping[str, str]) -> bool:
    if not steps:
        return True
    step, *rest = steps
    return any(
        _tells_on(lines[n + 1 :], rest, cast)
        for n, line in enumerate(lines)
        if line.action == step.action
        for cast in [_cast(line, step.parts, known)]
        if cast is not None
    )


def _cast(line: Line, parts: Sequence[str], known: Mapping[str, str]) -> dict[str, str] | None:
    """Return who plays which part when this step is taken; None if it is somebody else's."""
    cast = dict(known)
    for part in parts:
        played = [str(v) for v in line.params.values() if str(v)[:1] == part[0]]
        if len(played) != 1:
            return None
        if cast.setdefault(part, played[0]) != played[0]:
            return None
    return cast if len(set(cast.values())) == len(cast) else None
