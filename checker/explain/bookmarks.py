"""Notes on steps of a trace, kept beside its file and never inside: `FM-010.notes.jsonl`.

Those on a trace of the catalogue, which comes with the program, are kept where one works.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from checker.runs.reading import rows
from checker.runs.trace import BadTrace, save

FORMAT, VERSION = "ffq notes", 1
NOTE_MAX = 4000

CATALOGUE = Path(__file__).resolve().parents[2] / "postmortems" / "traces"
"""Where the traces are that come with the program."""

WORK = Path(".ffq", "notes")
"""Where notes on those are kept, in the folder that one works in."""

_REMEDY = "mend the file, or take it away"


@dataclass(frozen=True)
class Notes:
    """What was noted of each step by its number, 0 being the start, in their order.

    `stale`: the trace has changed since, so that a number may mean another step.
    """

    notes: dict[int, str]
    stale: bool = False


def beside(trace: Path) -> Path:
    """Return where the notes on a trace are kept."""
    name = f"{trace.stem}.notes.jsonl"
    return WORK / name if trace.resolve().parent == CATALOGUE else trace.with_name(name)


def load(trace: Path) -> Notes:
    """Return the notes on a trace; raises `BadTrace` if their file cannot be believed."""
    made_on, notes = _read(trace)
    return Notes(notes, stale=bool(notes) and made_on != _digest(trace))


def _read(trace: Path) -> tuple[str, dict[int, str]]:
    """Return which trace the notes were made on, as a digest, and the notes."""
    file = beside(trace)
    if not file.exists():
        return "", {}
    found = rows(file)
    header = next(found, None)
    if header is None or header.data.get("format") != FORMAT:
        raise BadTrace(file, "holds no notes on a trace", "take it away, or rename it")
    header.only("format", "version", "trace")
    if (version := header.take("version", int)) != VERSION:
        fact = f"has version {version}, and this ffq reads version {VERSION}"
        raise header.bad(fact, "use a newer ffq, or take it away")
    made_on: str = header.take("trace", str)
    notes: dict[int, str] = {}
    for row in found:
        row.only("step", "note")
        step: int = row.take("step", int)
        if step < 0 or step in notes:
            raise row.bad(f"step {step} cannot be noted here", _REMEDY)
        notes[step] = row.take("note", str)
    return made_on, dict(sorted(notes.items()))


def note(trace: Path, step: int, text: str) -> Notes:
    """Keep a note on a step in place of the one before; an empty one takes it away.

    Notes stay stale as long as another one is among them that was there when the trace changed.
    Raises `BadTrace` if the file of the notes cannot be believed, and then leaves it alone.
    """
    made_on, known = _read(trace)
    if len(text) > NOTE_MAX:
        fact = f"the note has {len(text):,} letters, and {NOTE_MAX:,} are kept at most"
        raise BadTrace(beside(trace), fact, "write a shorter one")
    if text != text.encode(errors="replace").decode():
        raise BadTrace(beside(trace), "the note is not UTF-8, and is not kept", "write it as UTF-8")
    others = {n: said for n, said in known.items() if n != step}
    now = _digest(trace)
    made_on = made_on if others else now
    kept = dict(sorted({**others, step: text}.items())) if text.strip() else others
    header = {"format": FORMAT, "version": VERSION, "trace": made_on}
    written = [header, *({"step": n, "note": said} for n, said in kept.items())]
    whole = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in written)
    save(beside(trace), whole, FORMAT)
    return Notes(kept, stale=made_on != now)


def _digest(trace: Path) -> str:
    return hashlib.sha256(trace.read_bytes()).hexdigest()[:32]
