"""A bad image in the explorer: the disk is an actor, and its writes have a fate."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion

from checker.commands.main import main
from checker.crashlab import keep, story
from checker.crashlab.bench import Bench
from checker.crashlab.plan import mutant_tasks
from checker.crashlab.recording.mutants import MUTANTS
from checker.crashlab.story import DISK, READER, Story, open_story
from impl.lab import Synced, Written
from tests.explorer.screens import drawn
from tests.explorer.test_pictures import Picture, Text
from tui.app import Explorer
from tui.rows.text import Plain
from tui.screens.image import Image, Lanes
from tui.screens.problem import Problem
from tui.shared.start import Start


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    made = Bench()
    yield made
    made.close()


@pytest.fixture(scope="module")
def place(bench: Bench, tmp_path_factory: pytest.TempPathFactory) -> Path:
    (mutant,) = (m for m in MUTANTS if m.name == "reply before the sync")
    task = replace(mutant_tasks(bench, mutant, 3, 1, 1)[0], most=4)
    bad = next(b for b in bench.perform(task).found.bad if "-" in b.how[1])
    folder = tmp_path_factory.mktemp("images")
    return folder / keep.keep(folder, task, bad)


@pytest.fixture(scope="module")
def told(place: Path) -> Story:
    return open_story(keep.load(place.parent, place.name))


def test_the_story_ends_with_what_the_reader_finds(told: Story) -> None:
    assert told.verdict == "lost: what was answered is not there"
    assert told.actors == ["queue", DISK, READER]
    crash = told.rows[told.crash - 1]
    assert (crash.actor, crash.what.partition(":")[0]) == (DISK, "the power fails")
    assert [row.actor for row in told.rows[told.crash :]] == [DISK, READER, READER]
    assert told.rows[-1].what == told.verdict
    answered = [row for row in told.rows if row.what == "enqueue(job1) is answered"]
    assert answered and answered[0].n < told.crash
    assert "status[job1] is absent, and was to be ready" in told.differs
    assert told.again


def test_each_write_that_was_on_its_way_has_the_fate_that_the_image_shows(
    bench: Bench, place: Path, told: Story
) -> None:
    kept = keep.load(place.parent, place.name)
    events = bench.record(kept.task).events[: kept.event]
    log = kept.image.get("queue.db-wal", b"")
    fates = {"lost": 0, "arrived": 0}
    for event, row in zip(events, told.rows, strict=False):
        if row.fate:
            assert isinstance(event, Written)
            fates[row.fate] += 1
            there = log[event.offset : event.offset + len(event.data)] == event.data
            assert there == (row.fate == "arrived")
    assert fates["lost"] > 0
    synced = max((n for n, e in enumerate(events, 1) if isinstance(e, Synced)), default=0)
    assert all(row.n > synced for row in told.rows if row.fate)


def test_an_image_is_shown_as_a_trace(
    place: Path, told: Story, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["trace", "show", str(place)]) == 0
    assert capsys.readouterr().out.splitlines() == list(story.lines(told))
    assert main(["trace", "show", str(place), "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["ok"]
    assert answer["events"][answer["crash"] - 1]["who"] == DISK


def test_the_explorer_opens_an_image_where_its_power_failed(place: Path, told: Story) -> None:
    async def look() -> str | None:
        app = Explorer(Start(image=str(place)))
        async with app.run_test(size=(100, 30)) as pilot:
            await pilot.pause()
            assert isinstance(app.screen, Image)
            lanes, said = app.screen.query_one(Lanes), app.screen.query_one("#image-said", Plain)
            assert lanes.cursor == told.crash - 1
            assert "the power fails" in str(said.content)
            assert all(actor in lanes.head for actor in told.actors)
            await pilot.press("k")
            assert lanes.cursor == told.crash - 2
            await pilot.press("j")
            assert lanes.cursor == told.crash - 1
            await pilot.press("v")
            assert lanes.cursor == len(told.rows) - 1
            assert told.verdict in str(said.content)
            await pilot.press("home")
            assert "the store is there" in str(said.content)
            await pilot.press("c", "ctrl+q")
        return app.return_value

    assert asyncio.run(look()) == f"ffq browse {place}"


def test_an_image_that_was_changed_is_a_screen_that_says_so(place: Path, tmp_path: Path) -> None:
    other = tmp_path / place.name
    other.mkdir()
    for file in place.iterdir():
        (other / file.name).write_bytes(file.read_bytes())
    (other / "queue.db").write_bytes(b"other")

    async def look() -> None:
        app = Explorer(Start(image=str(other)))
        async with app.run_test() as pilot:
            await pilot.pause()
            assert isinstance(app.screen, Problem)
            assert "changed since" in app.screen.fact

    asyncio.run(look())


@pytest.mark.deep
def test_an_image_looks_as_it_did(place: Path, snapshot: SnapshotAssertion) -> None:
    async def look() -> None:
        app = Explorer(Start(image=str(place)))
        async with app.run_test(size=(100, 30)) as pilot:
            await pilot.pause()
            assert "\n".join(drawn(app)) == snapshot(extension_class=Text)
            assert app.export_screenshot(simplify=True) == snapshot(extension_class=Picture)

    asyncio.run(look())
