"""What can be looked for in a run, and what a run can be exported as."""

from __future__ import annotations

from checker.docs.model.tables import code, table


def queries() -> str:
    """Print the words of a search with what each is compared with."""
    from checker.explain.queries.search import KEYS

    return table(["word", "what it is compared with"], ([code(f"{k}:"), KEYS[k]] for k in KEYS))


def exports() -> str:
    """Print the formats with what each is for."""
    from checker.export.formats import FORMATS

    return table(["format", "what it is"], ([code(f.name), f.doc] for f in FORMATS.values()))
