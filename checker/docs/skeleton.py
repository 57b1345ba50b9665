"""The skeleton of a failure mode to come: its entry, its page and its postmortem."""

from __future__ import annotations

import re
from pathlib import Path

from spec.failures import FAILURES

ROOT = Path(__file__).resolve().parents[2]

_ID = re.compile(r"FM-\d{3}[a-z]?")
_NAME = re.compile(r"[a-z]+(_[a-z]+)+")


class Unusable(ValueError):
    """No skeleton can be made: `subject: fact; remedy`. Nothing was written."""


def entry(id: str, name: str) -> str:
    """Return what belongs into a module of `spec/failures`."""
    return f'''\
FailureMode(
    "{id}",
    "{name}",
    Loss(
        ("ACTION.GUARD",),  # or "split ACTION FIELD", "weaken ...", "instead ACTION NAIVE_STEP"
        "PROPERTY_THAT_BREAKS",
        "one-job",  # the smallest scope that shows it
        "One sentence: what happens to whom.",
    ),
    "One sentence: what the protection demands.",
),'''


def files(id: str, name: str, root: Path = ROOT) -> dict[Path, str]:
    """Return the page and the postmortem of a failure mode; raises `Unusable`."""
    if not _ID.fullmatch(id):
        raise Unusable(f"'{id}': is no ID of a failure mode; write FM-031 or FM-031a")
    if id in FAILURES:
        raise Unusable(f"{id}: is in the catalogue already; `ffq failures {id}` shows it")
    if not _NAME.fullmatch(name):
        raise Unusable(f"'{name}': is no name; say in words_like_these what happens")
    words = name.replace("_", " ")
    page = root / "docs" / "failure-modes" / f"{id}.md"
    told = root / "postmortems" / f"{id.lower()}-{name.replace('_', '-')}.md"
    found = {page: _page(id, words, told.name), told: _postmortem(id, words)}
    for path in found:
        if not path.parent.is_dir():
            raise Unusable(f"{path.parent}: is not there; run it in a checkout")
        if path.exists():
            raise Unusable(f"{path}: is there already; it was left alone")
    return found


def _block(kind: str, id: str) -> str:
    return f"<!-- generated: {kind} {id} -->\n<!-- end -->"


def _page(id: str, words: str, told: str) -> str:
    return f"""\
# {id}: {words}

{_block("failure", id)}

The story of it is told in [{words}](../../postmortems/{told}).

## Where it happened

{_block("incidents", id)}

## Why tests miss it

What would have to come together, and why a test seldom brings it about.

## The protection

What the guard compares, and what becomes of whoever is refused.

{_block("variants", id)}

{_block("partners", id)}

## By hand

{_block("by-hand", id)}

## How to find it

{_block("detector", id)}

## How to put it right

{_block("repairs", id)}
"""


def _postmortem(id: str, words: str) -> str:
    return f"""\
# {words.capitalize()}

{_block("run", id)}

## Why the queue allowed it

Which belief was wrong, in one paragraph. Nobody is to blame: say what made it believable.

## What holds now

The guard by its name, and what it compares.
What is proved of it stands on the page of [{id}](../docs/failure-modes/{id}.md).

## What we looked for and did not find

{_block("ruled-out", id)}
"""
