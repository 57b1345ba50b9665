"""What those who are tortured, and who torture them, take no notice of."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NoReturn

import pytest

from checker.commands.main import main
from checker.torture import processes
from checker.torture.acts import misbehaving
from checker.torture.acts.conditions import DATABASE
from checker.torture.run import Torture
from checker.torture.weather import Weather
from checker.torture.workers import WorkerFailed, _Victim
from impl.terms.unusable import StoreError

WORKER = """
import sys
from pathlib import Path
from checker.torture.acts import worker

def raising(*given):
    raise {what}

worker._work = raising
worker.main(Path(sys.argv[1]), 500, ())
"""


def fail(error: BaseException) -> Callable[..., NoReturn]:
    def failing(*given: object, **named: object) -> NoReturn:
        raise error

    return failing


def test_a_deaf_handler_takes_no_notice_of_the_first_interrupt(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 1:
            raise KeyboardInterrupt

    monkeypatch.setattr(time, "sleep", sleep)
    place: Any = None
    misbehaving.deaf(place, place)
    assert slept == [misbehaving.FOR_EVER_S, misbehaving.FOR_EVER_S]


def test_of_open_descriptors_the_one_that_lists_them_is_left_out(tmp_path: Path) -> None:
    with open(tmp_path / DATABASE, "w") as spared, open(tmp_path / "mine", "w") as mine:
        found = misbehaving._open_descriptors()
    assert mine.closed and spared.closed
    assert all(isinstance(number, int) for number in found)
    assert len(found) >= 4  # the three streams, and mine


def test_who_would_hold_a_lock_that_somebody_has_lets_it_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "enter", lambda folder: None)
    monkeypatch.setattr(processes, "open_queue", fail(StoreError("q", "is locked", "wait")))
    processes.hold(tmp_path, "transaction", 60, 500)


def test_a_victim_that_has_just_ended_is_not_signalled(monkeypatch: pytest.MonkeyPatch) -> None:
    process: Any = SimpleNamespace(pid=1, exitcode=None)
    monkeypatch.setattr(os, "kill", fail(ProcessLookupError()))
    _Victim(process, iter(()), 0.0).signal(signal.SIGKILL)


def test_where_a_worker_fails_the_torture_has_failed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(Torture, "run", fail(WorkerFailed("3 workers ended by themselves")))
    assert main(["torture", str(tmp_path / "t"), "--json"]) == 1
    out, err = capsys.readouterr()
    assert json.loads(out)["error"] == "3 workers ended by themselves"
    assert "ffq: 3 workers ended by themselves" in err


def test_fine_weather_is_there_whoever_has_held_a_lock(tmp_path: Path) -> None:
    plan: Any = None
    weather = Weather(tmp_path, plan, plan, plan, None)
    killed: list[str] = []
    holder: Any = SimpleNamespace(kill=lambda: killed.append("held"), join=fail(ValueError()))
    weather._holder = holder
    weather.clear()
    assert killed == ["held"]


@pytest.mark.parametrize(
    ("what", "status"), [("KeyboardInterrupt", -signal.SIGINT), ("SystemExit(7)", 1)]
)
def test_a_worker_that_is_told_to_stop_ends_by_it_and_one_that_breaks_says_so(
    tmp_path: Path, what: str, status: int
) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", WORKER.format(what=what), str(tmp_path)],
        capture_output=True,
        text=True,
    )
    assert ran.returncode == status, ran.stderr
    written = "".join(f.read_text("utf-8") for f in tmp_path.rglob("*") if f.is_file())
    assert ("it raised SystemExit" in written) == (status == 1)
