"""What was last said of the failure modes: known, without their proofs being computed again.

`ffq check` does not say that all is well while a proof of a failure mode has failed.
"""

from __future__ import annotations

from pathlib import Path

from checker.cache import place, recall, remember, source


def complaints() -> list[str] | None:
    """Return which proofs failed when all were asked; None if that was before the last change."""
    known = recall(_file())
    return known if isinstance(known, list) and all(isinstance(c, str) for c in known) else None


def keep(said: list[str]) -> None:
    """Remember which proofs failed, of all."""
    remember(_file(), said)


def _file() -> Path:
    decides = (
        "spec/language", "spec/queue", "spec/failures", "impl", "checker", "checker/evidence",
        "postmortems/traces",
    )  # fmt: skip
    return place("catalogue", [source(*decides)])
