"""Known designs lack what they are said to lack, and what breaks there was counted by hand."""

import pytest
from typer.testing import CliRunner

from checker.commands.main import command_line
from checker.runs.exploration import Limits
from checker.verdicts.designs import complaints, row
from spec.failures.edits import Edits
from spec.failures.profiles import PROFILES, Profile
from spec.queue import SCOPES

WHOLE = SCOPES["whole"]
ASKED = [p for p in PROFILES.values() if p.edits]


@pytest.mark.parametrize("profile", ASKED, ids=lambda p: p.name)
def test_each_design_lacks_something_that_the_queue_has(profile: Profile) -> None:
    kept = set(WHOLE.spec.guard_names())
    removed = {text for text in profile.edits if " " not in text}
    assert removed <= kept
    assert removed.isdisjoint(Edits(profile.edits).able(WHOLE.spec).on(WHOLE).spec.guard_names())


@pytest.mark.parametrize("profile", PROFILES.values(), ids=lambda p: p.name)
def test_a_system_is_named_only_with_a_source(profile: Profile) -> None:
    assert [i.id for i in profile.incidents] == list(profile.told)
    assert all(i.url.startswith("https://") for i in profile.incidents)


def test_an_unknown_design_is_refused_in_one_line() -> None:
    found = CliRunner().invoke(command_line(), ["profiles", "destructive_poop"])
    assert "there is no profile 'destructive_poop'" in str(found.exception)


def nothing_to_tell() -> None:
    """Be told of nothing."""


@pytest.mark.deep
def test_a_job_that_is_popped_is_lost_at_once() -> None:
    """By hand: the client asks, the job is inserted, a worker pops it."""
    found = row(WHOLE, PROFILES["destructive_pop"], Limits(), nothing_to_tell)
    assert found.by_id["INV-001"].steps == len(["send", "enqueue", "claim"])
    assert not complaints([found])


@pytest.mark.deep
def test_without_a_record_an_effect_is_seen_twice() -> None:
    """By hand: sent, inserted, due, claimed, started, written in two halves and recorded, and then
    recorded again after the answer was lost.
    """
    steps = [
        "send", "enqueue", "fall_due", "claim", "start", "write_first", "write_second", "record",
        "lose_reply", "record",
    ]  # fmt: skip
    for name in ("visibility_timeout", "lease_and_heartbeat"):
        found = row(WHOLE, PROFILES[name], Limits(), nothing_to_tell)
        assert found.by_id["INV-006"].steps == len(steps)


@pytest.mark.deep
def test_the_queue_itself_breaks_nothing() -> None:
    found = row(WHOLE, PROFILES["lease_fence_record"], Limits(), nothing_to_tell)
    assert {c.mark for c in found.cells} <= {"P", "E"}
    assert not complaints([found])
