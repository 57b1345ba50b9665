"""Ways to write a claim of one job that is ready, and how many each of them takes.

The planner chooses. If its statistics are of a time when nothing was ready, it may run a subquery
once for each row outside, and SKIP LOCKED then goes on to the next row each time: what was meant to
claim one job claims all.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

from impl.postgresql.trial.embedded import Connection, Server

_NEXT = "SELECT id FROM job WHERE status = 'ready' ORDER BY due LIMIT 1 FOR UPDATE SKIP LOCKED"
_CLAIM = "UPDATE job SET status = 'claimed'"

FORMS = {
    "id IN (SELECT … LIMIT 1 …)": f"{_CLAIM} WHERE id IN ({_NEXT})",
    "id IN (SELECT … LIMIT 1 …) AND guard": f"{_CLAIM} WHERE id IN ({_NEXT}) AND status = 'ready'",
    "FROM (SELECT … LIMIT 1 …) c … AND guard": (
        f"{_CLAIM} FROM ({_NEXT}) c WHERE job.id = c.id AND job.status = 'ready'"
    ),
    "id = (SELECT … LIMIT 1 …) AND guard": f"{_CLAIM} WHERE id = ({_NEXT}) AND status = 'ready'",
    "id = ANY (ARRAY(SELECT … LIMIT 1 …)) AND guard": (
        f"{_CLAIM} WHERE id = ANY (ARRAY({_NEXT})) AND status = 'ready'"
    ),
    "WITH c AS MATERIALIZED (SELECT … LIMIT 1 …) … AND guard": (
        f"WITH c AS MATERIALIZED ({_NEXT}) "
        f"{_CLAIM} FROM c WHERE job.id = c.id AND job.status = 'ready'"
    ),
}
"""Each asks for one job that is ready; `guard` is that it is still ready when it is written."""

READY = 5
"""How many jobs are ready, all of them put in since the statistics were made."""

DONE = (0, 200, 20_000)
"""How many jobs were done, and none ready, when the statistics were made."""


@dataclass(frozen=True)
class Claimed:
    """How many jobs a form has claimed where so many were done before, with or without an index of
    those that are ready, and by what plan.
    """

    form: str
    done: int
    index: bool
    jobs: int
    plan: str


def claimed(server: Server) -> Iterator[Claimed]:
    """Try each form by the planner's own plan, on a table made anew each time."""
    for form, index, done in product(FORMS, (False, True), DONE):
        with server.connect() as connection:
            _made(connection, index, done)
            explained = connection.execute(f"EXPLAIN {FORMS[form]}".encode()).fetchall()
            jobs = connection.execute(FORMS[form].encode()).rowcount
        plan = "\n".join(line for (line,) in explained)
        yield Claimed(form, done, index, jobs, plan)


def _made(connection: Connection, index: bool, done: int) -> None:
    connection.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    columns = "id bigint PRIMARY KEY, status text NOT NULL, due bigint NOT NULL"
    connection.execute(f"CREATE TABLE job ({columns})".encode())
    if index:
        connection.execute("CREATE INDEX ON job (due) WHERE status = 'ready'")
    rows = "INSERT INTO job SELECT n, %s, n FROM generate_series(%s::bigint, %s) n"
    connection.execute(rows, ["done", 1, done])
    connection.execute("VACUUM ANALYZE job")
    connection.execute(rows, ["ready", 1_000_001, 1_000_000 + READY])
