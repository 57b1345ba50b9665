"""What is written down of a run is what happened, and the judge sees what is wrong."""

import sqlite3
from pathlib import Path

import pytest

from checker.crashlab.bench import Task
from checker.crashlab.campaign import Crew
from checker.crashlab.images.disk import Disk
from checker.crashlab.images.judge import NAME, Corrupt, Key
from checker.crashlab.images.settings import SETTINGS, SHIPPED, Setting
from checker.crashlab.plan import (
    longer,
    path_tasks,
)
from checker.crashlab.recording.walks import Walks


@pytest.mark.parametrize(
    ("setting", "habit"),
    [(SHIPPED, habit) for habit in SHIPPED.habits] + [(SETTINGS["delete-full"], "stays")],
)
def test_what_is_written_down_makes_the_very_files(
    crew: Crew, setting: Setting, habit: str
) -> None:
    made = crew.bench.record(Task("path", 4, 8, setting=setting.name, habit=habit))  # type: ignore[arg-type]
    disk = Disk(made.files)
    for event in made.events:
        disk.take(event)
    assert disk.running() == made.left
    assert len(made.events) > 20


def test_a_run_is_the_same_every_time(crew: Crew) -> None:
    task = Task("path", 4, 13, habit="checkpoints")
    assert crew.bench.record(task).events == crew.bench.record(task).events


def test_a_walk_is_the_same_in_every_folder(tmp_path: Path) -> None:
    """Which of the processes takes it depends on how busy they are; each has a file of its own."""
    made = []
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        made.append(Walks(tmp_path / name).record(seed=1, steps=4))
    assert made[0].left == made[1].left
    assert made[0].events == made[1].events


def test_the_store_forces_out_what_it_answers(crew: Crew) -> None:
    words = [type(e).__name__ for e in crew.bench.record(Task("path", 4, 8)).events]
    text = " ".join(words)
    assert "Written Synced Marked" in text
    assert "Written Marked Marked" not in text


def test_each_path_of_the_scope_is_taken_once(crew: Crew) -> None:
    bench = crew.bench
    firsts = {length: len(bench.paths(length)) for length in (1, 2, 3)}
    # By hand: a job is put in; it is claimed, or crash comes first; then six things can be done.
    assert (firsts[1], firsts[2]) == (1, 1)
    every = {p.trace[:n] for p in bench.paths(3) for n in range(len(p.trace) + 1)}
    looked = [(t.number, n) for t in path_tasks(bench, 3, 1) if t.habit == "stays"
              for n in t.owned or ()]  # fmt: skip
    assert len(looked) == len(every)
    assert all(len(t.owned or ()) == 1 for t in longer(bench, 3, 1))


# ---------------------------------------------------------------- the judge
def whole(crew: Crew) -> tuple[dict[str, bytes], Key]:
    made = crew.bench.record(Task("path", 4, 8))
    return made.left, made.keys[-1]


def changed(image: dict[str, bytes], tmp_path: Path, sql: str) -> dict[str, bytes]:
    file = tmp_path / NAME
    file.write_bytes(image[NAME])
    with sqlite3.connect(file) as opened:
        opened.executescript(f"DROP TRIGGER trace_is_not_shortened; {sql}")
    opened.close()
    return {NAME: file.read_bytes()}


def test_a_whole_store_is_read_as_the_spec_has_it(crew: Crew) -> None:
    image, last = whole(crew)
    assert crew.bench.judge.reading(image)[1] == last
    assert [row[0] for row in last.trace] == ["enqueue", "claim", "expire", "heartbeat"]


def test_rows_without_their_trace_are_half_of_a_step(crew: Crew, tmp_path: Path) -> None:
    image, last = whole(crew)
    cut = changed(image, tmp_path, "DELETE FROM trace WHERE seq = 4")
    reading = crew.bench.judge.reading(cut)[1]
    assert isinstance(reading, Key)
    assert (reading.state, len(reading.trace)) == (last.state, 3)
    assert reading not in crew.bench.record(Task("path", 4, 8)).keys


def test_a_damaged_page_is_corrupt(crew: Crew) -> None:
    image, _ = whole(crew)
    data = bytearray(image[NAME])
    data[4096:8192] = b"\xff" * 4096
    reading = crew.bench.judge.reading({NAME: bytes(data)})[1]
    assert isinstance(reading, Corrupt)
    assert isinstance(crew.bench.judge.reading({NAME: b""})[1], Corrupt)
