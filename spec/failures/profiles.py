"""Known designs of a queue, as answers to what is asked of any.

Their systems are named only where a source says that they work so; a system may have changed since.
"""

from __future__ import annotations

from dataclasses import dataclass

from spec.failures.answers import Design
from spec.failures.incidents import INCIDENTS, Incident


@dataclass(frozen=True)
class Profile(Design):
    """A design that is known: `told` by sources."""

    told: tuple[str, ...] = ()

    @property
    def incidents(self) -> tuple[Incident, ...]:
        """Where a source says that a system works so."""
        return tuple(INCIDENTS[number] for number in self.told)


_PROFILES = (
    Profile(
        "destructive_pop",
        "Taking a job removes it from the queue: it lives on in the worker's memory alone.",
        {"taken": "popped"},
        ("D05", "D34"),
    ),
    Profile(
        "visibility_timeout",
        "A job that was taken comes back after a time; whoever reports an outcome is believed, and "
        "nobody remembers what was done.",
        {"reported": "by_anybody", "effects": "nothing"},
        ("D44",),
    ),
    Profile(
        "session_lock",
        "A job belongs to a session as long as that is connected: no token, no deadline, and no "
        "attempt is charged when the session breaks.",
        {"reported": "by_anybody", "ended": "never", "deaths": "free", "effects": "nothing"},
        ("D22",),
    ),
    Profile(
        "lease_and_heartbeat",
        "A lease is renewed by heartbeats, and only its holder may settle; what the handler does "
        "to shared state is not guarded.",
        {"effects": "nothing"},
        ("D32",),
    ),
    Profile(
        "transactional_claim",
        "Claim, work and outcome are one transaction: a crash rolls all of it back, and with it "
        "the count of attempts.",
        {"ended": "never", "deaths": "free", "failures": "rolled_back"},
    ),
    Profile(
        "lease_fence_record",
        "This queue: a lease, a token that every write carries, and a record of the effect.",
    ),
)

PROFILES = {profile.name: profile for profile in _PROFILES}
