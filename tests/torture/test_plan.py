"""A seed gives jobs, lives and weather; the ledger keeps what was told."""

import json
from collections import Counter
from pathlib import Path

import apsw
import pytest

from checker.torture.acts.conditions import SetClock, full, set_clock
from checker.torture.acts.handlers import WELL
from checker.torture.acts.kinds import KINDS
from checker.torture.acts.ledger import Ledger
from checker.torture.acts.misbehaving import ILL
from checker.torture.acts.plan import Plan, fate, nested, order, weather
from impl.lab.full import FillableDisk
from impl.terms.clock import MachineClock

PLAN = Plan(seed=3, jobs=1000, kills=200, pauses=50, workers=4, lease_ms=500)


def test_a_seed_gives_the_same_jobs_lives_and_weather() -> None:
    orders = [order(PLAN, n) for n in range(1000)]
    assert orders == [order(PLAN, n) for n in range(1000)]
    assert Counter(o.kind for o in orders).keys() == KINDS.keys()
    lives = [next(fate(PLAN, n)) for n in range(1000)]
    assert lives == [next(fate(PLAN, n)) for n in range(1000)]
    assert all(blow.pause * 1000 > PLAN.lease_ms for blow in lives)
    kinds = Counter(blow.how for blow in lives)
    assert 600 < kinds["SIGKILL"] < 740  # 200 of 300
    assert 110 < kinds["SIGSTOP"] < 220  # 50, as many as are told to stop
    assert 110 < kinds["SIGTERM"] + kinds["SIGINT"] < 220
    assert min(kinds.values()) > 40
    changes = [weather(PLAN, n) for n in range(1000)]
    assert changes == [weather(PLAN, n) for n in range(1000)]
    assert {change.what for change in changes} == {"clock", "locked", "full"}
    assert {change.lock for change in changes} == {"gate", "writer", "transaction"}
    assert min(change.ahead_ms for change in changes) < 0 < max(c.ahead_ms for c in changes)
    # Some locks are held for longer than the lease, which is also how long others wait for one.
    assert sum(change.seconds * 1000 > PLAN.lease_ms for change in changes) > 500


def test_each_kind_of_job_has_a_handler_and_about_a_third_behave_badly() -> None:
    assert WELL.keys() | ILL.keys() == KINDS.keys()
    assert not WELL.keys() & ILL.keys()
    ill = sum(KINDS[kind].weight for kind in ILL)
    assert 0.2 < ill / sum(kind.weight for kind in KINDS.values()) < 0.5


def test_a_payload_is_as_deep_as_it_says() -> None:
    assert json.dumps(nested(3)) == "[[[[]]]]"


def test_lines_of_a_ledger_are_read_once_and_whole(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    assert ledger.news() == []
    ledger.write("started")
    ledger.write("kills", pid=7)
    assert [(line["event"], line.get("pid")) for line in ledger.news()] == [
        ("started", None),
        ("kills", 7),
    ]
    with ledger.path.open("a") as other:
        other.write('{"event": "pau')
    assert ledger.news() == []
    with ledger.path.open("a") as other:
        other.write('ses"}\n')
    assert ledger.news() == [{"event": "pauses"}]


def test_a_ledger_stays_where_it_is_when_its_process_changes_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    ledger = Ledger(Path())
    monkeypatch.chdir("/")
    ledger.write("started")
    assert ledger.path.parent == tmp_path
    assert len(ledger.news()) == 1


def test_the_wall_clock_is_what_the_folder_says_and_no_other_clock_is(tmp_path: Path) -> None:
    here, machine = SetClock(tmp_path), MachineClock()
    for ahead_ms in (0, 3_600_000, -86_400_000):
        set_clock(tmp_path, ahead_ms)
        assert abs(here.wall() - machine.wall() - ahead_ms) < 60_000
        assert abs(here.since_boot() - machine.since_boot()) < 60_000


def test_nothing_grows_on_a_full_disk_until_there_is_room_again(tmp_path: Path) -> None:
    disk = FillableDisk(full(tmp_path))
    try:
        database = apsw.Connection(str(tmp_path / "some.db"))
        database.execute("CREATE TABLE t (x); INSERT INTO t VALUES (1)")
        full(tmp_path).touch()
        with pytest.raises(apsw.FullError):
            database.execute("INSERT INTO t VALUES (zeroblob(100000))")
        full(tmp_path).unlink()
        database.execute("INSERT INTO t VALUES (zeroblob(100000))")
        assert database.execute("SELECT count(*) FROM t").fetchall() == [(2,)]
        database.close()
    finally:
        disk.unregister()
