"""What jobs are about that are taken over, or in: a number, which stands for one subject."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from spec.language.scope import Value

_ANOTHER = "(about = ? AND coalesce(subject, '') <> ?) OR (about <> ? AND subject = ?)"


def about_itself(job: int, row: Mapping[str, Value]) -> dict[str, Value]:
    """Return what the row of a job says that was put in before any said what it was about."""
    new = row["status"] == "ready" and row["token"] == 0
    return {"about": job, "keeps_out": job if new else None, "throughout": False}


def clash(
    known: Callable[..., bool], job: int, row: Mapping[str, Value], subject: str | None
) -> str | None:
    """Return what is wrong with what a job is said to be about, beside those that are `known`: each
    number is that of the first job about the same, and one job keeps others out of it.
    """
    about = row["about"]
    if about is None or int(about) > job or (subject is None and int(about) != job):
        return "is about what no job can be about"
    number = int(about) + 1
    if known(f"SELECT 1 FROM job WHERE {_ANOTHER}", number, subject or "", number, subject):
        return f"is about subject{number}, and another job is not"
    if row["keeps_out"] is not None and known("SELECT 1 FROM job WHERE keeps_out = ?", number):
        return f"keeps others out of subject{number}, as another job does"
    return None
