"""Where a subject keeps its jobs: a file, or a server of the exam's own, on a socket."""

from __future__ import annotations

import shutil
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from checker.exam.environments import Unavailable
from checker.exam.sessions import Session

_UP_S = 10.0


@contextmanager
def served(store: str, folder: Path) -> Iterator[str]:
    """Give the address of such a store: nothing for a file, a socket for Redis, a URL for
    PostgreSQL. Raises `Unavailable`.
    """
    match store:
        case "file":
            yield ""
        case "redis":
            with _redis(folder) as address:
                yield address
        case "postgresql":
            with _postgresql() as address:
                yield address
        case _:
            raise AssertionError(store)


@contextmanager
def _redis(folder: Path) -> Iterator[str]:
    program = shutil.which("redis-server")
    if program is None:
        raise Unavailable("Redis: there is no redis-server; install the package of your system")
    address = folder / "redis"
    command = [program, "--port", "0", "--unixsocket", str(address), "--dir", str(folder)]
    command += ["--save", "", "--appendonly", "yes", "--appendfsync", "always"]
    server = Session(command, folder / "redis.log", cwd=folder)
    try:
        until = time.monotonic() + _UP_S
        while not _answers(address):
            if not server.alive or time.monotonic() > until:
                raise Unavailable("Redis: redis-server does not come up")
            time.sleep(0.02)
        yield str(address)
    finally:
        server.kill()


def _answers(address: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as asking, suppress(OSError):
        asking.connect(str(address))
        return True
    return False


@contextmanager
def _postgresql() -> Iterator[str]:
    try:
        from impl.postgresql.trial.embedded import NoServer, Server
    except ImportError:
        fact = "needs psycopg, which is not installed"
        raise Unavailable(f"PostgreSQL: {fact}; install the extra 'postgresql'") from None
    try:
        server = Server()
    except NoServer as none:
        raise Unavailable(f"PostgreSQL: {none}") from None
    try:
        yield f"postgresql://ffq@/postgres?host={server.folder}"
    finally:
        server.stop()


def wire(address: str, folder: Path) -> tuple[str, str]:
    """Return the socket of a store, and the address of one of the same name in a folder."""
    server, is_postgresql, host = address.partition("?host=")
    if is_postgresql:
        return f"{host}/.s.PGSQL.5432", f"{server}?host={folder}"
    return address, str(folder / Path(address).name)
