"""The command line: what is printed where, and the exit status that says how it went."""

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from checker.commands import main as cli
from tests.commands.processes.two_managers import GUARD, OFF, Ffq


def test_check_prints_a_line_for_each_default_scope_and_the_total(ffq: Ffq) -> None:
    status, out, err = ffq("check", "--engine", "plain")
    assert (status, err) == (0, "")
    assert out.splitlines()[:3] == [
        "two          56 states, depth  7: 2 E",
        "three       288 states, depth 10: 2 E",
        "",
    ]
    assert out.endswith(": 4 hold\n")


def test_check_prints_each_property_once_where_it_is_asked_to(ffq: Ffq) -> None:
    status, out, err = ffq("check", "--engine", "plain", "-v")
    assert (status, err) == (0, "")
    assert "two: Manager=2\n  56 states, 153 generated, depth 7, " in out
    assert "three: Manager=3\n  288 states, 1,145 generated, depth 10, " in out
    assert "  plain engine, symmetry: nothing merged; no deadlock\n" in out
    assert "  E  TC-1  all_agree   every state\n  E  TC-1  all_commit  reached\n" in out
    assert out.endswith(": 4 hold\n")
    assert "\x1b" not in out


def test_check_in_json_is_one_object(ffq: Ffq) -> None:
    status, answer = ffq.json("check", "--engine", "plain", "--scope", "two")
    (scope,) = answer["scopes"]
    assert (status, answer["ok"]) == (0, True)
    assert scope.pop("seconds") >= 0
    claim = {"id": "TC-1", "verdict": "holds", "evidence": "E", "steps": None, "trace": None}
    assert scope == {
        "name": "two",
        "bounds": {"Manager": 2},
        "edits": [],
        "complete": True,
        "stopped_by": None,
        "states": 56,
        "generated": 153,
        "depth": 7,
        "symmetry": [],
        "engine": "plain",
        "properties": [
            {**claim, "name": "all_agree", "kind": "invariant"},
            {**claim, "name": "all_commit", "kind": "sometimes"},
        ],
        "never_fired": [],
        "deadlocks": 0,
    }


def test_a_guard_taken_away_gives_a_story_that_can_be_seen_again(ffq: Ffq) -> None:
    status, out, err = ffq(*OFF)
    assert (status, err) == (1, "")
    assert "two: Manager=2; without decide_commit.all_prepared\n" in out
    assert "  ✗3  TC-1  all_agree  violated: two 3, three 3\n" in out
    assert "The shortest violation, in scope two:\n" in out
    told = out[out.index("1  -         decide_commit") : out.index("See it again")]
    assert told.rstrip().endswith("true:  phase[manager2] == committed")
    (command,) = re.findall(r"See it again: ffq (.*)\n", out)
    status, again, err = ffq(*command.split())
    assert (status, err) == (0, "")
    assert again == "two: Manager=2; without decide_commit.all_prepared\n\n" + told.rstrip() + "\n"


def test_a_trace_in_json_has_its_steps_and_the_reasons(ffq: Ffq) -> None:
    status, answer = ffq.json(*OFF, "--save", "a.jsonl")
    assert (status, answer["ok"]) == (1, False)
    two, three = ({p["name"]: p for p in s["properties"]} for s in answer["scopes"])
    assert (two["all_agree"]["evidence"], two["all_agree"]["steps"]) == ("✗3", 3)
    assert (two["all_agree"]["trace"], three["all_agree"]["trace"]) == ("a.jsonl", None)
    status, shown = ffq.json("trace", "show", "a.jsonl")
    assert (status, shown["ok"]) == (0, True)
    assert [step["action"] for step in shown["steps"]] == [
        "decide_commit",
        "choose_abort",
        "obey_commit",
    ]
    assert shown["broken"]["reasons"][1] == "true:  phase[manager2] == committed"


def test_one_property_alone_is_checked_by_name_or_id(ffq: Ffq) -> None:
    _, by_name = ffq.json("check", "--engine", "plain", "--property", "all_commit")
    assert [[p["name"] for p in s["properties"]] for s in by_name["scopes"]] == [["all_commit"]] * 2
    _, by_id = ffq.json("check", "--engine", "plain", "--property", "TC-1")
    assert [len(s["properties"]) for s in by_id["scopes"]] == [2, 2]


def test_an_action_that_never_fires_fails_and_is_named(ffq: Ffq) -> None:
    status, out, _ = ffq("check", "--engine", "plain", "--scope", "marked")
    assert status == 1
    assert "  never fired: rest\n" in out


def test_deep_adds_the_large_scopes(ffq: Ffq) -> None:
    _, answer = ffq.json("check", "--engine", "plain", "--deep")
    assert [scope["name"] for scope in answer["scopes"]] == ["two", "three", "marked"]


def test_an_edit_by_name_and_a_scope_without_it(ffq: Ffq) -> None:
    status, out, err = ffq("check", "--engine", "plain", "--deep", "--without", "rest.never")
    assert err == (
        "ffq: two is left out: there is no guard 'rest.never'\n"
        "ffq: three is left out: there is no guard 'rest.never'\n"
    )
    # A manager that rests is believed to have prepared: what it does then breaks the agreement.
    assert (status, out.splitlines()[0]) == (1, "marked: Manager=2; without rest.never")
    _, answer = ffq.json(
        "check", "--engine", "plain", "--scope", "two", "--without", "split prepare prepared_sent"
    )
    assert answer["scopes"][0]["edits"] == ["split prepare prepared_sent"]
    assert answer["scopes"][0]["states"] > 56


@pytest.mark.parametrize("limit", [("--max-states", "1e1"), ("--max-seconds", "0")])
def test_a_limit_gives_exit_3_and_what_was_covered(ffq: Ffq, limit: tuple[str, str]) -> None:
    status, out, err = ffq("check", "--engine", "plain", *limit)
    assert (status, err) == (3, "")
    assert "reached" in out or "the time was up" in out
    assert out.endswith(": 4 not finished\n")


# The other commands.


def test_scopes_are_listed_and_one_is_shown_in_full(ffq: Ffq) -> None:
    status, out, _ = ffq("scopes")
    assert status == 0
    assert "three: Manager=3\n  Three [red]managers[/red]. (default)\n" in out
    _, out, _ = ffq("scopes", "marked")
    assert "rest: It [b]never[/b] happens.\n  rest.never\n" in out
    assert "TC-1  all_agree   No resource manager aborts while another commits.\n" in out
    _, answer = ffq.json("scopes")
    assert [(s["name"], s["default"], s["deep"]) for s in answer["scopes"]] == [
        ("two", True, False),
        ("three", True, False),
        ("marked", False, True),
    ]


def test_a_scope_is_exported_as_tla(ffq: Ffq, tmp_path: Path) -> None:
    status, answer = ffq.json("export", "tla", "two", "--out", "made")
    assert (status, answer) == (0, {"ok": True, "files": ["made/two.tla", "made/two.cfg"]})
    assert "MODULE two" in (tmp_path / "made" / "two.tla").read_text("utf-8")
    assert ffq("export", "tla", "x")[0] == 2


def test_the_version_and_the_help_are_printed(ffq: Ffq) -> None:
    for group in ((), ("trace",), ("queue",)):
        _, out, _ = ffq(*group, "--help")
        assert "..." not in out.partition("Commands:")[2]
    status, out, _ = ffq("--help")
    assert status == 0 and "check" in out and "\x1b" not in out
    assert re.fullmatch(r"ffq \S.*\n", ffq("--version")[1])
    ran = CliRunner().invoke(cli.command_line(), ["check", "--help"])
    assert ran.exit_code == 0 and "--without" in ran.stdout


def test_no_command_shows_the_help_and_an_unknown_one_names_it(ffq: Ffq) -> None:
    status, out, err = ffq()
    assert (status, out) == (2, "") and err.startswith("Usage: ffq")
    for group, command in (("trace", "show"), ("queue", "enqueue"), ("export", "tla")):
        status, out, err = ffq(group)
        assert (status, out) == (2, "") and err.startswith(f"Usage: ffq {group}")
        assert f"\n  {command} " in err
        assert ffq("help", group)[:2] == (0, err)
    assert ffq("frob") == (2, "", "ffq: No such command 'frob'; `ffq --help` says more\n")
    assert ffq("help")[:2] == ffq("--help")[:2]
    assert ffq("help", "check")[:2] == ffq("check", "--help")[:2]


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("ffq check --scope t", {"two", "three"}),
        ("ffq check --without decide_commit.", {GUARD, "decide_commit.undecided"}),
        ("ffq check --property all_a", {"all_agree"}),
        ("ffq export tla ma", {"marked"}),
    ],
)
def test_the_shell_completes_names(ffq: Ffq, words: str, offered: set[str]) -> None:
    environment = {"_FFQ_COMPLETE": "complete_bash", "COMP_WORDS": words}
    environment["COMP_CWORD"] = str(len(words.split()) - 1)
    ran = CliRunner().invoke(cli.command_line(), [], env=environment, prog_name="ffq")
    assert set(ran.stdout.split()) == offered


def test_a_fault_of_ours_is_exit_70_with_its_traceback(
    ffq: Ffq, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("checker.verdicts.check.status", lambda results: 1 // 0)
    status, _, err = ffq("check", "--engine", "plain")
    assert status == 70
    assert err.startswith("Traceback") and "╭" not in err
    assert err.endswith("ffq: this is a fault of ffq: ZeroDivisionError\n")


def test_an_interrupt_outside_the_search_is_one_line_and_exit_130(
    ffq: Ffq, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(results: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr("checker.verdicts.check.status", interrupted)
    status, _, err = ffq("check", "--engine", "plain")
    assert (status, err) == (130, "ffq: interrupted\n")
