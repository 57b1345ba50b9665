"""What a witness would have of a kept run of the catalogue: the history of its first job."""

import json

from checker.runs.story import Line
from checker.runs.trace import Trace

_PROCESS = ("up", "died", "stopped", "continued")
_BEFORE = {"send": "asked", "cancel": "cancel", "crash": "died"}
_AFTER = {"confirm": "answered", "notify": "told", "cancel": "cancelled", "start": "start"}
_ENDS = {"settle_done": "ok", "settle_failed": "error"}


class _Notes:
    """What the witness has written so far."""

    def __init__(self) -> None:
        self.rows: list[dict[str, object]] = []
        self.lives: dict[str, int] = {}
        self.up: set[str] = set()
        self.inside: set[str] = set()

    def name(self, worker: str) -> str:
        return worker + "'" * self.lives.get(worker, 0)

    def add(self, kind: str, worker: str | None = None, answer: object = None) -> None:
        row: dict[str, object] = {"event": kind}
        if answer is not None:
            row["how" if kind == "ended" else "is"] = answer
        if worker is not None:
            if self.name(worker) not in self.up:
                self.up.add(self.name(worker))
                if kind != "up":
                    self.rows.append({"event": "up", "worker": self.name(worker)})
            row["worker"] = self.name(worker)
        if kind not in _PROCESS:
            row["job"] = "job1"
        self.rows.append(row)


def history_of(trace: Trace) -> str:
    """Return the history of a kept run as the text of a file: the status is read after each
    change.
    """
    notes, scope = _Notes(), trace.edited
    for line in trace.lines:
        if str(line.params.get("j", "job1")) == "job1":
            _note(notes, line, bool(scope.spec.actions[line.action].fault))
    if trace.loop is not None:
        notes.add("quiet")
        notes.add("status", answer=_status(trace.lines))
    fields = scope.spec.fields
    seen = ["up", "start", "ended", "died", "stopped", "continued"]
    seen += ["effect"] if "applied" in fields else []
    seen += ["asked", "answered"] if "request" in fields else []
    seen += ["told"] if "notice" in fields else []
    seen += ["cancel", "cancelled"] if "cancel" in scope.spec.actions else []
    header = {
        "format": "ffq history", "version": 1, "seen": seen, "store": "embedded",
        "effects": "once" if "applied" in fields else "at-least-once",
        "failures": scope.bounds["MaxFails"], "interruptions": scope.bounds["MaxInterrupts"],
    }  # fmt: skip
    return "".join(json.dumps(row) + "\n" for row in [header, *notes.rows])


def _note(notes: _Notes, line: Line, fault: bool) -> None:
    w = line.params.get("w")
    worker = str(w) if w is not None else None
    name = line.action
    changed = {c.place: c for c in line.changes}
    if worker is not None and not fault and notes.name(worker) not in notes.up:
        notes.add("up", worker)
    if name in _BEFORE:
        notes.add(_BEFORE[name], worker)
    if name in _ENDS and worker in notes.inside:
        notes.add("ended", worker, _ENDS[name])
    if name == "crash" and worker is not None:
        notes.lives[worker] = notes.lives.get(worker, 0) + 1
    if "applied[job1]" in changed:
        notes.add("effect", worker)
    if name in _AFTER:
        notes.add(_AFTER[name], worker)
    if worker is not None:
        pc = changed.get(f"pc[{worker}]")
        if name == "start":
            notes.inside.add(worker)
        elif pc is not None and pc.after in ("idle", "down"):
            notes.inside.discard(worker)
    if "status[job1]" in changed:
        notes.add("status", answer=changed["status[job1]"].after)


def _status(lines: tuple[Line, ...]) -> object:
    changes = [c for line in lines for c in line.changes if c.place == "status[job1]"]
    return changes[-1].after if changes else "absent"
