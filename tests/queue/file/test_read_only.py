"""A queue that cannot be written can be looked at, and stays as it is."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from checker.commands.main import main
from impl import report
from impl.queue import Queue
from impl.terms.unusable import StoreError
from impl.worker import Worker
from tests.clocks import HandClock
from tests.queue.file.looking import claimed

NOBODY = 65534
LOOKING = (
    ["queue", "list"], ["queue", "show"], ["queue", "stats"], ["queue", "why"],
    ["queue", "export"], ["validate"],
)  # fmt: skip


def contents(folder: Path) -> dict[str, str]:
    files = sorted(each for each in folder.iterdir() if each.is_file())
    return {each.name: hashlib.sha256(each.read_bytes()).hexdigest() for each in files}


def look(file: Path) -> None:
    for command in LOOKING:
        number = ["1"] if command[-1] in ("show", "why") else []
        assert main([*command, str(file), *number]) == 0, command


def in_a_child(what: Callable[[], object], setting: Callable[[], object]) -> int:
    """Do it in a child that may do less; return 0 if nothing was wrong there."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            setting()
            what()
            status = 0
        except BaseException as wrong:
            print(f"{type(wrong).__name__}: {wrong}", flush=True)
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def with_all_that_is_imported(kept: Path) -> Path:
    """Return a copy to be looked at first: a child that may do less may not be able to import."""
    copy = Path(f"{kept}-first")
    copy.write_bytes(kept.read_bytes())
    return copy


def as_nobody() -> None:
    if os.geteuid() == 0:
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)


@pytest.fixture
def kept(file: Path, clock: HandClock) -> Iterator[Path]:
    """Return a queue in a folder of its own that everybody may enter."""
    with Queue(file, clock=clock) as queue:
        queue.enqueue("k", {"n": 1})
        queue.enqueue("later", delay=3600.0)
        queue.pause("later")
        assert Worker(queue, {"k": lambda attempt: None}).run(until_empty=True) == {"done": 1}
    for each in file.parents:
        if each.stat().st_uid == os.getuid() and each.name.startswith(("pytest", "popen", "test_")):
            each.chmod(0o755)
    yield file
    for each in (file.parent, *file.parent.iterdir()):
        each.chmod(0o755)


@pytest.mark.parametrize("beside", ["and-locks", "alone"])
@pytest.mark.parametrize("protected", ["file-and-folder", "file", "folder"])
def test_a_copy_that_cannot_be_written_can_be_looked_at(
    kept: Path, protected: str, beside: str
) -> None:
    if beside == "alone":
        for end in ("-gate", "-turn"):
            os.unlink(f"{kept}{end}")
    kept.chmod(0o444 if "file" in protected else 0o666)
    kept.parent.chmod(0o555 if "folder" in protected else 0o777)
    look(with_all_that_is_imported(kept))
    before = contents(kept.parent)
    assert in_a_child(lambda: look(kept), as_nobody) == 0
    now = contents(kept.parent)
    assert {name: now[name] for name in before} == before
    if "folder" in protected:
        assert now.keys() == before.keys()


def test_a_disk_that_cannot_be_written_can_be_looked_at_by_root_too(kept: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root may mount")
    if subprocess.run(["unshare", "-m", "true"]).returncode != 0:
        pytest.skip("no mounts of one's own here")
    script = f"""\
mount --make-rprivate / && mount --bind {kept.parent} {kept.parent}
mount -o remount,bind,ro {kept.parent} && ! touch {kept.parent}/new 2>/dev/null || exit 99
for command in "queue list" "queue show" "queue stats" validate; do
  number=; [ "$command" = "queue show" ] && number=1
  "$PYTHON" -m checker.commands $command {kept} $number || exit 1
done
"""
    before = contents(kept.parent)
    done = subprocess.run(
        ["unshare", "-m", "sh", "-c", script],
        env=os.environ | {"PYTHON": sys.executable},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert contents(kept.parent) == before


def test_a_log_that_nobody_can_read_without_writing_is_named(kept: Path) -> None:
    """Left out, it would take with it what was answered last, and say nothing."""
    with Queue(kept) as queue:
        queue.enqueue("k", key="last")
        names = ("queue.db", "queue.db-wal")
        (kept.parent / "copy").mkdir()
        for name in names:
            (kept.parent / "copy" / name).write_bytes((kept.parent / name).read_bytes())
    copy = kept.parent / "copy" / kept.name
    copy.parent.chmod(0o555)

    def refused() -> None:
        with pytest.raises(StoreError) as wrong:
            Queue(copy, read_only=True)
        assert str(wrong.value) == (
            f"{copy}: cannot be written, and has steps in its log, which only a writer can read; "
            "copy it and queue.db-wal to where they can be written"
        )

    assert in_a_child(refused, as_nobody) == 0


def test_a_queue_that_others_write_is_looked_at_as_it_is_now(kept: Path) -> None:
    def seen() -> None:
        with Queue(kept, read_only=True) as queue:
            assert queue.query("SELECT count(*) FROM job") == [(3,)]

    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(kept)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert writer.stdin is not None and writer.stdout is not None
    assert writer.stdout.readline() == b"3\n"
    assert os.path.getsize(f"{kept}-wal") > 0
    seen()  # here too: a child that may do less may not be able to import
    assert in_a_child(seen, as_nobody) == 0
    writer.communicate(b"\n")
    assert writer.returncode == 0


WRITER = """\
import sys
from impl.queue import Queue
from impl.worker import Worker
with Queue(sys.argv[1]) as queue:
    print(queue.enqueue("k").id, flush=True)
    sys.stdin.readline()
"""


def test_what_is_opened_to_be_read_only_is_not_written_where_it_could_be(
    kept: Path, clock: HandClock
) -> None:
    before = contents(kept.parent)
    clock.reboot()
    with Queue(kept, clock=clock, read_only=True) as queue:
        assert queue.epoch == 1
        for use in (
            lambda: queue.enqueue("k"),
            lambda: queue.define("CREATE TABLE mine (x)"),
            lambda: queue.cancel(1),
        ):
            with pytest.raises(StoreError, match="was opened to be read only; open it for writing"):
                use()
    now = contents(kept.parent)
    assert {name: now[name] for name in before} == before
    with Queue(kept, clock=clock) as queue:
        assert queue.epoch == 2


def test_nothing_is_made_that_is_only_to_be_read(file: Path) -> None:
    with pytest.raises(StoreError, match="cannot be opened: No such file"):
        Queue(file, read_only=True)
    assert list(file.parent.iterdir()) == []


def test_a_copy_of_another_boot_is_shown_as_a_new_boot_would_find_it(
    file: Path, clock: HandClock
) -> None:
    with Queue(file, clock=clock, lease_ms=10_000) as queue:
        queue.enqueue("k")
        queue.enqueue("k")
        claimed(queue)
    clock.reboot()
    clock.advance(10_000)
    with Queue(file, clock=clock, read_only=True) as copy:
        assert report.stats(copy).oldest_due is not None
        assert report.stats(copy).oldest_expired is not None
        due = [line.due for line in report.jobs(copy) if line.status == "ready"]
        assert due and all(time is not None and time <= clock.wall() for time in due)
