"""What is derived for PostgreSQL does what the spec says, on a real server."""

import re
from collections.abc import Mapping
from functools import partial
from typing import Any

import pytest

from checker.conformance.heard import OnServer
from impl.derive.design import derive
from impl.postgresql.text.sql import RESERVED
from impl.postgresql.text.statements import statement
from impl.postgresql.trial.database import Database
from impl.postgresql.trial.embedded import Server
from impl.terms.outcomes import CheckFailed, Done
from spec.failures.edits import Edits
from spec.queue import DEFAULT, SCOPES
from spec.queue.job import Worker
from tests.walks import Opened, Walks


def opened(server: Server) -> Opened:
    return partial(OnServer, server=server)


def test_the_server_reserves_the_words_that_are_quoted(server: Server) -> None:
    with server.connect() as connection:
        asked = "SELECT word FROM pg_get_keywords() WHERE catcode IN ('R', 'T')"
        theirs = {word for (word,) in connection.execute(asked)}
    assert theirs | {"old", "new"} == RESERVED


@pytest.mark.parametrize("name", DEFAULT)
def test_the_server_understands_every_statement(name: str, server: Server) -> None:
    """Also those that no run of a test comes to: PREPARE says whether the types fit."""
    design = derive(SCOPES[name])
    database = Database(design, server)
    said = [s for t in design.transitions.values() if (s := statement(t))]
    connection = database.session().connection
    texts = [text for s in said for text in (*s.tries, s.verdicts) if text]
    for text in texts:
        connection.execute(f"PREPARE said AS {numbered(text)}".encode())
        connection.execute("DEALLOCATE said")
    database.close()
    assert len(texts) >= 2 * len(said) - 2


def numbered(text: str) -> str:
    """Return a statement with the parameters that PREPARE has."""
    names = list(dict.fromkeys(re.findall(r"(?<!:):(\w+)", text)))
    return re.sub(r"(?<!:):(\w+)", lambda found: f"${names.index(found[1]) + 1}", text)


@pytest.mark.parametrize(
    ("name", "walks"),
    [
        ("whole", 8),
        ("storage", 2),
        ("space", 2),
        ("schedule", 2),
        *(pytest.param(name, 20, marks=pytest.mark.deep) for name in DEFAULT),
    ],
)
def test_database_and_spec_agree_on_every_step_of_random_runs(
    name: str, walks: int, server: Server
) -> None:
    found = Walks(derive(SCOPES[name]), 1, opened(server)).run(walks, steps=40)
    assert len(found.taken) > len(SCOPES[name].spec.actions) // 2
    assert sum(found.refused.values()) > 100


def test_a_check_of_the_database_refuses_what_breaks_a_row(server: Server) -> None:
    scope = Edits(["expire.live"]).on(SCOPES["one-job"])
    database = Database(derive(scope), server)
    database.take("enqueue", {"j": 0}, {}, {})
    with pytest.raises(CheckFailed, match="a_claim_is_one_record"):
        database.take("expire", {"j": 0}, {}, {})
    database.close()


def test_a_row_that_is_free_by_the_time_its_guards_are_asked_is_tried_again(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A job is given back after the statement has found it claimed, and before it is asked why."""
    database = Database(derive(SCOPES["one-job"]), server)
    giver, taker = database.session(), database.session()
    idle = database.design.blank[Worker]
    database.take("enqueue", {"j": 0}, {})
    held = database.take("claim", {"w": 0, "j": 0}, idle)
    assert isinstance(held, Done)
    giver.begin("READ COMMITTED")
    giver.take(
        "settle_released", {"w": 0}, {name: after for name, (_, after) in held.memory.items()}
    )

    said: list[str] = []
    run = taker.run

    def given_back_after_the_first(text: str, bound: Mapping[str, Any] | None = None) -> list[Any]:
        rows = run(text, bound)
        if not said:
            giver.commit()
        said.append(text.split()[0])
        return rows

    monkeypatch.setattr(taker, "run", given_back_after_the_first)
    taken = taker.take("claim", {"w": 1, "j": 0}, idle)
    assert said == ["UPDATE", "WITH", "UPDATE"]
    assert isinstance(taken, Done)
    assert taken.memory["held"] == (0, 2)
    for session in (giver, taker):
        session.connection.close()
    database.close()
