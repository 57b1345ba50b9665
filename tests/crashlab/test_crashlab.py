"""The crash laboratory: its disk does what it says, its judge sees what is wrong."""

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest

from checker.commands.main import main
from checker.crashlab import keep
from checker.crashlab.bench import Task
from checker.crashlab.campaign import Crew
from checker.crashlab.explore import explore
from checker.crashlab.images.disk import Disk, Vice
from checker.crashlab.images.images import PROCESS, SUBSET, power_loss, process_crash
from checker.crashlab.images.judge import NAME, Corrupt, Key
from checker.crashlab.images.settings import SETTINGS, SHIPPED, Setting
from checker.crashlab.plan import (
    fault_tasks,
    longer,
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
    Created,
    Deleted,
    Fault,
    Log,
    Marked,
    Synced,
    Truncated,
    Written,
    recorded,
)
from impl.queue import Queue
from impl.working.attempt import claim
from spec.queue.job import Worker


@pytest.fixture(scope="module")
def crew() -> Iterator[Crew]:
    with Crew(processes=1) as alone:
        yield alone


def left(disk: Disk, newest: object = None, most: int = 64) -> set[tuple[tuple[str, bytes], ...]]:
    assert newest is None or isinstance(newest, Written)
    found = power_loss(disk, newest, Random(1), most)
    return {tuple(sorted(image.items())) for _, image in found}


# ---------------------------------------------------------------- the disk
def test_each_write_since_the_last_sync_may_be_there_or_not() -> None:
    disk = Disk({"a": b"...."})
    disk.take(Written("a", 0, b"x"))
    disk.take(Synced("a"))
    disk.take(Written("a", 1, b"y"))
    disk.take(Written("a", 2, b"z"))
    assert {data for ((_, data),) in left(disk)} == {b"x...", b"xy..", b"x.z.", b"xyz."}
    assert disk.running() == {"a": b"xyz."}


def test_a_sync_says_nothing_of_other_files() -> None:
    disk = Disk({"a": b".", "b": b"."})
    disk.take(Written("a", 0, b"x"))
    disk.take(Written("b", 0, b"y"))
    disk.take(Synced("b"))
    assert left(disk) == {(("a", b"."), ("b", b"y")), (("a", b"x"), ("b", b"y"))}


def test_a_new_file_is_there_for_good_once_its_folder_is_synced() -> None:
    disk = Disk({"a": b""})
    disk.take(Created("b"))
    disk.take(Written("b", 0, b"y"))
    disk.take(Synced("b"))
    assert left(disk) == {(("a", b""),), (("a", b""), ("b", b"y"))}
    disk.take(Synced("b", folder=True))
    assert left(disk) == {(("a", b""), ("b", b"y"))}


def test_a_removed_file_may_come_back_until_the_folder_is_synced() -> None:
    disk = Disk({"a": b"", "b": b"y"})
    disk.take(Deleted("b", folder=False))
    assert disk.running() == {"a": b""}
    assert left(disk) == {(("a", b""),), (("a", b""), ("b", b"y"))}
    disk.take(Deleted("a", folder=True))
    assert left(disk) == {()}


def test_a_file_that_is_cut_may_still_be_long() -> None:
    disk = Disk({"a": b"abcd"})
    disk.take(Truncated("a", 2))
    disk.take(Written("a", 3, b"x"))
    assert {data for ((_, data),) in left(disk)} == {b"abcd", b"ab", b"abcx", b"ab\0x"}


def test_a_deaf_disk_keeps_nothing_that_it_was_asked_to() -> None:
    disk = Disk({"a-wal": b"."}, Vice(deaf=("-wal",)))
    disk.take(Written("a-wal", 0, b"x"))
    disk.take(Synced("a-wal"))
    assert len(left(disk)) == 2


def test_a_disk_that_forgets_says_yes_to_the_second_sync_and_has_lost_the_write() -> None:
    disk = Disk({"a": bytes(8192)}, Vice(forgets=True))
    disk.take(Written("a", 0, b"x"))
    disk.take(Synced("a", failed=True))
    disk.take(Written("a", 4096, b"y"))
    disk.take(Synced("a"))
    ((_, data),) = left(disk).pop()
    assert (data[0], data[4096]) == (0, ord("y"))
    assert disk.running()["a"][0] == ord("x")
    disk.take(Written("a", 1, b"z"))  # the page is written whole, what was forgotten too
    disk.take(Synced("a"))
    ((_, data),) = left(disk).pop()
    assert data[:2] == b"xz"


def test_the_newest_write_may_be_torn_where_sectors_end() -> None:
    disk, write = Disk({"a": bytes(1024)}), Written("a", 256, b"x" * 512)
    disk.take(write)
    found = {data for ((_, data),) in left(disk, write)}
    assert bytes(256) + b"x" * 256 + bytes(512) in found
    assert bytes(512) + b"x" * 256 + bytes(256) in found


def test_a_write_that_makes_the_file_longer_may_leave_zeros() -> None:
    disk, write = Disk({"a": b""}), Written("a", 0, b"xy")
    disk.take(write)
    words = {how[0] for how, _ in power_loss(disk, write, Random(1), 64)}
    assert {SUBSET, "garbage", "zeros"} == words
    assert (("a", b"\0\0"),) in left(disk, write)


def test_a_spilling_disk_destroys_what_is_beside_a_torn_write() -> None:
    disk, write = Disk({"a": b"a" * 8192}, Vice(spills=True)), Written("a", 4096, b"x")
    disk.take(write)
    spilled = [i["a"] for how, i in power_loss(disk, write, Random(1), 4) if how[0] == "spilled"]
    assert all(data[:4096] == b"a" * 4096 for data in spilled)
    assert all(data[4097:] != b"a" * 4095 for data in spilled)


def test_where_there_are_too_many_subsets_some_are_chosen_by_the_seed() -> None:
    disk = Disk({"a": bytes(20)})
    for n in range(20):
        disk.take(Written("a", n, b"x"))
    first, again = (list(power_loss(disk, None, Random(7), 50)) for _ in range(2))
    assert first == again
    assert len(first) == 50
    assert {bytes(20), b"x" * 20} <= {image["a"] for _, image in first}


def test_a_process_that_dies_loses_nothing_that_it_wrote() -> None:
    disk = Disk({"a": b""})
    disk.take(Written("a", 0, b"x" * 600))
    now = dict(process_crash(disk, Written("a", 600, b"y" * 600)))
    sizes = {how: len(image["a"]) for how, image in now.items()}
    assert sizes == {
        (PROCESS, ""): 600,
        (PROCESS, "1 of 600 bytes"): 601,
        (PROCESS, "300 of 600 bytes"): 900,
        (PROCESS, "512 of 600 bytes"): 1112,
    }


# ---------------------------------------------------------------- the recorder
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


@pytest.mark.parametrize(("path", "habit"), [(75, "stays"), (25, "checkpoints")])
def test_a_lost_transaction_is_not_brought_back_by_one_like_it(
    crew: Crew, path: int, habit: str
) -> None:
    # The power takes the first page of a claim and leaves the last; the next claim writes the same
    # first page, and is cut off.
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
    made = crew.bench.record(Task("walk", 24, 11))
    ends = [e.what for e in made.events if isinstance(e, Marked) and isinstance(e.what, Expected)]
    asked = [end for end in ends if end.what == "retry by process 2 is answered"]
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


# ---------------------------------------------------------------- the command
@pytest.fixture
def kept(crew: Crew, tmp_path: Path) -> str:
    (task, *_) = path_tasks(crew.bench, 3, 1, SETTINGS["wal-normal"])
    bad = crew.bench.perform(replace(task, most=4)).found.bad[0]
    return keep.keep(tmp_path, replace(task, most=4), bad)


def test_a_bad_image_is_opened_again_by_its_name(
    kept: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["crashlab", "--reopen", kept, "--folder", str(tmp_path)]) == 1
    said = capsys.readouterr().out
    assert said.startswith("lost: what was answered is not there\n")
    assert "disk    the power fails" in said
    assert "[lost]" in said
    assert "queue   enqueue(job1) is answered" in said
    assert "differs: " in said
    assert "made again from its seed: the very same image" in said
    assert main(["crashlab", "--reopen", kept, "--folder", str(tmp_path), "--json"]) == 1
    answer = json.loads(capsys.readouterr().out)
    assert answer["verdict"] == "lost"
    assert len(answer["holds"]) < len(answer["expected"][0])


def test_an_image_that_was_changed_or_is_not_there_is_refused(
    kept: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / kept / NAME).write_bytes(b"other")
    where = ["--folder", str(tmp_path)]
    assert main(["crashlab", "--reopen", kept, *where]) == 2
    assert "its files were changed since" in capsys.readouterr().err
    assert main(["crashlab", "--reopen", "1-none", *where]) == 2
    assert kept in capsys.readouterr().err
    (tmp_path / kept / "about.json").write_text('{"format": "other"}')
    assert main(["crashlab", "--reopen", kept, *where]) == 2
    assert main(["crashlab", "--setting", "wal-ful"]) == 2
    assert "wal-full" in capsys.readouterr().err
    assert main(["crashlab", "--settings", "--seconds", "3"]) == 2


def test_what_is_said_of_an_image_is_believed_only_as_it_was_written(
    kept: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A length of a billion would be walked for ever; other values would be no answer at all."""
    about = tmp_path / kept / "about.json"
    whole = json.loads(about.read_text())
    odd: list[Any] = [
        whole | {"event": 0},
        whole | {"how": {}},
        whole | {"sum": 7},
        whole | {"x": 1},
    ]
    tasks: list[dict[str, Any]] = [
        {"length": 10**9}, {"setting": "no"}, {"vice": 7}, {"owned": [[]]}, {"number": -1},
    ]  # fmt: skip
    odd += [whole | {"task": whole["task"] | changed} for changed in tasks]
    odd += [{k: v for k, v in whole.items() if k != key} for key in whole]
    odd += [[], 7, None, "x", {"format": [whole]}]
    for text in [*map(json.dumps, odd), "", "{", "[" * 100_000, "\udcff"]:
        about.write_bytes(text.encode(errors="surrogateescape"))
        for command in (["crashlab", "--reopen", kept, "--folder", str(tmp_path)],
                        ["trace", "show", str(tmp_path / kept)]):  # fmt: skip
            assert main(command) == 2
            out, err = capsys.readouterr()
            assert out == "" and err.count("\n") == 1
            assert err.startswith(f"ffq: {kept}: about.json is not what was written: ")


def test_a_round_that_has_no_time_is_not_finished(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["crashlab", "--seconds", "1", "--processes", "1", "--json"]) == 3
    answer = json.loads(capsys.readouterr().out)
    assert (answer["ok"], answer["finished"]) == (False, False)


@pytest.mark.deep
def test_a_round_of_everything_is_clean(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["crashlab", "--seed", "2", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["ok"]
    assert all(mutant["caught"] for mutant in answer["mutants"])
    assert sum(work["images"] for work in answer["shipped"]) > 10_000


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
