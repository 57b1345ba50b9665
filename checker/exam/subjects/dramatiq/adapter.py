"""Dramatiq on Redis: it keeps no status, so the broker's own keys are looked at."""

import sys

import dramatiq
import redis
from dramatiq.brokers.redis import RedisBroker

from ..handler import STORE, run

connection = redis.Redis(unix_socket_path=STORE)
broker = RedisBroker(url=f"unix://{STORE}", heartbeat_timeout=2500, maintenance_chance=1_000_000)
dramatiq.set_broker(broker)


@dramatiq.actor(max_retries=3, min_backoff=100)
def job(key: str) -> None:
    """Do the work."""
    run(key)


def setup() -> None:
    """See that the store is there."""
    connection.ping()


def enqueue(key: str) -> None:
    """Ask for a job."""
    broker.enqueue(job.message(key))


def status(key: str) -> list[str]:
    """Return where the message is; one that is done is nowhere."""

    def holds(name: str) -> set[bytes]:
        found = connection.hgetall(name).items()
        return {id for id, text in found if f'"{key}"'.encode() in text}

    ids = holds("dramatiq:default.msgs") | holds("dramatiq:default.DQ.msgs")
    if not ids:
        return ["dead"] if holds("dramatiq:default.XQ.msgs") else ["absent", "done"]
    taken = [connection.smembers(name) for name in connection.scan_iter("dramatiq:__acks__*")]
    return ["claimed"] if ids & set().union(*taken) else ["ready"]


def work(name: str) -> None:
    """Work until told to stop."""
    from dramatiq.__main__ import main

    sys.argv = ["dramatiq", __name__, "--processes", "1", "--threads", "1"]
    sys.exit(main())
