"""What each of the five proofs came to; one that cannot be had says why."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Mark:
    """One proof: whether it was had, by which kind of evidence, and in a few words what was seen.

    `missing` is why it cannot be had; a mark that is neither had nor missing is a failure.
    """

    ok: bool
    evidence: str
    says: str
    missing: str = ""

    @property
    def symbol(self) -> str:
        """The mark as tables print it: the kind of evidence, `–` if missing, `✗` if it failed."""
        if self.ok:
            return self.evidence
        return "–" if self.missing else "✗"

    @property
    def failed(self) -> bool:
        """Whether the proof was tried and did not succeed."""
        return not self.ok and not self.missing


def shown_in(steps: int) -> str:
    """Return the evidence of a run that shows a failure: so many steps."""
    return f"→{steps}"


@dataclass(frozen=True)
class Reproduced(Mark):
    """The shortest trace to the violation of the named property."""

    steps: int = 0
    trace: str = ""


@dataclass(frozen=True)
class Replayed(Mark):
    """That trace on a real database, with the same protection missing from its SQL."""


@dataclass(frozen=True)
class Prevented(Mark):
    """The property with the protection in place, and what the implementation says of the trace."""

    refused_by: str = ""
    at_step: int = 0


@dataclass(frozen=True)
class Detected(Mark):
    """A query that fires on the damaged database and is silent on healthy ones."""

    query: str = ""
    found: int = 0
    false_alarms: int = 0
    states_checked: int = 0
    cases: int = 0


@dataclass(frozen=True)
class Recovered(Mark):
    """What the repair makes of every state that the failure can lead to."""

    states_checked: int = 0
    residue: str = ""
