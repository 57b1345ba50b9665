"""What is no store, or none of this spec, is refused and left alone; and a store is made once."""

import hashlib
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path

import pytest

from impl.derive.design import derive
from impl.sqlite.store import Store
from impl.terms.unusable import StoreError
from spec.language.edited.edits import without
from spec.language.scope import Scope
from spec.queue.job import Job
from tests.store.life import DESIGN, LIFE


def contents(folder: Path) -> dict[str, str]:
    files = (f for f in sorted(folder.rglob("*")) if f.is_file())
    return {f.name: hashlib.sha256(f.read_bytes()).hexdigest() for f in files}


# ---------------------------------------------------------------- wrong files


def refused(path: Path, folder: Path) -> str:
    """Return why the store does not open this, having seen that nothing in the folder changed."""
    before = contents(folder)
    with pytest.raises(StoreError) as wrong:
        Store(DESIGN, str(path))
    assert contents(folder) == before
    return str(wrong.value).removeprefix(f"{path}: ")


@pytest.mark.parametrize("text", ["", "a letter\n" * 100, "SQLite format 3\0"])
def test_a_file_that_is_no_database_is_left_alone(tmp_path: Path, text: str) -> None:
    file = tmp_path / "letter.txt"
    file.write_text(text)
    assert refused(file, tmp_path) == ("is not a database; it was left alone; name another file")


def test_a_database_of_another_program_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "other.db"
    with closing(sqlite3.connect(file)) as other:
        other.execute("CREATE TABLE job (id)")
    assert refused(file, tmp_path) == (
        "is a database of another program; it was left alone; name another file"
    )


def test_a_newer_schema_is_left_alone(store: Store, file: str, tmp_path: Path) -> None:
    store.connection.pragma("user_version", 8)
    store.close()
    assert refused(Path(file), tmp_path) == (
        "has version 8 of the schema, and this ffq knows version 7; use a newer ffq"
    )


@pytest.mark.parametrize(
    ("scope", "complaint"),
    [
        (LIFE.on(without(LIFE.spec, "claim.ready")), "was made with spec "),
        (Scope("more", LIFE.spec, {**LIFE.bounds, "MaxFails": 3}), "was made with constants "),
    ],
)
def test_a_store_of_another_spec_is_left_alone(
    tmp_path: Path, scope: Scope, complaint: str
) -> None:
    file = tmp_path / "queue.db"
    Store(derive(scope), str(file)).close()
    assert refused(file, tmp_path).startswith(complaint)


def test_opening_it_twice_in_one_process_leaves_the_lock_of_the_first(
    store: Store, file: str
) -> None:
    Store(DESIGN, file).close()
    whoever_is_last_puts_the_log_away = """
import sys, apsw
with apsw.Connection(sys.argv[1]) as other:
    other.pragma("locking_mode", "exclusive")
    other.execute("SELECT * FROM meta").fetchall()
"""
    other = subprocess.run(
        [sys.executable, "-c", whoever_is_last_puts_the_log_away, file],
        capture_output=True,
        text=True,
    )
    assert "database is locked" in other.stderr


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    assert refused(tmp_path, tmp_path) == "is a directory; name a file"
    nowhere = tmp_path / "no" / "queue.db"
    assert refused(nowhere, tmp_path).startswith("cannot be opened: No such file or directory")
    os.mkfifo(tmp_path / "pipe")
    assert refused(tmp_path / "pipe", tmp_path) == "is not a regular file; name a file"


def test_a_damaged_store_is_refused(store: Store, file: str, tmp_path: Path) -> None:
    store.close()
    whole = Path(file).read_bytes()
    Path(file).write_bytes(whole[:4096] + bytes(len(whole) - 4096))
    assert "damaged" in refused(Path(file), tmp_path)


def test_a_store_that_cannot_be_written_is_refused() -> None:
    nobody = 65534
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        Store(DESIGN, str(folder / "queue.db")).close()
        (folder / "queue.db").chmod(0o444)
        folder.chmod(0o555)
        was = os.geteuid()
        if was == 0:  # root may write anywhere
            os.seteuid(nobody)
        try:
            assert "cannot be" in refused(folder / "queue.db", folder)
            assert "cannot be opened: Permission denied" in refused(folder / "new.db", folder)
        finally:
            if was == 0:
                os.seteuid(was)
            folder.chmod(0o755)


def test_a_file_that_is_put_there_while_a_store_is_made_is_kept(
    file: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Store(DESIGN, str(tmp_path / "other.db"))
    other.take("enqueue", {"j": 0}, {})
    other.close()
    link = os.link

    def late(made: str, target: str) -> None:
        shutil.copy(other.path, file)
        link(made, target)

    monkeypatch.setattr(os, "link", late)
    second = Store(DESIGN, file)
    assert list(second.rows()[Job]) == [0]
    second.close()
    assert not [name for name in os.listdir(tmp_path) if "draft" in name]


MAKE = """\
import sys
from tests.store.life import DESIGN
from impl.sqlite.store import Store
sys.stdin.readline()
Store(DESIGN, sys.argv[1]).close()
"""


def test_a_store_that_many_make_at_once_is_made_once(file: str) -> None:
    command = [sys.executable, "-c", MAKE, file]
    makers = [subprocess.Popen(command, stdin=subprocess.PIPE) for _ in range(4)]
    for maker in makers:
        assert maker.stdin is not None
        maker.stdin.write(b"\n")
        maker.stdin.flush()
    for maker in makers:
        maker.communicate()
    assert [maker.returncode for maker in makers] == [0] * 4
    # Of two that close at the same time each leaves the log to the other.
    assert {"queue.db"} <= set(os.listdir(Path(file).parent)) <= {
        "queue.db", "queue.db-shm", "queue.db-wal",
    }  # fmt: skip
