"""`ffq scopes NAME` lists the names that can be said of a scope: each can be said, no other."""

import json
from typing import Any

import pytest

from checker.commands.main import main
from spec.failures import FAILURES
from spec.failures.edits import Edits
from spec.queue import SCOPES

Said = pytest.CaptureFixture[str]


def listed(capsys: Said, name: str) -> dict[str, Any]:
    assert main(["scopes", name, "--json"]) == 0
    (found,) = json.loads(capsys.readouterr().out)["scopes"]
    answer: dict[str, Any] = found
    return answer


@pytest.mark.parametrize("name", ["one-job", "whole", "holding"])
def test_an_action_is_split_where_its_writes_are_listed_and_nowhere_else(
    capsys: Said, name: str
) -> None:
    spec = SCOPES[name].spec
    fields = [f["field"].partition("[")[0] for f in listed(capsys, name)["fields"]]
    assert fields == list(spec.fields)
    for action in listed(capsys, name)["actions"]:
        whole = Edits([f"split {action['name']}"]).refused(spec)
        if whole is not None:
            continue  # of no process, or of two
        for field in fields:
            refused = Edits([f"split {action['name']} {field}"]).refused(spec)
            assert (refused is None) == (field in action["writes"][1:]), (action["name"], field)


def test_every_naive_step_of_a_failure_mode_is_listed_in_its_scope(capsys: Said) -> None:
    for scope in {loss.scope for mode in FAILURES.values() for loss in mode.losses}:
        known = {a["name"]: a["instead"] for a in listed(capsys, scope)["actions"]}
        losses = [loss for mode in FAILURES.values() for loss in mode.losses]
        for words in [e.split() for loss in losses if loss.scope == scope for e in loss.edits]:
            if words[0] == "instead":
                assert words[2] in known[words[1]]


def test_people_read_fields_writes_and_naive_steps(capsys: Said) -> None:
    assert main(["scopes", "one-job"]) == 0
    said = capsys.readouterr().out
    assert "held[Worker]" in said and "Job or none" in said
    assert "  writes status, lease, token, entered, pc, job, held, held_epoch, deadline\n" in said
    assert "  instead acknowledge_early, pop\n" in said
