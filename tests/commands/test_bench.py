"""`ffq bench` prints each figure as it is had, of the groups that are asked for."""

import json
from collections.abc import Iterator

import pytest

from checker.bench import measure, servers
from checker.bench.measure import Figure, Unavailable
from checker.bench.statements import counted
from checker.commands.main import main
from checker.exam import environments
from checker.exam.subject import Subject

Said = pytest.CaptureFixture[str]


def half(said: list[str], capsys: Said | None) -> Iterator[Figure]:
    yield Figure("the first", 1.5, "s", 2.0, at_most=True)
    if capsys:
        said.append(capsys.readouterr().out)
    raise Unavailable("java: is not there; install it")


def test_a_figure_is_printed_before_the_next_one_is_measured(
    capsys: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr(measure, "start_up", lambda: half(said, capsys))
    assert main(["bench", "start"]) == 3
    assert said == ["met         1.50 s          the first (goal at most 2)\n"]
    assert capsys.readouterr().err == "ffq: java: is not there; install it\n"


def test_what_could_not_be_measured_is_said_to_programs(
    capsys: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(measure, "start_up", lambda: half([], None))
    assert main(["bench", "start", "--json"]) == 3
    answer = json.loads(capsys.readouterr().out)
    assert (answer["ok"], answer["missing"]) == (False, ["java: is not there; install it"])
    assert [f["what"] for f in answer["figures"]] == ["the first"]


def test_a_group_that_is_not_there_is_refused_before_anything_is_measured(capsys: Said) -> None:
    assert main(["bench", "start", "strat"]) == 2
    assert capsys.readouterr().err == "ffq: there is no group 'strat'; write one of: start\n"


def test_a_job_takes_so_many_statements_and_no_more() -> None:
    """As SQLite is told them, on a real file: a figure that no other load on a machine changes."""
    one_by_one = {what: len(texts) for what, texts in counted().items()}
    assert one_by_one == {"enqueue": 5, "claim": 6, "start": 6, "finish": 5}
    at_once = {what: round(len(texts) / 100) for what, texts in counted(100).items()}
    assert at_once == {"enqueue": 1, "claim": 1, "start": 6, "finish": 1}


@pytest.mark.deep
def test_each_queue_on_a_server_does_all_its_jobs_and_waits_for_the_disk(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(servers, "PROCESSES", (2,))
    monkeypatch.setattr(servers, "JOBS", 10)
    found = {figure.what: figure.value for figure in servers.servers(1)}
    one_by_one = ("a bare loop", "this queue", "procrastinate", "pgqueuer")
    for name in (*one_by_one, "this queue, 10 at once", "pgqueuer, 10 at once"):
        assert found[f"{name} on PostgreSQL, 2 at work"] > 0
        assert found[f"{name}, 2 at work"] > 0.7 or name not in one_by_one, name
    assert {name for name in found if " / " in name} == {
        "this queue / a bare loop: 2 at work", "this queue / procrastinate: 2 at work",
        "this queue / pgqueuer: 2 at work",
        "this queue, 10 at once / pgqueuer, 10 at once: 2 at work",
    }  # fmt: skip


def test_a_product_that_cannot_be_had_is_missing_and_the_others_are_measured(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def none(subject: Subject, say: object) -> str:
        raise environments.Unavailable(f"{subject.name}: cannot be had: no network")

    monkeypatch.setattr(environments, "python", none)
    found, missing = servers._contenders()
    assert list(found) == ["a bare loop", "this queue", "this queue, 10 at once"]
    assert missing == [f"{n}: cannot be had: no network" for n in ("Procrastinate", "PgQueuer")]
