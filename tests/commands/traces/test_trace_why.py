"""`ffq trace why` and `ffq trace diff` say what a reader of a trace asks."""

import json
from pathlib import Path
from typing import Any

import pytest

from checker.commands import main as cli
from checker.commands.options import Catalogue
from checker.commands.trace import why
from checker.evidence.traces import FOLDER
from checker.runs.trace import record, save
from tests.sample_runs import LOCK, leaving

LATE = str(FOLDER / "FM-011.jsonl")


@pytest.fixture
def ffq(capsys: pytest.CaptureFixture[str]) -> Any:
    def run(*arguments: str) -> tuple[int, str, str]:
        status = cli.main(["trace", *arguments])
        return status, *capsys.readouterr()

    return run


def test_the_end_is_explained_with_the_fate_of_each_state(ffq: Any) -> None:
    status, out, _ = ffq("why", LATE)
    assert status == 0
    lines = out.splitlines()
    assert "fate  111○○○○✗  violated" in lines
    assert "  if    true   lease[job1] == live" in lines
    assert any(line.startswith("  then  false  exists(Worker, lambda w:") for line in lines)
    assert "  - expire(job1)                   refused by live" in lines


def test_a_refused_move_is_told_since_when_by_whom_and_what_would_help(ffq: Any) -> None:
    status, out, _ = ffq("why", LATE, "--step", "6", "--move", "settle_done(worker1)")
    assert status == 0
    told = out[out.index("settle_done(worker1):") :]
    assert (
        told
        == """\
settle_done(worker1): refused by running, fenced
  reference  true   job[worker1] != none   since step 2 (worker1 claim(job1))
                    job[worker1] = job1
  running    false  pc[worker1] == running   from the beginning
                    pc[worker1] = claimed
                    never true again from here: false in all 1,238 states ahead
  leased     true   status[job[worker1]] == claimed   since step 6 (worker2 claim(job1))
                    job[worker1] = job1, status[job1] = claimed
  fenced     false  token[job[worker1]] == held[worker1]   since step 6 (worker2 claim(job1))
                    job[worker1] = job1, token[job1] = 2, held[worker1] = 1
                    true after settle_released(worker1)   1 move
  fenced     true   held_epoch[worker1] == epoch[job[worker1]]   from the beginning
                    held_epoch[worker1] = 0, job[worker1] = job1, epoch[job1] = 0
  never possible again from here: false in all 1,238 states ahead
"""
    )


def test_moves_are_named_by_action_or_call(ffq: Any) -> None:
    for text, count in (("claim", 2), ("claim(job1)", 2), ("claim(worker1, job1)", 1)):
        status, out, _ = ffq("why", LATE, "--move", text, "--json")
        answer = json.loads(out)
        assert (status, answer["ok"], len(answer["moves"])) == (0, True, count)


def test_one_json_object_says_the_same(ffq: Any) -> None:
    answer = json.loads(ffq("why", LATE, "--step", "6", "--json")[1])
    assert (answer["step"], answer["fates"]) == (6, "111○○○○✗")
    assert answer["fate"]["armed"] and not answer["fate"]["no_way_back"]
    (late,) = (m for m in answer["moves"] if m["name"] == "settle_released(worker1)")
    assert late["enabled"] and late["fate"]["violated"]
    asked = json.loads(ffq("why", LATE, "--step", "6", "--move", "claim", "--json")[1])
    idle, ready = asked["moves"][0]["clauses"]
    assert idle["true"] == {"after": ["settle_released(worker1)"]}
    assert ready["true"] == {"never": True, "states": 1238}
    assert ready["since"] == {"step": 6, "call": "claim(job1)", "actor": "worker2"}


def test_what_a_step_changed_stands_below_whom_it_belongs_to(ffq: Any) -> None:
    status, out, _ = ffq("diff", LATE, "--step", "6")
    assert status == 0
    assert out.splitlines()[-10:] == [
        "job1",
        "  ~ status      ready -> claimed          was written at 5 by recoverer1 recover",
        "  ~ token       1 -> 2                    was written at 2 by worker1 claim(job1)",
        "  ~ lease       none -> live              was written at 5 by recoverer1 recover",
        "  ~ deadline    off -> ahead              was written at 5 by recoverer1 recover",
        "worker2",
        "  ~ pc          idle -> claimed",
        "  ~ job         none -> job1",
        "  ~ held        0 -> 2",
        "16 unchanged",
    ]
    answer = json.loads(ffq("diff", LATE, "--step", "6", "--json")[1])
    rows = [row for e in answer["entities"] for row in e["rows"]]
    assert sum(row["changed"] for row in rows) == 7
    assert answer["state"]["token[job1]"] == 2


def test_a_number_that_leaves_its_range_is_said_to_store_nothing(
    ffq: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = leaving()
    monkeypatch.setattr(why, "catalogue", lambda: Catalogue({"lock": LOCK}, (), ()))
    file = tmp_path / "leaving.jsonl"
    save(file, record(run.trace, run.story))
    assert "nothing is stored: the last step would store 2" in ffq("diff", str(file))[1]
    told = ffq("why", str(file))[1]
    assert "  range  false  0 <= last_token <= Tokens" in told
    assert told.splitlines()[3].startswith("fate  ") and "✗" in told.splitlines()[3]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("why", LATE, "--step", "8"), "there is no state 8; give --step 0 to 7"),
        (("why", LATE, "--move", "settle"), "there is no move 'settle'; "),
        (("diff", LATE, "--step", "8"), "there is no step 8; the trace has 7"),
        (("diff", "nowhere.jsonl"), "nowhere.jsonl: there is no such file"),
    ],
)
def test_what_cannot_be_explained_is_refused_in_one_line(
    ffq: Any, arguments: tuple[str, ...], says: str
) -> None:
    status, out, err = ffq(*arguments)
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert says in err


def test_the_guard_that_was_taken_away_is_shown_with_its_truth(ffq: Any) -> None:
    call = "settle_released(worker1)"
    status, out, _ = ffq("why", LATE, "--step", "6", "--move", call)
    assert status == 0
    assert f"{call}: possible here" in out
    assert (
        out[out.index("  taken away from it:") :]
        == """\
  taken away from it:
  fenced     false  token[job[worker1]] == held[worker1]   since step 6 (worker2 claim(job1))
                    job[worker1] = job1, token[job1] = 2, held[worker1] = 1
  fenced     true   held_epoch[worker1] == epoch[job[worker1]]   from the beginning
                    held_epoch[worker1] = 0, job[worker1] = job1, epoch[job1] = 0
"""
    )
    before = json.loads(ffq("why", LATE, "--step", "2", "--move", call, "--json")[1])
    assert [c["holds"] for c in before["moves"][0]["removed"]] == [True, True]


def test_what_takes_long_says_so_in_a_pipe_and_only_where_it_is_not_known(
    ffq: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(why, "catalogue", lambda: Catalogue({LOCK.name: LOCK}, (), ()))
    file = tmp_path / "a.jsonl"
    run = leaving()
    save(file, record(run.trace, run.story))
    told = "ffq: a: how near every state is to a violation is looked for once, and remembered\n"
    with monkeypatch.context() as forgetful:
        forgetful.setattr("checker.explain.fate.fate._recalled", lambda *_: None)
        assert ffq("why", str(file))[2] == told
    assert ffq("why", str(file))[2] == ""


def test_a_note_in_a_trace_that_is_printed_in_a_terminal_moves_no_cursor(
    ffq: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys

    file = tmp_path / "a.jsonl"
    file.write_bytes(Path(LATE).read_bytes())
    rows = [
        {"format": "ffq notes", "version": 1, "trace": "0" * 32},
        {"step": 1, "note": "\x1b[2J"},
    ]
    (tmp_path / "a.notes.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    status, out, _ = ffq("export", str(file), "--as", "md")
    assert status == 0 and "\x1b" not in out and "[2J" in out
