"""What a solver says of an obligation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Verdict = Literal["proved", "refuted", "unknown"]

SECONDS_MAX = 20
"""After so many seconds on one obligation a solver has not finished."""


class MissingSolver(Exception):
    """A solver is not installed: `subject: fact; remedy`."""

    def __init__(self, module: str, package: str) -> None:
        super().__init__(f"{module} is not installed; `pip install {package}` brings it")


@dataclass(frozen=True)
class Answer:
    """A verdict, the seconds it took, and of a proof the names of the assertions that it used.

    refuted: there is a state in which the obligation fails; nobody says that it can be reached.
    `why` says why a solver does not know. The core may be more than is needed.
    """

    verdict: Verdict
    seconds: float
    core: tuple[str, ...] = ()
    why: str = ""


def answer_of(stored: Any) -> Answer:
    """Return an answer from what was kept of it; raises what a mistake in it raises."""
    seconds, core = float(stored["seconds"]), tuple(map(str, stored["core"]))
    return Answer(stored["verdict"], seconds, core, str(stored["why"]))


def verdict(said: str) -> Verdict:
    """Return what the solver's word means: no model of the text, no way for the claim to fail."""
    words: dict[str, Verdict] = {"unsat": "proved", "sat": "refuted"}
    return words.get(said, "unknown")
