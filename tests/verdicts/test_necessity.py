"""What an explorer reaches without a guard, induction must lose; what else is lost is named."""

import json
from collections.abc import Iterator

import pytest
from ffq.textbook.two_phase_commit import Decision, Manager, Phase, commit_protocol

from checker.commands.main import main
from checker.commands.options import Catalogue
from checker.commands.spec import ablate as cli_ablate
from checker.prove import cti, necessity
from checker.prove.necessity import KEPT, LOST_REACHABLE, LOST_UNREACHED, UNDECIDED, needed
from checker.prove.portfolio import Solvers, solvers
from checker.search import compiled, plain
from checker.search.memo import look
from checker.verdicts import ablate
from spec.language import Sort, Spec, ite, require
from spec.language.scope import Scope
from spec.queue import DEFAULT, SCOPES
from tests.specs.lamps import SHOP
from tests.specs.lease_lock import Client, lease_lock

# ---------------------------------------------------------------- textbook specs, with their lemmas
lock = Spec("lease lock", lease_lock)


@lock.lemma("LL-2")
def tokens_come_from_the_lock(s, c: Client):  # type: ignore[no-untyped-def]
    """No client has a token that was not given out."""
    return s.token[c] <= s.last_token


agreement = Spec("two-phase commit", commit_protocol)


@agreement.lemma("TC-1")
def messages_are_decisions(s):  # type: ignore[no-untyped-def]
    """What is sent is what was decided."""
    return (s.commit_sent == (s.decision == Decision.committed)) & (
        s.abort_sent == (s.decision == Decision.aborted)
    )


@agreement.lemma("TC-1")
def the_heard_have_spoken(s, m: Manager):  # type: ignore[no-untyped-def]
    """Whoever was heard has sent, and all were heard before a commit."""
    return (s.heard[m] >> s.prepared_sent[m]) & (s.commit_sent >> s.heard[m])


@agreement.lemma("TC-1")
def promises_are_kept(s, m: Manager):  # type: ignore[no-untyped-def]
    """Whoever has prepared works no more, and aborts only if told to; one commits only if told."""
    kept = (s.phase[m] != Phase.working) & ((s.phase[m] == Phase.aborted) >> s.abort_sent)
    return (s.prepared_sent[m] >> kept) & ((s.phase[m] == Phase.committed) >> s.commit_sent)


LOCK = Scope("lock", lock, {"Client": 2, "Tokens": 2})
AGREEMENT = Scope("agreement", agreement, {"Manager": 2})


# ---------------------------------------------------------------- a spec that lacks a lemma
dike = Spec("dike", doc="A dike that never breaks, as nobody has written down.")


class Field(Sort):
    """A field behind the dike."""


dike.durable("broken", None, bool, False, "the dike is broken")
dike.durable("wet", Field, bool, False, "water stands on it")


@dike.action()
def rise(s, f: Field):  # type: ignore[no-untyped-def]
    """The river rises; a field gets wet if the dike is broken."""
    require(whole=~s.broken)
    s.wet[f] = ite(s.broken, True, s.wet[f])


@dike.invariant("D-1")
def fields_are_dry(s, f: Field):  # type: ignore[no-untyped-def]
    """No water stands on a field."""
    return ~s.wet[f]


LAND = Scope("land", dike, {"Field": 1})


@pytest.fixture(scope="module")
def both() -> Iterator[Solvers]:
    with solvers() as found:
        yield found


@pytest.fixture
def forgetful(monkeypatch: pytest.MonkeyPatch) -> None:
    """Decide anew, and leave nothing behind."""
    monkeypatch.setattr(necessity, "recall", lambda place, read: None)
    monkeypatch.setattr(necessity, "remember", lambda file, answer: None)


def reached(scope: Scope, guard: str) -> set[str]:
    """Return the safety properties that an explorer finds broken without the guard."""
    return set(plain.explore(scope, off=(guard,)).violations)


# Worked out by hand. What is not named keeps every claim: to free what is free, to stop what has
# stopped or to write what is written does no harm.
BY_HAND: dict[str, tuple[Scope, dict[str, set[str]]]] = {
    "lock": (
        LOCK,
        {
            "acquire.free": {"leases_are_respected"},
            "acquire.tokens_left": {"range_last_token", "range_token"},
            "write.fenced": {"the_newest_write_stays", "the_storage_goes_forward"},
        },
    ),
    "agreement": (
        AGREEMENT,
        {
            "hear_prepared.sent": {"the_heard_have_spoken"},
            "decide_commit.undecided": {"messages_are_decisions"},
            "decide_commit.all_prepared": {"the_heard_have_spoken"},
            "decide_abort.undecided": {"messages_are_decisions"},
            "choose_abort.working": {"promises_are_kept", "all_agree"},
            "obey_commit.told": {"promises_are_kept", "all_agree"},
            "obey_abort.told": {"promises_are_kept", "all_agree"},
        },
    ),
    "lamps": (
        SHOP,
        {"switch_on.unsold": {"sold_lamps_are_dark"}, "sell.dark": {"sold_lamps_are_dark"}},
    ),
    "dike": (LAND, {"rise.whole": {"fields_are_dry"}}),
}


@pytest.mark.usefixtures("forgetful")
@pytest.mark.parametrize("name", BY_HAND)
def test_what_is_lost_without_a_guard_is_what_a_hand_finds(name: str, both: Solvers) -> None:
    scope, by_hand = BY_HAND[name]
    for guard in scope.spec.guard_names():
        found = needed([scope.spec], guard, both)
        assert (set(found.lost), found.undecided) == (by_hand.get(guard, set()), ()), guard
        if reached(scope, guard):
            assert found.lost, f"{guard}: a run breaks what induction keeps"


# ---------------------------------------------------------------- the queue


def test_what_the_explorer_reaches_without_a_guard_is_lost_where_jobs_are_settled(
    both: Solvers,
) -> None:
    one_job = SCOPES["one-job"]
    for guard in one_job.spec.guard_names():
        if guard.split(".")[0] == "settle_done":
            assert look(one_job, (guard,)).violations
            assert needed([one_job.spec], guard, both).lost, guard


def breaks(scope: Scope, guard: str) -> bool:
    """Return whether a run breaks anything without the guard; what else would break is not asked,
    for a number that leaves its range may have a hundred million states before it.
    """
    safety = [p.name for p in scope.spec.properties.values() if p.kind in ("invariant", "step")]
    ranges = [f"range_{name}" for name in scope.spec.fields]
    until = frozenset((*safety, *ranges))
    return bool(compiled.explore(scope, off=(guard,), until=until).violations)


@pytest.mark.deep
@pytest.mark.parametrize("name", DEFAULT)
def test_what_the_explorer_reaches_is_lost_in_every_spec(name: str, both: Solvers) -> None:
    scope = SCOPES[name]
    for guard in scope.spec.guard_names():
        found = needed([scope.spec], guard, both)
        assert not found.undecided, guard
        if breaks(scope, guard):
            assert found.lost, f"{guard}: a run breaks what induction keeps"


# ---------------------------------------------------------------- what is said of it


def unwatched(scope: Scope, what: str) -> None:
    return None


def columns(scope: Scope, both: Solvers) -> dict[str, str]:
    plan = ablate.plan([scope], unwatched, engine="plain")
    rows = ablate.ablate(plan, scope.spec.guard_names(), unwatched)
    return {row.edit: row.for_any_size(ablate.need(plan, row, both)) for row in rows}


def test_the_three_columns_are_told_apart(both: Solvers) -> None:
    assert columns(SHOP, both) == {
        "switch_on.unsold": LOST_REACHABLE,
        "switch_on.whole": KEPT,
        "switch_on.works": KEPT,
        "sell.dark": LOST_REACHABLE,
        "note.broken": KEPT,
        "mend.noted": KEPT,
        "strike_out.mended": KEPT,
    }
    assert columns(LAND, both) == {"rise.whole": LOST_UNREACHED}


def test_a_claim_that_is_not_proved_with_the_guard_says_nothing_of_it(both: Solvers) -> None:
    # Without its lemma acquire breaks the claim, whatever guards it has.
    found = needed([lease_lock], "acquire.free", both)
    assert found.lost == ("leases_are_respected",)
    assert found.undecided == ("tokens_are_not_shared",)
    found = needed([Spec("d", dike)], "rise.whole", both)
    assert found.column(False, finished=False) == "lost, and a limit was reached"
    assert necessity.Necessity("a.b", "s", (), ("c",)).column(False) == UNDECIDED


def test_the_first_spec_that_loses_something_speaks_for_the_guard(both: Solvers) -> None:
    # An action that does nothing keeps everything; more is claimed of it in the second spec.
    bare = Spec("bare")
    bare.durable("broken", None, bool, True, "the dike is broken")

    @bare.action()
    def rest(s):  # type: ignore[no-untyped-def]
        """Nothing happens."""
        require(whole=~s.broken)
        s.broken = False

    strict = Spec("strict", bare)

    @strict.step("B-1")
    def nothing_is_mended(s, t):  # type: ignore[no-untyped-def]
        """A dike that is broken stays so."""
        return s.broken >> t.broken

    assert needed([bare], "rest.whole", both).column(False) == KEPT
    assert needed([bare, strict], "rest.whole", both).spec == "strict"
    assert needed([strict, bare], "rest.whole", both).lost == ("nothing_is_mended",)


def test_an_answer_is_remembered_until_the_spec_says_otherwise(
    both: Solvers, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = needed([dike], "rise.whole", both)

    def decide(*asked: object) -> None:
        raise AssertionError("decided again")

    monkeypatch.setattr(Solvers, "decide", decide)
    assert needed([dike], "rise.whole", both) == first
    more = Spec("dike", dike)

    @more.invariant("D-2")
    def the_dike_stands(s):  # type: ignore[no-untyped-def]
        """The dike is not broken."""
        return ~s.broken

    with pytest.raises(AssertionError, match="decided again"):
        needed([more], "rise.whole", both)


def test_what_is_reached_though_induction_is_kept_is_a_contradiction() -> None:
    row = ablate.GuardVerdict("a.b", "shop", (ablate.Missed("X-1", "x", 2),), (), ())
    kept = necessity.Necessity("a.b", "lamps", (), ())
    (line,) = ablate.contradictions([row], {"a.b": kept})
    assert line.startswith("a.b: x is broken in shop, and induction is kept in lamps")
    lost = necessity.Necessity("a.b", "lamps", ("x",), ())
    assert ablate.contradictions([row], {"a.b": lost}) == []
    # Liveness is not what induction is about.
    alive = ablate.GuardVerdict("a.b", "shop", (ablate.Missed("X-1", "x", None),), (), ())
    assert ablate.contradictions([alive], {"a.b": kept}) == []


# ---------------------------------------------------------------- the command line


def test_ffq_ablate_names_the_claim_that_lacks_a_lemma_and_shows_the_step(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    known = Catalogue({"land": LAND}, ("land",), ())
    monkeypatch.setattr(cli_ablate, "catalogue", lambda: known)
    # No safety property of a scope misses the guard, so the command complains.
    assert main(["ablate", "--engine", "plain"]) == 1
    said = capsys.readouterr().out
    assert "induction: lost, not reachable in any scope (fields_are_dry)" in said
    assert cti.UNREACHED in said
    assert "field1  wet     false -> true" in said

    assert main(["ablate", "--engine", "plain", "--json"]) == 1
    (row,) = json.loads(capsys.readouterr().out)["guards"]
    assert row["induction"]["says"] == "lost, not reachable in any scope"
    assert row["induction"]["lost"] == ["fields_are_dry"]
    assert row["induction"]["counterexample"]["before"] == {"broken": True, "wet[field1]": False}


def test_ffq_ablate_says_that_what_is_reached_is_lost(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ablate", "--guard", "heartbeat.fenced", "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)["guards"]
    assert row["induction"]["says"] == "lost, and reachable"
    assert row["induction"]["lost"] == ["leases_are_renewed_for_their_holder"]
    assert row["induction"]["counterexample"] is None
