"""The making of a store: cut off anywhere, there is none, or a whole one with nothing in it."""

from pathlib import Path
from random import Random
from typing import Any

import apsw
import pytest

from checker.crashlab.bench import Task
from checker.crashlab.campaign import Crew
from checker.crashlab.explore import explore
from checker.crashlab.images.disk import Disk
from checker.crashlab.images.judge import NAME, Corrupt
from checker.crashlab.plan import making_tasks, mutant_tasks
from checker.crashlab.recording.making import ABSENT
from checker.crashlab.recording.mutants import MUTANTS, replaced
from impl.lab import Deleted, FolderSynced, Linked
from impl.sqlite.file import making
from impl.sqlite.file.making import draft_of
from impl.sqlite.store import Store
from impl.terms.unusable import StoreError


def test_a_name_is_there_for_good_once_the_folder_is_synced() -> None:
    disk = Disk({"draft": b"x"})
    disk.take(Linked("draft", "store"))
    disk.take(Deleted("draft", folder=False))
    assert disk.running() == {"store": b"x"}
    assert [sorted(folder) for folder in disk.folders()] == [
        ["draft"], ["draft", "store"], ["store"]
    ]  # fmt: skip
    disk.take(FolderSynced())
    assert [sorted(folder) for folder in disk.folders()] == [["store"]]


def test_what_is_written_down_makes_the_very_store(crew: Crew) -> None:
    made = crew.bench.record(Task("making", 0, 0))
    disk = Disk(made.files)
    for event in made.events:
        disk.take(event)
    assert disk.running() == made.left
    assert sorted(made.left) == [NAME]
    assert made.events == crew.bench.record(Task("making", 0, 0)).events


def test_the_making_of_a_store_survives_every_crash(crew: Crew) -> None:
    (task, *_) = making_tasks(crew.bench, 1)
    found = crew.bench.perform(task).found
    assert found.wrong == 0
    assert found.count() > 300
    assert found.count(process=True) > 50


def test_a_store_that_is_not_made_is_refused_and_can_be_made(crew: Crew) -> None:
    tasks = list(making_tasks(crew.bench, 1))[1::6]
    outcome = crew.work("", tasks)
    assert outcome.found.wrong == 0
    assert outcome.said["refused, gave up"] > 10


@pytest.mark.deep
def test_every_call_of_the_making_may_fail(crew: Crew) -> None:
    outcome = crew.work("", making_tasks(crew.bench, 1))
    assert outcome.found.wrong == 0
    assert outcome.tasks > 100


def test_a_store_that_is_named_too_soon_is_found(crew: Crew) -> None:
    (mutant,) = (m for m in MUTANTS if m.kind == "making")
    found = crew.work("", mutant_tasks(crew.bench, mutant, 0, 1, 1)).found
    assert found.count("corrupt", process=True)
    assert found.count("corrupt", process=False)


def test_a_store_that_is_answered_before_its_name_is_durable_is_found(crew: Crew) -> None:
    made = crew.bench.record(Task("making", 0, 0))
    made.log.events = [e for e in made.events if not isinstance(e, FolderSynced)]
    found = explore(made, crew.bench.making.judge, Random(1), 16)
    assert found.count("lost") == found.wrong > 0


def test_no_store_is_no_damage_and_half_a_store_is(crew: Crew) -> None:
    judge = crew.bench.making.judge
    assert judge.reading({})[1] == ABSENT
    assert judge.reading({draft_of(NAME): b"half"})[1] == ABSENT
    assert isinstance(judge.reading({NAME: b""})[1], Corrupt)
    made = crew.bench.record(Task("making", 0, 0)).left[NAME]
    assert judge.reading({NAME: made})[1] == crew.bench.making.empty
    assert isinstance(judge.reading({NAME: made[:-4096]})[1], Corrupt)


def test_a_store_whose_log_cannot_be_put_away_gets_no_name(crew: Crew, tmp_path: Path) -> None:
    # As when another program looks at the draft, or the disk is full by then.
    def busy(opened: Any) -> None:
        raise apsw.BusyError("database is locked")

    with replaced(making, "put_away", busy), pytest.raises(StoreError, match="cannot be opened"):
        Store(crew.bench.laboratory.design, str(tmp_path / NAME))
    assert list(tmp_path.iterdir()) == []
    Store(crew.bench.laboratory.design, str(tmp_path / NAME)).close()
