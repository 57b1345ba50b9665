"""Incidents are runs: the same processes do the same in the same order, and something is broken."""

from collections.abc import Iterator

import pytest

from checker.evidence import incidents, traces
from checker.runs.story import Line, Plain
from checker.runs.trace import replay
from spec.failures import FAILURES
from spec.failures.edits import Edits
from spec.failures.incidents import INCIDENTS
from spec.failures.incidents.stories import STORIES, Step

EVERY = pytest.mark.parametrize("id", STORIES)
OWN = sorted(file.stem for file in incidents.FOLDER.glob("*.jsonl"))


def lines(text: str) -> list[Line]:
    """Return a run as it is written: `worker1 claim job1, job1 expire`."""
    found = []
    for n, words in enumerate(text.split(", "), 1):
        actor, action, *others = words.split()
        params: dict[str, Plain] = {str(i): name for i, name in enumerate((actor, *others))}
        found.append(Line(n, actor, action, params, ()))
    return found


def steps(text: str) -> Iterator[Step]:
    for words in text.split(", "):
        action, *parts = words.split()
        yield Step(action, tuple(parts))


RUN = "worker1 claim job1, job1 expire, recoverer2 look job1, worker2 claim job1, worker1 start"


@pytest.mark.parametrize(
    ("told", "tells"),
    [
        ("claim w1, expire, look r1, claim w2, start w1", True),
        ("claim w2, claim w1, start w2", True),
        ("claim w1 j1, claim w2 j1", True),
        ("claim w1 j1, claim w2 j2", False),
        ("claim w1, claim w2, start w2", False),
        ("claim w1, claim w1", False),
        ("expire, claim w1, start w1", False),
        ("start w1, claim w1", False),
        ("settle_done w1", False),
    ],
)
def test_a_run_tells_what_the_same_ones_do_in_the_same_order(told: str, tells: bool) -> None:
    assert incidents.tells(lines(RUN), list(steps(told))) is tells


@EVERY
def test_the_run_of_an_incident_breaks_what_it_says_and_tells_it(id: str) -> None:
    trace, loss = incidents.kept(id), incidents.loss_of(STORIES[id])
    assert (trace.edits, trace.violated) == (Edits(loss.edits), loss.breaks)
    replay(trace)
    assert incidents.tells(trace.lines, STORIES[id].steps)


@EVERY
def test_an_incident_lacks_what_it_teaches(id: str) -> None:
    lacking = {name[:7].removesuffix("-") for name in STORIES[id].losses}
    assert lacking & set(INCIDENTS[id].teaches)


def test_every_incident_is_told_or_says_why_not() -> None:
    first = [id for id in INCIDENTS if int(id[1:]) <= incidents.LAST]
    assert len(first) == 60
    untold = incidents.untold()
    assert sorted([*STORIES, *untold]) == first
    assert all(untold.values())
    assert not any(set(INCIDENTS[id].teaches) <= FAILURES.keys() for id in untold)


def test_no_run_is_kept_twice_or_for_nobody() -> None:
    assert {incidents.file_of(id) for id in STORIES if id in OWN} == {
        incidents.FOLDER / f"{id}.jsonl" for id in OWN
    }


@pytest.mark.deep
@pytest.mark.parametrize("id", OWN[::5])
def test_what_is_kept_is_what_is_found(id: str) -> None:
    found = traces.shortest(incidents.loss_of(STORIES[id]))
    assert incidents.file_of(id).read_text("utf-8") == found


def test_the_catalogue_knows_what_incidents_teach() -> None:
    named = {mode for id in STORIES for mode in INCIDENTS[id].teaches}
    assert named <= set(FAILURES)
