"""A seeded fault in the text that z3 is given is seen: its run is none for the evaluator, or its
answer is not the explorer's.
"""

import pytest

from checker.prove.bmc import unrolling
from checker.prove.bmc.circuit import NO, YES, Gates, negate
from checker.prove.bmc.one_hot import Finite
from checker.prove.bmc.search import search
from checker.prove.bmc.unrolling import Unrolled
from checker.runs.trace import Diverged
from checker.search import plain
from spec.language import Sort
from spec.language.scope import Scope
from tests.prove.test_bounded import CORNERS, FENCELESS, LOCK, commit, edited, shortest


def first(scope: Scope) -> tuple[int, set[str]]:
    found = search(scope, 8)
    return found.depth, set(found.violated)


def test_a_guard_that_is_not_printed_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Unrolled, "_enabled", lambda *_: YES)
    with pytest.raises(Diverged, match="is not enabled"):
        search(LOCK, 8)


def test_an_update_that_is_not_printed_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    assert first(FENCELESS) == shortest(plain.explore(FENCELESS).violations)
    written = unrolling._written
    place = next(i for i, p in enumerate(LOCK.places) if p.field.name == "newest")
    monkeypatch.setattr(
        unrolling, "_written",
        lambda finite, writes, position, now: (
            None if position == place else written(finite, writes, position, now)
        ),
    )  # fmt: skip
    with pytest.raises(Diverged, match="part within"):
        search(LOCK, 8)


def test_a_range_that_is_not_watched_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = edited(LOCK, "acquire.tokens_left")
    expected = shortest(plain.explore(broken).violations)
    assert first(broken) == expected
    monkeypatch.setattr(unrolling, "_leaving", lambda gates, writes: {})
    assert first(broken) != expected


def test_a_step_property_asked_where_nothing_changes_is_seen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(unrolling, "changes", lambda claim: [~claim.body])
    with pytest.raises(Diverged, match="does not violate"):
        search(LOCK, 8)


def test_a_value_read_through_none_that_is_not_the_first_one_is_seen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    initial = Finite.initial
    monkeypatch.setattr(
        Finite, "initial",
        lambda self, field: {True: NO, False: YES} if self.now else initial(self, field),
    )  # fmt: skip
    with pytest.raises(Diverged, match="does not violate TypeOK"):
        search(CORNERS, 2)


def test_an_or_printed_as_an_and_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    scope = edited(commit(2), "decide_commit.all_prepared")
    expected = shortest(plain.explore(scope).violations)
    assert first(scope) == expected
    monkeypatch.setattr(
        Finite, "_joined", lambda self, e, left, right: self.gates.disj([left, right])
    )
    with pytest.raises(Diverged):
        first(scope)


# ---------------------------------------------------------------- the text


class Cup(Sort):
    """A cup."""


def test_gates_are_printed_once_and_constants_not_at_all() -> None:
    gates = Gates("g")
    assert gates.conj([YES, "a", YES]) == "a"
    assert gates.conj(["a", NO]) == gates.disj([]) == NO
    assert gates.conj([]) == gates.disj(["a", negate("a")]) == YES
    assert gates.conj(["b", "a", "b"]) == gates.conj(["a", "b"]) == "g0@0"
    assert gates.disj(["a", "b"]) == "g1@0"
    assert gates.lines == [
        "(define-fun g0@0 () Bool (and a b))", "(define-fun g1@0 () Bool (or a b))",
    ]  # fmt: skip
    assert negate(negate("a")) == "a"
    assert negate(YES) == NO
