"""What a torture does, from a seed: which jobs there are, and what befalls each worker.

A seed gives the same jobs, and to the first, second, third worker that is started the same life:
how long after it has joined it is paused or killed. It does not give the same run: what a worker is
at in that instant is decided by the machine.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Literal

from impl.tasks import MOST

Kind = Literal["write", "steps", "send", "flaky", "poison", "fragile"]

KINDS: dict[Kind, int] = {
    "write": 40, "steps": 20, "send": 20, "flaky": 12, "poison": 3, "fragile": 5,
}  # fmt: skip
"""How often each is chosen. `flaky` fails now and then, `poison` always; `fragile` survives no
interruption.
"""

EFFECTS: dict[Kind, tuple[str, ...]] = {
    "write": ("done",), "steps": ("first", "done"), "send": ("done",), "flaky": ("done",),
    "poison": (), "fragile": ("done",),
}  # fmt: skip
"""What the ledger must say of a job of this kind that is done, each once."""

LIFE_S = 0.4
"""How long a worker lives on average once it has joined, in seconds."""


@dataclass(frozen=True)
class Plan:
    """What is to be done, and with what."""

    seed: int
    jobs: int
    kills: int
    pauses: int
    workers: int
    lease_ms: int
    off: tuple[str, ...] = ()


@dataclass(frozen=True)
class Order:
    """A job to be asked for."""

    key: str
    kind: Kind
    ms: int
    max_attempts: int
    max_interrupts: int


def order(plan: Plan, n: int) -> Order:
    """Return the n-th job."""
    random = Random(f"{plan.seed} job {n}")
    (kind,) = random.choices(list(KINDS), list(KINDS.values()))
    attempts = 3 if kind == "poison" else MOST
    interrupts = 1 if kind == "fragile" else MOST
    # Long ones are renewed, and are still under way when whoever lost them wakes up.
    ms = 3 * plan.lease_ms if random.random() < 0.15 else random.randrange(150)
    return Order(f"{kind} {n}", kind, ms, attempts, interrupts)


@dataclass(frozen=True)
class Blow:
    """What befalls a worker after it was left alone for so long; a pause lasts some seconds."""

    after: float
    kill: bool
    pause: float


def fate(plan: Plan, incarnation: int) -> Iterator[Blow]:
    """Yield what befalls the n-th worker that is started, as long as it lives."""
    random = Random(f"{plan.seed} worker {incarnation}")
    whole = plan.kills + plan.pauses
    while whole:
        kill = random.randrange(whole) < plan.kills
        pause = random.uniform(1.2, 2.5) * plan.lease_ms / 1000
        yield Blow(random.expovariate(1 / LIFE_S), kill, pause)
