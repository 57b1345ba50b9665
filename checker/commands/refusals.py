"""What is raised below and whoever wrote the command line can mend: told in one line, exit 2."""

from __future__ import annotations

REFUSALS = {
    "spec.language.misuse": "Misuse",
    "checker.crashlab.keep": "BadImage",
    "checker.docs.skeleton": "Unusable",
    "checker.explain.queries.expressions": "BadQuery",
    "checker.explain.witness": "NoTarget",
    "checker.export.pytest_file": "NoTest",
    "checker.process.elsewhere": "Away",
    "checker.prove.solvers.answer": "MissingSolver",
    "checker.runs.trace": "BadTrace",
    "impl.derive.view": "Inexpressible",
    "impl.terms.unusable": "StoreError",
    "impl.postgresql.trial.embedded": "NoServer",
    "impl.terms.outcomes": "CheckFailed",
    "impl.terms.requests": "BadRequest",
}
"""By name: to load them all takes longer than to print the help."""

DIVERGED = "checker.runs.trace", "Diverged"
"""The spec does not follow a trace: that is an answer, and exit 1."""


def refusal(raised: Exception) -> str | None:
    """Return what can be mended, in one line: subject, fact, remedy; None for a fault of ours."""
    kinds = [(kind.__module__, kind.__name__) for kind in type(raised).__mro__]
    if not any(kind in REFUSALS.items() for kind in kinds):
        return None
    fact, remedy = getattr(raised, "fact", None), getattr(raised, "remedy", None)
    # A misuse says first where it was raised, which is nothing to whoever named an edit.
    return f"{fact}; {remedy}" if fact and remedy else str(raised)


def diverged(raised: Exception) -> bool:
    """Return whether the spec does not follow a trace."""
    return (type(raised).__module__, type(raised).__name__) == DIVERGED
