"""In every reachable state the store on a server takes just the steps that the spec allows, and the
trace that the server writes says of each what the spec says.
"""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

import pytest

from checker.conformance.beside_spec import BesideSpec, Steps
from checker.search.compiled import explore
from checker.search.compiled.code.layout import Layout
from impl.derive.design import Design, derive
from impl.derive.mapping import rows_of
from impl.derive.sql import encode
from impl.derive.tracing import plain
from impl.derive.view import Global, sort_of
from impl.interface.process import Process
from impl.interface.transaction import Span
from impl.postgresql.clock import ServerClock
from impl.postgresql.text.schema import whole
from impl.postgresql.text.sql import identifier, table_name
from impl.postgresql.transaction import PostgreSQLTransaction
from impl.postgresql.trial.embedded import Server
from impl.terms.outcomes import Done, Refused, Values
from spec.language.scope import State, Value
from spec.language.terms.types import Sort, is_timer, phases
from spec.queue import SCOPES
from tests.clocks import HandClock
from tests.conformance.replay.replay_graph import Tried, graph_states

_schemas = itertools.count()


class Stored:
    """A store on a server, whose clock stands at 0; each step is open until `back`."""

    path = "PostgreSQL"

    def __init__(self, design: Design, server: Server) -> None:
        self.design, self.connection = design, server.connect()
        schema = f"edges_{next(_schemas)}"
        self.run(f"CREATE SCHEMA {schema}; SET search_path = {schema}")
        self.run(whole(design))
        self.clock = ServerClock(self.run, HandClock(uptime=0))

    def run(self, sql: str) -> list[Any]:
        cursor = self.connection.execute(sql.encode())
        return cursor.fetchall() if cursor.description else []

    def put(self, state: State, places: Iterable[tuple[int, Any]]) -> None:
        """Write the rows of a state, as if no step had."""
        found: dict[tuple[type[Sort], int], dict[str, Value]] = defaultdict(dict)
        for at, place in places:
            if place.field.survival == "durable":
                row = found[sort_of(place.field), place.element or 0]
                row[place.field.name] = state[at]
        self.run("SET session_replication_role = replica")
        for t in self.design.tables:
            self.run(f"DELETE FROM {table_name(t.sort)}")
        for (sort, element), row in found.items():
            table = next(t for t in self.design.tables if t.sort is sort)
            if sort is not Global and row == dict(table.initial):
                continue
            values = [
                bool(row[f.name]) if f.type is bool else encode(f.type, row[f.name])
                for f in table.columns
            ]
            columns = ", ".join(["id", *(identifier(f.name) for f in table.columns)])
            marks = ", ".join(["%s"] * (len(values) + 1))
            insert = f"INSERT INTO {table_name(sort)} ({columns}) VALUES ({marks})"
            self.connection.execute(insert.encode(), [element + 1, *values])
        self.run("SET session_replication_role = origin")

    def take(self, action: str, params: Values, memory: Values, world: Values) -> Done | Refused:
        """Take a step, and leave its transaction open."""
        self.run("BEGIN")
        t = PostgreSQLTransaction(
            self.design, self.connection, Span(True, True), self.path, self.clock
        )
        seen = self.design.transitions[action].seen
        owner, given = seen.owner(params), dict(params)
        process = None
        if owner is not None and seen.process is not None:
            process = Process(*owner, dict(memory))
            del given[seen.process.name]
        numbers: dict[str, Any] = given
        lasts: dict[str, int] = defaultdict(lambda: 1)
        return t.take(action, process, world=world, lasts=lasts, **numbers)

    def written(self) -> list[Any]:
        """Return what the trace says that was, and is, in the transaction that is open."""
        return self.run("SELECT before, after FROM trace")

    def back(self) -> None:
        """Let the step not have been."""
        self.run("ROLLBACK")

    def rows(self) -> Mapping[type[Sort], Mapping[int, Mapping[str, Value]]]:
        return rows_of(self.design, self.run)

    def close(self) -> None:
        self.connection.close()


class Everywhere(BesideSpec):
    """A store on a server beside the spec, put into any state."""

    store: Stored

    def put(self, state: State) -> None:
        self.store.put(state, enumerate(self.scope.places))
        self.remember(state)

    def remember(self, state: State) -> None:
        for at, place in enumerate(self.scope.places):
            if place.field.survival == "volatile":
                assert place.field.over is not None and place.element is not None
                self.memories[place.field.over][place.element][place.field.name] = state[at]
        self.before = self.state = state

    def try_all(self, tried: Tried) -> None:
        state = self.state
        for instance in self.steps.every:
            action, refusal = instance.step.action.name, self.step(instance)
            if refusal is None:
                tried.taken[action] += 1
                transition = self.design.transitions[action]
                want = [self.told(state, self.state)] if transition.writes else []
                assert self.store.written() == want, instance.step.call
            else:
                tried.refused[f"{action}.{refusal}"] += 1
            self.store.back()
            self.remember(state)
        tried.states += 1

    def told(self, before: State, after: State) -> tuple[dict[str, Value], dict[str, Value]]:
        """Return what a trace has to say of a step: what it changes, and which timers of the row
        are over by then.
        """
        was, becomes = {}, {}
        for at, place in enumerate(self.scope.places):
            f = place.field
            if not f.kept:
                continue
            if before[at] != after[at]:
                was[place.name] = plain(f.type, before[at])
                becomes[place.name] = plain(f.type, after[at])
            elif is_timer(f.type) and before[at] == phases(f.type)[2]:
                was[place.name] = before[at]
        return was, becomes


@pytest.mark.deep
@pytest.mark.parametrize("name", ["one-job", "pausing"])
def test_every_edge_agrees_and_is_traced_as_the_spec_has_it(name: str, server: Server) -> None:
    design = derive(SCOPES[name])
    beside = Everywhere(design, Stored(design, server), Steps(design.scope))
    tried = Tried(0, Counter(), Counter())
    for state in map(Layout(design.scope).unpack, graph_states(design)):
        beside.put(state)
        beside.try_all(tried)
    beside.store.close()
    known = explore(design.scope)
    assert (tried.states, tried.taken) == (known.states, Counter(known.fired))
    assert set(tried.refused) >= set(design.scope.spec.guard_names())
