"""Traces as files: JSON Lines with a header, one object for each step, and a closing object.

In the closing object of a run that never ends, `loop` is the number of the first step that comes
again and again, or one more than there are steps if nothing happens any more.

`trace_reading` reads them back and `replay` runs one on its spec. A file that cannot be believed
raises `BadTrace`, which says where, what and the remedy; one that the spec does not follow raises
`Diverged`.
"""

from __future__ import annotations

import json
import os
import stat
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from checker.runs.story import RANGE, Line, NotBroken, Plain, Story, plain, tell
from checker.runs.walk import Walk, follow
from spec.failures.edits import Edits
from spec.language.declared.model import Action
from spec.language.evaluate import Evaluator, Step
from spec.language.hashes import spec_hash
from spec.language.scope import Scope, State, Value

FORMAT, VERSION = "ffq trace", 2
BYTES_MAX, LINE_MAX = 64 * 2**20, 2**20


class BadTrace(Exception):
    """The file is not a trace that can be believed: `where: fact; remedy`."""

    def __init__(self, where: object, fact: str, remedy: str) -> None:
        super().__init__(f"{where}: {fact}; {remedy}")


class Diverged(Exception):
    """The spec does not follow the trace: `where: fact`."""


@dataclass(frozen=True)
class Trace:
    """What a trace file says, each name and value known to the spec; `scope` has no edits made.

    `start` is where it begins, if that is not the initial state: nobody knows if a run leads there.
    `loop` is the number of the first step that comes again and again, if the run never ends.
    """

    scope: Scope
    edits: Edits
    engine: str
    violated: str
    lines: tuple[Line, ...]
    where: str = field(default="trace", compare=False)
    start: State | None = None
    loop: int | None = None

    @property
    def begin(self) -> int | None:
        """After how many steps the loop begins, if there is one."""
        return None if self.loop is None else self.loop - 1

    @cached_property
    def edited(self) -> Scope:
        """The scope with every edit made."""
        return self.edits.on(self.scope)


# ---------------------------------------------------------------- writing
def record(trace: Trace, story: Story) -> str:
    """Return the text of a trace file."""
    end: dict[str, Any] = {
        "property": trace.violated,
        "broken": story.broken.clause,
        "steps": len(story.lines),
    }
    if story.loop is not None:
        end["loop"] = story.loop
    rows = [header(trace, story), *map(step_as_json, story.lines), end]
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def header(trace: Trace, story: Story) -> dict[str, Any]:
    """Return the first object of a trace file: where the run takes place, and what it violates."""
    found: dict[str, Any] = {
        "format": FORMAT,
        "version": VERSION,
        "spec": spec_hash(trace.scope.spec),
        "scope": trace.scope.name,
        "bounds": dict(trace.scope.bounds),
        "edits": trace.edits.whole,
        "off": trace.edits.guards,
        "property": {"id": story.broken.id, "name": trace.violated},
        "engine": trace.engine,
    }
    if trace.start is not None:
        found["start"] = state_as_json(trace.edited, trace.start)
    return found


def step_as_json(line: Line) -> dict[str, Any]:
    """Return a step as a trace file holds it."""
    changed = {c.place: [c.before, c.after] for c in line.changes}
    return {
        "n": line.n,
        "actor": line.actor,
        "action": line.action,
        "params": line.params,
        "changed": changed,
    }


def state_as_json(scope: Scope, state: State) -> dict[str, Plain]:
    """Return a state as a trace file holds it, place by place."""
    pairs = zip(scope.places, state, strict=True)
    return {place.name: plain(place.field.type, value) for place, value in pairs}


def save(file: Path, text: str, kind: str = FORMAT) -> None:
    """Write the file in one piece; raises `OSError`, or `BadTrace` over another kind of file."""
    check_destination(file, kind)
    put(file, text)


def put(file: Path, text: str) -> None:
    """Write the file in one piece, whatever is there; raises `OSError`."""
    # A link stays a link: what it points to is replaced.
    file = file.resolve()
    file.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=".ffq-", suffix=".jsonl", dir=file.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as out:
            out.write(text)
            out.flush()
            os.fsync(out.fileno())
        # mkstemp makes it private; a trace is as readable as any file.
        mask = os.umask(0)
        os.umask(mask)
        Path(name).chmod(0o666 & ~mask)
        Path(name).replace(file)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def check_destination(file: Path, kind: str = FORMAT) -> None:
    """Raise `BadTrace` if saving here would overwrite something that is not of this kind."""
    try:
        mode = file.stat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISREG(mode):
        raise BadTrace(file, "is not a regular file", "name another file")
    if header_of(file).get("format") != kind:
        raise in_the_way(file, f"a {kind.removeprefix('ffq ')}")


def in_the_way(file: Path, kind: str) -> BadTrace:
    """Return the complaint that the file is not what it would be overwritten with."""
    return BadTrace(file, f"exists and is not {kind}; it was left alone", "name another file")


def header_of(file: Path) -> dict[str, Any]:
    """Return the first line of a file as the object it holds; without any, an empty one."""
    with file.open("rb") as opened:
        first = opened.readline(LINE_MAX)
    try:
        header = json.loads(first)
    except (ValueError, RecursionError):
        header = None
    return header if isinstance(header, dict) else {}


# ---------------------------------------------------------------- replaying
def replay(trace: Trace) -> tuple[Walk, Story]:
    """Run the trace on its spec and tell it; raises `Diverged` where the two differ."""
    walk = _walk(trace)
    try:
        story = tell(trace.edited, walk, trace.violated, trace.begin)
    except NotBroken as holds:
        raise Diverged(f"{trace.where}:{len(trace.lines) + 2}: {holds}") from None
    for told, line in zip(story.lines, trace.lines, strict=True):
        if (told.actor, set(told.changes)) != (line.actor, set(line.changes)):
            ours, theirs = (_difference(a, b) for a, b in ((told, line), (line, told)))
            raise Diverged(
                f"{trace.where}:{line.n + 1}: step {line.n}, {line.call}, differs: "
                f"the spec says {ours}, the trace {theirs}"
            )
    return walk, story


def _walk(trace: Trace) -> Walk:
    """Return the run that the steps of the trace make."""
    scope = trace.edited
    found = follow(Evaluator(scope), steps_of(scope, trace.lines), trace.start)
    n = len(found.taken)
    if found.refused is not None:
        raise Diverged(f"{_at(trace, n)} is not enabled: the spec refuses it for '{found.refused}'")
    if found.left is not None and (
        n < len(trace.lines) or trace.violated != f"{RANGE}{found.left.field}"
    ):
        raise Diverged(f"{_at(trace, n - 1)} stores {found.left}, out of its range")
    return found.walk


def _at(trace: Trace, i: int) -> str:
    line = trace.lines[i]
    # The header is line 1 of the file.
    return f"{trace.where}:{line.n + 1}: step {line.n}, {line.call} of {line.actor},"


def steps_of(scope: Scope, lines: Iterable[Line]) -> Iterator[Step]:
    """Yield the steps that these lines tell, up to the first whose action the scope has not."""
    for line in lines:
        action = scope.spec.actions.get(line.action)
        if action is None:
            return
        yield Step(action, binding_of(scope, action, line))


def _difference(a: Line, b: Line) -> str:
    found = [str(change) for change in a.changes if change not in b.changes]
    return ", ".join(found) or ("the same" if a.actor == b.actor else f"actor {a.actor}")


def binding_of(scope: Scope, action: Action, line: Line) -> dict[str, Value]:
    """Return the parameters of a step as the evaluator wants them."""
    return parameters_of(scope, action, line.params)


def parameters_of(scope: Scope, action: Action, params: Mapping[str, Plain]) -> dict[str, Value]:
    """Return parameters that a file names as the evaluator wants them."""
    return {
        p.name: next(v for v in scope.choices(p.type) if plain(p.type, v) == params[p.name])
        for p in action.params
    }
