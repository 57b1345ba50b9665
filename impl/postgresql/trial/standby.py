"""Two servers: one that takes writes, and a standby that is sent what it has written."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Mapping
from types import TracebackType

import psycopg

from impl.postgresql.trial.embedded import Connection, NoServer, Server


class Pair:
    """A primary and its standby; what is committed waits for the standby if it is `synchronous`."""

    def __init__(
        self, synchronous: bool = False, settings: Mapping[str, str] | None = None
    ) -> None:
        """Start both, the standby with all that the primary has; raises `NoServer`."""
        self.primary = Server(settings=settings)
        try:
            self.standby = Server(self.primary, settings)
        except BaseException:
            self.primary.stop()
            raise
        self._held_back: int | None = None
        self._until("SELECT 1 FROM pg_stat_replication WHERE state = 'streaming'")
        if synchronous:
            with self.primary.connect() as c:
                c.execute("ALTER SYSTEM SET synchronous_standby_names = 'standby'")
                c.execute("SELECT pg_reload_conf()")
            self._until("SELECT 1 FROM pg_stat_replication WHERE sync_state = 'sync'")

    def hold_back(self) -> None:
        """Send the standby nothing more for now: it falls behind."""
        self.catch_up()
        with self.primary.connect() as c:
            (pid,) = c.execute("SELECT pid FROM pg_stat_replication").fetchone() or (0,)
        self._held_back = pid
        os.kill(pid, signal.SIGSTOP)

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

    def connect(self) -> Connection:
        """Return a connection to a server that takes writes; the primary is asked first."""
        hosts = f"host={self.primary.folder},{self.standby.folder} user=ffq dbname=postgres"
        return psycopg.connect(f"{hosts} target_session_attrs=read-write", autocommit=True)

    def _until(self, asked: str) -> None:
        until = time.monotonic() + 60
        with self.primary.connect() as c:
            while c.execute(asked.encode()).fetchone() is None:
                if time.monotonic() > until:
                    raise NoServer(f"the standby does not follow: there is no row of {asked}")
                time.sleep(0.01)

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
