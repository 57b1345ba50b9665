"""What is saved where, what is never overwritten, and what of a saved trace is refused."""

from pathlib import Path

from tests.commands.processes.two_managers import GUARD, OFF, Ffq


def test_a_file_that_is_no_trace_is_refused_before_the_work_and_kept(
    ffq: Ffq, tmp_path: Path
) -> None:
    notes = tmp_path / "notes"
    notes.write_text("mine\n", encoding="utf-8")
    status, out, err = ffq(*OFF, "--save", "notes")
    assert (status, out) == (2, "")
    assert err == "ffq: notes: exists and is not a trace; it was left alone; name another file\n"
    assert notes.read_text("utf-8") == "mine\n"


def test_a_default_place_that_cannot_be_written_costs_a_line_and_not_the_story(
    ffq: Ffq, tmp_path: Path
) -> None:
    # A file where the folder would be: it stops root as well, whom no permission stops.
    (tmp_path / ".ffq").write_text("", encoding="utf-8")
    status, out, err = ffq(*OFF)
    assert status == 1
    assert "obey_commit" in out and "See it again" not in out
    assert err.startswith("ffq: the trace was not saved to .ffq/traces/two-all_agree-without-")
    assert err.endswith("name a place with --save FILE\n") and err.count("\n") == 1


def test_folders_that_are_missing_are_made_by_whatever_saves(ffq: Ffq, tmp_path: Path) -> None:
    assert ffq(*OFF, "--save", "new/a/a.jsonl")[0] == 1
    assert ffq("trace", "export", "new/a/a.jsonl", "--as", "svg", "--out", "new/b/a.svg")[0] == 0
    assert ffq("export", "tla", "two", "--out", "new/c")[0] == 0
    assert {p.name for p in (tmp_path / "new").iterdir()} == {"a", "b", "c"}


def test_no_save_writes_nothing(ffq: Ffq, tmp_path: Path) -> None:
    assert ffq(*OFF, "--no-save")[0] == 1
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_written_when_nothing_is_violated(ffq: Ffq, tmp_path: Path) -> None:
    status, _, err = ffq("check", "--engine", "plain", "--save", "a.jsonl")
    assert (status, err) == (0, "ffq: nothing is violated: a.jsonl is not written\n")
    assert list(tmp_path.iterdir()) == []


def test_a_bad_trace_gets_one_line_and_exit_2(ffq: Ffq, tmp_path: Path) -> None:
    ffq(*OFF, "--save", "a.jsonl")
    text = (tmp_path / "a.jsonl").read_text("utf-8")
    (tmp_path / "a.jsonl").write_text(text[:-20], encoding="utf-8")
    status, out, err = ffq("trace", "show", "a.jsonl")
    assert (status, out) == (2, "")
    assert err == (
        "ffq: a.jsonl:5: the trace is cut off inside this line; "
        "make the trace anew with ffq check\n"
    )
    _, answer = ffq.json("trace", "show", "no\x1bwhere")
    assert answer["ok"] is False
    assert "\x1b" not in ffq("trace", "show", "no\x1bwhere")[2]


def test_a_trace_the_spec_does_not_follow_gets_one_line_and_exit_1(
    ffq: Ffq, tmp_path: Path
) -> None:
    ffq(*OFF, "--save", "a.jsonl")
    text = (tmp_path / "a.jsonl").read_text("utf-8").replace(f'["{GUARD}"]', "[]")
    (tmp_path / "a.jsonl").write_text(text, encoding="utf-8")
    status, out, err = ffq("trace", "show", "a.jsonl")
    assert (status, out, err.count("\n")) == (1, "", 1)
    assert err.startswith("ffq: a.jsonl:2: step 1, decide_commit of -, is not enabled")
    assert ffq.json("trace", "show", "a.jsonl")[1]["ok"] is False
