"""Repairs mend every state that a failure leads to, or set the job aside; they may be cut short."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from checker.conformance.watched import replay_trace
from checker.evidence import recovered, traces
from checker.evidence.damaged import damage
from checker.evidence.mending import mending
from spec.failures import FAILURES, FailureMode
from spec.failures.edits import Edits
from spec.failures.repairs import REPAIRS
from spec.language import ite, require
from spec.queue.deadlines import Deadline
from spec.queue.job import Job, Lease, Status
from tests.evidence.losses import SOME_MODES, depth


@SOME_MODES
def test_every_state_that_a_failure_leads_to_is_mended_or_set_aside(mode: FailureMode) -> None:
    mark = recovered.recovered(mode)
    assert mark.ok or mark.missing, mark.says
    assert mark.states_checked > 0
    assert mark.ok or mark.residue


def damaged_database(mode: FailureMode, file: Path) -> Iterator[sqlite3.Connection]:
    replay_trace(traces.kept(mode, mode.loss), Edits(mode.loss.edits), str(file))
    with closing(sqlite3.connect(file, isolation_level=None)) as database:
        recovered.make_ready(database)
        yield database


def run_repairs(mode: FailureMode, database: sqlite3.Connection, most: int) -> int:
    """Run the SQL of the repairs, killed after so many steps; return how many were taken."""
    mend = mending(mode)
    statements = recovered.repair_statements(mend)
    known = recovered.bound(mend)
    taken = 0
    while taken < most:
        rows = (database.execute(s, known | {"j": 1}).fetchall() for s in statements.values())
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
    s.deadline[j] = ite(s.deadline[j] == Deadline.off, Deadline.passed, Deadline.off)


def test_a_repair_that_touches_a_healthy_row_is_no_recovery(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(REPAIRS, "FM-029", (*REPAIRS["FM-029"], harmful))
    assert recovered._recover(FAILURES["FM-029"]).says.startswith("harmful changes a healthy")


@pytest.mark.deep
def test_a_repair_that_never_ends_is_no_recovery(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(REPAIRS, "FM-027a", (*REPAIRS["FM-027a"], endless))
    assert recovered._recover(FAILURES["FM-027a"]).says.startswith("no end from")


def test_without_its_repair_a_death_is_set_aside_and_not_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delitem(REPAIRS, "FM-029")
    assert "in 2 the job is set aside" in recovered._recover(FAILURES["FM-029"]).says


@pytest.mark.deep
def test_damage_is_counted_without_what_processes_knew() -> None:
    """A job that is popped is absent, ready or settled by nobody: no worker can end it."""
    bad = damage(FAILURES["FM-001"].loss)
    assert (bad.count, len(bad.states)) == (435, 21)
