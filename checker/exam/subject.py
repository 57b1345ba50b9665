"""Subjects: which products are examined, in which variants, and what each says of itself."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

SUBJECTS = Path(__file__).parent / "subjects"

FEW = 3
"""How often a job may fail, or be interrupted, where the product has no number of its own. No
schedule lets it fail so often, nor interrupts it, but those that count: there a smaller number says
the same, and is judged faster.
"""


@dataclass(frozen=True)
class Variant:
    """A product with certain settings."""

    subject: str
    name: str
    settings: str
    """In the words of the product."""
    store: str
    """`file`, `redis` or `postgresql`."""
    lease: float
    """No timer of the product lasts longer than so many seconds."""
    failures: int | None = None
    interruptions: int | None = None
    children: bool = False
    """Whether the handler runs in a process below the worker."""
    recovery: str = "workers"
    given: Mapping[str, Any] = field(default_factory=dict)
    """What the adapter reads."""
    design: str | None = None
    """The known design that its documentation describes, of `ffq profiles`."""
    control: str | None = None
    """Of our own queue without a protection: the question that has to find it out."""
    only: tuple[str, ...] = ()
    """If it is there for some questions alone: which."""
    unasked: Mapping[str, str] = field(default_factory=dict)
    """Of questions that cannot be asked, by how their names begin: why."""

    def budgets(self, counts: bool) -> tuple[int, int]:
        """Return how many failures, and interruptions, make a job dead: as it is said of a schedule
        that counts them, or of one that does not come so far.
        """
        failures, interruptions = self.failures or FEW, self.interruptions or FEW
        if counts:
            return failures, interruptions
        return min(failures, FEW), min(interruptions, FEW)

    @property
    def given_json(self) -> str:
        """What the adapter reads, as it is handed over."""
        return json.dumps(dict(self.given))

    @property
    def title(self) -> str:
        """How it is named on the command line."""
        return f"{self.subject}/{self.name}"

    def why_not(self, question: str) -> str | None:
        """Return why this question cannot be asked, or None."""
        found = (why for begin, why in self.unasked.items() if question.startswith(begin))
        return next(found, None)


@dataclass(frozen=True)
class Documented:
    """What the documentation says of an answer, in these variants: a choice, not a surprise."""

    questions: tuple[str, ...]
    variants: tuple[str, ...]
    says: str
    where: str
    instead: str | None = None
    """The variant whose setting prevents it."""


@dataclass(frozen=True)
class Subject:
    """A product, as `about.toml` in its folder describes it."""

    id: str
    name: str
    package: str | None
    documentation: str
    variants: Mapping[str, Variant]
    documented: tuple[Documented, ...] = ()

    def says(self, variant: str, question: str) -> Documented | None:
        """Return what the documentation says of this answer, if it does."""
        found = (d for d in self.documented if question in d.questions and variant in d.variants)
        return next(found, None)

    @property
    def requirements(self) -> Path:
        """The packages that it needs, pinned."""
        return SUBJECTS / self.id / "requirements.txt"


@cache
def subjects() -> dict[str, Subject]:
    """Return every subject by its name."""
    return {file.parent.name: _read(file) for file in sorted(SUBJECTS.glob("*/about.toml"))}


def _read(file: Path) -> Subject:
    about = tomllib.loads(file.read_text("utf-8"))
    id, unasked = file.parent.name, about.pop("unasked", {})
    name, package = about.pop("name"), about.pop("package", None)
    documentation, said = about.pop("documentation"), about.pop("documented", ())
    variants = {}
    for variant, settings in about.items():
        why = {**unasked, **settings.pop("unasked", {})}
        variants[variant] = Variant(id, variant, unasked=why, **settings)
    documented = tuple(
        Documented(tuple(row.pop("questions")), tuple(row.pop("variants")), **row) for row in said
    )
    return Subject(id, name, package, documentation, variants, documented)
