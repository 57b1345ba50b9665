"""The handlers of a torture that do what they should: every effect leaves a row, as often as made.

What a handler is told is done, it writes into the ledger as well.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from checker.torture.acts.kinds import KINDS
from checker.torture.acts.ledger import Ledger
from impl.working.along import Statement
from impl.working.attempt import Attempt

TABLES = """\
CREATE TABLE IF NOT EXISTS effects (  -- every effect, as often as it was made: nothing is unique
  id INTEGER PRIMARY KEY,
  job INTEGER NOT NULL,
  effect TEXT NOT NULL,
  number INTEGER NOT NULL,  -- of the claim of its job
  pid INTEGER NOT NULL,
  seq INTEGER NOT NULL  -- of the last row of the trace when it was made
) STRICT;

CREATE TABLE IF NOT EXISTS parents (id INTEGER PRIMARY KEY) STRICT;

CREATE TABLE IF NOT EXISTS orphans (
  parent INTEGER NOT NULL REFERENCES parents (id) DEFERRABLE INITIALLY DEFERRED
) STRICT"""

TOPIC = "torture"


@dataclass
class Place:
    """Where handlers work: the process, with what it keeps between jobs."""

    ledger: Ledger
    lease_s: float
    chance: Random = field(default_factory=Random)
    kept: list[Attempt] = field(default_factory=list)

    def wait(self, attempt: Attempt) -> None:
        """Take a while, at most as long as the job says."""
        time.sleep(attempt.payload["ms"] * self.chance.random() / 1000)

    def once(self, attempt: Attempt, name: str) -> None:
        """Make an effect as a step of its own."""
        if attempt.once(name, effect(attempt, name)):
            self.ledger.write("made", job=attempt.id, effect=name)

    def result(self, attempt: Attempt, name: str) -> None:
        """Compute something that no two processes would compute alike."""
        seen = attempt.result(name, lambda: [os.getpid(), self.chance.random()])
        self.ledger.write("seen", job=attempt.id, name=name, result=seen)


def settle(attempt: Attempt) -> None:
    """Let the effect be made that belongs to *done*."""
    sql, values = effect(attempt, "done")
    attempt.write(sql, *values)


Handle = Callable[[Place, Attempt], Any]


def effect(attempt: Attempt, name: str) -> Statement:
    """Return what makes an effect, and notes under which claim."""
    insert = """\
INSERT INTO effects (job, effect, number, pid, seq)
VALUES (?, ?, ?, ?, (SELECT max(seq) FROM trace))"""
    return insert, (attempt.id, name, attempt.number, os.getpid())


def work(place: Place, attempt: Attempt) -> None:
    """Make an effect, and take a while before and after."""
    place.wait(attempt)
    settle(attempt)
    place.wait(attempt)


def steps(place: Place, attempt: Attempt) -> None:
    """Do two steps with a result between them, then the rest."""
    for name in KINDS[attempt.kind].once:
        place.once(attempt, name)
        place.result(attempt, f"{name} seen")
        place.wait(attempt)
    work(place, attempt)


def send(place: Place, attempt: Attempt) -> None:
    """Send a message along with the effect."""
    attempt.send(TOPIC, {"job": attempt.id, "chance": attempt.payload["chance"]})
    work(place, attempt)


def flaky(place: Place, attempt: Attempt) -> None:
    """Fail now and then."""
    work(place, attempt)
    if place.chance.random() < 0.4:
        raise RuntimeError("flaky as planned")


def poison(place: Place, attempt: Attempt) -> None:
    """Fail always."""
    place.wait(attempt)
    raise RuntimeError("poison as planned")


WELL: dict[str, Handle] = {
    "write": work, "steps": steps, "send": send, "flaky": flaky, "fragile": work, "deep": work,
    "poison": poison,
}  # fmt: skip
