"""The loss of a server, as Markdown: what the spec says, and what real ones did."""

from __future__ import annotations

from collections.abc import Callable

from checker.docs.evidence.isolation import tried
from checker.docs.model.tables import code, table
from checker.failover.facts import facts
from checker.failover.stories import DISK, STORIES, Came, predicted
from checker.failover.taken import Taken


def runs() -> str:
    """Print one row for each story: what the spec says of it, and what came."""
    rows, said = [], set[str]()
    for story in STORIES:
        taken = Taken(story)
        said |= {told for told in taken.said if story.cancelled}
        cells = [_cell(predicted(story)), _cell(taken.came)]
        rows.append([story.title, story.settings, code(story.claim), *cells])
    head = ["what happens", "settings", "at stake", "the spec says", "the servers did"]
    return (
        f"{table(head, rows)}\n\n"
        f"_Each row is a run of scope `{DISK.name}`, and the same run on servers that are started "
        "for it. `worker1 has 0/1`: in history 0, token 1. The COMMIT whose wait was cancelled "
        f"was answered with OK, beside which stood: {', '.join(sorted(said)) or 'nothing'}._"
    )


def _cell(came: Came) -> str:
    return f"{came.text}: {'broken' if came.broken else 'kept'}"


def reckoned() -> str:
    """Print one row for each fact of a server: what is expected, and what came."""
    rows = [[fact.tried, fact.expected, fact.came] for fact in facts()]
    head = ["what is tried", "to be expected", "what came"]
    return f"{table(head, rows)}\n\n_Five characters in a cell are the SQLSTATE of a refusal._"


PRINTERS: dict[str, Callable[[], str]] = {
    "failover-runs": tried(runs),
    "failover-facts": tried(reckoned),
}
