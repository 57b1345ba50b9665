"""Each guard of the queue is missed, and the ablation tells apart who misses what."""

import json

import pytest

from checker.commands.main import main
from checker.prove import necessity
from checker.search import memo
from checker.verdicts import ablate
from checker.verdicts.ablate import AblationPlan, GuardVerdict, Missed
from spec.language.edited.edits import without
from spec.language.scope import Scope
from spec.queue import DEFAULT, SCOPES
from tests.specs.lamps import SHOP, STREET, lamps


def unwatched(scope: Scope, what: str) -> None:
    return None


@pytest.fixture
def forgetful(monkeypatch: pytest.MonkeyPatch) -> None:
    """Explore anew, and leave nothing behind."""
    for module in (memo, necessity):
        monkeypatch.setattr(module, "recall", lambda place, read: None)
        monkeypatch.setattr(module, "remember", lambda file, answer: None)


made_up = pytest.mark.usefixtures("forgetful")


def shop_rows(*guards: str) -> list[GuardVerdict]:
    plan = ablate.plan([STREET, SHOP], unwatched, engine="plain")
    return list(ablate.ablate(plan, guards or ablate.guards([SHOP]), unwatched))


# ---------------------------------------------------------------- the queue


def test_each_guard_of_the_queue_is_missed() -> None:
    scopes = [SCOPES[name] for name in DEFAULT]
    plan = ablate.plan(scopes, unwatched)
    assert plan.broken() == []
    every = ablate.guards(scopes)
    rows = list(ablate.ablate(plan, every, unwatched))
    assert [row.edit for row in rows] == every
    assert not [row.edit for row in rows if row.unfinished]
    assert ablate.complaints(rows) == []


def test_every_scope_of_the_queue_has_guards_that_the_default_scopes_know() -> None:
    known = ablate.guards([SCOPES[name] for name in DEFAULT])
    assert set(ablate.guards(list(SCOPES.values()))) == set(known)


def test_ffq_ablate_says_who_misses_a_guard_of_the_queue(
    capsys: pytest.CaptureFixture[str],
) -> None:
    asked = ["ablate", "--guard", "settle_done.fenced", "--json"]
    assert main(asked) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["ok"] is True
    (row,) = answer["guards"]
    assert row["without"] == "settle_done.fenced"
    assert row["missed_by"] == "safety"
    assert [b["steps"] for b in row["breaks"]] == sorted(b["steps"] for b in row["breaks"])
    assert "only_the_holder_settles" in [b["name"] for b in row["breaks"]]


# ---------------------------------------------------------------- a spec that has every kind


@made_up
def test_the_smallest_scope_that_misses_a_guard_speaks_for_it() -> None:
    missed = (Missed("LAMP-1", "sold_lamps_are_dark", 2),)
    assert shop_rows("sell.dark") == [GuardVerdict("sell.dark", "shop", missed, (), ())]


@made_up
def test_another_scope_is_asked_first_on_request() -> None:
    plan = ablate.plan([SHOP, STREET], unwatched, first="street", engine="plain")
    (row,) = ablate.ablate(plan, ["sell.dark"], unwatched)
    assert row.scope == "street"


@made_up
def test_a_guard_that_only_liveness_misses_says_so() -> None:
    (row,) = shop_rows("strike_out.mended")
    assert row.alive
    assert [(m.id, m.property, m.steps) for m in row.missed] == [
        ("LAMP-3", "broken_lamps_are_mended", None)
    ]
    assert row.asked == ("shop", "street")


@made_up
def test_a_guard_that_nobody_misses_is_a_complaint() -> None:
    rows = shop_rows("switch_on.whole")
    assert rows == [GuardVerdict("switch_on.whole", None, (), ("shop", "street"), ())]
    (complaint,) = ablate.complaints(rows)
    assert complaint.startswith("switch_on.whole: nobody misses it")


@made_up
def test_nothing_is_said_of_guards_while_a_property_fails_with_all_of_them() -> None:
    broken = Scope("broken", without(lamps, "sell.dark"), {"Lamp": 1})
    (line,) = AblationPlan((broken,), "plain").broken()
    assert line.startswith("sold_lamps_are_dark fails in broken")


# ---------------------------------------------------------------- the command line


def test_an_unknown_guard_is_bad_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ablate", "--guard", "claim.idel"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert "no guard 'claim.idel'" in said.err
    assert "claim.idle" in said.err


def test_an_unknown_scope_is_bad_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ablate", "--scope", "nowhere"]) == 2
    assert "no scope 'nowhere'" in capsys.readouterr().err


@pytest.mark.deep
@made_up
def test_a_run_that_a_limit_ends_is_not_finished() -> None:
    asked = ["ablate", "--guard", "record.fenced", "--max-states", "10", "--engine", "plain"]
    assert main(asked) == 3
