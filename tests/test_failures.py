"""The catalogue: every guard has its place, every trace is replayed, and no proof is believed that
could not fail.
"""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from checker import plain
from checker.cli import main
from checker.evidence import detected as detecting
from checker.evidence import found, recovered
from checker.evidence.damaged import damage
from checker.evidence.detectors import DETECTORS, UNDETECTED, Detector
from checker.evidence.five import five
from checker.evidence.mending import ASIDE, mending
from checker.evidence.queries import NoQuery, columns, condition_of, query
from checker.evidence.replayed import prevented, replayed, reproduced
from checker.exploration import Limits
from checker.replay import Replay, replay_trace
from checker.trace import Diverged, edited, replay
from impl.derive import Design, derive
from spec.failures import FAILURES, FailureMode, Loss
from spec.failures.guards import BELONG_TO_NONE, belongs
from spec.failures.incidents import INCIDENTS
from spec.failures.naive import NAIVE, find
from spec.failures.repairs import REPAIRS, RESIDUE
from spec.language import require
from spec.language.evaluate import Instance
from spec.language.misuse import Misuse
from spec.queue import DEFAULT, SCOPES
from spec.queue.job import Job, Lease, Status

GUARDS = list(dict.fromkeys(g for name in DEFAULT for g in SCOPES[name].spec.guard_names()))
LOSSES = [(mode, loss) for mode in FAILURES.values() for loss in mode.losses]
NAMES = [found.file_of(mode, loss).stem for mode, loss in LOSSES]
BOTH = pytest.mark.parametrize(("mode", "loss"), LOSSES, ids=NAMES)
MODES = pytest.mark.parametrize("mode", FAILURES.values(), ids=list(FAILURES))
SOME = ("FM-001", "FM-010", "FM-018")
"""What takes seconds a mode is asked of these each time, and of all in the deep tests."""


def depth(mode: FailureMode) -> list[pytest.MarkDecorator]:
    return [] if mode.id in SOME else [pytest.mark.deep]


SOME_LOSSES = pytest.mark.parametrize(
    ("mode", "loss"),
    [
        pytest.param(m, loss, id=n, marks=depth(m))
        for (m, loss), n in zip(LOSSES, NAMES, strict=True)
    ],
)
SOME_MODES = pytest.mark.parametrize(
    "mode", [pytest.param(m, id=m.id, marks=depth(m)) for m in FAILURES.values()]
)


# ---------------------------------------------------------------- the catalogue


@pytest.mark.parametrize("guard", GUARDS)
def test_each_guard_belongs_to_a_failure_mode_or_says_why_not(guard: str) -> None:
    assert bool(belongs(guard)) != (guard in BELONG_TO_NONE), belongs(guard)


def test_nothing_is_explained_that_is_not_there() -> None:
    assert BELONG_TO_NONE.keys() <= set(GUARDS)
    assert (REPAIRS.keys() | RESIDUE.keys()) <= FAILURES.keys()
    assert DETECTORS.keys() | UNDETECTED.keys() == FAILURES.keys()
    assert not DETECTORS.keys() & UNDETECTED.keys()


def test_every_naive_step_is_in_the_catalogue() -> None:
    edits = [text.split() for _, loss in LOSSES for text in loss.edits]
    assert {words[2] for words in edits if words[0] == "instead"} == set(NAIVE)


@MODES
def test_each_failure_mode_happened_somewhere(mode: FailureMode) -> None:
    """Of some, the incidents tell only the sibling with another letter."""
    number = mode.id.rstrip("abcde")
    taught = {t.rstrip("abcde") for i in INCIDENTS.values() for t in i.teaches}
    assert number in taught
    assert all(i.url.startswith("https://") and i.grade in ("A", "B") for i in mode.incidents)


def test_the_incidents_are_numbered_and_each_is_told_elsewhere() -> None:
    assert list(INCIDENTS) == [f"D{n:02}" for n in range(1, 61)]
    assert len({i.url for i in INCIDENTS.values()}) == 60


def test_an_edit_that_nobody_knows_is_refused_with_what_there_is() -> None:
    with pytest.raises(Misuse, match="no naive step 'popp'; write one of: pop"):
        find(SCOPES["one-job"].spec, "instead claim popp")


# ---------------------------------------------------------------- traces


@BOTH
def test_the_kept_trace_breaks_the_spec_as_the_catalogue_says(
    mode: FailureMode, loss: Loss
) -> None:
    trace = found.kept(mode, loss)
    _, story = replay(trace)
    assert (trace.edits, trace.off) == found.parts(loss)
    assert (trace.scope.name, story.broken.name) == (loss.scope, loss.breaks)


@SOME_LOSSES
def test_the_kept_trace_breaks_a_database_and_is_refused_by_the_whole_one(
    mode: FailureMode, loss: Loss
) -> None:
    assert replayed(mode, loss).ok
    assert prevented(mode, loss).ok
    guards = [text for text in loss.edits if "." in text]
    refused = replay_trace(found.kept(mode, loss)).refused
    if guards and refused != "find_recorded.reference":
        assert [refused] == guards


PLAIN = [
    (mode, loss)
    for mode, loss in LOSSES
    if loss.scope == "one-job" and found.claim_of(loss).kind != "leads_to"
]


@pytest.mark.parametrize(("mode", "loss"), PLAIN, ids=[found.file_of(*p).stem for p in PLAIN])
def test_the_plain_explorer_finds_no_shorter_trace(mode: FailureMode, loss: Loss) -> None:
    edits, off = found.parts(loss)
    whole = edited(found.healthy(loss), edits, off)
    alone = whole.spec.edited("one", properties={loss.breaks: whole.spec.properties[loss.breaks]})
    seen = plain.explore(whole.on(alone), Limits(), (), frozenset({loss.breaks}), None)
    assert seen.violations[loss.breaks] == len(found.kept(mode, loss).lines)


def test_a_trace_that_is_not_the_shortest_is_no_proof(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mode = FAILURES["FM-013"]
    text = found.file_of(mode, mode.loss).read_text("utf-8")
    monkeypatch.setattr(found, "FOLDER", tmp_path)
    assert not reproduced(mode, mode.loss).ok, "there is no trace"
    (tmp_path / "FM-013.jsonl").write_text(text, "utf-8")
    assert reproduced(mode, mode.loss).ok
    other = found.shortest(FAILURES["FM-030"].loss)
    (tmp_path / "FM-013.jsonl").write_text(other, "utf-8")
    assert reproduced(mode, mode.loss).says == "the trace is of another failure mode"


def test_a_trace_whose_steps_were_changed_is_not_followed() -> None:
    mode = FAILURES["FM-013"]
    trace = found.kept(mode, mode.loss)
    with pytest.raises(Diverged):
        replay(replace(trace, lines=trace.lines[:-1]))


# ---------------------------------------------------------------- detectors

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
            before = run.store.connection.execute("SELECT * FROM job").fetchall()
            assert run.step(step) is None
            after = run.store.connection.execute("SELECT * FROM job").fetchall()
            if design.transitions[step.step.action.name].writes:
                rows.append((before, after))
        run.store.close()
        with closing(sqlite3.connect(file)) as database:
            told = database.execute(f"{steps}\nSELECT {chosen} FROM step ORDER BY seq").fetchall()
        assert len(told) == len(rows)
        for row, (before, after) in zip(told, rows, strict=True):
            assert row[1::2] == after[0][1:]
            assert not before or row[::2] == before[0][1:]
        compared += len(rows)
    assert compared > 100


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


def speaks_of(design: Design, detector: Detector) -> bool:
    spec = design.scope.spec
    if detector.by:
        return detector.by in spec.properties
    return all(f in spec.fields for f in ("recorded", "silence") if f in detector.where)


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


# ---------------------------------------------------------------- recovery


@SOME_MODES
def test_every_state_that_a_failure_leads_to_is_mended_or_set_aside(mode: FailureMode) -> None:
    mark = recovered.recovered(mode)
    assert mark.ok or mark.missing, mark.says
    assert mark.states_checked > 0
    assert mark.ok or mark.residue


def damaged_database(mode: FailureMode, file: Path) -> Iterator[sqlite3.Connection]:
    replay_trace(found.kept(mode, mode.loss), mode.loss.edits, str(file))
    with closing(sqlite3.connect(file, isolation_level=None)) as database:
        database.execute(f"ALTER TABLE job ADD COLUMN {ASIDE} TEXT NOT NULL DEFAULT 'none'")
        yield database


def run_repairs(mode: FailureMode, database: sqlite3.Connection, most: int) -> int:
    """Run the SQL of the repairs, killed after so many steps; return how many were taken."""
    mend = mending(mode)
    statements = recovered.repair_statements(mend)
    constants = {name: mend.scope.bounds[name] for name in mend.scope.spec.constants}
    taken = 0
    while taken < most:
        rows = (database.execute(s, constants | {"j": 1}).fetchall() for s in statements.values())
        if not any(rows):
            break
        taken += 1
    return taken


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=depth(FAILURES[n])) for n in sorted(REPAIRS)]
)
def test_repairs_killed_between_any_two_steps_end_in_the_same_row(
    name: str, tmp_path: Path
) -> None:
    mode = FAILURES[name]
    ends = []
    for kill in range(4):
        file = tmp_path / f"{kill}.sqlite3"
        for database in damaged_database(mode, file):
            run_repairs(mode, database, kill)
        with closing(sqlite3.connect(file, isolation_level=None)) as again:
            run_repairs(mode, again, 99)
            assert run_repairs(mode, again, 99) == 0
            ends.append(again.execute("SELECT * FROM job").fetchall())
    assert ends[1:] == ends[:-1]


def harmful(s, j: Job):  # type: ignore[no-untyped-def]
    """Every claim is given back, also one that somebody holds."""
    require(claimed=s.status[j] == Status.claimed)
    s.status[j] = Status.ready
    s.lease[j] = Lease.none


def endless(s, j: Job):  # type: ignore[no-untyped-def]
    """A row that should not be is changed to and fro."""
    require(spent=s.token[j] >= s.MaxFails + s.MaxInterrupts)
    s.overdue[j] = ~s.overdue[j]


def test_a_repair_that_touches_a_healthy_row_is_no_recovery(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(REPAIRS, "FM-029", (*REPAIRS["FM-029"], harmful))
    assert recovered._recover(FAILURES["FM-029"])["says"].startswith("harmful changes a healthy")


@pytest.mark.deep
def test_a_repair_that_never_ends_is_no_recovery(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(REPAIRS, "FM-027a", (*REPAIRS["FM-027a"], endless))
    assert recovered._recover(FAILURES["FM-027a"])["says"].startswith("no end from")


def test_without_its_repair_a_death_is_set_aside_and_not_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delitem(REPAIRS, "FM-029")
    assert "in 4 the job is set aside" in recovered._recover(FAILURES["FM-029"])["says"]


@pytest.mark.deep
def test_damage_is_counted_without_what_processes_knew() -> None:
    """A job that is popped is absent, ready or settled by nobody: no worker can end it."""
    bad = damage(FAILURES["FM-001"].loss)
    assert (bad.count, len(bad.states)) == (435, 21)


# ---------------------------------------------------------------- the command


def test_one_failure_mode_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["failures", "FM-013", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    (mode,) = answer["failures"]
    assert answer["ok"]
    assert mode["edit"] == ["recover.expired"]
    assert mode["breaks"] == {"id": "INV-010", "name": "terminal_is_absorbing"}
    assert list(mode["evidence"]) == [
        "reproduced", "replayed", "prevented", "detected", "recovered",
    ]  # fmt: skip
    assert mode["evidence"]["prevented"]["refused_by"] == "recover.expired"
    assert mode["evidence"]["reproduced"]["steps"] == mode["evidence"]["prevented"]["at_step"] == 6


def test_one_failure_mode_on_a_page(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["failures", "FM-010"]) == 0
    shown = capsys.readouterr().out
    for words in ("settle_done.fenced", "WHERE action = 'settle_done'", "bull/issues/308"):
        assert words in shown


def test_a_failure_mode_that_is_not_there_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["failures", "FM-01"]) == 2
    assert "there is no failure mode 'FM-01'; write one of: FM-0" in capsys.readouterr().err


def test_a_proof_that_fails_is_a_complaint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(found, "FOLDER", tmp_path)
    assert main(["failures", "FM-013"]) == 1
    assert "FM-013: reproduced:" in capsys.readouterr().err
    assert five(FAILURES["FM-013"]).complaints


@pytest.mark.parametrize("name", ["FM-001", "FM-003b", "FM-010"])
def test_a_failure_mode_names_what_is_left_out_of_the_sql(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    trace = str(found.FOLDER / f"{name}.jsonl")
    assert main(["replay", trace, "--off", name, "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert told["broken"]["name"] == FAILURES[name].loss.breaks
    assert told["off"] == list(FAILURES[name].loss.edits)
