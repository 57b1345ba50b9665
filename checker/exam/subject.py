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
    control: str | None = None
    """Of our own queue without a protection: the question that has to find it out."""
    unasked: Mapping[str, str] = field(default_factory=dict)
    """Of questions that cannot be asked, by how their names begin: why."""

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
class Subject:
    """A product, as `about.toml` in its folder describes it."""

    id: str
    name: str
    package: str | None
    documentation: str
    variants: Mapping[str, Variant]

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
    documentation = about.pop("documentation")
    variants = {}
    for variant, said in about.items():
        why = {**unasked, **said.pop("unasked", {})}
        variants[variant] = Variant(id, variant, unasked=why, **said)
    return Subject(id, name, package, documentation, variants)
