"""The disk of the laboratory keeps and loses what a real one may."""

from random import Random

from checker.crashlab.images.disk import Disk, Vice
from checker.crashlab.images.images import PROCESS, SUBSET, power_loss, process_crash
from impl.lab import (
    Created,
    Deleted,
    Synced,
    Truncated,
    Written,
)


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
