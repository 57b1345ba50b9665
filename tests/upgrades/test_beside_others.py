"""A file is taken over by one process alone, or left as it was."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import apsw
import pytest

from checker.conformance.validating.validate import validate
from impl import report
from impl.queue import Queue
from impl.terms.unusable import StoreError
from impl.upgrades.upgrade import upgrade
from tests.clocks import HandClock
from tests.upgrades.aged import (
    FORK,
    LAX,
    contents,
    fill,
    goes_on,
    of_version,
    refused,
    taken_over,
    under,
)
from tests.upgrades.older import WHOLE

HOLDING = """
import sys, apsw
opened = apsw.Connection(sys.argv[1])
opened.execute("SELECT * FROM meta").fetchall()
if sys.argv[2] == "having lost its lock":
    open(sys.argv[1]).close()
print("open", flush=True)
sys.stdin.readline()
opened.execute("INSERT INTO receipt VALUES (2, 'late')")
"""


@pytest.mark.parametrize("how", ["holding its lock", "having lost its lock"])
def test_a_file_that_another_process_has_open_is_left_alone(tmp_path: Path, how: str) -> None:
    file = tmp_path / "queue.db"
    with under(LAX):
        fill(file)
    with subprocess.Popen(
        [sys.executable, "-c", HOLDING, str(file), how],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdout is not None
        other.stdout.readline()
        with pytest.raises(StoreError) as wrong, upgrade(file, clock=HandClock()):
            pass
        assert str(wrong.value) == (
            f"{file}: is open elsewhere; stop its workers and whoever else has it"
        )
        other.communicate("\n")
        assert other.returncode == 0
    taken_over(file)
    with Queue(file, clock=HandClock()) as queue:
        assert queue.query("SELECT text FROM receipt ORDER BY 1") == [("late",), ("paid",)]


def test_a_file_that_this_process_has_open_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "queue.db"
    with under(LAX), Queue(file), Queue(file) as queue:
        with under(WHOLE):
            assert refused(file).startswith("is open elsewhere")
        assert queue.enqueue("more").new


def test_meanwhile_nobody_opens_it(tmp_path: Path) -> None:
    file = tmp_path / "queue.db"
    with under(LAX):
        fill(file)
    with upgrade(file, clock=HandClock()) as found:
        opening = "import sys; from impl.queue import Queue; Queue(sys.argv[1], busy_ms=50)"
        other = subprocess.run(
            [sys.executable, "-c", opening, str(file)], capture_output=True, text=True
        )
        assert "database is locked" in other.stderr
        found.carry_out()
    Queue(file).close()


def _in_a_child(what: Callable[[], None]) -> int:
    child = FORK.Process(target=what)
    child.start()
    child.join()
    assert child.exitcode is not None
    return child.exitcode


def test_of_two_at_once_one_takes_it_over(tmp_path: Path) -> None:
    file = tmp_path / "queue.db"
    with under(LAX):
        fill(file)
    children = [FORK.Process(target=taken_over_if_need_be, args=(file,)) for _ in range(4)]
    for child in children:
        child.start()
    for child in children:
        child.join()
    assert [child.exitcode for child in children] == [0] * 4
    assert list(tmp_path.glob("*.backup-*")) == [tmp_path / "queue.db.backup-1"]
    assert goes_on(file).jobs == {"dead": 1, "done": 4}


def taken_over_if_need_be(file: Path) -> None:
    with upgrade(file, clock=HandClock(boots=2), busy_ms=60_000) as found:
        if found.changes:
            found.carry_out()


def killed(file: Path, at: int) -> bool:
    """Take the file over in a child that is killed before a statement of the transaction, counted
    from its BEGIN; return whether it came so far.
    """

    def die() -> None:
        left = at

        def count(cursor: object, sql: str, bindings: object) -> bool:
            nonlocal left
            left -= left < at or sql.startswith("BEGIN IMMEDIATE")
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return True

        apsw.connection_hooks.append(lambda opened: opened.set_exec_trace(count))
        taken_over_if_need_be(file)

    code = _in_a_child(die)
    assert code in (0, -signal.SIGKILL)
    return code != 0


def test_killed_at_any_statement_it_is_the_old_file_and_can_be_taken_over_again(
    tmp_path: Path,
) -> None:
    clock, at = HandClock(boots=2), 1
    of_version(2, tmp_path / "1.db")
    before = contents(tmp_path / "1.db")
    while killed(file := tmp_path / f"{at}.db", at):
        assert contents(file) == before
        with upgrade(file, clock=clock) as found:
            found.carry_out()
        with Queue(file, clock=clock) as queue:
            assert report.stats(queue).jobs == {"claimed": 1, "dead": 2, "done": 2, "ready": 3}
        assert validate(str(file)).finding is None
        at += 1
        of_version(2, tmp_path / f"{at}.db")
    assert at > 20
    with Queue(file, clock=clock) as queue:
        assert report.stats(queue).jobs["done"] == 2
