"""What each screen looks like: its text for reviewers, and its picture, at two sizes.

After a wanted change: `pytest -m deep tests/explorer/test_pictures.py --snapshot-update`, and read
the difference of the texts before keeping it.
"""

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode
from textual.pilot import Pilot

import tui.screens.begin
import tui.screens.catalogue
from checker.evidence import matrix
from checker.evidence.matrix import Cell, MatrixRow
from checker.evidence.traces import FOLDER
from checker.evidence.work import Check, Checked, Told
from checker.runs.exploration import Progress
from spec.queue import SCOPES
from tests.explorer.screens import drawn, explore, press, text
from tui.app import Explorer
from tui.shared.checks import Work
from tui.shared.start import Start

pytestmark = pytest.mark.deep

COLUMNS = ("one-job", "life", "effects")
SIZES = [(120, 40), (80, 24)]
LATE = Start(str(FOLDER / "FM-010.jsonl"), "FM-010")


class Text(SingleFileSnapshotExtension):
    """Keeps a screen as text."""

    file_extension = "txt"
    _write_mode = WriteMode.TEXT


class Picture(SingleFileSnapshotExtension):
    """Keeps a screen as a picture."""

    file_extension = "svg"
    _write_mode = WriteMode.TEXT


MODES = [
    MatrixRow("FM-007", "two_workers_take_one_job", "Two workers take the same job from the queue.",
        dict(zip(matrix.MARKS, map(Cell, ("→5", "→5", "P", "E", "E"), ("as it was found",) * 5),
                 strict=True)), "every_claim_has_an_outcome"),
    MatrixRow(
        "FM-010", "a_late_worker_is_believed", "A worker that lost its claim reports success.",
        dict(zip(matrix.MARKS, map(Cell, ("→8", "→8", "P", "E", "–"), ("as it was found",) * 5),
                 strict=True)), "only_the_holder_settles"),
    MatrixRow(
        "FM-011", "a_late_worker_ends_the_claim_of_another", "It lets go of what it does not hold.",
        dict.fromkeys(matrix.MARKS, matrix.UNKNOWN), "a_live_claim_ends_by_its_holder"),
]  # fmt: skip
CLAIMS = [
    MatrixRow("INV-004", "only_the_holder_settles", "A worker that changes a row held the claim.",
        dict.fromkeys(COLUMNS, Cell("P", "any number"))),
    MatrixRow("INV-003", "two_workers_run_one_job", "Two workers can be at work on one job.",
        {COLUMNS[0]: Cell("E", "reached"), COLUMNS[1]: Cell("V", "never reached")}),
]  # fmt: skip


@pytest.fixture(autouse=True)
def sample(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Show the same rows for ever, whatever is known here, and no path of this machine."""
    monkeypatch.setattr(matrix, "modes", lambda: MODES)
    monkeypatch.setattr(matrix, "claims", lambda: CLAIMS)
    monkeypatch.setattr(tui.screens.catalogue, "DEFAULT", COLUMNS)
    monkeypatch.setattr(Explorer, "scopes", {"one-job": SCOPES["one-job"]})
    monkeypatch.setenv("TEXTUAL_ANIMATIONS", "none")
    monkeypatch.chdir(tmp_path)
    Path("damaged.jsonl").write_text("{}\n", "utf-8")


class NoProcess:
    """Work that nobody does."""


def a_check(*, ended: bool) -> Work:
    check = Work(Check("one-job", ("settle_done.fenced",)), NoProcess())  # type: ignore[arg-type]
    for n in range(1, 13):
        states = 100 * n * n
        check.take(
            Progress("explore", states, 3 * states, n, 40 * (14 - n), 0.25 * n, ("abandon",))
        )
    if ended:
        check.running = False
        told = (
            Told("INV-004", "only_the_holder_settles", "✗8", "violated"),
            Told("INV-001", "rows_are_kept", "?", "stopped at the violation"),
        )
        fired = (("abandon", 0), ("claim", 81), ("crash", 938))
        found = ("only_the_holder_settles", 8, "late.jsonl")
        check.take(Checked("violation", 744, 8, 0.5, told, fired, *found))
    return check


async def catalogue(app: Explorer, pilot: Pilot[str]) -> None:
    await press(pilot, "j", "l", "l")


async def claims(app: Explorer, pilot: Pilot[str]) -> None:
    await press(pilot, "2")


async def runs(app: Explorer, pilot: Pilot[str]) -> None:
    app.works.all += [a_check(ended=True), a_check(ended=False)]
    await press(pilot, "f6")


async def ended(app: Explorer, pilot: Pilot[str]) -> None:
    await runs(app, pilot)
    await press(pilot, "j")


async def begin(app: Explorer, pilot: Pilot[str]) -> None:
    await press(pilot, "f6", "c")


async def keys(app: Explorer, pilot: Pilot[str]) -> None:
    await press(pilot, "question_mark")


async def problem(app: Explorer, pilot: Pilot[str]) -> None:
    await pilot.pause()


async def trace(app: Explorer, pilot: Pilot[str]) -> None:
    await settled(app, pilot, "8/8")


async def what_if(app: Explorer, pilot: Pilot[str]) -> None:
    await press(pilot, "k", "k", "t", "1", "1")
    await settled(app, pilot, "branch 1")


async def compare(app: Explorer, pilot: Pilot[str]) -> None:
    await what_if(app, pilot)
    await press(pilot, "c", "exclamation_mark")


async def variants(app: Explorer, pilot: Pilot[str]) -> None:
    await trace(app, pilot)
    await press(pilot, "v", "down")


async def replay(app: Explorer, pilot: Pilot[str]) -> None:
    await press(pilot, "f5")
    await settled(app, pilot, "UPDATE job")


async def settled(app: Explorer, pilot: Pilot[str], shown: str, pending: str = "◌") -> None:
    """Wait until what is found out in the background is drawn."""
    for _ in range(300):
        await pilot.pause(0.1)
        seen = text(app).replace("◌ computing", "")  # which the legend says
        if shown in seen and pending not in seen and drawn(app)[-1]:
            return
    pytest.fail(f"something is still missing:\n{text(app)}", pytrace=False)


Scene = Callable[[Explorer, Pilot[str]], Awaitable[None]]
SCENES: list[tuple[Scene, Start]] = [
    (catalogue, Start()),
    (claims, Start()),
    (runs, Start()),
    (ended, Start()),
    (begin, Start()),
    (keys, Start()),
    (problem, Start("damaged.jsonl", "damaged.jsonl")),
    (trace, LATE),
    (replay, LATE),
    (what_if, LATE),
    (compare, LATE),
    (variants, LATE),
]
EACH = pytest.mark.parametrize(("scene", "start"), SCENES, ids=[s.__name__ for s, _ in SCENES])


@EACH
@pytest.mark.parametrize("size", SIZES, ids=["120x40", "80x24"])
def test_a_screen_looks_as_it_did(
    scene: Scene, start: Start, size: tuple[int, int], snapshot: SnapshotAssertion
) -> None:
    async def look(app: Explorer, pilot: Pilot[str]) -> None:
        await scene(app, pilot)
        await settled(app, pilot, "")
        assert "\n".join(drawn(app)) == snapshot(extension_class=Text)
        assert app.export_screenshot(simplify=True) == snapshot(extension_class=Picture)

    explore(look, start, size)


@pytest.mark.parametrize(("scene", "start"), [SCENES[0], SCENES[7]], ids=["catalogue", "trace"])
def test_a_screen_in_ascii_looks_as_it_did(
    scene: Scene, start: Start, snapshot: SnapshotAssertion
) -> None:
    async def look(app: Explorer, pilot: Pilot[str]) -> None:
        if scene is catalogue:
            await scene(app, pilot)
        else:
            await settled(app, pilot, "8/8", "~")
        assert "\n".join(drawn(app)) == snapshot(extension_class=Text)

    explore(look, start, SIZES[1], ascii_only=True)


def test_a_screen_without_colour_looks_as_it_did(
    snapshot: SnapshotAssertion, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")

    async def look(app: Explorer, pilot: Pilot[str]) -> None:
        await catalogue(app, pilot)
        assert app.export_screenshot(simplify=True) == snapshot(extension_class=Picture)

    explore(look, Start(), SIZES[1])
