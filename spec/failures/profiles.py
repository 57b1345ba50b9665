"""Known designs of a queue, as the protections that they go without.

A profile is the whole queue with edits. Its systems are named only where a source says that they
work so; a system may have changed since.
"""

from __future__ import annotations

from dataclasses import dataclass

from spec.failures.incidents import INCIDENTS, Incident

_UNFENCED_SETTLES = (
    "heartbeat.fenced",
    "settle_done.fenced",
    "settle_failed.fenced",
    "settle_released.fenced",
)
_UNFENCED_EFFECTS = (
    "write_first.leased", "write_first.fenced", "write_second.leased", "write_second.fenced",
    "record.leased", "record.fenced",
)  # fmt: skip
_NO_RECORD = ("write_first.unrecorded", "record.once", "settle_done.evidence")


@dataclass(frozen=True)
class Profile:
    """A design: `edits` of the whole queue, as `ffq check --without` reads them, and `told` by."""

    name: str
    doc: str
    edits: tuple[str, ...]
    told: tuple[str, ...] = ()

    @property
    def incidents(self) -> tuple[Incident, ...]:
        """Where a source says that a system works so."""
        return tuple(INCIDENTS[number] for number in self.told)


_PROFILES = (
    Profile(
        "destructive_pop",
        "Taking a job removes it from the queue: it lives on in the worker's memory alone.",
        ("instead claim pop",),
        ("D05", "D34"),
    ),
    Profile(
        "visibility_timeout",
        "A job that was taken comes back after a time; whoever reports an outcome is believed, and "
        "nobody remembers what was done.",
        (*_UNFENCED_SETTLES, "start.fenced", *_UNFENCED_EFFECTS, *_NO_RECORD),
        ("D44",),
    ),
    Profile(
        "session_lock",
        "A job belongs to a session as long as that is connected: no token, no deadline, and no "
        "attempt is charged when the session breaks.",
        (
            *_UNFENCED_SETTLES,
            "start.fenced",
            *_UNFENCED_EFFECTS,
            *_NO_RECORD,
            "heartbeat.in_time",
            "instead recover recover_uncharged",
        ),
        ("D22",),
    ),
    Profile(
        "lease_and_heartbeat",
        "A lease is renewed by heartbeats, and only its holder may settle; what the handler does "
        "to shared state is not guarded.",
        (*_UNFENCED_EFFECTS, *_NO_RECORD),
        ("D32",),
    ),
    Profile(
        "transactional_claim",
        "Claim, work and outcome are one transaction: a crash rolls all of it back, and with it "
        "the count of attempts.",
        (
            "heartbeat.in_time",
            "instead settle_failed fail_and_roll_back",
            "instead recover recover_uncharged",
        ),
    ),
    Profile(
        "lease_fence_record",
        "This queue: a lease, a token that every write carries, and a record of the effect.",
        (),
    ),
)

PROFILES = {profile.name: profile for profile in _PROFILES}
