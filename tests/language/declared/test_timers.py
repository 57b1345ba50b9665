"""A timer is off, runs or is over; it runs out by one step, which its declaration gives it."""

from pathlib import Path

import pytest

from checker.search import plain
from checker.search.compiled import explore
from spec.language.evaluate import Evaluator, instances
from spec.language.hashes import spec_hash
from spec.language.scope import Scope, State
from tests.export.test_tla import judged
from tests.language.spoilt import refusal
from tests.specs.kitchen import PLAIN, TWO, by_hand, kitchen

TIMER = """
from spec.language import Timer

class Post(Timer):
    '''How long a letter may lie.'''
    away = "it does not lie"
    lies = "it lies"
    late = "it lies too long"

post.durable("post", Letter, Post, Post.away, "how long it lies")

@post.elapse("post")
def grow_late(s, l: Letter):
    '''The letter lies too long.'''
"""


def steps(scope: Scope) -> set[tuple[State, str, State]]:
    """Return every step that can be taken, by the evaluator alone."""
    evaluator = Evaluator(scope)
    waiting, found = [evaluator.initial()], set[tuple[State, str, State]]()
    known = set(waiting)
    while waiting:
        state = waiting.pop()
        for step in (i for i in instances(evaluator) if i.refusal(state) is None):
            after = step.after(state)
            found.add((state, step.step.action.name, after))
            waiting += {after} - known
            known.add(after)
    return found


# ---------------------------------------------------------------- what it means
def test_a_timer_is_an_enum_with_the_step_that_one_would_write() -> None:
    named = {(s, name.removesuffix("_by_hand"), t) for s, name, t in steps(PLAIN)}
    assert steps(TWO) == named
    assert len(named) > 50


def test_it_runs_out_in_the_end_and_by_nobody() -> None:
    ring, other = kitchen.actions["ring"], by_hand.actions["ring_by_hand"]
    assert (ring.fair, ring.fault, ring.finite) == (other.fair, other.fault, False)
    assert [g.name for g in ring.guards] == ["ticking"]
    assert ring.elapses is kitchen.fields["clock"] and other.elapses is None


def test_both_explorers_see_the_same() -> None:
    one, other = plain.explore(TWO), explore(TWO, symmetry=False)
    assert (one.states, one.depth, one.fired) == (other.states, other.depth, other.fired)
    assert not one.violations


@pytest.mark.deep
def test_tlc_sees_the_same(tmp_path: Path) -> None:
    mine, theirs = plain.explore(TWO), judged(TWO, tmp_path)
    assert (mine.states, mine.depth) == (theirs.distinct, theirs.depth)
    assert theirs.violated is None


def test_a_file_of_a_timer_is_not_one_of_words() -> None:
    renamed = {("ring" if n == "ring_by_hand" else n): a for n, a in by_hand.actions.items()}
    assert spec_hash(kitchen) != spec_hash(by_hand.edited("renamed", actions=renamed))


# ---------------------------------------------------------------- what cannot be
@pytest.mark.parametrize("members", ["", "a = 'x'", "a = 'x'; b = 'y'", "a = b = c = d = 'x'"])
def test_a_timer_has_three_members(members: str, tmp_path: Path) -> None:
    text = "from spec.language import Timer\nclass Bad(Timer):  # here\n    'It.'\n    "
    found = refusal(text + (members or "pass"), tmp_path)
    assert "timer Bad has " in found.fact and "name three, in this order" in found.remedy


@pytest.mark.parametrize(
    ("line", "fact", "remedy"),
    [
        ("post.volatile('t', Clerk, Post, Post.away, '')", "'t' is volatile", "durable"),
        ("post.world('t', Letter, Post, Post.away, '')", "'t' is world", "durable"),
        ("post.ghost('t', Letter, Post, Post.away, '')", "'t' is ghost", "durable"),
        ("post.durable('t', Letter, Post, Post.lies, '')", "begins at lies", "begin it at away"),
        ("post.durable('t', Letter, Post, Post.late, '')", "begins at late", "let a step start it"),
    ],
)
def test_a_timer_is_in_the_store_and_off_at_first(
    line: str, fact: str, remedy: str, tmp_path: Path
) -> None:
    found = refusal(f"{TIMER}\n{line}  # here\n", tmp_path)
    assert fact in found.fact and remedy in found.remedy


ELAPSE = """
post.durable("other", Letter, Post, Post.away, "how long it lies")
post.durable("of_all", None, Post, Post.away, "how long all lie")

@post.elapse("{}")  # here
def run_out({}):
    {}
"""


@pytest.mark.parametrize(
    ("timer", "parameters", "body", "fact", "remedy"),
    [
        ("past", "s, l: Letter", "'It.'", "there is no timer 'past'", "write one of: post"),
        ("stamp", "s, l: Letter", "'It.'", "there is no timer 'stamp'", "write one of: "),
        ("post", "s, l: Letter", "'It.'", "runs out by grow_late already", "by `also`"),
        ("other", "s, l: Letter", "pass", "run_out says nothing", "docstring"),
        ("other", "s", "'It.'", "run_out is not of one timer 'other'", "parameter, a Letter"),
        ("other", "s, c: Clerk", "'It.'", "run_out is not of one timer", "a Letter"),
        ("other", "s, l: Letter, m: Letter", "'It.'", "run_out is not of one timer", "a Letter"),
        ("of_all", "s, l: Letter", "'It.'", "not of one timer 'of_all'", "give it no parameter"),
        ("other", "s, l: Letter", "'It.'; require(a=s.sealed[l])", "does more than", "`also`"),
        ("other", "s, l: Letter", "'It.'; s.sealed[l] = True", "does more than", "`also`"),
        ("other", "s, l: Letter", "'It.'; s.other[l] = Post.late", "does more than", "`also`"),
        ("other", "s, l: Letter", "'It.'; erase(l)", "does more than", "`also`"),
    ],
)
def test_its_step_says_only_what_it_is(
    timer: str, parameters: str, body: str, fact: str, remedy: str, tmp_path: Path
) -> None:
    found = refusal(TIMER + ELAPSE.format(timer, parameters, body), tmp_path)
    assert fact in found.fact and remedy in found.remedy


def test_it_has_a_name_of_its_own(tmp_path: Path) -> None:
    text = TIMER + ELAPSE.format("other", "s, l: Letter", "'It.'").replace("run_out", "take")
    assert "'take' is declared twice" in refusal(text, tmp_path).fact
