"""The fourth proof: a query fires on the damaged database, and on no healthy one of the scope."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Iterable
from contextlib import closing
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

from checker.conformance.watched import replay_trace
from checker.evidence import traces
from checker.evidence.detection.detectors import DETECTORS, UNDETECTED, Detector
from checker.evidence.detection.queries import columns, condition_of, query
from checker.evidence.local import Healthy
from checker.evidence.marks import Detected
from checker.runs.cache import place, recall, remember
from checker.runs.sources import Sources
from impl.derive.design import derive
from impl.derive.sql import encode
from spec.failures import FailureMode
from spec.failures.edits import Edits
from spec.language.hashes import spec_hash
from spec.language.reads import slots
from spec.language.scope import Scope, Value
from spec.language.terms.types import is_timer
from spec.queue import SCOPES

_DECIDES = Sources(__name__)


def detected(mode: FailureMode) -> Detected:
    """Return what the detector of a failure mode finds in the damaged database and in all healthy
    ones.
    """
    detector = DETECTORS.get(mode.id)
    if detector is None:
        return Detected(False, "", "", missing=UNDETECTED[mode.id])
    scope = traces.healthy(mode.loss)
    text = query(derive(scope), detector)
    hits = _fires(mode, text)
    silent = _healthy(scope, detector)
    alarms = int(silent["alarms"])
    ok = bool(hits) and alarms == 0
    says = f"{hits} found in the damaged database, {alarms} false alarms in {silent['states']:,}"
    says += f" healthy states ({silent['cases']:,} different {silent['of']})"
    return Detected(
        ok, "E", says, query=text, found=hits, false_alarms=alarms,
        states_checked=int(silent["states"]), cases=int(silent["cases"]),
    )  # fmt: skip


def _fires(mode: FailureMode, text: str) -> int:
    """Return how much the query finds where the trace of the failure has led."""
    with tempfile.TemporaryDirectory(prefix="ffq-") as folder:
        file = Path(folder) / "queue.sqlite3"
        replay_trace(traces.kept(mode, mode.loss), Edits(mode.loss.edits), str(file))
        with closing(sqlite3.connect(file)) as database:
            return len(database.execute(text).fetchall())


# ---------------------------------------------------------------- silence
def _healthy(scope: Scope, detector: Detector) -> dict[str, Any]:
    """Return how many healthy states there are, in how many different rows or steps, and how many
    of these raise an alarm; remembered.
    """
    design = derive(scope)
    table, where = condition_of(design, detector)
    key = [spec_hash(scope.spec), sorted(scope.bounds.items()), table, where]
    at = place("silence", _DECIDES, key)
    known = recall(at, lambda kept: {n: kept[n] for n in ("states", "cases", "alarms", "of")})
    if known is not None:
        return known
    healthy = _states(scope.name)
    alike = [scope.spec.fields[f] for f, p in slots(scope.spec).items() if p.name == detector.by]
    if alike:  # of several rows: each column as a whole, not each row alone
        names, of = [alike[0].name], "columns"
        whole = sorted(healthy.tables(alike[0]), key=repr)
        tables = [[(encode(alike[0].type, v),) for v in column] for column in whole]
    elif table == "job":
        names, of = [f.name for f in healthy.table.columns], "rows"
        tables = [_encoded(healthy, _rows(scope.name))]
    else:
        names, cases = _as_steps(healthy, columns(design, where))
        tables, of = [cases], "steps"
    answer = {
        "states": healthy.count,
        "cases": len(tables) if alike else len(tables[0]),
        "alarms": _alarms(table, names, tables, where),
        "of": of,
    }
    remember(at, answer)
    return answer


@cache
def _states(name: str) -> Healthy:
    return Healthy(SCOPES[name])


@cache
def _rows(name: str) -> list[tuple[Value, ...]]:
    return sorted(_states(name).rows(), key=repr)


@cache
def _steps(name: str) -> list[dict[str, Any]]:
    return [asdict(step) for step in _states(name).steps()]


def _encoded(healthy: Healthy, rows: Iterable[tuple[Value, ...]]) -> list[tuple[Any, ...]]:
    kinds = [f.type for f in healthy.table.columns]
    return [tuple(encode(k, v) for k, v in zip(kinds, row, strict=True)) for row in rows]


def _traced(healthy: Healthy, rows: Iterable[tuple[Value, ...]]) -> list[tuple[Any, ...]]:
    """Return rows as the trace has them, where timers are what they are called."""
    kinds = [f.type for f in healthy.table.columns]
    return [
        tuple(v if is_timer(k) else encode(k, v) for k, v in zip(kinds, row, strict=True))
        for row in rows
    ]


def _as_steps(healthy: Healthy, wanted: list[str]) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Return the steps as a detector sees them, each once: the columns that it reads."""
    fields = [f.name for f in healthy.table.columns]
    before = _traced(healthy, (s["before"] for s in _steps(healthy.scope.name)))
    after = _traced(healthy, (s["after"] for s in _steps(healthy.scope.name)))
    cases = set()
    for step, b, a in zip(_steps(healthy.scope.name), before, after, strict=True):
        values = dict(zip(fields, b, strict=True))
        values |= {f"{f}_after": v for f, v in zip(fields, a, strict=True)}
        told = (step["actor"], step["action"], step["job"], step["held"])
        cases.add((*told, *(values[c] for c in wanted)))
    return ["actor", "action", "job", "held", *wanted], sorted(cases, key=repr)


def _alarms(table: str, names: list[str], tables: list[list[tuple[Any, ...]]], where: str) -> int:
    """Return how much the condition picks out of each of the tables, by SQLite itself."""
    quoted = ", ".join(f'"{name}"' for name in names)
    marks = ", ".join("?" * len(names))
    found = 0
    with closing(sqlite3.connect(":memory:")) as database:
        database.execute(f"CREATE TABLE {table} ({quoted})")
        for rows in tables:
            database.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)
            ((count,),) = database.execute(f"SELECT count(*) FROM {table} WHERE {where}").fetchall()
            database.execute(f"DELETE FROM {table}")
            found += int(count)
    return found
