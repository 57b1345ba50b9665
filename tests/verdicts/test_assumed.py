"""Each assumption about fair runs is needed by a property, and one that is not is named."""

import json
from dataclasses import replace

import pytest

from checker.commands.main import main
from checker.runs.exploration import Report
from checker.runs.lasso import judge
from checker.search import liveness
from checker.verdicts import ablate
from spec.language.edited.edits import assumptions, find
from spec.language.misuse import Misuse
from spec.language.scope import Scope
from spec.queue import SCOPES
from spec.queue.scopes import life, requests
from tests.specs.doors import DOOR, FALLING

ONE_JOB = SCOPES["one-job"]
FEW = {"Job": 2, "Worker": 1, "Recoverer": 1, "MaxFails": 1, "MaxInterrupts": 1, "Histories": 0}
DISTRACTED = Scope("distracted", requests, FEW)
STUCK = Scope("stuck", life, FEW)

NEEDED = {
    # A job that is ready is claimed by nobody; or by nobody who does not crash first.
    "unfair claim": "LIVE-01",
    "weakly claim": "LIVE-01",
    # A lease, or a deadline, never runs out.
    "unfair expire": "LIVE-01 LIVE-02 LIVE-03",
    "unfair pass_deadline": "LIVE-01 LIVE-03",
    # All workers that are down stay down.
    "unfair restart": "LIVE-01",
    # Recoverers do nothing, crash again and again, or stay down.
    "unfair look": "LIVE-01 LIVE-02 LIVE-03",
    "unfair recover": "LIVE-01 LIVE-02 LIVE-03",
    "endless recoverer_crash": "LIVE-01 LIVE-02 LIVE-03",
    "unfair recoverer_restart": "LIVE-01 LIVE-02 LIVE-03 LIVE-07",
    "unfair notify": "LIVE-09",
}
"""By hand: what one job needs."""

SCHEDULING = {
    "unfair enqueue",
    "weakly enqueue",  # one scheduler sees two ticks in turn, and serves neither
    "unfair see",
    "endless scheduler_crash",
    "unfair scheduler_restart",
}
"""By hand: what a tick needs."""


def unwatched(scope: Scope, what: str) -> Report | None:
    return None


def needed(*scopes: Scope) -> list[ablate.GuardVerdict]:
    plan = ablate.AblationPlan(tuple(ablate.hoping(scopes)))
    return list(ablate.ablate(plan, ablate.assumed(scopes), unwatched))


def broken(row: ablate.GuardVerdict) -> str:
    return " ".join(missed.id for missed in row.missed)


@pytest.mark.deep
def test_one_job_needs_what_was_worked_out_by_hand() -> None:
    rows = {row.edit: broken(row) for row in needed(ONE_JOB)}
    assert {dropped: ids for dropped, ids in rows.items() if ids} == NEEDED


def test_the_two_other_assumptions_need_a_second_job() -> None:
    rows = needed(ONE_JOB, DISTRACTED, STUCK)
    assert [row.edit for row in rows if not row.missed] == []
    found = {row.edit: (row.scope, broken(row)) for row in rows if row.edit not in NEEDED}
    # A recoverer always looks elsewhere; or a worker never lets go of a claim that it has lost.
    assert found == {
        "unfair abandon": ("stuck", "LIVE-01"),
        "weakly recover": ("distracted", "LIVE-02"),
    }
    assert ablate.complaints(rows) == []


def test_a_kind_that_is_never_known_for_good_keeps_its_jobs_waiting() -> None:
    rows = {row.edit: broken(row) for row in needed(SCOPES["keeping"])}
    assert (rows["unfair deploy"], rows["endless roll_back"]) == ("LIVE-01", "LIVE-01")


def test_a_kind_that_is_never_resumed_for_good_keeps_its_jobs_waiting() -> None:
    rows = {row.edit: broken(row) for row in needed(SCOPES["pausing"])}
    assert (rows["unfair resume"], rows["endless pause"]) == ("LIVE-01", "LIVE-01")


def test_a_job_that_nobody_looks_at_again_waits_for_ever() -> None:
    scope = replace(SCOPES["permits"], bounds={**FEW, "Job": 1, "Permit": 1})
    rows = {row.edit: broken(row) for row in needed(scope)}
    assert (rows["unfair look_again"], rows["endless park"]) == ("LIVE-01", "LIVE-01")


def test_a_tick_needs_schedulers_that_come_back_look_and_serve_one_before_they_see_all() -> None:
    scope = replace(SCOPES["ticks"], bounds={**FEW, "Scheduler": 1})
    rows = {row.edit: broken(row) for row in needed(scope)}
    found = {edit for edit, broken in rows.items() if broken == "LIVE-05"}
    assert found == SCHEDULING


def test_a_job_needs_somebody_who_resumes_its_kind_and_does_not_pause_it_for_ever() -> None:
    scope = replace(SCOPES["operators"], bounds={**FEW, "Job": 1, "Operator": 1})
    rows = {row.edit: broken(row) for row in needed(scope)}
    assert {rows["unfair resume_kind"], rows["endless pause_kind"]} == {"LIVE-01"}


@pytest.mark.deep
def test_a_parent_needs_children_that_come_and_end_and_a_lane_one_ahead_that_does() -> None:
    parents = {
        row.edit: broken(row) for row in needed(replace(SCOPES["joins"], bounds={**FEW, "Job": 1}))
    }
    assert {edit for edit, broken in parents.items() if broken == "LIVE-04"} == {
        "unfair put_in_younger", "unfair end_elder", "unfair end_younger",
    }  # fmt: skip
    lanes = {
        row.edit: broken(row) for row in needed(replace(SCOPES["lanes"], bounds={**FEW, "Job": 1}))
    }
    of_lanes = ("unfair take_ahead", "unfair end_ahead", "endless put_off_ahead")
    assert {lanes[edit] for edit in of_lanes} == {"LIVE-01"}


def test_a_job_needs_a_version_that_stays_and_a_drain_that_ends() -> None:
    scope = replace(SCOPES["fleet"], bounds={**FEW, "Job": 1})
    rows = {row.edit: broken(row) for row in needed(scope)}
    of_fleets = ("unfair upgrade", "endless roll_back", "unfair resume", "endless drain")
    assert {rows[edit] for edit in of_fleets} == {"LIVE-01"}


@pytest.mark.deep
@pytest.mark.parametrize(
    ("name", "dropped", "missed"),
    [
        ("cursor", "unfair hand_on", "LIVE-05"),
        ("wakeups", "unfair wake", "LIVE-04"),
        ("pace", "unfair refill", "LIVE-08"),
        ("pace", "endless spend", "LIVE-01"),
    ],
)
def test_a_relay_has_to_read_a_hint_to_wake_and_a_budget_to_be_filled(
    name: str, dropped: str, missed: str
) -> None:
    scope = replace(SCOPES[name], bounds={**FEW, "Job": 1, "MaxInterrupts": 2})
    rows = {row.edit: broken(row) for row in needed(scope)}
    assert missed in rows[dropped].split()


@pytest.mark.deep
@pytest.mark.parametrize(
    ("scope", "dropped"), [(DISTRACTED, "weakly recover"), (STUCK, "unfair abandon")]
)
def test_the_plain_reader_needs_them_too(scope: Scope, dropped: str) -> None:
    assert {d.verdict for d in liveness.decide(scope).values()} == {"holds"}
    less = scope.on(find(scope.spec, dropped))
    lassos = {n: d.lasso for n, d in liveness.decide(less).items() if d.lasso}
    assert len(lassos) == 1
    for name, lasso in lassos.items():
        judge(less, lasso, less.spec.properties[name])


def test_every_assumption_of_the_queue_is_asked() -> None:
    every = {a for scope in SCOPES.values() for a in assumptions(scope.spec)}
    elsewhere = {
        "unfair pass_period",
        "endless lose_store",
        "unfair return_store",
        "unfair fall_due",
        "unfair deploy",
        "endless roll_back",
        "unfair resume",
        "endless pause",
        "endless stop_inside",
        "unfair break_off",
        "unfair look_again",
        "endless park",
        "unfair put_in_younger",
        "unfair end_elder",
        "unfair end_younger",
        "unfair take_ahead",
        "endless put_off_ahead",
        "unfair end_ahead",
        "unfair hand_on",
        "unfair resume_kind",
        "endless pause_kind",
        "unfair wake",
        "unfair refill",
        "endless spend",
        "unfair upgrade",
        "endless drain",
    }
    assert every == {*NEEDED, *elsewhere, *SCHEDULING, "unfair abandon", "weakly recover"}


def test_what_is_assumed_in_vain_is_named() -> None:
    # Weak fairness shuts the door as well.
    vain = FALLING.actions["shut"]
    spec = FALLING.edited(
        "strong in vain", actions={**FALLING.actions, "shut": replace(vain, fair="strong")}
    )
    scope = DOOR.on(spec)
    rows = needed(scope)
    assert [row.edit for row in rows if not row.missed] == [
        "endless blow_open", "weakly shut", "weakly lock",
    ]  # fmt: skip
    assert len(ablate.complaints(rows)) == 3
    assert {row.edit: [m.property for m in row.missed] for row in rows if row.missed} == {
        "unfair shut": ["open_doors_are_shut", "doors_are_locked"],
        "unfair lock": ["shut_doors_are_locked", "doors_are_locked"],
    }


def test_what_fails_with_everything_assumed_is_said_first() -> None:
    nobody = DOOR.on(find(FALLING, "unfair shut"))
    assert ablate.AblationPlan((DOOR,)).broken(fair=True) == []
    assert [line.split()[0] for line in ablate.AblationPlan((nobody,)).broken(fair=True)] == [
        "open_doors_are_shut",
        "doors_are_locked",
    ]


@pytest.mark.parametrize(
    ("edit", "remedy"),
    [
        ("unfair blow_open", "unfair shut, unfair lock|unfair lock, unfair shut"),
        ("weakly shut", "weakly lock"),
        ("endless shut", "endless blow_open"),
        ("unfair nothing", "lock"),
    ],
)
def test_an_assumption_that_is_none_is_refused_with_those_there_are(edit: str, remedy: str) -> None:
    with pytest.raises(Misuse) as misuse:
        find(FALLING, edit)
    assert any(text in misuse.value.remedy for text in remedy.split("|"))


def test_the_command_says_what_one_job_needs(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fairness", "--scope", "one-job", "--json"]) == 1
    answer = json.loads(capsys.readouterr().out)
    rows = {row["without"]: row for row in answer["assumptions"]}
    assert answer["ok"] is False and len(answer["complaints"]) == 2
    assert rows["weakly claim"]["breaks"] == [
        {"id": "LIVE-01", "name": "every_job_ends", "steps": None, "stem": 1, "loop": 4}
    ]
    assert rows["unfair abandon"]["not_missed_in"] == ["one-job"]
