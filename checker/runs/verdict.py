"""Verdicts on properties: what is known, and by which kind of evidence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from checker.runs.lasso import Lasso

Evidence = Literal["P", "E", "S", "V", "✗", "?"]

WORDS = {
    "P": "holds",
    "E": "holds",
    "S": "holds",
    "V": "vacuous",
    "✗": "violated",
    "?": "not finished",
}

STOPPED = {
    "max-states": "the limit on states was reached",
    "max-memory": "the limit on memory was reached",
    "max-seconds": "the time was up",
    "interrupt": "interrupted",
    "violation": "stopped at the violation",
}

NOT_BEGUN = "not begun"


@dataclass(frozen=True)
class Verdict:
    """What is known of one property, by which evidence; `says` is for people, `steps` for ✗ alone.

    `why` is said once below the verdicts. `lasso` is the run that violates a `leads_to`.
    """

    evidence: Evidence
    says: str
    steps: int | None = None
    why: str = ""
    lasso: Lasso | None = None

    @property
    def symbol(self) -> str:
        """The evidence as tables print it: `E`, `✗7`."""
        return self.evidence if self.steps is None else f"{self.evidence}{self.steps}"

    @property
    def failed(self) -> bool:
        """Whether the property fails; a vacuous one does."""
        return self.evidence in ("V", "✗")


PROVED = Verdict("P", "any number")


@dataclass(frozen=True)
class Judged:
    """A property in one scope and its verdict; a number out of its range has the kind `range`."""

    id: str
    name: str
    kind: str
    verdict: Verdict
