"""Workers are killed, paused and misled, and nothing is lost; and if it were, it would be said."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import apsw
import pytest

from checker.commands.main import main
from checker.torture.acts.conditions import DATABASE
from checker.torture.acts.ledger import Ledger

WITH_STANDBY = ("--standby", "synchronous")
SMALL = ("--workers", "3", "--kills", "8", "--pauses", "3", "--jobs", "40", "--lease-ms", "300")


def torture(capsys: pytest.CaptureFixture[str], *given: str) -> tuple[int, dict[str, Any]]:
    """Run the command; return its exit status and what it says."""
    status = main(["torture", *given, "--json"])
    out = capsys.readouterr().out
    return status, json.loads(out) if out else {}


def rows(folder: Path, sql: str) -> list[Any]:
    with closing(apsw.Connection(str(folder / DATABASE))) as opened:
        return opened.execute(sql).fetchall()


def test_nothing_is_lost_when_workers_are_killed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "torture"
    status, answer = torture(capsys, str(folder), *SMALL, "--seed", "7", "--seconds", "120")
    assert (status, answer["wrong"]) == (0, []), answer
    assert (answer["ok"], answer["seed"], answer["kills"], answer["pauses"]) == (True, 7, 8, 3)
    assert (answer["stops"], sum(answer["changes_of_weather"].values())) == (2, 1)
    assert answer["workers"] >= 13  # three at once, and ten were replaced
    assert sum(answer["jobs"].values()) >= 40  # and retries
    # Counted once more, by hand: every job that is done has one effect of its own.
    done = "SELECT id FROM job WHERE status = 'done' ORDER BY id"
    assert rows(folder, "SELECT job FROM effects WHERE effect = 'done' ORDER BY job") == rows(
        folder, done
    )
    assert answer["alarms"] == []
    assert answer["detectors"] >= 19  # those of the queue's own scopes, when this was written
    # Run again it has nothing left to do, and judges once more.
    rows(folder, "DELETE FROM effects WHERE id = (SELECT min(id) FROM effects)")
    status, answer = torture(capsys, str(folder))
    assert (status, answer["kills"], len(answer["wrong"])) == (1, 8, 1)


def test_how_far_it_is_is_told_where_nobody_sees_a_line_drawn_anew(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ("--kills", "0", "--pauses", "0", "--jobs", "3", "--workers", "1", "--seed", "1")
    assert main(["torture", str(tmp_path), *given, "--seconds", "60"]) == 0
    said = capsys.readouterr()
    assert " of 3 jobs over, 0 of 0 kills" in said.err
    assert said.out.splitlines()[-1] == (
        "nothing answered is lost, each effect once, and the run is a behaviour of the spec"
    )


@pytest.mark.deep
@pytest.mark.parametrize(
    ("how", "on"),
    [(signal.SIGKILL, ()), (signal.SIGTERM, ()), (signal.SIGKILL, WITH_STANDBY)],
    ids=["SIGKILL", "SIGTERM", "SIGKILL, on servers"],
)
def test_a_torture_that_was_killed_leaves_nobody_behind_and_goes_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], how: signal.Signals, on: tuple[str, ...]
) -> None:
    command = [sys.executable, "-m", "checker.commands", "torture", str(tmp_path), *SMALL, *on]
    process = subprocess.Popen([*command, "--seed", "8"], stderr=subprocess.DEVNULL)
    ledger, seen = Ledger(tmp_path), list[dict[str, Any]]()
    until = time.monotonic() + 120
    while sum(line["event"] == "kills" for line in seen) < 2 and time.monotonic() < until:
        seen += ledger.news()
        time.sleep(0.02)
    process.send_signal(how)
    assert process.wait(60) == (-how if how == signal.SIGKILL else 143)
    seen += ledger.news()
    pids = {line["by"] for line in seen}
    assert len(pids) > 4  # the torture itself, producers and workers
    for pid in pids:
        assert gone(pid), f"process {pid} outlived the torture"
    assert torture(capsys, str(tmp_path), "--kills", "7")[0] == 2
    assert torture(capsys, str(tmp_path), "--seconds", "1")[0] in (0, 3)
    status, answer = torture(capsys, str(tmp_path), "--seconds", "120")
    assert (status, answer["seed"], answer["wrong"]) == (0, 8, [])
    assert answer["kills"] == 8
    if on:
        assert_nothing_is_left(tmp_path)


def assert_nothing_is_left(folder: Path) -> None:
    """Of the servers that the folder speaks of."""
    assert not Path((folder / "servers").read_text()).exists()


def gone(pid: int) -> bool:
    """Return whether the process is no more, or will be in a moment."""
    for _ in range(100):
        try:
            os.kill(pid, 0)
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return True
        if state == "Z":
            return True
        time.sleep(0.05)
    return False


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (DATABASE, ""),
        ("notes.txt", "mine"),
        ("ledger.jsonl", "not JSON\n"),
        ("ledger.jsonl", '{"event": "payment"}\n'),
        ("ledger.jsonl", "[1]\n"),
        ("ledger.jsonl", '{"plan": {"without": []}}\n'),
    ],
)
def test_a_folder_that_holds_anything_else_is_left_as_it_is(
    tmp_path: Path, name: str, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / name).write_text(text)
    assert main(["torture", str(tmp_path), "--jobs", "1", "--kills", "0"]) == 2
    said = f"ffq: {tmp_path}: holds {name}, not a torture; name a new folder\n"
    assert capsys.readouterr().err == said
    assert [(file.name, file.read_text()) for file in tmp_path.iterdir()] == [(name, text)]


def test_a_file_in_place_of_the_folder_and_a_guard_that_is_not_there_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    assert main(["torture", str(tmp_path / "file")]) == 2
    said = f"ffq: {tmp_path / 'file'}: cannot be used: Not a directory; name another folder\n"
    assert capsys.readouterr().err == said
    assert main(["torture", str(tmp_path / "new"), "--without", "claim.rady"]) == 2
    assert "there is no guard 'claim.rady'; write one of: claim.ready" in capsys.readouterr().err


@pytest.mark.deep
def test_two_hundred_kills_lose_none_of_a_thousand_jobs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ("--workers", "4", "--kills", "200", "--jobs", "1000", "--seed", "9")
    status, answer = torture(capsys, str(tmp_path), *given, "--seconds", "1500")
    assert (status, answer["wrong"]) == (0, []), answer
    assert answer["kills"] == 200
    assert sum(answer["jobs"].values()) >= 1000
    assert sum(answer["claims_found_lost"].values()) > 0  # some settles were stale, and refused


@pytest.mark.deep
@pytest.mark.parametrize(
    ("on", "befalls"),
    [(("--store", "postgresql"), {"crash"}), (WITH_STANDBY, {"crash", "promoted"})],
    ids=["alone", "with a standby"],
)
def test_killed_with_its_server_a_queue_loses_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], on: tuple[str, ...], befalls: set[str]
) -> None:
    given = (*on, "--kills", "80", "--jobs", "200", "--seed", "2")
    status, answer = torture(capsys, str(tmp_path), *given, "--seconds", "600")
    assert (status, answer["wrong"]) == (0, []), answer
    weather = answer["changes_of_weather"]
    assert (answer["kills"], sum(weather.values())) == (80, 15)
    assert all(weather[what] >= 4 for what in befalls)
    assert_nothing_is_left(tmp_path)
    assert main(["torture", str(tmp_path)]) == 2
    assert "was begun here on a server, which is gone" in capsys.readouterr().err


@pytest.mark.deep
def test_a_standby_that_nobody_waits_for_has_lost_what_was_answered(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ("--standby", "asynchronous", "--kills", "40", "--jobs", "150", "--seed", "1")
    status, answer = torture(capsys, str(tmp_path), *given, "--seconds", "600")
    assert status == 1
    lost = re.compile(r"(.* is lost: a producer was told .*|2 attempts of job .* that it is done)")
    assert any(lost.fullmatch(text) for text in answer["wrong"]), answer["wrong"]
    assert answer["validation"]["finding"] is None  # what is left is a shorter run


def test_a_file_has_no_standby(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["torture", str(tmp_path), "--store", "sqlite", "--standby", "synchronous"]
    assert main(asked) == 2
    said = "ffq: --standby: is that of a server; leave it out, or name --store postgresql\n"
    assert capsys.readouterr().err == said


@pytest.mark.deep
@pytest.mark.parametrize("store", ["sqlite", "postgresql"])
def test_a_queue_without_its_fence_is_found_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], store: str
) -> None:
    fenced = ("write_first", "write_second", "record", "settle_done", "settle_failed")
    off = [part for action in fenced for part in ("--without", f"{action}.fenced")]
    given = ("--kills", "0", "--pauses", "90", "--jobs", "400", "--lease-ms", "200", "--seed", "1")
    on = ("--store", store, "--seconds", "600")
    status, answer = torture(capsys, str(tmp_path), *given, *off, *on)
    assert status == 1
    found = answer["validation"]["finding"]
    assert (found["kind"], found["what"]) == ("guard", "fenced is false")
