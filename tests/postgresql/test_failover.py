"""What the spec says of the loss of a server, real ones do."""

from collections.abc import Iterator

import pytest

from checker.failover import facts
from checker.failover.stories import STORIES, Story, predicted
from checker.failover.taken import LAZY, Taken
from impl.postgresql.trial.embedded import Server
from impl.postgresql.trial.standby import Pair

# By hand: how each story ends, and whether what is at stake is broken then.
ENDS = [
    ("job1 is absent", True),
    ("job1 is ready", False),
    ("job1 is ready", True),
    ("job1 is done", False),
    ("job1 is claimed", True),
    ("job1 is claimed, worker1 has 0/1, worker2 has 0/1", True),
    ("job1 is claimed, worker1 has 0/1, worker2 has 1/1", False),
    ("`claim worker2 job1` is not taken", False),
    ("job1 is claimed, worker1 has 0/1, worker2 has 0/1", True),
    ("job1 is claimed, worker1 has 0/1, worker2 has 1/1", False),
    ("job1 is done", True),
    ("`settle_done worker1` is not taken", False),
]


def test_the_spec_says_what_one_would_say_by_hand() -> None:
    said = [predicted(story) for story in STORIES]
    assert [(came.text, came.broken) for came in said] == ENDS


def test_a_transaction_that_stands_still_is_ended_by_the_server_alone(server: Server) -> None:
    assert facts.ALONE[1][2](server) == "0 at once, 1 later; its COMMIT: 25P03"


@pytest.mark.deep
@pytest.mark.parametrize("story", STORIES, ids=lambda s: f"{s.title}, {s.settings}")
def test_servers_do_as_the_spec_says_of_their_loss(story: Story) -> None:
    taken, said = Taken(story), predicted(story)
    assert (taken.came.text, taken.came.broken) == (said.text, said.broken)
    assert ("WARNING 01000" in taken.said) == story.cancelled


@pytest.fixture(scope="module")
def alone() -> Iterator[Server]:
    with Server(settings=LAZY) as server:
        yield server


@pytest.mark.deep
@pytest.mark.parametrize("fact", facts.ALONE, ids=lambda fact: fact[0])
def test_one_server_does_as_is_expected(fact: tuple[str, str, facts.Alone], alone: Server) -> None:
    _, expected, find = fact
    assert find(alone) == expected


@pytest.mark.deep
def test_two_servers_do_as_is_expected() -> None:
    """In one test, for the standby is promoted on the way."""
    with Pair(settings=LAZY) as pair:
        came = [(tried, find(pair)) for tried, _, find in facts.BESIDE]
    assert came == [(tried, expected) for tried, expected, _ in facts.BESIDE]


@pytest.mark.deep
def test_a_standby_that_is_held_back_catches_up_in_the_end() -> None:
    with Pair() as pair, pair.primary.connect() as c, pair.standby.connect() as d:
        c.execute("CREATE TABLE t (n int)")
        pair.catch_up()
        pair.hold_back()
        c.execute("INSERT INTO t VALUES (1)")
        assert d.execute("SELECT count(*) FROM t").fetchone() == (0,)
        pair.catch_up()
        assert d.execute("SELECT count(*) FROM t").fetchone() == (1,)


@pytest.mark.deep
def test_a_server_that_was_killed_comes_back_with_what_was_committed_and_leaves_nothing() -> None:
    with Server() as server:
        with server.connect() as c:
            c.execute("CREATE TABLE t AS SELECT 1 AS n")
        server.kill()
        server.start()
        with server.connect() as c:
            assert c.execute("SELECT n FROM t").fetchall() == [(1,)]
        server.kill()
    assert not server.folder.exists()
