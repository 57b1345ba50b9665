"""Two servers: one that takes writes, and a standby that is sent what it has written."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

import psycopg

from impl.postgresql.trial.embedded import Connection, NoServer, Server


class Pair:
    """A primary and its standby; what is committed waits for the standby if it is `synchronous`."""

    def __init__(
        self,
        synchronous: bool = False,
        settings: Mapping[str, str] | None = None,
        primary: Server | None = None,
        folder: Path | None = None,
    ) -> None:
        """Start both, the standby with all that the primary has, in this folder if it is named; or
        beside a primary that is up. Raises `NoServer`.
        """
        self.synchronous, self._settings = synchronous, settings
        self._held_back: int | None = None
        self.primary = primary or Server(settings=settings)
        try:
            self.standby = self._followed(folder)
        except BaseException:
            self.primary.stop()
            raise

    def _followed(self, folder: Path | None = None) -> Server:
        """Return a standby that follows the primary."""
        standby = Server(self.primary, self._settings, folder)
        self._until("SELECT 1 FROM pg_stat_replication WHERE state = 'streaming'")
        if self.synchronous:
            with self.primary.connect() as c:
                c.execute("ALTER SYSTEM SET synchronous_standby_names = 'standby'")
                c.execute("SELECT pg_reload_conf()")
            self._until("SELECT 1 FROM pg_stat_replication WHERE sync_state = 'sync'")
        return standby

    def hold_back(self) -> None:
        """Send the standby nothing more for now, once it has all: it falls behind."""
        self.catch_up()
        self.leave_behind()

    def leave_behind(self) -> None:
        """Send the standby nothing more for now."""
        self._held_back = self._until("SELECT pid FROM pg_stat_replication")
        os.kill(self._held_back, signal.SIGSTOP)

    def catch_up(self) -> None:
        """Send the standby all that is written, and wait until it has it."""
        if self._held_back is not None:
            os.kill(self._held_back, signal.SIGCONT)
            self._held_back = None
        with self.primary.connect() as c:
            # What nobody has waited for is written now.
            c.execute("SET synchronous_commit = local; SELECT pg_switch_wal()")
        self._until(
            "SELECT 1 FROM pg_stat_replication WHERE replay_lsn >= pg_current_wal_flush_lsn()"
        )

    def promote(self) -> None:
        """Make a primary of the standby, whatever has become of the other one."""
        with self.standby.connect() as c:
            c.execute("SELECT pg_promote(true, 60)")

    def take_over(self) -> None:
        """Kill the primary, promote the standby, and give that one a standby of its own, where the
        old primary was.
        """
        self.primary.kill()
        self._held_back = None
        self.promote()
        self.primary.stop()
        old, self.primary = self.primary, self.standby
        self.standby = self._followed(old.folder)

    def connect(self) -> Connection:
        """Return a connection to a server that takes writes; the primary is asked first."""
        hosts = f"host={self.primary.folder},{self.standby.folder} user=ffq dbname=postgres"
        return psycopg.connect(f"{hosts} target_session_attrs=read-write", autocommit=True)

    def _until(self, asked: str) -> int:
        """Ask the primary until there is a row, and return its number."""
        until = time.monotonic() + 60
        with self.primary.connect() as c:
            while (row := c.execute(asked.encode()).fetchone()) is None:
                if time.monotonic() > until:
                    raise NoServer(f"the standby does not follow: there is no row of {asked}")
                time.sleep(0.01)
        return int(row[0])

    def __enter__(self) -> Pair:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.primary.stop()
        self.standby.stop()
