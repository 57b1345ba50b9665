"""The shipped store survives every crash, and what is worse than it is found out."""

from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from checker.crashlab.bench import Task
from checker.crashlab.campaign import Crew
from checker.crashlab.explore import explore
from checker.crashlab.images.disk import Vice
from checker.crashlab.images.judge import NAME
from checker.crashlab.images.settings import SETTINGS
from checker.crashlab.plan import (
    fault_tasks,
    mutant_tasks,
    path_tasks,
    recovery_tasks,
    walk_tasks,
)
from checker.crashlab.recording.mutants import MUTANTS, Mutant
from checker.crashlab.recording.recording import Expected
from checker.crashlab.survey import every_setting, measured
from impl.inject import HandClock
from impl.lab import (
    Fault,
    Log,
    Marked,
    Synced,
    Written,
    recorded,
)
from impl.queue import Queue
from impl.working.attempt import claim
from spec.queue.job import Worker


# ---------------------------------------------------------------- the store
def test_the_shipped_store_survives_every_crash_on_every_short_path(crew: Crew) -> None:
    found = crew.work("", path_tasks(crew.bench, 3, 1)).found
    assert found.wrong == 0
    assert len(found.images) > 800
    assert found.count("ok", process=True) > 300


def test_the_shipped_store_survives_a_call_that_fails(crew: Crew) -> None:
    outcome = crew.work("", fault_tasks(crew.bench, 3, 2, 1, every=4))
    assert outcome.found.wrong == 0
    assert {"unknown, went on", "refused, went on"} <= outcome.said.keys()


def test_the_shipped_store_survives_a_crash_while_it_recovers(crew: Crew) -> None:
    found = crew.work("", recovery_tasks(crew.bench, 3, 1, 2)).found
    assert found.wrong == 0
    assert found.count() > 200


AFTER_A_CRASH = "crash(worker1), claim(worker2, job1), settle_released(worker2)"
AFTER_A_RELEASE = "claim(worker1, job1), heartbeat(worker1), settle_released(worker1)"


@pytest.mark.parametrize(
    ("before", "habit"), [(AFTER_A_CRASH, "stays"), (AFTER_A_RELEASE, "checkpoints")]
)
def test_a_lost_transaction_is_not_brought_back_by_one_like_it(
    crew: Crew, before: str, habit: str
) -> None:
    # The power takes the first page of a claim and leaves the last; the next claim writes the same
    # first page, and is cut off.
    whole = f"enqueue(job1), {before}, claim(worker2, job1)"
    path = [str(each) for each in crew.bench.paths(5)].index(whole)
    tasks = recovery_tasks(crew.bench, 5, 1, 5, path)
    found = crew.work("", (task for task in tasks if task.habit == habit)).found
    assert found.count("ok") > 500
    assert found.wrong == 0


def test_the_queue_of_its_users_survives_down_to_the_last_payload(crew: Crew) -> None:
    task = replace(walk_tasks(1, 9, seed=3)[0], most=4)
    made = crew.bench.record(task)
    assert made.events == crew.bench.record(task).events
    assert {"enqueue", "claim", "record", "settle_done"} <= {r[0] for r in made.keys[-1].trace}
    found = crew.bench.perform(task).found
    assert found.wrong == 0
    assert len(found.images) > 200
    deaf = explore(made, crew.bench.walks.judge, Random(1), 4, Vice(deaf=("-wal",)))
    assert deaf.count("lost") > 100


def test_a_claim_is_not_waited_for_and_what_ends_it_is(tmp_path: Path) -> None:
    log = Log()
    with recorded(log), Queue(tmp_path / NAME, clock=HandClock()) as queue:
        worker = queue.process(Worker)
        queue.enqueue("step", key="one")
        begun = len(log.events)
        with queue.transaction(durable=False) as t:
            attempt = claim(queue, t, worker, ["step"])
        claimed = log.events[begun:]
        with pytest.raises(ZeroDivisionError), queue.transaction(durable=False):
            assert 1 / 0
        assert attempt is not None and attempt.start()
        begun = len(log.events)
        with queue.transaction() as t:
            attempt.finish(t)
        settled = log.events[begun:]
    assert any(isinstance(e, Written) for e in claimed)
    assert not any(isinstance(e, Synced) for e in claimed)
    assert isinstance(settled[-1], Synced)


def test_an_answer_for_which_nothing_was_written_makes_no_claim_durable(crew: Crew) -> None:
    made = crew.bench.record(Task("walk", 24, 65))
    ends = [e.what for e in made.events if isinstance(e, Marked) and isinstance(e.what, Expected)]
    asked = [end for end in ends if end.what == "retry by process 1 is answered"]
    assert [len(end.keys) for end in asked] == [1, 2]  # the second one, just after a claim


def test_a_loss_of_power_takes_back_no_more_than_claims(crew: Crew) -> None:
    task = replace(walk_tasks(1, 9, seed=12)[0], most=4)
    made = crew.bench.record(task)
    assert crew.bench.perform(task).found.wrong == 0
    for n, event in enumerate(made.events):  # as if each claim had been waited for
        if isinstance(event, Marked) and isinstance(event.what, Expected):
            assert event.what.process is not None or n == 0
            made.events[n] = Marked(replace(event.what, keys=event.what.process or frozenset({0})))
    found = explore(made, crew.bench.walks.judge, Random(1), 4)
    assert found.count("lost") > 0
    assert found.count("lost") == found.wrong
    assert found.worst == 1
    assert found.count("lost", process=True) == 0


def test_a_full_disk_is_answered_as_such(crew: Crew) -> None:
    clean = crew.bench.record(Task("fault", 3, 2))
    first = next(n for n, call in enumerate(clean.log.calls) if call.what == "write")
    made = crew.bench.record(Task("fault", 3, 2, fault=Fault(first, "full", lasting=True)))
    assert not made.surviving
    assert made.left == made.files


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda m: m.name)
def test_a_fault_of_our_own_is_found(crew: Crew, mutant: Mutant) -> None:
    found = crew.work("", mutant_tasks(crew.bench, mutant, 3, 1, 1)).found
    wanted = {
        "split commit": "half",
        "no sync of the database": "half",
        "named too soon": "corrupt",
    }
    assert found.count(wanted.get(mutant.name, "lost") if mutant.setting.journal == "wal"
                       else "corrupt")  # type: ignore[arg-type]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "worst"),
    # Of three steps; the worker that takes the last two puts the log away when it comes.
    [("wal-normal", 2), ("delete-full", 1), ("delete-extra", 0), ("wal-extra", 0)],
)
def test_a_setting_loses_as_many_answers_as_sqlite_says(crew: Crew, name: str, worst: int) -> None:
    (task, *_) = path_tasks(crew.bench, 3, 1, SETTINGS[name])
    found = crew.bench.perform(replace(task, most=16)).found
    assert found.worst == worst
    assert (found.wrong > 0) == (worst > 0)
    assert found.wrong == found.count("lost")


def test_a_process_that_dies_tells_no_setting_from_another(crew: Crew) -> None:
    made = crew.bench.record(Task("path", 3, 0, setting="wal-off"))
    found = explore(made, crew.bench.judge, Random(1), 2)
    assert found.count(process=True) == found.count("ok", process=True)
    assert found.count("ok", process=False) < found.count(process=False)


@pytest.mark.deep
def test_two_processes_find_what_one_finds(crew: Crew) -> None:
    tasks = path_tasks(crew.bench, 3, 1, SETTINGS["wal-normal"])
    with Crew(processes=2) as pair:
        two = pair.work("", tasks).found
    one = crew.work("", tasks).found
    assert (one.crashes, one.images, one.worst) == (two.crashes, two.images, two.worst)


@pytest.mark.deep
def test_only_settings_that_sync_on_commit_keep_every_answer() -> None:
    with Crew() as crew:
        rows = [row for row, _ in measured(crew, 1, every_setting())]
    keeps = {row.setting.name for row in rows if row.spares.wrong == 0}
    durable = {"wal-full", "wal-extra", "delete-extra"}
    assert keeps == durable | {f"{name}-psow0" for name in durable}
