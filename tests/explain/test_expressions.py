"""Expressions over the states of a run, with values that were read off the run by hand."""

import pytest

from checker.commands import main as cli
from checker.evidence.traces import FOLDER
from checker.explain.queries.expressions import BadQuery, expression, turns_true
from checker.explain.queries.search import find, parse
from tests.sample_runs import kept

RUN = kept("FM-010")
FILE = str(FOLDER / "FM-010.jsonl")


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("token[job1]", "0 0 1 1 1 1 1 2 2"),
        ("held[worker1] == token[job1]",
         "true true true true true true true false false"),
        ("status[job[worker1]]",
         "none none claimed claimed claimed claimed ready claimed none"),
        ("pc[worker1] == running and lease[job1] == expired",
         "false false false false true true false false false"),
        ("(pc[worker1] == running) & ~(lease[job1] == live)",
         "false false false false true true true false false"),
        ("(status[job1] == done) >> (job[worker1] == none)",
         "true true true true true true true true true"),
        ("0 < token[job1] <= 1", "false false true true true true true false false"),
        ("token[job1] - held[worker1] + 1", "1 1 1 1 1 1 1 2 3"),
    ],
)  # fmt: skip
def test_an_expression_is_read_in_each_state(text: str, values: str) -> None:
    asked = expression(RUN.scope, text)
    assert [asked.shown(RUN.scope, state) for state in RUN.states] == values.split()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "nothing: is no expression; write it as"),
        ("status[job1", "is no expression; write it as"),
        ("status", "status: is kept per Job; write status[job1]"),
        ("statsu[job1]", "statsu: is no field; write one of: status"),
        ("foo", "foo: is no field, element or value; `ffq scopes one-job` lists them"),
        ("__import__('os')", "cannot be asked of a state"),
        ("token[job1] * 2", "write + - & |"),
        ("token[job1] in 2", "write == != < <= > >="),
    ],
)
def test_what_cannot_be_asked_is_refused(text: str, said: str) -> None:
    with pytest.raises(BadQuery) as raised:
        expression(RUN.scope, text)
    assert said in str(raised.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("status[job1] & true", "neither true nor false; put ( ) around == and <"),
        ("status[job1] + 1", "and no number"),
        ("status[job1] < 3", "compares what has no order"),
        ("held[job1]", "job1: is no Worker; write held[worker1]"),
    ],
)
def test_what_has_no_value_in_any_state_is_refused(
    capsys: pytest.CaptureFixture[str], text: str, said: str
) -> None:
    assert cli.main(["trace", "watch", FILE, text]) == 2
    assert said in capsys.readouterr().err


def test_where_an_expression_has_no_value_it_says_so_there() -> None:
    asked = expression(RUN.scope, "token[job[worker1]] + 1")
    shown = [asked.shown(RUN.scope, state) for state in RUN.states]
    assert shown[0] == "? token[job[worker1]]: is none, and no number; + and - join numbers"
    assert shown[2] == "2"
    asked.require_value(RUN)


def test_a_search_finds_what_makes_an_expression_true() -> None:
    assert turns_true(RUN, "token[job1] >= 1") == [2]
    assert find(RUN, parse("when held[worker1] != token[job1]")) == [7]
    assert find(RUN, parse("when status[job1] == claimed")) == [2, 7]


def test_a_watch_stops_where_it_is_told_to(capsys: pytest.CaptureFixture[str]) -> None:
    stop = ["--until", "lease[job1] == expired"]
    assert cli.main(["trace", "watch", FILE, "token[job1]", *stop]) == 0
    seen = capsys.readouterr()
    assert seen.out.splitlines()[-1].split()[:3] == ["4", "job1", "expire"]
    assert "true after step 4" in seen.err
    assert cli.main(["trace", "watch", FILE, "token[job1]", "--until", "token[job1] == 9"]) == 1
    assert "never true" in capsys.readouterr().err
