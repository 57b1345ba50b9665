"""A search is narrowed to the runs that are asked for, as a walk over the spec finds them."""

from collections import deque

import pytest

from checker.commands.main import main
from checker.search import compiled, plain
from spec.failures.edits import Edits
from spec.language.evaluate import Claim, Evaluator, instances
from spec.language.misuse import Misuse
from spec.language.scope import Scope, State
from spec.queue import SCOPES

FEW = {"Job": 1, "Worker": 2, "Recoverer": 1, "MaxFails": 1, "MaxInterrupts": 2, "Histories": 0}
LIFE = Scope("one-job", SCOPES["one-job"].spec, FEW)
UNFENCED = Edits(["settle_done.fenced", "settle_done.leased"])


def by_hand(scope: Scope, violated: str, turns: list[str], never: str | None) -> int | None:
    """Return how many steps the shortest run has that violates a step property, takes these actions
    in this order and never takes that one: breadth first over states and turns taken.
    """
    evaluator = Evaluator(scope)
    claim = Claim(evaluator, scope.spec.properties[violated])
    steps = [i for i in instances(evaluator) if i.step.action.name != never]
    first = (evaluator.initial(), 0)
    far: dict[tuple[State, int], int] = {first: 0}
    left = deque([first])
    while left:
        state, taken = left.popleft()
        for step in steps:
            after = step.successor(state)
            if after is None:
                continue
            now = taken + (taken < len(turns) and step.step.action.name == turns[taken])
            if now == len(turns) and claim.holds(state, after) is not None:
                return far[state, taken] + 1
            if (after, now) not in far:
                far[after, now] = far[state, taken] + 1
                left.append((after, now))
    return None


ASKED: list[tuple[list[str], str | None]] = [
    ([], None),
    (["crash"], None),
    (["recoverer_crash", "settle_released"], None),
    (["crash", "crash"], None),
    (["start", "claim"], None),
    ([], "settle_released"),
    (["pass_deadline"], "expire"),
    ([], "claim"),
]


def narrowed(turns: list[str], never: str | None) -> Edits:
    via = [f"via {' then '.join(turns)}"] if turns else []
    return Edits([*via, f"never {never}"] if never else via)


@pytest.mark.parametrize(("turns", "never"), [ASKED[2], ASKED[4], ASKED[6]])
def test_the_plain_engine_finds_the_shortest_of_the_runs_that_are_left(
    turns: list[str], never: str | None
) -> None:
    whole, violated = UNFENCED.on(LIFE), "terminal_is_absorbing"
    found = plain.explore(narrowed(turns, never).on(whole), until=frozenset({violated}))
    assert found.violations.get(violated) == by_hand(whole, violated, turns, never)


@pytest.mark.deep
@pytest.mark.parametrize(("turns", "never"), ASKED)
@pytest.mark.parametrize("violated", ["only_the_holder_settles", "terminal_is_absorbing"])
def test_both_engines_find_the_shortest_of_the_runs_that_are_left(
    violated: str, turns: list[str], never: str | None
) -> None:
    whole = UNFENCED.on(LIFE)
    expected = by_hand(whole, violated, turns, never)
    for engine in (plain, compiled):
        found = engine.explore(narrowed(turns, never).on(whole), until=frozenset({violated}))
        assert found.violations.get(violated) == expected


def test_the_order_of_the_actions_is_that_of_the_run() -> None:
    whole, violated = UNFENCED.on(LIFE), "terminal_is_absorbing"
    far = []
    for turns in (["start", "recover"], ["recover", "start"]):
        found = plain.explore(narrowed(turns, None).on(whole), until=frozenset({violated}))
        assert found.violations[violated] == by_hand(whole, violated, turns, None)
        far.append(found.violations[violated])
    assert far[0] != far[1]


def test_nothing_is_violated_by_fewer_runs_that_is_not_by_all() -> None:
    found = plain.explore(Edits(["via crash then claim"]).on(LIFE))
    assert not found.violations


@pytest.mark.parametrize(
    ("edit", "fact"),
    [
        ("never exprie", "there is no action 'exprie'"),
        ("via expire then strat", "there is no action 'strat'"),
        ("via expire start", "'via expire start' is not an edit"),
        ("via expire then", "'via expire then' is not an edit"),
    ],
)
def test_what_is_not_there_is_refused(edit: str, fact: str) -> None:
    with pytest.raises(Misuse, match=fact):
        Edits([edit]).on(LIFE)


def test_two_ways_are_one_way_in_order() -> None:
    with pytest.raises(Misuse, match="name all actions in one `via`"):
        Edits(["via expire", "via start"]).on(LIFE)


# ---------------------------------------------------------------- as commands
def complaint(capsys: pytest.CaptureFixture[str], *given: str) -> str:
    assert main(["check", "--scope", "one-job", *given]) == 2
    return capsys.readouterr().err


def test_a_check_says_that_it_looked_at_some_runs_only(
    capsys: pytest.CaptureFixture[str],
) -> None:
    given = ["check", "--scope", "one-job", "--never", "expire", "--bound", "Recoverer=1"]
    assert main([*given, "--engine", "plain"]) == 0
    said = capsys.readouterr().out
    assert "Recoverer=1" in said and "never expire" in said and "every run that is left" in said
    assert "every state" not in said and "LIVE-" not in said


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["--bound", "Recov=1"], "one-job has no 'Recov'; write one of: Recoverer"),
        (["--bound", "Recoverer=x"], "write Recoverer=N, at most 32"),
        (["--bound", "Recoverer=0"], "Recoverer is 0; give it at least 1"),
        (["--via", " "], "names no action"),
        (["--never", "expire", "--property", "LIVE-01"], "is asked of all runs together"),
    ],
)
def test_a_search_that_cannot_be_had_is_refused_in_one_line(
    given: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    line = complaint(capsys, *given)
    assert said in line and line.count("\n") == 1
