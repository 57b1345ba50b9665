"""What a store and those who read it may meet without ending the work, where no other test of them
shows it.
"""

import os
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NoReturn

import apsw
import pytest

from checker.commands.store import crashlab_show
from checker.commands.store import replay as replay_cli
from checker.conformance import beside_spec, watched
from checker.conformance.beside_spec import Replay
from checker.conformance.validating import nearest
from checker.conformance.validating.sparse import Sparse
from checker.conformance.validating.validate import validate
from checker.conformance.watched import beside
from checker.crashlab.images.judge import Corrupt
from checker.crashlab.recording import making
from checker.crashlab.recording.recording import _Run
from checker.runs.trace import BadTrace
from impl.derive.design import derive
from impl.derive.mapping import Unmapped
from impl.inject.by_hand import ByHand
from impl.lab.connections import leave
from impl.queue import Queue
from impl.sqlite.file.gate import Gate, Mark, Turn
from impl.sqlite.file.opened import Opened
from impl.sqlite.file.place import place
from impl.sqlite.store import Store
from impl.terms.outcomes import CheckFailed
from impl.terms.unusable import Damaged, OtherHistory, StoreError
from impl.upgrades.aged import Aged
from impl.working.house import House
from spec.language.evaluate import OutOfRange
from spec.queue.job import Worker
from tests.clocks import HandClock
from tests.conformance.tampering import LEASE, claimed
from tests.sample_runs import kept
from tests.specs.lamps import SHOP


def fail(error: BaseException) -> Callable[..., NoReturn]:
    def failing(*given: object, **named: object) -> NoReturn:
        raise error

    return failing


# ---------------------------------------------------------------- the store


def test_a_gate_through_which_nobody_went_has_no_mark(tmp_path: Path) -> None:
    gate = Gate(str(tmp_path / "queue.db"))
    assert gate.mark() is None
    with gate.held(1000) as turn:
        assert (gate.mark(), turn.mark()) == (None, None)
        turn.keep(Mark(1, 2, 3, 4, 5))
    assert gate.mark() == Mark(1, 2, 3, 4, 5)


def test_a_mark_that_cannot_be_left_takes_nothing_back(tmp_path: Path) -> None:
    (tmp_path / "lock").write_text("", "utf-8")
    inner: Any = SimpleNamespace(descriptor=os.open(tmp_path / "lock", os.O_RDONLY))
    Turn(inner).keep(Mark(1, 2, 3, 4, 5))
    assert Turn(inner).mark() is None
    os.close(inner.descriptor)


def test_a_place_is_known_before_its_log_is_there(tmp_path: Path) -> None:
    (tmp_path / "queue.db").write_text("", "utf-8")
    store, log, index = place(str(tmp_path / "queue.db")).files
    assert store is not None
    assert (log, index) == (None, None)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(derive(SHOP), str(tmp_path / "shop.db"))


def broken(store: Store, **named: object) -> None:
    """Let the connection of a store refuse whatever it is asked, but these."""
    refuses = fail(apsw.IOError("disk I/O error"))
    store._open = SimpleNamespace(
        pragma=refuses, execute=refuses, close=lambda: None, in_transaction=True, **named
    )  # type: ignore[assignment]


def test_a_connection_that_cannot_roll_back_is_let_go(store: Store) -> None:
    broken(store)
    store._roll_back()
    assert store._open is None


def test_a_connection_that_will_not_wait_for_the_disk_again_is_let_go(store: Store) -> None:
    with store._waiting(durable=False):
        broken(store)
    assert store._open is None


@pytest.mark.parametrize("let_go", [Opened.let_go, leave])
def test_a_connection_that_cannot_be_closed_is_let_go(store: Store, let_go: Any) -> None:
    store._open = SimpleNamespace(close=fail(apsw.IOError("disk I/O error")))  # type: ignore[assignment]
    let_go(store)


def test_where_another_history_has_begun_the_house_is_kept_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(House, "_keep", fail(OtherHistory("q", "is another file", "open it anew")))
    with Queue(tmp_path / "queue.db", clock=HandClock()) as queue:
        house = House(queue, {})
        house._thread.join(10)
        assert not house._thread.is_alive()
    assert threading.main_thread().is_alive()


def test_a_step_by_hand_that_a_check_takes_back_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hand = ByHand(tmp_path / "queue.db", "one-job")
    monkeypatch.setattr(Store, "take", fail(CheckFailed("jobs_were_asked_for", "")))
    assert hand.step("enqueue job1") == "taken back: jobs_were_asked_for would be broken"


# ---------------------------------------------------------------- whoever reads it


def test_a_row_of_nobody_is_a_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    run = Replay(derive(SHOP))
    monkeypatch.setattr(beside_spec, "abstract", fail(Unmapped("job", 3)))
    found = run.difference(run.state)
    assert found is not None
    assert found[1:] == ("no row", "a row")


def test_a_store_that_cannot_be_read_has_no_state_beside_the_spec(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(watched, "abstract", fail(Unmapped("job", 3)))
    assert all(seen.store is None for seen in beside(kept("FM-010").trace).steps)


def test_a_run_that_differs_and_cannot_be_kept_is_told_all_the_same(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stopped: Any = SimpleNamespace(run=None)
    for failed in (OSError(28, "No space left on device"), BadTrace("a", "is no run", "move it")):
        monkeypatch.setattr("checker.conformance.generate.keep", fail(failed))
        assert replay_cli._kept(stopped, 1) is None
        assert "the run was not saved: " in capsys.readouterr().err


def only_nearest(effect: Any) -> Any:
    """Let a step leave its range where the nearest is looked for, and nowhere else."""

    def out_of_range(self: Sparse, *given: Any) -> Any:
        if sys._getframe(1).f_code.co_filename == nearest.__file__:
            raise OutOfRange("token", 99)
        return effect(self, *given)

    return out_of_range


def test_what_would_leave_its_range_was_not_possible_instead(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "queue.db"
    with Queue(file, clock=HandClock(), lease_ms=LEASE) as queue:
        queue.enqueue("k")
        claimed(queue, queue.process(Worker))
    with apsw.Connection(str(file)) as opened:
        opened.execute("DROP TRIGGER trace_is_not_rewritten")
        opened.execute("""UPDATE trace SET after = json_set(after, '$."token[job1]"', 7)""")
    before = validate(str(file)).finding
    assert before is not None and before.possible
    monkeypatch.setattr(Sparse, "effect", only_nearest(Sparse.effect))
    after = validate(str(file)).finding
    assert after is not None
    assert after.possible == ()
    assert replace(after, possible=before.possible).what == before.what


def test_an_image_that_cannot_be_kept_costs_a_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = SimpleNamespace(verdict="lost")
    monkeypatch.setattr("checker.crashlab.keep.keep", fail(OSError(28, "No space left on device")))
    asked: Any = SimpleNamespace(place=Path("nowhere"))
    outcome: Any = SimpleNamespace(bad=[(None, bad)] * 2)
    assert crashlab_show._kept(asked, [outcome]) == []
    said = "ffq: nowhere: no image is kept: No space left on device; name another folder with "
    assert capsys.readouterr().err == said + "--folder\n"


def test_a_connection_that_sees_nothing_says_so() -> None:
    run: Any = SimpleNamespace(_store=fail(StoreError("q", "is locked", "wait")))
    assert _Run._live(run) is None


@pytest.mark.parametrize("text", ["{", "[" * 100_000, "7"])
def test_a_trace_of_an_older_store_that_cannot_be_read_is_damage(text: str) -> None:
    aged = Aged.__new__(Aged)
    aged.path = "old.db"
    with pytest.raises(Damaged, match="row 3 of the trace cannot be read"):
        aged._places(3, text, {})


def test_a_store_that_cannot_be_opened_after_a_crash_is_corrupt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(making, "Store", fail(StoreError("q", "is half made", "make it anew")))
    judge = making.MakingJudge(derive(SHOP), tmp_path, ())
    found = judge._open({})
    assert isinstance(found, Corrupt)
    assert "it cannot be opened, or made anew: q: is half made" in str(found)
