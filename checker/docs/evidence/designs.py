"""Known designs as Markdown: which claim each of them breaks, in how many steps."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from checker.docs.evidence.figures import bounds
from checker.docs.model.tables import code, table
from checker.prove.proof import prove
from checker.runs.exploration import Limits, Report
from checker.verdicts.designs import row
from spec.failures.profiles import PROFILES
from spec.language.scope import Scope
from spec.queue import SCOPES


def designs(watch: Callable[[Scope, str], Report | None]) -> str:
    """Print one row for each ID, one column for each design, and what the columns are."""
    scope = SCOPES["whole"]
    prove(scope.spec)  # so that the page does not depend on what was remembered
    rows = [
        row(scope, profile, Limits(), partial(watch, scope, profile.name))
        for profile in PROFILES.values()
    ]
    lines = []
    for id in sorted(rows[0].by_id):
        cells = [r.by_id[id] for r in rows]
        lines.append([id, *(f"{c.mark}{'' if c.steps is None else c.steps}" for c in cells)])
    described = []
    for n, profile in enumerate(PROFILES.values(), 1):
        told = ", ".join(f"[{i.system}]({i.url})" for i in profile.incidents)
        edits = ", ".join(map(code, profile.edits))
        without = f" Without {edits}." if edits else ""
        from_where = f" Told of {told}." if told else ""
        described.append(f"{n}. **`{profile.name}`**: {profile.doc}{without}{from_where}")
    listing = "\n".join(described)
    head = ["", *(str(n) for n in range(1, len(rows) + 1))]
    undecided = sorted({r.undecided for r in rows if r.undecided})
    note = f"`?`: {'; '.join(undecided)}.\n\n" if undecided else ""
    return (
        f"{listing}\n\n{table(head, lines)}\n\n{note}"
        f"_Computed by `ffq profiles` in scope `whole` ({bounds(scope)})._"
    )
