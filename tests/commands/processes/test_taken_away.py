"""What is taken away is one value, by the same names in every command."""

import json
import pickle

import pytest

from checker.commands.main import main
from spec.failures import FAILURES
from spec.failures.edits import NONE, Edits
from spec.language.declared.disk import on_a_disk
from spec.language.misuse import Misuse
from spec.queue import SCOPES
from spec.queue.job import Job

ONE_JOB = SCOPES["one-job"]
DURABLE = on_a_disk("whole on a disk", SCOPES["whole"].spec, over=Job)

KINDS = {
    "action.guard": "settle_done.fenced",
    "property.exemption": "only_legal_transitions.cancelled",
    "instead action step": "instead claim pop",
    "split action field": "split claim lease",
    "stale action.guard": "stale claim.ready",
    "weaken action": "weaken enqueue",
    "unfair action": "unfair expire",
    "weakly action": "weakly recover",
    "endless action": "endless recoverer_crash",
    "FM-013": "FM-013",
}
"""One edit of each kind that the help names."""


def test_the_help_names_every_kind(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--help"]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert [kind for kind in KINDS if kind not in told] == []


@pytest.mark.parametrize("text", KINDS.values())
def test_an_edit_of_each_kind_can_be_made_and_is_on_record(text: str) -> None:
    edits = Edits.parse([text])
    assert edits.refused(DURABLE) is None
    assert len(edits.made(DURABLE).edits) == len(edits) > 0


def test_an_edit_is_there_once_however_it_is_written() -> None:
    assert Edits(["without  claim.ready", "claim.ready", " split  claim "]) == (
        "split claim",
        "claim.ready",
    )
    assert Edits.parse(["FM-010", "settle_done.fenced"]) == ("settle_done.fenced",)


def test_without_edits_the_scope_is_the_same_one() -> None:
    assert NONE.on(ONE_JOB) is ONE_JOB
    assert Edits(["claim.ready"]).but("claim.ready", ONE_JOB.spec) == NONE


def test_what_is_put_back_takes_with_it_the_guards_that_only_its_naive_step_has() -> None:
    one, two = "end_elder", "end_younger"
    naive = [f"instead {name} {name}_by_the_picture" for name in (one, two)]
    lost = Edits([*naive, f"stale {one}.picture", f"stale {two}.picture"])
    assert lost.but(naive[0], SCOPES["joins"].spec) == (naive[1], f"stale {two}.picture")


def test_each_part_of_what_a_failure_mode_lacks_can_be_put_back() -> None:
    for mode in FAILURES.values():
        for loss in mode.losses:
            spec, edits = SCOPES[loss.scope].spec, Edits(loss.edits)
            for one in edits:
                assert edits.but(one, spec).refused(spec) is None, (mode.id, one)


def test_a_naive_step_keeps_the_half_way_process_of_a_split_one_out() -> None:
    """Split first, the naive claim would lose the condition that its worker is not half-way."""
    naive, split = "instead claim pop", "split settle_failed status"
    both = Edits([split, naive]).on(ONE_JOB)
    assert both.spec.edits == (naive, split)
    assert "not_half_settle_failed" in [g.name for g in both.spec.actions["claim"].guards]


@pytest.mark.parametrize(
    ("text", "fact"),
    [
        ("FM-999", "there is no failure mode 'FM-999'"),
        ("instead promote pop", "'pop' is a way to claim, and says nothing of promote"),
    ],
)
def test_what_people_name_wrongly_is_refused_in_words(text: str, fact: str) -> None:
    with pytest.raises(Misuse) as misuse:
        Edits.parse([text])
    assert misuse.value.fact == fact


def test_another_process_gets_the_same_edits() -> None:
    edits = Edits(["claim.ready", "split claim"])
    again = pickle.loads(pickle.dumps(edits))
    assert (again, type(again)) == (edits, Edits)


@pytest.mark.parametrize("id", FAILURES)
def test_a_failure_mode_is_its_loss(id: str) -> None:
    assert set(Edits.parse([id])) == set(FAILURES[id].loss.edits)


def test_a_scope_on_a_disk_says_which_steps_can_be_weakened(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["scopes", "storage", "--json"]) == 0
    (storage,) = json.loads(capsys.readouterr().out)["scopes"]
    waits = {a["name"] for a in storage["actions"] if a["waits"]}
    assert waits == {
        "enqueue", "heartbeat", "expire", "settle_done", "settle_failed", "settle_released",
        "recover",
    }  # fmt: skip
    assert main(["scopes", "storage"]) == 0
    assert "\n  weaken enqueue\n" in capsys.readouterr().out
