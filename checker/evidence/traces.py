"""The shortest trace of a loss: found by the explorer, remembered, and kept in the repository."""

from __future__ import annotations

import re
from pathlib import Path

from checker.runs.cache import place, recall, remember
from checker.runs.reading import read
from checker.runs.sources import Sources
from checker.runs.story import NotBroken
from checker.runs.trace import Trace, record, save
from checker.search.shortest import shortest_story
from spec.failures import FailureMode, Loss
from spec.failures.edits import Edits
from spec.language.declared.model import Property
from spec.language.hashes import claims_hash
from spec.language.scope import Scope
from spec.queue import SCOPES

FOLDER = Path(__file__).resolve().parents[2] / "postmortems" / "traces"

_DECIDES = Sources(__name__)


class NotReproduced(Exception):
    """Nothing breaks without the protection."""


def file_of(mode: FailureMode, loss: Loss) -> Path:
    """Return where the trace of a loss is kept: `FM-010.jsonl`, `FM-011-elsewhere-2.jsonl`."""
    if loss is mode.loss:
        return FOLDER / f"{mode.id}.jsonl"
    for word, others in (("elsewhere", mode.elsewhere), ("naive", mode.naive)):
        for n, other in enumerate(others, 1):
            if other is loss:
                return FOLDER / f"{mode.id}-{word}-{n}.jsonl"
    raise ValueError(f"{mode.id} has no such loss")


def as_kept(name: str) -> str:
    """Return the name of a kept trace as it is written, where only the case of letters differs."""
    found = re.fullmatch(r"(fm-\d+)([a-z]?(?:-[a-z]+-\d+)?)", name, re.IGNORECASE)
    return name if found is None else found[1].upper() + found[2].lower()


def healthy(loss: Loss) -> Scope:
    """Return the scope of a loss with every protection in place."""
    return SCOPES[loss.scope]


def claim_of(loss: Loss) -> Property:
    """Return the property that a loss breaks."""
    return healthy(loss).spec.properties[loss.breaks]


def shortest(loss: Loss) -> str:
    """Return the shortest trace as the text of a file; remembered. Raises `NotReproduced`."""
    scope = Edits(loss.edits).on(healthy(loss))
    hashes = [
        claims_hash(s, "invariant", "step", "leads_to") for s in (healthy(loss).spec, scope.spec)
    ]
    bounds = sorted(scope.bounds.items())
    at = place("failures", _DECIDES, [*hashes, loss.edits, loss.breaks, loss.through, bounds])
    known = recall(at, lambda kept: str(kept["trace"]))
    if known is not None:
        return known
    text = _search(loss)
    remember(at, {"trace": text})
    return text


def _search(loss: Loss) -> str:
    base, edits = healthy(loss), Edits(loss.edits)
    narrow = Edits((*loss.edits, *loss.through)).on(base) if loss.through else None
    try:
        story = shortest_story(edits.on(base), loss.breaks, narrow)
    except NotBroken as holds:
        raise NotReproduced(f"{holds} with {', '.join(loss.edits)}") from None
    trace = Trace(base, edits, "compiled", loss.breaks, story.lines, loop=story.loop)
    return record(trace, story)


# ---------------------------------------------------------------- what is kept
def kept(mode: FailureMode, loss: Loss) -> Trace:
    """Return the trace that the repository keeps of a loss; raises `BadTrace`."""
    return read(file_of(mode, loss), SCOPES)


def keep(mode: FailureMode, loss: Loss) -> bool:
    """Write the shortest trace where it is kept; return whether that changes the file."""
    text, file = shortest(loss), file_of(mode, loss)
    if file.is_file() and file.read_text("utf-8") == text:
        return False
    save(file, text)
    return True
