"""In every reachable state the store on a server takes just the steps that the spec allows, and the
trace that the server writes says of each what the spec says.

A store is told of a step what its process remembers and what the world says, and has its rows: two
states that differ in none of that ask the same of it, and it is asked once. That guards and updates
read nothing else either is what the derivation refuses; how often each action is possible is what
the explorer counts, which looks at each state.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from checker.conformance.beside_spec import BesideSpec, Steps
from checker.search.compiled import explore
from checker.search.compiled.code.layout import Layout
from impl.derive.design import Design, derive
from impl.derive.sql import encode
from impl.derive.tracing import plain
from impl.derive.view import Global, sort_of
from impl.postgresql.text.sql import identifier, table_name
from impl.postgresql.trial.embedded import Server
from impl.postgresql.trial.stored import Stored
from impl.terms.outcomes import Done, Refused, Values
from spec.language.evaluate import Instance
from spec.language.scope import State, Value
from spec.language.terms.types import Sort, is_timer, phases
from spec.queue import SCOPES
from tests.conformance.replay.replay_graph import Tried, graph_states


class Anywhere(Stored):
    """A store on a server that can be put into any state; each step is open until `back`."""

    def __init__(self, design: Design, server: Server) -> None:
        super().__init__(design, server)
        self._answers = {name for t in design.tables for name in t.answers}
        for name in self._answers:
            self.run(f"CREATE TABLE {name} (job bigint)")

    def put(self, state: State, places: Iterable[tuple[int, Any]]) -> None:
        """Write the rows of a state, as if no step had."""
        found: dict[tuple[type[Sort], int], dict[str, Value]] = defaultdict(dict)
        for name in self._answers:
            self.run(f"DELETE FROM {name}")
        for at, place in places:
            if place.field.name in self._answers and state[at]:
                self.run(f"INSERT INTO {place.field.name} VALUES ({(place.element or 0) + 1})")
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
        return self.begin(action, params, memory, world)[1]

    def written(self) -> list[Any]:
        """Return what the trace says that was, and is, in the transaction that is open."""
        return self.run("SELECT before, after FROM trace")

    def back(self) -> None:
        """Let the step not have been."""
        self.run("ROLLBACK")


@dataclass(frozen=True)
class Question:
    """A step, and a state that asks it; how many states ask the same."""

    instance: Instance
    state: State
    states: int


class Everywhere(BesideSpec):
    """A store on a server beside the spec, put into any state."""

    store: Anywhere

    def remember(self, state: State) -> None:
        for at, place in enumerate(self.scope.places):
            if place.field.survival == "volatile":
                assert place.field.over is not None and place.element is not None
                self.memories[place.field.over][place.element][place.field.name] = state[at]
        self.before = self.state = state

    def questions(self, states: Iterable[State]) -> dict[State, list[Question]]:
        """Return what is asked of the store in all these states, by what it has in its rows."""
        places = list(enumerate(self.scope.places))
        answered = {name for t in self.design.tables for name in t.answers}
        kept = [at for at, p in places if p.field.survival == "durable" or p.field.name in answered]
        told = []
        for instance in self.steps.every:
            seen = self.design.transitions[instance.step.action.name].seen
            owner = seen.owner(instance.step.binding)
            world = {r.field.name for r in seen.world}
            told.append([
                at
                for at, p in places
                if p.field.name in world
                or (p.field.survival == "volatile" and (p.field.over, p.element) == owner)
            ])  # fmt: skip
        found: dict[State, dict[tuple[int, State], tuple[State, int]]] = defaultdict(dict)
        for state in states:
            asked = found[tuple(state[at] for at in kept)]
            for n, at in enumerate(told):
                key = n, tuple(state[i] for i in at)
                first, count = asked.get(key, (state, 0))
                asked[key] = first, count + 1
        return {
            rows: [
                Question(self.steps.every[n], state, count)
                for (n, _), (state, count) in asked.items()
            ]
            for rows, asked in found.items()
        }

    def ask(self, questions: Iterable[Question], tried: Tried) -> None:
        """Take each step in its state, coming back from each; raises `Divergence`. They are all
        asked with the same rows.
        """
        for n, asked in enumerate(questions):
            if n == 0:
                self.store.put(asked.state, enumerate(self.scope.places))
            self.remember(asked.state)
            action, refusal = asked.instance.step.action.name, self.step(asked.instance)
            if refusal is None:
                tried.taken[action] += asked.states
                transition = self.design.transitions[action]
                want = [self.told(asked.state, self.state)] if transition.writes else []
                assert self.store.written() == want, asked.instance.step.call
            else:
                tried.refused[f"{action}.{refusal}"] += asked.states
            self.store.back()

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


def asked_everywhere(design: Design, server: Server) -> Tried:
    beside = Everywhere(design, Anywhere(design, server), Steps(design.scope))
    states = [Layout(design.scope).unpack(row) for row in graph_states(design)]
    tried = Tried(len(states), Counter(), Counter())
    for questions in beside.questions(states).values():
        beside.ask(questions, tried)
    beside.store.close()
    return tried


ANSWERED = {"paused": "EXISTS (SELECT 1 FROM paused WHERE paused.job = job.id)"}


@pytest.mark.deep
@pytest.mark.parametrize(
    ("name", "answers"), [("one-job", {}), ("whole", {}), ("pausing", {}), ("pausing", ANSWERED)]
)
def test_every_edge_agrees_and_is_traced_as_the_spec_has_it(
    name: str, answers: Mapping[str, str], server: Server
) -> None:
    design = derive(SCOPES[name], answers=answers)
    tried = asked_everywhere(design, server)
    known = explore(design.scope)
    assert (tried.states, tried.taken) == (known.states, Counter(known.fired))
    assert set(tried.refused) >= set(design.scope.spec.guard_names())
    steps = len(Steps(design.scope).every)
    assert tried.taken.total() + tried.refused.total() == steps * known.states
