"""A file is more than its path: what lies beside it, its other names, and what becomes of it."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import apsw
import pytest

from impl.queue import Queue
from impl.sqlite.file.place import refuse_network
from impl.terms.unusable import OtherHistory, StoreError
from impl.worker import Worker
from tests.locks import is_locked
from tests.queue.file.looking import rows

KILLED = """\
import os, signal, sys
from impl.queue import Queue
queue = Queue(sys.argv[1])
queue.enqueue("k", key=sys.argv[2])
os.kill(os.getpid(), signal.SIGKILL)
"""


def killed_at_work(file: Path, key: str = "old") -> None:
    """Leave a store as a process does that is killed: with its log beside it."""
    done = subprocess.run([sys.executable, "-c", KILLED, str(file), key])
    assert done.returncode == -signal.SIGKILL
    assert Path(f"{file}-wal").stat().st_size > 0


def said(use: Callable[[], object], kind: type[StoreError] = StoreError) -> str:
    with pytest.raises(kind) as wrong:
        use()
    assert "\n" not in str(wrong.value)
    return str(wrong.value)


# ---------------------------------------------------------------- what was left behind


@pytest.mark.parametrize("end", ["-wal", "-shm", "-journal"])
def test_a_log_that_was_left_behind_is_not_taken_for_that_of_a_new_store(
    file: Path, end: str
) -> None:
    killed_at_work(file)
    for other in {"-wal", "-shm"} - {end}:
        os.unlink(f"{file}{other}")
    if end == "-journal":
        Path(f"{file}{end}").write_bytes(b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7" + bytes(504))
    file.unlink()
    assert said(lambda: Queue(file)) == (
        f"{file}{end}: was left behind, and queue.db is gone; put the file back beside it, or move "
        "this away"
    )
    assert not file.exists() and Path(f"{file}{end}").exists()
    os.unlink(f"{file}{end}")
    with Queue(file) as new:
        assert new.query("SELECT count(*) FROM job") == [(0,)]


def test_a_log_beside_a_file_that_was_put_in_place_of_its_own_is_refused(file: Path) -> None:
    with Queue(file.with_name("other.db")) as other:
        other.enqueue("k", key="other")
    killed_at_work(file)
    before = Path(f"{file}-wal").read_bytes()
    os.replace(file.with_name("other.db"), file)
    assert said(lambda: Queue(file)).startswith(f"{file}-wal: is of another file than the one")
    assert Path(f"{file}-wal").read_bytes() == before


def test_a_journal_is_never_ours_and_is_not_played_back(file: Path) -> None:
    with Queue(file) as queue:
        queue.enqueue("k")
    journal = Path(f"{file}-journal")
    journal.write_bytes(b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7" + bytes(504))
    before = file.read_bytes()
    assert said(lambda: Queue(file)).startswith(f"{journal}: is of another file than the one")
    assert file.read_bytes() == before and journal.exists()


def test_an_old_copy_beside_a_newer_log_is_refused(file: Path) -> None:
    """The very same file, with what it held before: pages of it are in neither of the two."""
    with Queue(file) as queue:
        queue.enqueue("k", key="old")
    copy = file.read_bytes()
    with Queue(file) as queue:
        for _ in range(40):
            queue.enqueue("k", "x" * 1000)
    killed_at_work(file, "new")
    log = Path(f"{file}-wal").read_bytes()
    file.write_bytes(copy)
    assert said(lambda: Queue(file)).startswith(f"{file}-wal: is of another file than the one")
    assert (file.read_bytes(), Path(f"{file}-wal").read_bytes()) == (copy, log)


def test_a_log_that_a_crash_has_left_is_read_as_ever(file: Path) -> None:
    killed_at_work(file)
    moved = file.with_name("moved")
    shutil.copytree(file.parent, moved)
    for each in (file, moved / file.name):  # a copy of all that is there is a whole copy
        with Queue(each) as queue:
            assert queue.query("SELECT key FROM job") == [("old",)]


def test_a_maker_that_was_killed_leaves_nothing_for_long(file: Path) -> None:
    """Killed before the file has its name, and when it has two."""
    kill = """\
import os, signal, sys
from impl.sqlite.file import making
from impl.queue import Queue
setattr(making, sys.argv[2], lambda *_: os.kill(os.getpid(), signal.SIGKILL))
Queue(sys.argv[1])
"""
    for step in ("put_away", "_sync_folder"):
        subprocess.run([sys.executable, "-c", kill, str(file), step])
        assert [name for name in os.listdir(file.parent) if "draft" in name]
        with Queue(file) as queue:
            assert queue.enqueue("k").new
        assert not [name for name in os.listdir(file.parent) if name.endswith("-draft")]
        assert os.stat(file).st_nlink == 1
        for name in os.listdir(file.parent):
            os.unlink(file.parent / name)


def test_making_a_file_leaves_the_mask_of_the_process_alone(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def flipped(mask: int) -> int:
        raise AssertionError("other threads make files too")

    before = os.umask(0o027)
    try:
        with monkeypatch.context() as patched:
            patched.setattr(os, "umask", flipped)
            Queue(file).close()
    finally:
        os.umask(before)
    for each in (file, Path(f"{file}-gate"), Path(f"{file}-turn")):
        assert each.stat().st_mode & 0o777 == 0o640


# ---------------------------------------------------------------- names


def test_the_folder_of_a_process_may_change_and_the_queue_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "there").mkdir()
    monkeypatch.chdir(tmp_path)
    with Queue("queue.db", lease_ms=300) as queue:
        queue.enqueue("k")
        made = Worker(queue, {"k": lambda a: os.chdir(tmp_path / "there")})
        assert made.run(until_empty=True) == {"done": 1}
        with queue.again() as other:
            assert other.query("SELECT count(*) FROM job") == [(1,)]
    assert os.listdir(tmp_path / "there") == []


def test_a_link_to_a_queue_is_that_queue(file: Path, tmp_path: Path) -> None:
    (tmp_path / "linked").symlink_to(tmp_path)
    link = tmp_path / "link.db"
    link.symlink_to(tmp_path / "linked" / file.name)
    with Queue(link) as linked, Queue(file) as queue:
        assert linked.path == queue.path == str(file)
        with linked.transaction():
            assert is_locked(f"{file}-gate")
        assert linked.enqueue("k").id == 1
        assert queue.enqueue("k").id == 2
    assert sorted(os.listdir(tmp_path)) == [
        "link.db", "linked", "queue.db", "queue.db-gate", "queue.db-turn",
    ]  # fmt: skip


def test_a_file_with_two_names_is_refused(file: Path, tmp_path: Path) -> None:
    with Queue(file) as queue:
        queue.enqueue("k")
        os.link(file, tmp_path / "second.db")
        fact = "has 2 names (hard links), and each would get a log of its own; keep one of them"
        assert said(lambda: queue.enqueue("k")) == f"{file}: {fact}"
        assert said(lambda: Queue(tmp_path / "second.db")) == f"{tmp_path}/second.db: {fact}"
        os.unlink(tmp_path / "second.db")
        assert queue.enqueue("k").id == 2


@pytest.mark.parametrize(
    "happens",
    [
        lambda file: os.unlink(file),
        lambda file: os.rename(file, f"{file}-moved"),
        lambda file: os.rename(shutil.copy(file, f"{file}-copy"), file),
        lambda file: os.unlink(f"{file}-shm"),
        lambda file: os.unlink(f"{file}-wal"),
    ],
)
def test_nothing_is_said_to_be_in_a_queue_that_is_gone(
    file: Path, happens: Callable[[Path], object]
) -> None:
    with Queue(file) as queue:
        queue.enqueue("k", key="before")
        happens(file)
        assert said(lambda: queue.enqueue("k", key="after"), OtherHistory) == (
            f"{file}: was deleted, moved or replaced since it was opened, or its log was; put it "
            "back, and open it again"
        )
        assert queue.query("SELECT key FROM job") == [("before",)]
    if file.exists() and not file.with_name("queue.db-wal").exists():
        with Queue(file) as queue:  # who has let go of it has put its log away
            assert queue.query("SELECT key FROM job") == [("before",)]


def test_a_file_that_goes_away_within_a_transaction_takes_nothing_with_it(file: Path) -> None:
    def put_in() -> None:
        with queue.transaction() as t:
            queue.enqueue("k", within=t)
            os.rename(file, f"{file}-moved")

    with Queue(file) as queue:
        assert "was deleted, moved" in said(put_in, OtherHistory)
        os.rename(f"{file}-moved", file)
        assert queue.enqueue("k").id == 1


# ---------------------------------------------------------------- disks


@pytest.mark.parametrize(
    ("point", "folder"),
    [
        (b"/media/\xd0\xa4\xd0\xbe\xd1\x82\xd0\xbe", "/media/Фото"),
        (rb"/a\040b\134c\011d", "/a b\\c\td"),
        (b"/media/\xff\xfe", os.fsdecode(b"/media/\xff\xfe")),
    ],
)
def test_a_mount_point_may_have_any_name(tmp_path: Path, point: bytes, folder: str) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_bytes(b"disk / ext4 rw 0 0\nserver " + point + b" nfs4 rw 0 0\n")
    refuse_network("/media/queue.db", mounts)
    with pytest.raises(StoreError, match="network file system"):
        refuse_network(f"{folder}/queue.db", mounts)


@pytest.mark.parametrize(
    ("kind", "refused"),
    [
        ("fuse.ceph", True), ("fuse.rclone", True), ("fuse.gcsfuse", True), ("davfs", True),
        ("fuse.juicefs", True), ("virtiofs", True), ("vboxsf", True), ("gpfs", True),
        ("orangefs", True), ("fuse.whatever-comes-next", True), ("fuse.sshfs", True),
        ("fuse", True),
        ("ext4", False), ("overlay", False), ("fuseblk", False), ("fuse.fuse-overlayfs", False),
    ],
)  # fmt: skip
def test_a_disk_that_others_share_is_known_by_its_kind(
    tmp_path: Path, kind: str, refused: bool
) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text(f"disk / ext4 rw 0 0\nwhat /srv/a {kind} rw 0 0\n")
    if refused:
        with pytest.raises(StoreError, match="network file system"):
            refuse_network("/srv/a/queue.db", mounts)
    else:
        refuse_network("/srv/a/queue.db", mounts)


# ---------------------------------------------------------------- what is in it


ENDLESS = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT x FROM n"


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (
            "ALTER TABLE process RENAME TO t; CREATE VIEW process AS " + ENDLESS,
            "the table 'process'",
        ),
        ("DROP TABLE outbox", "the table 'outbox'"),
        ("CREATE TRIGGER mine AFTER INSERT ON job BEGIN SELECT 1; END", "the trigger 'mine'"),
        ("DROP TABLE meta; CREATE VIEW meta AS " + ENDLESS, "the table 'meta'"),
    ],
)
def test_other_tables_than_were_made_are_told_before_anything_is_asked_of_them(
    file: Path, change: str, what: str
) -> None:
    Queue(file).close()
    with apsw.Connection(str(file)) as other:
        other.pragma("foreign_keys", 0)
        other.execute(change)
    other.close()
    assert f"{what} is not as it was made; restore a backup" in said(lambda: Queue(file))


def test_a_lock_that_cannot_be_opened_is_named(file: Path) -> None:
    Queue(file).close()
    os.unlink(f"{file}-gate")
    os.mkdir(f"{file}-gate")
    assert said(lambda: Queue(file)) == (
        f"{file}-gate: the transaction was not taken: Is a directory; see that it and its folder "
        "can be written"
    )


def test_tables_of_ones_own_are_welcome(file: Path) -> None:
    with Queue(file) as queue:
        queue.define("CREATE TABLE mine (x)")
        queue.define("CREATE TRIGGER ours AFTER INSERT ON mine BEGIN SELECT 1; END")
    with Queue(file) as queue:
        assert rows(file, "SELECT count(*) FROM mine") == [(0,)]
