"""Claims end with their lease, their worker or their machine, and each ends once."""

import os
import threading
from contextlib import AbstractContextManager, closing
from pathlib import Path
from typing import Any

import apsw
import pytest

from impl.interface.transaction import Transaction
from impl.queue import Queue
from impl.terms.unusable import Busy, OtherHistory, StoreError
from impl.working.attempt import LostClaim
from spec.queue.recovery import Recoverer
from tests.clocks import HandClock
from tests.queue.file.looking import claimed, rows, status
from tests.stores import in_a_file

ON_BOTH = True

# ---------------------------------------------------------------- recovery


def test_a_claim_is_ended_once_its_lease_has_run_out(
    queue: Queue, clock: HandClock, file: Path
) -> None:
    queue.enqueue("k")
    attempt = claimed(queue)
    clock.advance(9_999)
    assert queue.recover() == 0
    clock.advance(1)
    assert queue.recover() == 1
    assert rows(file, "SELECT status, lease, interrupts FROM job") == [("ready", None, 1)]
    with queue.transaction() as t, pytest.raises(LostClaim, match="is refused: leased"):
        attempt.fail(t, "late")


def test_a_heartbeat_keeps_the_claim(queue: Queue, clock: HandClock) -> None:
    queue.enqueue("k")
    attempt = claimed(queue)
    for _ in range(5):
        clock.advance(9_999)
        attempt.heartbeat(queue)
        assert queue.recover() == 0


@in_a_file
def test_heartbeats_do_not_outlive_the_deadline(queue: Queue, clock: HandClock, file: Path) -> None:
    """A handler that hangs in a live process loses its claim as one of a dead process does."""
    queue.enqueue("k", timeout=15)
    attempt = claimed(queue)
    clock.advance(9_000)
    attempt.heartbeat(queue)
    clock.advance(6_000)  # the deadline has passed, and the lease has not
    assert (queue.recover(), queue.recover()) == (0, 0)
    with pytest.raises(LostClaim) as lost:
        attempt.heartbeat(queue)
    assert lost.value.guard == "in_time"
    clock.advance(4_000)
    assert queue.recover() == 1
    told = """SELECT before ->> '$."deadline[job1]"' FROM trace WHERE action = 'recover'"""
    assert rows(file, told) == [("passed",)]


def test_a_stale_settle_is_refused_by_the_fence(queue: Queue, clock: HandClock, file: Path) -> None:
    queue.enqueue("k")
    slow = claimed(queue)
    clock.advance(10_000)
    queue.recover()
    fast = claimed(queue)
    assert slow.token < fast.token
    assert (slow.token, fast.token) == ((1, 1), (1, 2))
    with pytest.raises(LostClaim, match="start of job 1 is refused: fenced"):
        slow.start()
    assert fast.start()
    with queue.transaction() as t:
        fast.finish(t)
    for settle in (slow.finish, lambda t: slow.fail(t, "x"), lambda t: slow.release(t, "x")):
        with queue.transaction() as t, pytest.raises(LostClaim):
            settle(t)
    assert status(file) == {1: "done"}


def test_two_that_recover_at_once_end_each_claim_once(
    queue: Queue, clock: HandClock, file: Path
) -> None:
    for _ in range(20):
        queue.enqueue("k")
        claimed(queue)
    clock.advance(10_000)
    ended: list[int] = []
    start = threading.Barrier(2)

    def recover() -> None:
        with Queue(file, clock=clock, lease_ms=10_000) as other:
            start.wait()
            ended.append(other.recover())

    threads = [threading.Thread(target=recover) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(ended) == 20
    assert rows(file, "SELECT DISTINCT status, interrupts FROM job") == [("ready", 1)]
    assert rows(file, "SELECT count(*) FROM trace WHERE action = 'recover'") == [(20,)]


def test_a_recoverer_that_comes_too_late_changes_nothing(
    queue: Queue, clock: HandClock, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It saw the lease expired; before it writes, a heartbeat comes, or another recoverer."""
    queue.enqueue("k")
    attempt = claimed(queue)
    clock.advance(10_000)
    look = queue._recovery._late

    def late_look() -> list[int]:
        seen = look()
        attempt.heartbeat(queue)
        return seen

    monkeypatch.setattr(queue._recovery, "_late", late_look)
    assert queue.recover() == 0
    assert status(file) == {1: "claimed"}


# ---------------------------------------------------------------- boots


@in_a_file
def test_a_new_boot_ends_all_leases_and_begins_an_epoch(file: Path, clock: HandClock) -> None:
    """The uptime of the new boot is less than that of the lease: it says nothing any more."""
    with Queue(file, clock=clock, lease_ms=10_000) as before:
        before.enqueue("k")
        before.enqueue("k")
        first = claimed(before)
        clock.reboot()
        with Queue(file, clock=clock, lease_ms=10_000) as after:
            assert (before.epoch, after.epoch) == (1, 2)
            ((until,),) = rows(file, "SELECT lease FROM job WHERE id = 1")
            assert until < after.clock.now()
            with pytest.raises(OtherHistory):
                first.start()  # though nobody has taken the job from it yet
            assert after.recover() == 1
            clock.advance(1)
            tokens = [claimed(after).token for _ in range(2)]
            assert sorted(tokens) == [(2, 1), (2, 2)]
            assert all(token > first.token for token in tokens)
            clock.advance(10_000)
            for use in (lambda: before.enqueue("k"), before.again):
                with pytest.raises(OtherHistory, match="has seen another boot"):
                    use()
                assert len(status(file)) == 2
    assert dict(rows(file, "SELECT name, value FROM meta"))["boot"] == "boot 2"


def test_one_boot_is_one_epoch_however_often_it_is_seen(file: Path, clock: HandClock) -> None:
    for _ in range(3):
        with Queue(file, clock=clock) as queue:
            assert queue.epoch == 1


@in_a_file
@pytest.mark.parametrize("again", range(5))
def test_those_that_see_a_new_boot_at_once_begin_one_epoch(
    file: Path, clock: HandClock, again: int
) -> None:
    """Nor does one find the store locked while another opens it, or is the last to close it."""
    Queue(file, clock=clock).close()
    clock.reboot()
    epochs: list[int] = []
    start = threading.Barrier(4)

    def see() -> None:
        start.wait()
        with Queue(file, clock=clock) as queue:
            epochs.append(queue.epoch)

    threads = [threading.Thread(target=see) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert epochs == [2, 2, 2, 2]


@in_a_file
@pytest.mark.parametrize("looks", range(5))
def test_a_log_that_another_takes_away_meanwhile_keeps_nobody_from_opening(
    file: Path, clock: HandClock, monkeypatch: pytest.MonkeyPatch, looks: int
) -> None:
    """Whoever closes the store last removes its log, and may do so between any two looks at it."""
    look, seen = os.stat, [0]

    def at_first(path: Any, *rest: Any, **more: Any) -> os.stat_result:
        if path == f"{file}-wal":
            seen[0] += 1
            if seen[0] > looks:
                raise FileNotFoundError(2, "No such file or directory", path)
        return look(path, *rest, **more)

    with Queue(file, clock=clock):
        monkeypatch.setattr(os, "stat", at_first)
        with Queue(file, clock=clock) as late:
            assert late.epoch == 1
    assert seen[0]


@in_a_file
def test_a_system_that_cannot_tell_its_boots_is_refused(file: Path) -> None:
    class Nowhere(HandClock):
        def boot(self) -> str:
            raise OSError(2, "No such file or directory")

    with pytest.raises(StoreError, match="cannot tell boots apart: No such file"):
        Queue(file, clock=Nowhere())


# ---------------------------------------------------------------- a store that was locked


@in_a_file
def test_after_the_store_was_locked_the_living_have_time_to_renew_their_leases(
    file: Path, clock: HandClock
) -> None:
    """Nobody could renew one meanwhile: that a lease has run out says nothing of its worker."""
    with Queue(file, clock=clock, lease_ms=10_000, busy_ms=20) as queue:
        queue.enqueue("k", key="alive")
        queue.enqueue("k", key="dead")
        alive, _ = claimed(queue), claimed(queue)
        with closing(apsw.Connection(str(file))) as blocker:
            blocker.execute("BEGIN IMMEDIATE")
            clock.advance(30_000)
            for _ in range(2):
                with pytest.raises(Busy):
                    queue.recover()
        assert queue.recover() == 0
        clock.advance(4_999)
        assert queue.recover() == 0
        alive.heartbeat(queue)
        clock.advance(1)
        assert queue.recover() == 1
        assert rows(file, "SELECT key, status FROM job ORDER BY id") == [
            ("alive", "claimed"),
            ("dead", "ready"),
        ]


def test_a_long_wait_for_the_store_spares_claims_once(
    queue: Queue, clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A store that is always busy must not keep claims alive for ever."""
    queue.enqueue("k")
    claimed(queue)
    clock.advance(10_000)
    queue._recovery._recoverer = queue.process(Recoverer)
    transaction = queue.transaction

    def late(durable: bool = True) -> AbstractContextManager[Transaction]:
        clock.advance(2_000)  # as if others had been first
        return transaction(durable)

    monkeypatch.setattr(queue, "transaction", late)
    ended = [queue.recover() for _ in range(4)]
    assert ended == [0, 0, 0, 1]
