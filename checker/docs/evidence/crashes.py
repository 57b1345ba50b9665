"""What was measured, as tables of Markdown."""

from __future__ import annotations

from checker.crashlab.campaign import Crew
from checker.crashlab.contention import situations
from checker.crashlab.figures import COLUMNS, cell, numbers, wrong
from checker.crashlab.images.judge import VERDICTS
from checker.crashlab.survey import every_setting, measured, own_faults, shipped_round
from checker.docs.model.tables import code, table

_SEED = 1


def settings() -> str:
    """Print what every setting comes through."""
    with Crew() as crew:
        rows = [row for row, _ in measured(crew, _SEED, every_setting())]
    lines = [
        [code(row.setting.name), *(cell(row, c) for c in COLUMNS), str(row.spares.worst)]
        for row in rows
    ]
    head = ["setting", *COLUMNS, "answers lost at most"]
    return table(head, lines) + "\n\n_Printed by `ffq crashlab --settings`; seed 1._"


def shipped() -> str:
    """Print what the store that is shipped comes through."""
    with Crew() as crew:
        done = shipped_round(crew, _SEED)
    lines = [[o.what, f"{o.tasks:,}", *(f"{n:,}" for n in numbers(o.found).values())] for o in done]
    head = ["", "runs", "crashes", "distinct images", *VERDICTS]
    said = [
        f"{o.what}; the store said: "
        + ", ".join(f"{what} {n:,}" for what, n in sorted(o.said.items()))
        for o in done
        if o.said
    ]
    return "\n\n".join([table(head, lines), *said, "_Printed by `ffq crashlab`; seed 1._"])


def mutants() -> str:
    """Print what the laboratory finds of faults of our own."""
    with Crew() as crew:
        caught = own_faults(crew, _SEED)
    lines = [[c.mutant.name, c.mutant.doc, wrong(c.outcome.found) or "nothing"] for c in caught]
    head = ["fault of our own", "what it is", "found"]
    return table(head, lines) + "\n\n_Printed by `ffq crashlab`; seed 1._"


def contention() -> str:
    """Print what processes in each other's way come to."""
    lines = [[c.what, c.came] for c in situations()]
    return table(["", "what came of it"], lines) + "\n\n_Printed by `ffq crashlab --contention`._"


PRINTERS = {
    "crash-settings": settings,
    "crash-round": shipped,
    "crash-faults": mutants,
    "contention": contention,
}
"""The blocks, by name."""
