"""The server of a torture, and its standby: killed and promoted while workers are at it.

Its files lie in a folder of their own under the system's for temporary files: the server may be
another user, who may not go everywhere. Who may be gone on with stays until a torture is over.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from checker.torture.acts.conditions import ADDRESS
from checker.torture.acts.plan import Standby
from impl.address import needing_psycopg

if TYPE_CHECKING:
    from impl.postgresql.trial.standby import Pair

SETTINGS = {"wal_retrieve_retry_interval": "'100ms'"}
"""So that a standby is soon there again."""

_PLACES = ("one", "other")
_HOME = "servers"
"""The file that says where they are."""


class Served:
    """A server, and its standby if there is to be one."""

    def __init__(self, folder: Path, standby: Standby | None) -> None:
        """Start it, or start it again, and say in the folder where it is; raises `NoServer`."""
        with needing_psycopg():
            from impl.postgresql.trial.embedded import Server
        before = home_of(folder)
        self._home = before or Path(tempfile.mkdtemp(prefix="ffq-pg-"))
        self._home.chmod(0o755)
        self._at = self._home / "primary"
        if before is None:
            self._at.write_text(_PLACES[0])
            places = ",".join(str(self._home / name) for name in _PLACES)
            # Whoever is to be killed or promoted next, a client finds the one that takes writes.
            asked = f"host={places}&target_session_attrs=read-write"
            (folder / ADDRESS).write_text(f"postgresql://ffq@/postgres?{asked}")
            (folder / _HOME).write_text(str(self._home))
        self._server = Server(settings=SETTINGS, folder=self._home / self._at.read_text())
        self._pair = None if standby is None else self._with_standby(standby)

    def _with_standby(self, standby: Standby) -> Pair:
        from impl.postgresql.trial.standby import Pair

        with self._server.connect() as c:
            if c.execute("SELECT pg_is_in_recovery()").fetchone() == (True,):
                c.execute("SELECT pg_promote(true, 60)")  # it was about to be
        place = self._home / self._other
        shutil.rmtree(place, ignore_errors=True)
        return Pair(standby == "synchronous", SETTINGS, self._server, place)

    @property
    def _other(self) -> str:
        return _PLACES[1 - _PLACES.index(self._at.read_text())]

    def crash(self) -> None:
        """Let the server end as without power, and come up again."""
        self._server.kill()
        self._server.start()

    def leave_behind(self) -> None:
        """Let the standby fall behind, unless it is waited for."""
        if self._pair is not None and not self._pair.synchronous:
            self._pair.leave_behind()

    def take_over(self) -> None:
        """Let the server end and its standby take its place; then there is a new standby."""
        assert self._pair is not None
        self._server.kill()
        # Whoever goes on after this, and before the next line is over, has to promote it.
        self._at.write_text(self._other)
        self._pair.take_over()
        self._server = self._pair.primary

    def end(self, over: bool) -> None:
        """Let it end, and leave nothing of it if all is over."""
        servers = [self._server] if self._pair is None else [self._pair.primary, self._pair.standby]
        for server in servers:
            server.halt()
        if over:
            shutil.rmtree(self._home, ignore_errors=True)


def home_of(folder: Path) -> Path | None:
    """Return where the servers of a torture are, if it has any and they are there still."""
    named = folder / _HOME
    if not named.exists():
        return None
    home = Path(named.read_text())
    return home if home.is_dir() else None
