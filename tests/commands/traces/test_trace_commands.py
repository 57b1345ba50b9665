"""`ffq trace` export, import, search and replay: what they print, and what their status says."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from checker.commands import main as cli
from checker.commands.trace.files import As
from checker.conformance import watched
from checker.evidence.traces import FOLDER
from checker.export.formats import FORMATS
from impl.derive.design import Design, derive
from spec.language.scope import Scope
from tests.conformance.replay.test_replay import faulty
from tests.sample_runs import kept

FILE = str(FOLDER / "FM-010.jsonl")

Ran = tuple[int, str, str]


class Ffq:
    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self.capsys = capsys

    def __call__(self, *arguments: str) -> Ran:
        status = cli.main(["trace", *arguments])
        return status, *self.capsys.readouterr()

    def json(self, *arguments: str) -> tuple[int, dict[str, Any]]:
        status, out, _ = self(*arguments, "--json")
        assert out.count("\n") == 1, "one object, on one line"
        answer: dict[str, Any] = json.loads(out)
        return status, answer


@pytest.fixture
def ffq(capsys: pytest.CaptureFixture[str]) -> Ffq:
    return Ffq(capsys)


# ---------------------------------------------------------------- export and import


def test_the_command_knows_every_format() -> None:
    assert [kind.value for kind in As] == [*FORMATS]


@pytest.mark.parametrize("kind", FORMATS)
def test_an_export_is_written_where_it_is_wanted(kind: str, ffq: Ffq, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert ffq("export", FILE, "--as", kind, "--out", str(out)) == (0, f"{out}\n", "")
    assert out.read_text("utf-8") == FORMATS[kind].text(kept("FM-010"), Path(FILE))


def test_an_export_is_printed_or_is_part_of_the_answer(ffq: Ffq, tmp_path: Path) -> None:
    text = FORMATS["svg"].text(kept("FM-010"), Path(FILE))
    assert ffq("export", FILE, "--as", "svg") == (0, text, "")
    asked = ["export", FILE, "--as", "svg"]
    assert ffq.json(*asked) == (0, {"ok": True, "as": "svg", "text": text})
    out = str(tmp_path / "out.svg")
    assert ffq.json(*asked, "--out", out) == (0, {"ok": True, "as": "svg", "file": out})


def test_what_is_not_ours_is_left_alone(ffq: Ffq, tmp_path: Path) -> None:
    out = tmp_path / "diary.md"
    out.write_text("# Dear diary\n", "utf-8")
    status, _, err = ffq("export", FILE, "--as", "md", "--out", str(out))
    assert (status, err.count("\n")) == (2, 1)
    assert "exists and is not a postmortem of ours; it was left alone; name another" in err
    assert out.read_text("utf-8") == "# Dear diary\n"


def test_a_folder_that_cannot_be_made_is_one_line(ffq: Ffq, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    out = str(tmp_path / "file" / "out.svg")
    status, _, err = ffq("export", FILE, "--as", "svg", "--out", out)
    assert (status, err.count("\n")) == (2, 1)
    assert "cannot be written" in err and "name another file with --out" in err


def test_what_no_test_can_show_says_so(ffq: Ffq) -> None:
    status, answer = ffq.json("export", str(FOLDER / "FM-017.jsonl"), "--as", "pytest")
    assert (status, answer["ok"]) == (2, False)
    assert answer["error"].endswith("it is unfair, which no store refuses; export it as itf")


def test_a_postmortem_holds_the_notes_and_says_when_it_was_decided(
    ffq: Ffq, tmp_path: Path
) -> None:
    from checker.explain.bookmarks import note

    trace = tmp_path / "mine.jsonl"
    trace.write_bytes(Path(FILE).read_bytes())
    note(trace, 4, "Nobody tells the worker.")
    told = ffq("export", str(trace), "--as", "md")[1]
    assert "   > Nobody tells the worker.\n" in told
    assert "- Step 4: armed: a violation needs no new fault\n" in told


def test_a_trace_that_goes_out_as_itf_comes_back(ffq: Ffq, tmp_path: Path) -> None:
    itf, back = str(tmp_path / "a.itf.json"), tmp_path / "back.jsonl"
    ffq("export", FILE, "--as", "itf", "--out", itf)
    status, out, _ = ffq("import", itf, "--out", str(back))
    assert (status, out.splitlines()[0]) == (
        0,
        "INV-004 only_the_holder_settles is broken in 8 steps",
    )
    assert back.read_bytes() == Path(FILE).read_bytes()
    status, answer = ffq.json("import", itf, "--out", str(back))
    assert (status, answer) == (0, {
        "ok": True, "file": str(back), "scope": "one-job", "steps": 8,
        "property": {"id": "INV-004", "name": "only_the_holder_settles"},
    })  # fmt: skip


def bare(tmp_path: Path) -> str:
    """Return a file that holds the states of FM-010 and nothing else."""
    from checker.export.itf import document

    states, names = document(kept("FM-010"))["states"], [*kept("FM-010").scope.spec.fields]
    file = tmp_path / "bare.itf.json"
    bared = [{name: state[name] for name in names} for state in states]
    file.write_text(json.dumps({"vars": names, "states": bared}), "utf-8")
    return str(file)


def test_what_a_file_does_not_say_is_said_on_the_command_line(ffq: Ffq, tmp_path: Path) -> None:
    file, out = bare(tmp_path), str(tmp_path / "out.jsonl")
    status, _, err = ffq("import", file, "--out", out)
    assert (status, "name it with --scope" in err) == (2, True)
    told = ["import", file, "--out", out, "--scope", "one-job"]
    status, answer = ffq.json(*told)
    assert (status, answer["ok"]) == (1, False)
    assert "state 8: no step leads to it from the state before" in answer["error"]
    assert not Path(out).exists()
    status, answer = ffq.json(*told, "--without", "settle_done.fenced")
    assert (status, answer["property"]["name"]) == (0, "only_the_holder_settles")
    status, _, err = ffq(*told, "--without", "claim.nothing")
    assert (status, "there is no guard 'claim.nothing'" in err) == (2, True)
    status, _, err = ffq("import", file, "--out", out, "--scope", "on-job")
    assert (status, "write one of: one-job" in err) == (2, True)


@pytest.mark.parametrize("command", [["export", "--as", "md"], ["search", "fault"], ["replay"]])
def test_a_file_that_is_no_trace_is_one_line(command: list[str], ffq: Ffq, tmp_path: Path) -> None:
    (tmp_path / "other.jsonl").write_text("dear diary\n")
    name, *rest = command
    status, out, err = ffq(name, str(tmp_path / "other.jsonl"), *rest)
    assert (status, out, err.count("\n")) == (2, "", 1)


# ---------------------------------------------------------------- search


def test_search_prints_the_steps_that_match(ffq: Ffq) -> None:
    status, out, err = ffq("search", FILE, "actor:worker2", "action:claim")
    assert (status, err) == (0, "")
    assert out.startswith("7  worker2  claim(job1)  status[job1] ready -> claimed")
    status, answer = ffq.json("search", FILE, "fault then action:claim")
    assert (status, [step["n"] for step in answer["steps"]][1:]) == (0, [7])
    assert ffq("search", FILE, "action:abandon") == (0, "", "ffq: none of the 8 steps matches\n")
    status, _, err = ffq("search", FILE, "who:me")
    assert (status, "there is no 'who:'; write one of: actor" in err) == (2, True)


# ---------------------------------------------------------------- replay


def test_replay_shows_sql_and_both_states_and_who_refuses(ffq: Ffq) -> None:
    status, out, err = ffq("replay", FILE, "--protected")
    assert (status, err) == (0, "")
    assert "AND token = :held AND :held_epoch = epoch  /* fenced */" in out
    assert "with :job = 1, :held = 1" in out
    assert "   both refuse it: fenced\n" in out
    assert "of worker1, is refused, as by the spec: settle_done.fenced." in out
    status, answer = ffq.json("replay", FILE, "--protected")
    assert (status, answer["ok"], answer["refused"]) == (0, True, "settle_done.fenced")
    assert [step["spec"] == step["store"] for step in answer["steps"]] == [True] * 8


def test_replay_shows_the_violation_where_the_protection_is_missing(ffq: Ffq) -> None:
    status, out, err = ffq("replay", FILE, "--without", "FM-010")
    assert (status, err) == (1, "")
    assert re.search(r"status\[job1\] +claimed +done +done +row", out)
    assert "only_the_holder_settles is broken in the database" in out
    status, answer = ffq.json("replay", FILE, "--without", "settle_done.fenced")
    assert (status, answer["ok"], answer["broken"]["id"]) == (1, False, "INV-004")
    (sql,) = [s["sql"] for s in answer["steps"][-1]["statements"] if s["role"] == "step"]
    assert "fenced" not in sql


def test_replay_takes_away_what_the_trace_was_found_without(ffq: Ffq) -> None:
    status, out, err = ffq("replay", FILE)
    told = (
        "as it was found: without settle_done.fenced; --protected replays it with every protection"
    )
    assert (status, err) == (1, f"ffq: {told}\n")
    assert "is broken in the database" in out
    status, out, err = ffq("replay", FILE, "--protected", "--without", "claim.ready")
    assert (status, out) == (2, "") and "exclude each other" in err


def test_replay_says_where_they_differ(ffq: Ffq, monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(scope: Scope, checks: bool) -> Design:
        return faulty(derive(scope, checks=False))

    monkeypatch.setattr(watched, "derive", wrong)
    status, out, _ = ffq("replay", FILE)
    assert status == 1
    assert "they differ: token[job1]: the spec says 1, the store 2" in out
    status, answer = ffq.json("replay", FILE)
    assert (status, answer["ok"]) == (1, False)
    differs = answer["difference"]
    assert (differs["place"], differs["want"], differs["got"]) == ("token[job1]", 1, 2)
    (row,) = [row for row in answer["steps"][-1]["changed"] if not row["agree"]]
    assert (row["place"], row["spec"], row["store"]) == ("token[job1]", "1", "2")


def test_replay_without_a_protection_that_is_none_says_so(ffq: Ffq) -> None:
    status, _, err = ffq("replay", FILE, "--without", "claim.nothing")
    assert (status, "there is no guard 'claim.nothing'" in err) == (2, True)


# ---------------------------------------------------------------- two traces, and notes


def test_compare_prints_what_both_do_and_what_one_does_alone(ffq: Ffq) -> None:
    status, out, _ = ffq("compare", FILE, str(FOLDER / "FM-012.jsonl"))
    lines = out.splitlines()
    assert status == 1
    assert [line.split() for line in lines[:2]] == [
        [">", "1", "job1", "send"],
        ["1", "job1", "enqueue", "=", "2", "job1", "enqueue"],
    ]
    assert ["8", "worker1", "settle_done", "<"] in [line.split() for line in lines]
    status, answer = ffq.json("compare", FILE, FILE)
    assert (status, answer) == (0, {"ok": True, "pairs": [[n, n] for n in range(1, 9)]})


def test_a_note_is_kept_shown_and_taken_away(ffq: Ffq, tmp_path: Path) -> None:
    file = tmp_path / "mine.jsonl"
    file.write_bytes(Path(FILE).read_bytes())
    assert ffq("note", str(file)) == (0, "", "ffq: nothing is noted\n")
    said = "[red]Nobody[/]\n\x1b[2Jtells"
    wanted = "4  job1  expire\n   [red]Nobody[/]\n   \\x1b[2Jtells\n"
    assert ffq("note", str(file), "4", said) == (0, wanted, "")
    answer = {"ok": True, "notes": [{"step": 4, "note": said}], "stale": False}
    assert ffq.json("note", str(file), "4") == (0, answer)
    status, _, err = ffq("note", str(file), "9", "late")
    assert (status, err) == (2, "ffq: there is no step 9; the trace has 8\n")
    assert ffq("note", str(file), "4", "")[1] == ""


def test_notes_on_another_trace_are_not_passed_off_as_notes_on_this_one(
    ffq: Ffq, tmp_path: Path
) -> None:
    file = tmp_path / "mine.jsonl"
    file.write_bytes((FOLDER / "FM-012.jsonl").read_bytes())
    ffq("note", str(file), "9", "beyond")
    file.write_bytes(Path(FILE).read_bytes())
    wanted = "ffq: the trace has changed since the notes were made: a number may mean another\n"
    assert ffq("note", str(file)) == (0, "9  no step of this trace\n   beyond\n", wanted)
    said = "The trace has changed since the notes were made: they may stand at other steps."
    assert said in ffq("export", str(file), "--as", "md")[1]
    ffq("note", str(file), "9", "")
