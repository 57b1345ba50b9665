"""A statement for PostgreSQL with one fault does not pass for the spec: every mutant is caught.

What is asked in memory is asked by the same code for both stores. The CHECKs are left out, so that
it is the comparison that catches a mutant.
"""

import re
from collections.abc import Iterator
from functools import partial

import pytest
from psycopg.errors import RaiseException

from checker.conformance.heard import OnServer
from impl.derive.design import derive
from impl.derive.transition import Transition
from impl.postgresql.text.statements import Statement, statement
from impl.postgresql.trial.embedded import Server
from tests.conformance.replay.test_mutants import (
    TWO_JOBS,
    differs_on,
    differs_on_random_runs,
    differs_on_twins,
    other,
)
from tests.counterexamples import GUARDS, WHOLE_LIFE, counterexample
from tests.postgresql.mutants import Change, mutate, rewritten
from tests.walks import Opened

pytestmark = pytest.mark.deep


@pytest.fixture
def opened(server: Server) -> Opened:
    return partial(OnServer, server=server, checks=False)


# ---------------------------------------------------------------- one fault each
def unguarded(said: Statement, guard: str) -> Statement:
    """Return the statement that no longer asks for the guard, as a line or by its row's key."""

    def rewrite(text: str) -> str:
        text = re.sub(rf"\n  AND .*/\* {guard} \*/", "", text)
        shown = rf"/\* .*\b{guard}\b.* \*/"
        text = re.sub(rf"WHERE id = .*{shown}", "WHERE TRUE", text)
        # An insert takes the place of a row.
        return re.sub(rf"DO NOTHING  {shown}", "DO UPDATE SET status = excluded.status", text)

    return rewritten(said, rewrite)


def on_any_row(said: Statement) -> Statement:
    """Return the statement that does not say which row it means; an insert makes the next one."""

    def rewrite(text: str) -> str:
        text = re.sub(r"WHERE id = \S+", "WHERE TRUE", text)
        return re.sub(r"(?<=\nSELECT )(:\w+::bigint)", r"\1 + 1", text)

    return rewritten(said, rewrite)


def setting(said: Statement, column: str, t: Transition) -> Statement:
    """Return the statement that sets the column to something else."""
    assert t.table is not None
    (kind,) = (f.type for f in t.table.columns if f.name == column)

    def instead(found: re.Match[str]) -> str:
        return found[1] + other(kind, found[2]).replace(":now", ":now::bigint") + found[3]

    set_here = re.compile(rf'^((?:SET |    )"?{column}"? = )(.*?)(,?)$', re.MULTILINE)
    return rewritten(said, lambda text: set_here.sub(instead, text))


def in_text(guard: str) -> bool:
    """Return whether a statement asks for the guard."""
    action, name = guard.split(".")
    design = next(derive(s) for s in WHOLE_LIFE if guard in s.spec.guard_names())
    said = statement(design.transitions[action])
    return said is not None and re.search(rf"/\* .*\b{name}\b.*\*/", said.text) is not None


def faults() -> Iterator[tuple[str, str, Change]]:
    for name, t in TWO_JOBS.transitions.items():
        if t.statement is None or not t.writes:
            continue
        yield f"{name} on any row", name, on_any_row
        if t.statement.form == "update":
            for a in t.statement.sets:
                yield f"{name} sets {a.column}", name, partial(setting, column=a.column, t=t)


FAULTS = {fault: (action, change) for fault, action, change in faults()}


# ---------------------------------------------------------------- all are caught
@pytest.mark.parametrize("guard", [guard for guard in GUARDS if in_text(guard)])
def test_a_guard_that_is_left_out_of_a_statement_is_caught(
    guard: str, opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    action, name = guard.split(".")
    mutate(monkeypatch, action, partial(unguarded, guard=name))
    trace, _ = counterexample(guard)
    design = derive(trace.scope, checks=False)
    assert differs_on(trace, design, opened) or differs_on_random_runs(TWO_JOBS, opened)


def test_twins_agree_and_take_every_action(opened: Opened) -> None:
    assert not differs_on_twins(TWO_JOBS, opened)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_wrong_row_or_value_is_caught(
    fault: str, opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    mutate(monkeypatch, *FAULTS[fault])
    try:
        assert differs_on_twins(TWO_JOBS, opened) or differs_on_random_runs(TWO_JOBS, opened)
    except RaiseException as refused:  # of two rows the trigger knows one
        assert "a row was to be changed by no step" in str(refused)
