"""Takes an export in, as a new queue, in a file or on a server: all of it, or nothing.

Whoever wrote the lines is not trusted. A job is taken in only in a state that a run of the spec can
lead to; the trace of the new queue begins there.
"""

from __future__ import annotations

import contextlib
import json
import os
import reprlib
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from impl.address import make_at
from impl.derive import origin
from impl.derive.design import Design
from impl.derive.origin import Rows, Unfit, fits, from_plain, recorded_as
from impl.derive.reference import ENDED, design
from impl.derive.view import Global
from impl.interface.making import Making
from impl.terms.requests import LONGEST, BadRequest, as_json, whole
from impl.upgrades.export import FORMAT, VERSION
from impl.upgrades.subjects import about_itself, clash
from spec.language.scope import Value
from spec.language.terms.types import Sort, is_timer
from spec.queue.job import Job

MAX_LINE = 1024 * 1024
"""Bytes; the longest that is exported has a payload of 64 KiB, each character escaped."""

_JOB = ("job", "key", "kind", "timeout_ms", "due", "retry_of", "unique", "state", "payload")

OLDEST = 1
"""The oldest version that can be read: its jobs are about themselves alone."""

MAX_JOB = 2**40 - 1
MAX_EPOCH = 2**53


@dataclass
class Taken:
    """How much was taken in."""

    jobs: int = 0
    steps: int = 0
    messages: int = 0


def take_in(place: str | os.PathLike[str], lines: Iterable[bytes]) -> Taken:
    """Make a queue of an export, in a file or on a server; raises `StoreError` if there is one or
    none can be made, and `BadRequest` that names the line which is not as it should be.
    """
    to, taken = design(), Taken()

    def fill(new: Making) -> None:
        origin.write(new.own, 0, _Intake(new, to, taken).states(lines))
        new.own(ENDED, (int(time.time() * 1000),))

    make_at(os.fspath(place), to, fill)
    return taken


class _Intake:
    def __init__(self, new: Making, to: Design, taken: Taken) -> None:
        self._new, self._taken = new, taken
        self._rows = {t.sort: Rows(to, t) for t in to.tables}
        self._fields: list[str] = []
        self._names: tuple[str, ...] = _JOB
        self._at = "line 1"
        self._last = 0

    def states(self, lines: Iterable[bytes]) -> Iterator[tuple[str, str]]:
        """Put in what the lines say; yield the state of each job. Raises `BadRequest`."""
        count, ended = 0, False
        for count, text in enumerate(lines, 1):
            self._at = f"line {count}"
            said = self._object(text)
            if ended:
                self._refuse("comes after the end", "leave it out")
            match next(iter(said), None):
                case _ if count == 1:
                    yield from self._header(said)
                case "paused":
                    self._paused(said)
                case "schedule":
                    self._schedule(said)
                case "job":
                    yield self._job(said)
                case "checkpoint":
                    self._step(said)
                case "message":
                    self._message(said)
                case "end":
                    self._end(said, count - 1)
                    ended = True
                case _:
                    known = "paused kind, schedule, job, checkpoint, message or end"
                    self._refuse(f"is no {known}", "export anew")
        if not ended:
            self._at = f"line {count + 1}"
            self._refuse("is missing: the export was cut off", "export anew")

    # ------------------------------------------------------------ a line
    def _header(self, said: dict[str, Any]) -> Iterator[tuple[str, str]]:
        if said.get("format") != FORMAT:
            self._refuse("is not the beginning of an export", "name a file of `ffq queue export`")
        if said.get("version") not in (OLDEST, VERSION):
            read = f"{OLDEST} and {VERSION}"
            fact = f"has version {_short(said.get('version'))}, and this ffq reads {read}"
            self._refuse(fact, "export anew, with this ffq")
        if said["version"] == OLDEST:
            self._names = tuple(name for name in _JOB if name != "unique")
        whole = ["global"] if "global" in said else []
        self._only(said, "format", "version", "epoch", "fields", *whole)
        fields = said["fields"]
        if not isinstance(fields, list) or not all(isinstance(f, str) for f in fields):
            self._refuse("has fields that are no list of names", "export anew")
        self._fields = fields
        epoch = self._number(said, "epoch", 1, MAX_EPOCH)
        # Whoever opens the queue first begins the next one: no token is handed out again.
        self._put("INSERT INTO meta VALUES ('epoch', ?)", str(epoch))
        if Global in self._rows:
            state = self._state(Global, said.get("global", {}))
            yield self._row(Global, 1, state, {}, {})

    def _paused(self, said: dict[str, Any]) -> None:
        self._only(said, "paused", "since", "user", "pid")
        kind = self._text(said, "paused")
        if self._known("SELECT 1 FROM paused WHERE kind = ?", kind):
            self._again(f"the paused kind {_short(kind)}")
        since = self._number(said, "since", -MAX_EPOCH, MAX_EPOCH)
        pid = self._number(said, "pid", 0, MAX_EPOCH)
        insert = "INSERT INTO paused (kind, since, user, pid) VALUES (?, ?, ?, ?)"
        self._put(insert, kind, since, self._text(said, "user"), pid)

    def _schedule(self, said: dict[str, Any]) -> None:
        self._only(said, "schedule", "served")
        name = self._text(said, "schedule")
        if not name.startswith("every "):
            self._refuse(f"is no schedule, but {_short(name)}", "export anew")
        if self._known("SELECT 1 FROM meta WHERE name = ?", name):
            self._again(f"the schedule {_short(name)}")
        served = str(self._number(said, "served", -MAX_EPOCH, MAX_EPOCH))
        self._put("INSERT INTO meta VALUES (?, ?)", name, served)

    def _job(self, said: dict[str, Any]) -> tuple[str, str]:
        self._only(said, *self._names)
        job = self._last = self._number(said, "job", self._last + 1, MAX_JOB)
        if not isinstance(said["state"], dict) or set(said["state"]) != set(self._fields):
            self._refuse("has a state without just the fields of line 1", "export anew")
        state = self._state(Job, said["state"], job)
        subject = None if said.get("unique") is None else self._text(said, "unique")
        if (wrong := clash(self._known, job - 1, state, subject)) is not None:
            self._refuse(wrong, "export anew")
        key, retry_of = self._text(said, "key"), said["retry_of"]
        if retry_of is not None:
            self._require_dead(self._number(said, "retry_of", 1, MAX_JOB), key)
        elif self._known("SELECT 1 FROM job WHERE key = ? AND retry_of IS NULL", key):
            self._again(f"the key {_short(key)}")
        ready, claimed = (state["status"] == status for status in ("ready", "claimed"))
        if ready is (said["due"] is None):
            self._refuse("is due just while it is not ready", "say when, in ms since 1970")
        due = self._number(said, "due", -MAX_EPOCH, MAX_EPOCH) if ready else None
        over = 0 if claimed else None  # its lease: whoever held it is not known here
        moments = {"due": due, "lease": over, "deadline": over}
        carried = {
            "key": key,
            "kind": self._text(said, "kind"),
            "payload": self._json(said, "payload"),
            "timeout_ms": self._number(said, "timeout_ms", 1, LONGEST * 1000),
            "retry_of": retry_of,
            "claimed_before": self._claims(retry_of),
            "subject": subject,
        }
        self._taken.jobs += 1
        return self._row(Job, job, state, carried, moments)

    def _row(
        self,
        sort: type[Sort],
        number: int,
        state: Mapping[str, Value],
        carried: Mapping[str, Any],
        moments: Mapping[str, int | None],
    ) -> tuple[str, str]:
        """Put in a row of a table; return its state as an origin has it."""
        rows = self._rows[sort]
        beside = [carried.get(c.name) for c in rows.table.carried]
        with self._at_line():
            self._new.put(rows.table, number, state, moments, beside)
        return rows.recorded(number - 1, state)

    def _claims(self, job: int | None) -> int:
        """Return how many claims there were before of a job that does this one again."""
        query = "SELECT claimed_before + token FROM job WHERE id = ?"
        ((claims,),) = self._new.own(query, (job,)) or [(0,)]
        return int(claims)

    def _require_dead(self, job: int, key: str) -> None:
        """Refuse a retry of this job, and with this key, if there cannot be one."""
        dead = "SELECT 1 FROM job WHERE id = ? AND status = 'dead' AND key = ?"
        if not self._known(dead, job, key):
            fact = f"is a retry of job {job}, which is not dead, or has another key"
            self._refuse(fact, "export anew")
        if self._known("SELECT 1 FROM job WHERE retry_of = ?", job):
            self._again(f"job {job} to do again")

    def _state(self, sort: type[Sort], said: Any, number: int = 1) -> dict[str, Value]:
        """Return the columns of a row, and with them what no row holds."""
        rows, row = self._rows[sort], dict[str, Value]()
        if not isinstance(said, dict):
            self._refuse("has a state that is no object", "export anew")
        for f in rows.table.columns:
            begins = rows.table.initial[f.name]
            row[f.name] = from_plain(f, said[f.name]) if f.name in said else begins
            if is_timer(f.type) and fits(rows.scope, f, row[f.name]):
                row[f.name] = recorded_as(f, row[f.name] != begins)
        if sort is Job and "about" not in said:  # of an older ffq
            row |= about_itself(number - 1, row)
        try:
            return rows.whole(row)
        except Unfit as unfit:
            what = "queue" if sort is Global else "job"
            fact = f"has a state that no {what} can be in: {str(unfit)[:200]}"
            self._refuse(fact, "export anew")

    def _step(self, said: dict[str, Any]) -> None:
        self._only(said, "checkpoint", "job", "what", "result")
        name, job, what = self._text(said, "checkpoint"), self._of_a_job(said), said["what"]
        if what not in ("once", "result"):
            self._refuse(f"is neither once nor result, but {_short(what)}", "export anew")
        known = "SELECT 1 FROM checkpoint WHERE job = ? AND what = ? AND name = ?"
        if self._known(known, job, what, name):
            self._again(f"{_short(name)} of job {job}")
        result = self._json(said, "result") if what == "result" else said["result"]
        if what == "once" and result is not None:
            self._refuse("is done once, and has a result", "export anew")
        self._put("INSERT INTO checkpoint VALUES (?, ?, ?, ?)", job, what, name, result)
        self._taken.steps += 1

    def _message(self, said: dict[str, Any]) -> None:
        self._only(said, "message", "job", "topic", "body")
        key, job = self._text(said, "message"), self._of_a_job(said)
        topic = self._text(said, "topic")
        if self._known("SELECT 1 FROM outbox WHERE topic = ? AND key = ?", topic, key):
            self._again(f"the key {_short(key)}")
        if not self._known("SELECT 1 FROM job WHERE id = ? AND recorded", job):
            self._refuse(f"is of job {job}, whose effect is not committed", "leave it out")
        insert = "INSERT INTO outbox (key, job, topic, body) VALUES (?, ?, ?, ?)"
        self._put(insert, key, job, topic, self._json(said, "body"))
        self._taken.messages += 1

    def _end(self, said: dict[str, Any], lines: int) -> None:
        self._only(said, "end")
        if said["end"] != lines:
            self._refuse(
                f"says that there were {_short(said['end'])} lines, and not {lines}", "export anew"
            )

    # ------------------------------------------------------------ what is in a line
    def _object(self, text: bytes) -> dict[str, Any]:
        if len(text) > MAX_LINE:
            self._refuse(f"has more than {MAX_LINE} bytes", "export anew")
        try:
            said = json.loads(
                text.decode(), object_pairs_hook=_once, parse_constant=_refuse_constant
            )
        except RecursionError:
            self._refuse("is nested too deep", "export anew")
        except ValueError as wrong:
            self._refuse(f"is no JSON: {wrong}", "export anew")
        if not isinstance(said, dict):
            self._refuse("is no JSON object", "export anew")
        return said

    def _only(self, said: Mapping[str, Any], *names: str) -> None:
        missing = [name for name in names if name not in said]
        strange = [name for name in said if name not in names]
        if missing or strange:
            fact = (
                f"has no {missing[0]!r}"
                if missing
                else f"has {_short(strange[0])}, which nobody knows"
            )
            self._refuse(fact, "export anew")

    def _number(self, said: Mapping[str, Any], name: str, least: int, most: int) -> int:
        return whole(f"{self._at}: {name}", said[name], least, most)

    def _text(self, said: Mapping[str, Any], name: str) -> str:
        text = said[name]
        if not isinstance(text, str) or not text:
            self._refuse(f"{name} is no text, or empty", "give it a name")
        try:
            text.encode()
        except UnicodeEncodeError:
            self._refuse(f"{name} has text that is no Unicode", "decode it first")
        return text

    def _json(self, said: Mapping[str, Any], name: str) -> str:
        return as_json(f"{self._at}: {name}", said[name])

    def _of_a_job(self, said: Mapping[str, Any]) -> int:
        job = self._number(said, "job", 1, MAX_JOB)
        if not self._known("SELECT 1 FROM job WHERE id = ?", job):
            self._refuse(f"is of job {job}, of which no line before it tells", "export anew")
        return job

    def _again(self, what: str) -> NoReturn:
        self._refuse(f"has {what}, as a line before it has", "leave one of them out")

    # ------------------------------------------------------------ the new queue
    def _known(self, query: str, *values: Any) -> bool:
        with self._at_line():
            return bool(self._new.own(query, values))

    def _put(self, insert: str, *values: Any) -> None:
        with self._at_line():
            self._new.own(insert, values)

    @contextlib.contextmanager
    def _at_line(self) -> Iterator[None]:
        """Say at which line there is what the store cannot hold."""
        try:
            yield
        except BadRequest as wrong:
            raise BadRequest(f"{self._at}: {wrong}") from None

    def _refuse(self, fact: str, remedy: str) -> NoReturn:
        raise BadRequest(f"{self._at}: {fact}; {remedy}")


def _short(what: object) -> str:
    return reprlib.repr(what)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name comes twice")
    return found


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")
