"""Each detector fires on the damage, and is silent over healthy states and runs."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from random import Random

import pytest

from checker.conformance.beside_spec import Replay
from checker.evidence.detection import detected as detecting
from checker.evidence.detection.detectors import DETECTORS, UNDETECTED, Detector
from checker.evidence.detection.queries import NoQuery, columns, condition_of, query
from impl.derive.design import Design, derive
from impl.derive.sql import decode
from spec.failures import FAILURES, FailureMode
from spec.language.evaluate import Instance
from spec.language.terms.types import is_timer
from spec.queue import SCOPES
from spec.queue.job import Job
from tests.evidence.losses import SOME_MODES

WHOLE = SCOPES["whole"]


def columns_of_steps() -> tuple[str, str]:
    """Return a query for every column of every step, and the names of the columns."""
    (table,) = (t for t in derive(WHOLE).tables if t.sort is Job)
    names = [f.name for f in table.columns]
    where = " AND ".join(f"{n} = {n} AND {n}_after = {n}_after" for n in names)
    text = query(derive(WHOLE), Detector(table="step", where=where))
    chosen = ", ".join(f'"{c}"' for c in columns(derive(WHOLE), where))
    return text.split("\nSELECT seq, actor, action, job\n")[0], chosen


@pytest.mark.deep
def test_the_trace_alone_tells_each_row_before_and_after_each_step(tmp_path: Path) -> None:
    """Seeded; the rows are compared with those that the store itself had around each step."""
    steps, chosen = columns_of_steps()
    design, random, compared = derive(WHOLE), Random(5), 0
    for n in range(45):
        file = tmp_path / f"{n}.sqlite3"
        run, rows = Replay(design, str(file)), []
        for step in walk(run, random, 40):
            before = rows_of_jobs(run)
            assert run.step(step) is None
            after = rows_of_jobs(run)
            if design.transitions[step.step.action.name].writes:
                rows.append((before, after))
        run.store.close()
        with closing(sqlite3.connect(file)) as database:
            told = database.execute(f"{steps}\nSELECT {chosen} FROM step ORDER BY seq").fetchall()
        assert len(told) == len(rows)
        for row, (before, after) in zip(told, rows, strict=True):
            assert row[1::2] == after[0]
            assert not before or row[::2] == before[0]
        compared += len(rows)
    assert compared > 100


def rows_of_jobs(run: Replay) -> list[tuple[object, ...]]:
    """Return the rows as the store has them, but its moments as what they are called."""
    (table,) = (t for t in run.design.tables if t.sort is Job)
    return [
        tuple(
            decode(f.type, value) if is_timer(f.type) else value
            for f, value in zip(table.columns, row, strict=True)
        )
        for _, *row in run.store.connection.execute(table.every_row).fetchall()
    ]


def walk(run: Replay, random: Random, steps: int) -> Iterator[Instance]:
    """Yield random steps that are possible; whoever asks takes each."""
    for _ in range(steps):
        yield random.choice([s for s in run.steps.every if s.refusal(run.state) is None])


@pytest.mark.parametrize("name", ["one-job", "requests", "whole", "holding"])
def test_no_detector_fires_on_healthy_runs(name: str, tmp_path: Path) -> None:
    """Seeded walks on real stores, as they stand at the end."""
    design, random = derive(SCOPES[name]), Random(11)
    queries = [query(design, d) for d in DETECTORS.values() if speaks_of(design, d)]
    assert len(queries) >= 10
    for n in range(6):
        file = tmp_path / f"{n}.sqlite3"
        run = Replay(design, str(file))
        for step in walk(run, random, 60):
            assert run.step(step) is None
        run.store.close()
        with closing(sqlite3.connect(file)) as database:
            assert [database.execute(text).fetchall() for text in queries] == [[]] * len(queries)


FIELDS = {name for scope in SCOPES.values() for name in scope.spec.fields}


def speaks_of(design: Design, detector: Detector) -> bool:
    spec = design.scope.spec
    if detector.by:
        return detector.by in spec.properties
    words = re.findall(r"[a-z_]+?(?=_after\b|\b)", detector.where)
    return set(words) & FIELDS <= set(spec.fields)


@SOME_MODES
def test_a_detector_fires_on_the_damage_and_nowhere_else(mode: FailureMode) -> None:
    mark = detecting.detected(mode)
    if mode.id in UNDETECTED:
        assert (mark.ok, mark.missing) == (False, UNDETECTED[mode.id])
    else:
        assert mark.ok, mark.says
        assert mark.found > 0
        assert mark.false_alarms == 0


@pytest.mark.parametrize(
    "detector",
    [
        Detector(table="job", where="status = 'done'"),
        Detector(table="step", where="action = 'settle_failed' AND status_after = 'dead'"),
        Detector(table="step", where="action = 'settle_done' AND held = token"),
    ],
    ids=lambda d: d.where,
)
def test_a_detector_that_healthy_states_set_off_is_no_proof(
    detector: Detector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(DETECTORS, "FM-030", detector)
    mark = detecting.detected(FAILURES["FM-030"])
    assert not mark.ok
    assert mark.false_alarms > 0


def test_no_query_is_derived_for_what_no_row_shows() -> None:
    for name in ("one_effect_per_job", "one_worker_per_token", "done_was_run"):
        with pytest.raises(NoQuery):
            condition_of(derive(WHOLE), Detector(name))
