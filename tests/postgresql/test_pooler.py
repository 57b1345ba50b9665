"""Behind PgBouncer in transaction mode a session is somebody else's: a queue is not kept there."""

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from impl.postgresql.trial.embedded import Server
from impl.queue import Queue
from impl.terms.unusable import StoreError
from tests.stores import address

PGBOUNCER = shutil.which("pgbouncer") or "/usr/sbin/pgbouncer"

pytestmark = [
    pytest.mark.deep,
    pytest.mark.skipif(not os.path.exists(PGBOUNCER), reason="there is no pgbouncer"),
]

SETTINGS = """\
[databases]
* = host={server} user=ffq
[pgbouncer]
listen_addr =
unix_socket_dir = {folder}
pool_mode = transaction
auth_type = any
default_pool_size = 2
logfile = {folder}/log
pidfile = {folder}/pid
"""


@pytest.fixture
def pooler(server: Server) -> Iterator[Path]:
    """Return the folder in which a pooler of the server listens, on port 6432."""
    folder = Path(tempfile.mkdtemp(prefix="ffq-pooler-"))
    user = "nobody" if os.geteuid() == 0 else None  # it does not run as root
    settings = folder / "pgbouncer.ini"
    settings.write_text(SETTINGS.format(server=server.folder, folder=folder))
    if user is not None:
        os.chown(folder, pwd.getpwnam(user).pw_uid, -1)
    running = subprocess.Popen([PGBOUNCER, "-q", settings], user=user, cwd=folder)
    try:
        until = time.monotonic() + 20
        while not (folder / ".s.PGSQL.6432").exists():
            assert running.poll() is None and time.monotonic() < until
            time.sleep(0.02)
        yield folder
    finally:
        running.terminate()
        running.wait(20)
        shutil.rmtree(folder)


def through(pooler: Path) -> psycopg.Connection:
    given = f"host={pooler} port=6432 user=ffq dbname=postgres"
    return psycopg.connect(given, autocommit=True, prepare_threshold=None)


def test_a_queue_is_refused_there_and_nothing_is_made(server: Server, pooler: Path) -> None:
    direct = address(server)
    pooled = direct.replace(str(server.folder), f"{pooler}&port=6432")
    with pytest.raises(StoreError) as refused:
        Queue(pooled)
    (line,) = str(refused.value).splitlines()
    assert "is answered by a pooler" in line
    assert line.endswith("; name the server itself")
    with pytest.raises(StoreError, match="is no queue"):
        Queue(direct, read_only=True)


def test_what_one_client_sets_for_its_session_another_one_has_and_it_has_not(
    pooler: Path,
) -> None:
    """Why: jobs would go into another schema."""
    with through(pooler) as one, through(pooler) as other:
        one.execute("SET search_path = mine")
        with other.transaction():  # has the session meanwhile
            found = other.execute("SHOW search_path").fetchall()
            left = one.execute("SHOW search_path").fetchall()
    assert found == [("mine",)]
    assert left != found


def test_a_lock_of_a_session_is_left_behind_by_a_client_that_is_gone(pooler: Path) -> None:
    with through(pooler) as one:
        assert one.execute("SELECT pg_try_advisory_lock(7)").fetchall() == [(True,)]
    with through(pooler) as two, through(pooler) as three, two.transaction():
        two.execute("SELECT 1")  # has the session that holds it
        assert three.execute("SELECT pg_try_advisory_lock(7)").fetchall() == [(False,)]
        assert two.execute("SELECT pg_advisory_unlock(7)").fetchall() == [(True,)]


def test_a_lock_of_a_transaction_ends_with_it(pooler: Path) -> None:
    with through(pooler) as one, one.transaction():
        one.execute("SELECT pg_advisory_xact_lock(8)")
    with through(pooler) as two, through(pooler) as three, two.transaction():
        two.execute("SELECT 1")
        assert three.execute("SELECT pg_try_advisory_xact_lock(8)").fetchall() == [(True,)]
