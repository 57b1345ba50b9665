"""What a torture does, from a seed: which jobs there are, and what befalls each process.

A seed gives the same jobs, the same weather, and to the first, second, third worker that is started
the same life: how long after it has joined it is paused, told to stop or killed. It does not give
the same run: what a worker is at in that instant is decided by the machine.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Any, Literal

from checker.torture.acts.kinds import KINDS

LIFE_S = 0.4
"""How long a worker lives on average once it has joined, in seconds."""

PRODUCERS = 3

BLOWS_A_CHANGE = 8
"""After so many blows the weather changes: it is to find work under way."""

Standby = Literal["synchronous", "asynchronous"]
"""Whether what is committed waits for the standby of a server."""


@dataclass(frozen=True)
class Plan:
    """What is to be done, and with what; `at_once`: jobs that each worker process has."""

    seed: int
    jobs: int
    kills: int
    pauses: int
    workers: int
    lease_ms: int
    without: tuple[str, ...] = ()
    store: Literal["sqlite", "postgresql"] = "sqlite"
    standby: Standby | None = None
    at_once: int = 1

    @property
    def stops(self) -> int:
        """How many SIGTERMs and SIGINTs there are."""
        return self.kills // 4

    @property
    def blows(self) -> int:
        """How many there are of all kinds."""
        return self.kills + self.pauses + self.stops

    @property
    def changes(self) -> int:
        """How often the weather changes."""
        return self.blows // BLOWS_A_CHANGE


# ---------------------------------------------------------------- jobs
@dataclass(frozen=True)
class Order:
    """A job to be asked for; delay and timeout in seconds."""

    key: str
    kind: str
    payload: dict[str, Any]
    delay: float
    timeout: float
    max_attempts: int
    max_interrupts: int


def order(plan: Plan, n: int) -> Order:
    """Return the n-th job."""
    random = Random(f"{plan.seed} job {n}")
    able = {n: k for n, k in KINDS.items() if plan.at_once == 1 or not k.main}
    (name,) = random.choices(list(able), [kind.weight for kind in able.values()])
    kind, lease_s = KINDS[name], plan.lease_ms / 1000
    # Long ones are renewed, and are still under way when whoever lost them wakes up.
    ms = 3 * plan.lease_ms if random.random() < 0.15 else random.randrange(150)
    payload: dict[str, Any] = {"ms": ms, "chance": random.randrange(10**6)}
    if name == "deep":
        payload["deep"] = nested(random.choice((50, 300, 450, 900)))
    delay = random.uniform(0, 2 * lease_s) if random.random() < 0.1 else 0.0
    timeout = lease_s if kind.overdue else 20.0
    return Order(f"{name} {n}", name, payload, delay, timeout, kind.attempts, kind.interrupts)


def nested(depth: int) -> list[Any]:
    """Return an empty list within a list within a list."""
    whole: list[Any] = []
    for _ in range(depth):
        whole = [whole]
    return whole


# ---------------------------------------------------------------- blows
How = Literal["SIGKILL", "SIGSTOP", "SIGTERM", "SIGINT"]


@dataclass(frozen=True)
class Blow:
    """What befalls a worker after it was left alone for so long; a pause lasts some seconds."""

    after: float
    how: How
    pause: float


def fate(plan: Plan, incarnation: int) -> Iterator[Blow]:
    """Yield what befalls the n-th worker that is started, as long as it lives."""
    random = Random(f"{plan.seed} worker {incarnation}")
    kinds: tuple[How, ...] = ("SIGKILL", "SIGSTOP", "SIGTERM", "SIGINT")
    while plan.blows:
        (how,) = random.choices(kinds, (2 * plan.kills, 2 * plan.pauses, plan.stops, plan.stops))
        pause = random.uniform(1.2, 2.5) * plan.lease_ms / 1000
        yield Blow(random.expovariate(1 / LIFE_S), how, pause)


# ---------------------------------------------------------------- weather
What = Literal["clock", "locked", "full", "crash", "promoted"]


@dataclass(frozen=True)
class Change:
    """A change of the weather after so many seconds.

    `clock`: the wall clock is set to so many ms ahead. `locked`: somebody holds what others need,
    one of three locks, for so many seconds. `full`: the disk is full for so long. `crash`: the
    server ends as without power, and comes up again. `promoted`: after so many seconds it ends, and
    its standby takes its place; one that is not waited for falls behind until then.
    """

    after: float
    what: What
    ahead_ms: int
    lock: Literal["gate", "writer", "transaction"]
    seconds: float


HOURS_MS = 3_600_000
_WEATHERS: dict[str, tuple[What, ...]] = {
    "sqlite": ("clock", "clock", "locked", "full"),
    "postgresql": ("crash", "locked"),
    "standby": ("crash", "locked", "promoted"),
}


def weather(plan: Plan, nth: int) -> Change:
    """Return the n-th change."""
    random = Random(f"{plan.seed} weather {nth}")
    lease_s = plan.lease_ms / 1000
    served = plan.store == "postgresql"
    return Change(
        random.uniform(0.2, 1.5),
        random.choice(_WEATHERS[plan.store if plan.standby is None else "standby"]),
        random.choice((0, 11, -1, -24)) * HOURS_MS,
        "transaction" if served else random.choice(("gate", "writer", "transaction")),
        random.uniform(0.3, 2.5) * lease_s,
    )
