"""Workers are killed and paused, and nothing is lost; and if something were, it would be said."""

import json
import os
import subprocess
import sys
import time
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

import apsw
import pytest

from checker.cli import main
from checker.conformance.torture_diary import Diary
from checker.conformance.torture_plan import KINDS, Plan, fate, order

SMALL = ("--workers", "3", "--kills", "6", "--pauses", "3", "--jobs", "40", "--lease-ms", "300")
PLAN = Plan(seed=3, jobs=1000, kills=200, pauses=50, workers=4, lease_ms=500)


def torture(capsys: pytest.CaptureFixture[str], *given: str) -> tuple[int, dict[str, Any]]:
    """Run the command; return its exit status and what it says."""
    status = main(["torture", *given, "--json"])
    out = capsys.readouterr().out
    return status, json.loads(out) if out else {}


def rows(folder: Path, sql: str) -> list[Any]:
    with closing(apsw.Connection(str(folder / "queue.db"))) as opened:
        return opened.execute(sql).fetchall()


# ---------------------------------------------------------------- the plan


def test_a_seed_gives_the_same_jobs_and_lives() -> None:
    orders = [order(PLAN, n) for n in range(1000)]
    assert orders == [order(PLAN, n) for n in range(1000)]
    assert Counter(o.kind for o in orders).keys() == KINDS.keys()
    lives = [next(fate(PLAN, n)) for n in range(1000)]
    assert lives == [next(fate(PLAN, n)) for n in range(1000)]
    assert all(blow.pause * 1000 > PLAN.lease_ms for blow in lives)
    assert 0.7 < sum(blow.kill for blow in lives) / 1000 < 0.9  # 200 of 250


def test_lines_of_a_diary_are_read_once_and_whole(tmp_path: Path) -> None:
    diary = Diary(tmp_path)
    assert diary.news() == []
    diary.write("started")
    diary.write("killed", pid=7)
    assert diary.news() == [{"event": "started"}, {"event": "killed", "pid": 7}]
    with diary.path.open("a") as other:
        other.write('{"event": "pau')
    assert diary.news() == []
    with diary.path.open("a") as other:
        other.write('sed"}\n')
    assert diary.news() == [{"event": "paused"}]


# ---------------------------------------------------------------- the torture


def test_nothing_is_lost_when_workers_are_killed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "torture"
    status, answer = torture(capsys, str(folder), *SMALL, "--seed", "7", "--seconds", "120")
    assert (status, answer["wrong"]) == (0, []), answer
    assert (answer["ok"], answer["seed"], answer["kills"], answer["pauses"]) == (True, 7, 6, 3)
    assert answer["workers"] >= 9  # three at once, and six were replaced
    assert sum(answer["jobs"].values()) == 40
    # Counted once more, by hand: every job that is done has one effect, and `steps` has two.
    done = "SELECT kind, count(*) FROM task JOIN job USING (id) WHERE status = 'done' GROUP BY kind"
    each = dict(rows(folder, done))
    assert rows(folder, "SELECT count(*) FROM ledger") == [
        (sum(each.values()) + each.get("steps", 0),)
    ]
    assert rows(folder, "SELECT count(DISTINCT job || effect) = count(*) FROM ledger") == [(1,)]
    assert answer["alarms"] == []
    assert answer["detectors"] >= 19  # those of the queue's own scopes, when this was written
    dead = rows(
        folder, "SELECT DISTINCT kind, reason FROM task JOIN job USING (id) WHERE notice <> 'none'"
    )
    assert set(dead) <= {("poison", "failures"), ("fragile", "interruptions")}

    def again(change: str) -> list[str]:
        """Return what is said of the same torture once somebody has laid hands on it."""
        rows(folder, change)
        status, answer = torture(capsys, str(folder))
        assert status == 1
        return list(answer["wrong"])

    unproved = "UPDATE job SET recorded = 0 WHERE id = (SELECT min(id) FROM job WHERE recorded)"
    said = "FM-022b done_without_evidence is detected: 1 found"
    assert any(said in line for line in again(unproved))
    rows(folder, "UPDATE job SET recorded = 1 WHERE status = 'done'")
    again_made = """\
INSERT INTO ledger (job, effect, token, pid) SELECT job, effect, token, pid FROM ledger LIMIT 1"""
    assert "effects {" in again(again_made)[0]
    (key,) = rows(folder, "SELECT key FROM task WHERE kind = 'write' LIMIT 1")[0]
    assert f"{key} is lost" in again(f"DELETE FROM task WHERE key = '{key}'")


@pytest.mark.deep
def test_a_torture_that_was_killed_goes_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = [sys.executable, "-m", "checker.cli", "torture", str(tmp_path), *SMALL]
    process = subprocess.Popen([*command, "--seed", "8"], stderr=subprocess.DEVNULL)
    diary, seen = Diary(tmp_path), list[dict[str, Any]]()
    until = time.monotonic() + 120
    while sum(line["event"] == "killed" for line in seen) < 2 and time.monotonic() < until:
        seen += diary.news()
        time.sleep(0.02)
    process.kill()
    process.wait()
    seen += diary.news()
    pids = {line["pid"] for line in seen if line["event"] == "joined"}
    killed = {line["pid"] for line in seen if line["event"] == "killed"}
    for pid in pids - killed:
        assert gone(pid), f"worker {pid} outlived the torture"
    assert torture(capsys, str(tmp_path), "--kills", "7")[0] == 2
    assert torture(capsys, str(tmp_path), "--seconds", "1")[0] in (0, 3)
    status, answer = torture(capsys, str(tmp_path), "--seconds", "120")
    assert (status, answer["seed"], answer["wrong"]) == (0, 8, [])
    assert answer["kills"] == 6


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


def test_a_queue_of_others_is_not_tortured(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "queue.db").touch()
    assert main(["torture", str(tmp_path)]) == 2
    assert "holds a queue that is not from a torture" in capsys.readouterr().err
    assert main(["torture", str(tmp_path / "new"), "--off", "claim.rady"]) == 2
    assert "there is no guard 'claim.rady'; write one of: claim.ready" in capsys.readouterr().err


@pytest.mark.deep
def test_two_hundred_kills_lose_none_of_a_thousand_jobs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ("--workers", "4", "--kills", "200", "--jobs", "1000", "--seed", "9")
    status, answer = torture(capsys, str(tmp_path), *given, "--seconds", "1500")
    assert (status, answer["wrong"]) == (0, []), answer
    assert answer["kills"] == 200
    assert sum(answer["jobs"].values()) == 1000
    assert sum(answer["claims_found_lost"].values()) > 0  # some settles were stale, and refused


@pytest.mark.deep
def test_a_queue_without_its_fence_is_found_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fenced = ("write_first", "write_second", "record", "settle_done", "settle_failed")
    off = [part for action in fenced for part in ("--off", f"{action}.fenced")]
    given = ("--kills", "0", "--pauses", "60", "--jobs", "400", "--lease-ms", "200", "--seed", "1")
    status, answer = torture(capsys, str(tmp_path), *given, *off, "--seconds", "600")
    assert status == 1
    found = answer["validation"]["finding"]
    assert (found["kind"], found["what"]) == ("guard", "fenced is false")
