"""The database writes the trace: no row changes without one, and it says what the spec says."""

import re
import sqlite3
from collections import Counter
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import apsw
import pytest

from checker.conformance.beside_spec import Divergence, Replay, Steps
from checker.conformance.runs import Runs, wander
from checker.runs.story import plain
from impl.derive.design import Design, derive
from impl.derive.sql import identifier
from impl.sqlite.store import Store
from impl.terms.outcomes import Disagreement, Done
from impl.terms.unusable import StoreError
from spec.language.evaluate import Instance
from spec.language.scope import State, Value
from spec.language.terms.types import is_timer, phases
from spec.queue import SCOPES
from tests.store.test_global import HOTEL

WHOLE = derive(SCOPES["whole"])
TWO_JOBS = derive(SCOPES["whole-deep"])
ONE_JOB = derive(SCOPES["one-job"])


def differing(design: Design, one: State, other: State) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what is different in two states of the spec, in each of them; ghosts are nowhere."""
    before, after = {}, {}
    for place, a, b in zip(design.scope.places, one, other, strict=True):
        if a != b and place.field.survival != "ghost":
            before[place.name], after[place.name] = (plain(place.field.type, v) for v in (a, b))
    return before, after


def over(replay: Replay, instance: Instance) -> dict[str, Any]:
    """Return the timers of the row of a step that are over before it, as no other row says."""
    key = replay.design.transitions[instance.step.action.name].seen.key
    row = 0
    if key is not None:
        meaning = replay.evaluator.meaning(key, instance.step.binding)
        row = meaning(replay.before, replay.before)
    return {
        place.name: v
        for place, v in zip(replay.scope.places, replay.before, strict=True)
        if is_timer(place.field.type) and place.element == row and v == phases(place.field.type)[2]
    }


def differs(design: Design, seed: int) -> str | None:
    """Return the first step of random runs whose row of the trace says what the spec does not; they
    seek what was taken least.
    """
    steps, random, taken = Steps(design.scope), Random(seed), Counter[str]()
    for _ in range(8):
        replay = Replay(design, steps=steps)
        with closing(replay.store):
            for seq in range(40):
                possible = [i for i in steps.every if i.refusal(replay.state) is None]
                weights = [1 / (1 + taken[i.step.action.name]) ** 2 for i in possible]
                (instance,) = random.choices(possible, weights)
                taken[instance.step.action.name] += 1
                if (found := _differs(replay, instance)) is not None:
                    return f"step {seq}: {found}"
    return None


def _differs(replay: Replay, instance: Instance) -> str | None:
    last = replay.store.connection.execute("SELECT max(seq) FROM trace").fetchall()[0][0] or 0
    try:
        assert replay.step(instance) is None
    except Divergence as caught:  # the memory of a process comes through a trigger as well
        return str(caught)
    action, rows = instance.step.action.name, list(replay.store.trace(int(str(last))))
    if len(rows) != replay.design.transitions[action].writes:
        return f"{action} has {len(rows)} rows"
    want = differing(replay.design, replay.before, replay.state)
    want[0].update(over(replay, instance) if rows else {})
    wrong = [row for row in rows if (row.action, row.before, row.after) != (action, *want)]
    return f"{wrong[0]} and not {want}" if wrong else None


@pytest.mark.parametrize("design", [WHOLE, TWO_JOBS, HOTEL], ids=["whole", "two jobs", "hotel"])
@pytest.mark.parametrize("seed", range(3))
def test_a_row_says_what_the_spec_says_of_its_step(design: Design, seed: int) -> None:
    assert differs(design, seed) is None


# ---------------------------------------------------------------- mutants


def leaving_out(design: Design, column: str) -> Design:
    """Return the design whose triggers do not speak of a column."""
    quoted = re.escape(column)
    kept = re.sub(rf"iif\(.*\b{quoted}\b.*, ''\)", "''", design.triggers)
    assert kept != design.triggers
    return replace(design, triggers=kept)


@pytest.mark.parametrize("column", ["status", "token", "first", "recorded", "deadline", "notice"])
def test_a_trigger_that_leaves_out_a_column_is_caught(column: str) -> None:
    mutant = leaving_out(WHOLE, column)
    assert any(differs(mutant, seed) for seed in range(3))


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("|| (step.value ->> 4)", ""),
        ("|| (step.value ->> 5)", ""),
        ("'{' || substr(\n    iif(OLD.", "'{' || substr(\n    iif(NEW."),
        ("ffq_steps(NEW.id, OLD.token,", "ffq_steps(NEW.id, NEW.token,"),
    ],
)
def test_a_trigger_that_says_something_else_is_caught(text: str, other: str) -> None:
    assert text in TWO_JOBS.triggers
    mutant = replace(TWO_JOBS, triggers=TWO_JOBS.triggers.replace(text, other))
    assert any(differs(mutant, seed) for seed in range(3))


@pytest.mark.parametrize("event", ["INSERT", "UPDATE"])
def test_a_step_that_is_not_written_down_is_not_taken(event: str) -> None:
    lost = re.sub(rf"CREATE TRIGGER \w+ AFTER {event} .*?END;\n", "", ONE_JOB.triggers, flags=re.S)
    with closing(Store(replace(ONE_JOB, triggers=lost))) as store:
        with pytest.raises(Disagreement, match="is not in the trace"):
            store.take("enqueue", {"j": 0}, {})
            store.take("claim", {"w": 0, "j": 0}, IDLE)
        assert [row.action for row in store.trace()] == ["enqueue"] * (event == "UPDATE")


# ---------------------------------------------------------------- whoever else writes

IDLE: dict[str, Value] = {"pc": "idle", "job": None, "held": 0, "held_epoch": 0}

COLUMNS = ", ".join(identifier(f.name) for f in ONE_JOB.tables[0].columns)
CHANGES = (
    "UPDATE job SET lease = lease",
    "DELETE FROM job",
    f"INSERT INTO job SELECT 2, {COLUMNS} FROM job",
    "INSERT OR REPLACE INTO job SELECT * FROM job",
)


@pytest.mark.parametrize("change", CHANGES)
def test_no_row_changes_but_by_a_step(tmp_path: Path, change: str) -> None:
    file = str(tmp_path / "store.db")
    with closing(Store(ONE_JOB, file)) as store:
        assert isinstance(store.take("enqueue", {"j": 0}, {}), Done)
        with pytest.raises(Disagreement, match="by no step"):
            store.connection.execute(change)
    with closing(apsw.Connection(file)) as other:
        other.pragma("recursive_triggers", 1)
        with pytest.raises(apsw.SQLError, match="no such function: ffq_steps"):
            other.execute(change)
    with closing(sqlite3.connect(file)) as plain_one:
        plain_one.execute("PRAGMA recursive_triggers = 1")
        with pytest.raises(sqlite3.OperationalError, match="no such function: ffq_steps"):
            plain_one.execute(change)
        assert plain_one.execute("SELECT id, fails FROM job").fetchall() == [(1, 0)]


@pytest.mark.parametrize("trigger", ["job_is_put_in", "job_is_changed", "job_is_taken_out"])
def test_a_file_that_would_not_write_its_trace_is_refused(tmp_path: Path, trigger: str) -> None:
    file = str(tmp_path / "store.db")
    Store(WHOLE, file).close()
    with closing(apsw.Connection(file)) as other:
        other.execute(f"DROP TRIGGER {trigger}")
    with pytest.raises(StoreError, match=f"the trigger '{trigger}' is not as it was made"):
        Store(WHOLE, file)


# ---------------------------------------------------------------- a store that is used again


@pytest.mark.parametrize("design", [WHOLE, HOTEL], ids=["whole", "hotel"])
def test_a_store_that_was_emptied_is_as_a_new_one(design: Design) -> None:
    asked = ["SELECT * FROM trace", *(t.every_row for t in design.tables)]
    asked += ["SELECT sql FROM sqlite_schema", "SELECT * FROM meta", "SELECT * FROM origin"]
    with closing(Store(design)) as new:
        wanted = [new.own(query) for query in asked]
    runs = Runs(design)
    for seed in range(3):
        wander(runs, seed)
        assert runs._replay is not None
        store = runs._replay.store
        assert [row.seq for row in store.trace()] == [*range(1, len(list(store.trace())) + 1)]
        assert [store.own(query) for query in asked] != wanted
        runs.begin()
        assert runs._replay.store is store
        assert [store.own(query) for query in asked] == wanted
    runs.end()
