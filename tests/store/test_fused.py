"""Steps that are taken by one statement come to what they come to one after the other."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from random import Random
from typing import Any

import pytest

from impl.derive import fused as fusing
from impl.derive.design import derive
from impl.derive.fused import Fused, fused
from impl.derive.reference import design
from impl.interface import transaction
from impl.interface.process import Process, newcomer
from impl.sqlite.store import Store
from impl.terms.outcomes import CheckFailed, OutcomeUnknown, Refused
from spec.language.edited.edits import without
from spec.queue import SCOPES
from spec.queue.job import Job, Worker

TWO_JOBS = derive(SCOPES["whole-deep"])
FINISHES = (
    ("write_first", "write_second", "record", "settle_done"),
    ("write_second", "record", "settle_done"),
    ("write_first", "write_second"),
    ("record", "settle_done"),
)
WAYS = (
    "", "start", "start write_first", "start write_first write_second", "start find_recorded",
    "start write_first write_second record", "start write_first write_second record lose_reply",
)  # fmt: skip


class Pair:
    """Two stores on which the same is done, but for the steps that one of them takes as one."""

    def __init__(self) -> None:
        self.stores = [Store(TWO_JOBS), Store(TWO_JOBS)]
        self.workers = [[newcomer(TWO_JOBS, Worker, n) for n in range(2)] for _ in self.stores]
        self.clients = [[newcomer(TWO_JOBS, Job, n) for n in range(2)] for _ in self.stores]

    def close(self) -> None:
        for store in self.stores:
            store.close()

    def step(self, action: str, worker: int, job: int) -> None:
        for n, store in enumerate(self.stores):
            with store.transaction() as t:
                if action in ("send", "enqueue"):
                    t.take(action, self.clients[n][job])
                elif action == "claim":
                    t.take("fall_due", j=job)
                    t.take(action, self.workers[n][worker], j=job)
                elif action in ("expire", "cancel", "pass_deadline"):
                    t.take(action, j=job)
                else:
                    t.take(action, self.workers[n][worker])

    def finish(self, actions: tuple[str, ...], worker: int, claim: dict[str, Any]) -> Any:
        """Return what came of it, having seen that it is the same on both."""
        with self.stores[0].transaction() as t:
            together = t.take_all(actions, self.workers[0][worker], claim)
        with self.stores[1].transaction() as t:
            for action in actions:
                outcome = t.take(action, self.workers[1][worker], claim=claim)
                if isinstance(outcome, Refused):
                    break
        assert together[0] == action
        refused = [o.guard if isinstance(o, Refused) else None for o in (together[1], outcome)]
        assert refused[0] == refused[1]
        assert self.stores[0].rows() == self.stores[1].rows()
        assert [*self.stores[0].trace()] == [*self.stores[1].trace()]
        kept = [[(p.memory, p.unseen) for p in workers] for workers in self.workers]
        assert kept[0] == kept[1]
        return refused[0]


def tried(seed: int) -> set[Any]:
    """Return what finishing is refused for, in random situations."""
    random, found = Random(seed), set()
    with closing(Pair()) as pair:
        for job in range(2):
            pair.step("send", 0, job)
            pair.step("enqueue", 0, job)
        for worker in range(2):
            job = random.randrange(2)
            pair.step("claim", worker, job)
            for action in random.choice(WAYS).split():
                pair.step(action, worker, job)
            if random.random() < 0.3:
                pair.step(random.choice(["expire", "cancel", "pass_deadline"]), worker, job)
        for worker in range(2):
            memory = dict(pair.workers[0][worker].memory)
            claim = {name: memory[name] for name in ("job", "held")}
            found.add(pair.finish(random.choice(FINISHES), worker, claim))
    return found


def test_finishing_by_one_statement_is_finishing_step_by_step() -> None:
    found = set().union(*(tried(seed) for seed in range(120)))
    assert {None, "reference", "begun", "first", "second", "leased"} <= found


@pytest.mark.parametrize("actions", FINISHES)
def test_a_finish_is_one_statement(actions: tuple[str, ...]) -> None:
    assert fused(design(), actions) is not None
    assert fused(TWO_JOBS, actions) is not None


@pytest.mark.parametrize(
    "actions",
    [
        ("claim", "start"),  # the one writes no row
        ("write_first", "write_first"),  # a column twice
        ("settle_done", "write_first"),  # which row it was is forgotten
        ("expire", "settle_done"),  # of two processes
        ("claim", "write_first"),  # what it remembers depends on the row
    ],
)
def test_what_the_spec_does_not_show_to_be_the_same_is_not_one(actions: tuple[str, ...]) -> None:
    assert fused(TWO_JOBS, actions) is None


def test_a_guard_that_an_earlier_step_makes_true_is_not_asked_of_the_row_before() -> None:
    whole = fused(TWO_JOBS, ("record", "settle_done"))
    assert whole is not None
    assert [c.guard for c in whole.statement.where] == ["leased", "fenced", "once"]
    lax = derive(SCOPES["whole-deep"].on(without(SCOPES["whole-deep"].spec, "settle_done.fenced")))
    alone = fused(lax, ("settle_done",))
    assert alone is not None
    assert [c.guard for c in alone.statement.where] == ["leased", "evidence"]


# ---------------------------------------------------------------- mutants


def without_guard(whole: Fused, guard: str) -> Fused:
    where = tuple(c for c in whole.statement.where if c.guard != guard)
    return replace(whole, statement=replace(whole.statement, where=where))


def without_column(whole: Fused, column: str) -> Fused:
    sets = tuple(a for a in whole.statement.sets if a.column != column)
    return replace(whole, statement=replace(whole.statement, sets=sets))


MUTANTS: dict[str, Callable[[Fused], Fused]] = {
    "leased": lambda whole: without_guard(whole, "leased"),
    "first": lambda whole: without_column(whole, "first"),
    "status": lambda whole: without_column(whole, "status"),
    "bits": lambda whole: replace(whole, columns=whole.columns[::-1]),
    "a bit": lambda whole: replace(whole, columns=(0, *whole.columns[1:])),
}


@pytest.mark.parametrize("mutant", MUTANTS)
def test_a_statement_that_does_something_else_is_caught(
    mutant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def wrong(of: Any, actions: tuple[str, ...]) -> Fused | None:
        whole = fusing.fused(of, actions)
        return MUTANTS[mutant](whole) if whole is not None else None

    monkeypatch.setattr(transaction, "fused", wrong)
    with pytest.raises((AssertionError, CheckFailed)):
        for seed in range(120):
            tried(seed)


def test_who_is_in_doubt_takes_no_steps_together() -> None:
    with closing(Store(TWO_JOBS)) as store, pytest.raises(OutcomeUnknown):
        process = Process(Worker, 0, dict(TWO_JOBS.blank[Worker]), doubt=OutcomeUnknown("said"))
        with store.transaction() as t:
            t.take_all(FINISHES[0], process, {})
