"""What a spec means: assignments read as Python's do, none is followed nowhere, parts act at
once.
"""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spec.language import Enum, Nat, Sort, Spec, exists, forall, forget, ite, require
from spec.language.evaluate import Claim, Evaluator, Instance, OutOfRange, instances
from spec.language.scope import Scope, State


class Cell(Sort):
    """A place for a number and for the way to another cell."""


class Agent(Sort):
    """A process that may crash."""


class Mood(Enum):
    """How an agent feels."""

    calm = "as at first"
    busy = "at work"


def step(scope: Scope, action: str, **binding: int) -> Instance:
    """Return the action with these parameters."""
    for one in instances(Evaluator(scope)):
        if one.step.action.name == action and one.step.binding == binding:
            return one
    raise AssertionError(f"{action} has no parameters {binding}")


def initial(scope: Scope) -> State:
    return Evaluator(scope).initial()


# Assignments. The same program runs on the symbolic state and on plain Python objects.

Program = list[tuple[Any, Any]]
BIG = 10**9

elements = st.recursive(
    st.sampled_from(["c", "d"]), lambda e: st.tuples(st.just("link"), e), max_leaves=3
)
numbers = st.recursive(
    st.integers(0, 3) | st.just("n") | st.tuples(st.just("a"), elements),
    lambda n: st.tuples(st.just("+"), n, n) | st.tuples(st.just("least"), n, n),
    max_leaves=4,
)
assignments = (
    st.tuples(st.just("n"), numbers)
    | st.tuples(st.tuples(st.just("a"), elements), numbers)
    | st.tuples(st.tuples(st.just("link"), elements), elements)
)
programs = st.lists(assignments, min_size=1, max_size=6)


def run(program: Program, s: Any, c: Any, d: Any, choose: Callable[..., Any]) -> None:
    """Run the program on a state, whichever kind of state it is."""

    def value(e: Any) -> Any:
        match e:
            case int():
                return e
            case "c" | "d":
                return {"c": c, "d": d}[e]
            case "n":
                return s.n
            case ("a", index):
                return s.a[value(index)]
            case ("link", index):
                return s.link[value(index)]
            case ("+", x, y):
                return value(x) + value(y)
            case ("least", x, y):
                left, right = value(x), value(y)
                return choose(left < right, left, right)
        raise AssertionError(e)

    for target, assigned in program:
        match target:
            case "n":
                s.n = value(assigned)
            case ("a", index):
                s.a[value(index)] = value(assigned)
            case ("link", index):
                s.link[value(index)] = value(assigned)


class Plain:
    """A state of plain Python objects."""

    def __init__(self, n: int, a: list[int], link: list[int]) -> None:
        self.n, self.a, self.link = n, a, link


def traced(program: Program) -> Scope:
    """Return a spec of one action that runs the program."""
    spec = Spec("program")
    spec.durable("n", None, Nat(BIG), 0, "a number")
    spec.durable("a", Cell, Nat(BIG), 0, "a number")
    spec.durable("link", Cell, Cell, None, "a cell")

    def choose(test: Any, x: Any, y: Any) -> Any:
        if isinstance(test, bool):  # two plain numbers were compared
            return x if test else y
        return ite(test, x, y)

    @spec.action()
    def go(s, c: Cell, d: Cell) -> None:  # type: ignore[no-untyped-def]
        """The program runs."""
        run(program, s, c, d, choose)

    return Scope("cells", spec, {"Cell": 3})


# A program of many aliases becomes a large expression, and a busy machine is no failure.
@settings(deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(
    programs,
    st.integers(0, 3),
    st.lists(st.integers(0, 3), min_size=3, max_size=3),
    st.lists(st.integers(0, 2), min_size=3, max_size=3),
    st.integers(0, 2),
    st.integers(0, 2),
)
def test_assignments_mean_what_they_mean_in_python(
    program: Program, n: int, a: list[int], link: list[int], c: int, d: int
) -> None:
    go = step(traced(program), "go", c=c, d=d)
    before: State = (n, *a, *link)
    plain = Plain(n, list(a), list(link))
    run(program, plain, c, d, lambda test, x, y: x if test else y)
    assert go.refusal(before) is None
    assert go.after(before) == (plain.n, *plain.a, *plain.link)


SWAP: Program = [("n", ("a", "c")), (("a", "c"), ("a", "d")), (("a", "d"), "n")]


@pytest.mark.parametrize(
    ("program", "c", "d", "before", "after"),
    [
        (SWAP, 0, 1, (0, 5, 7, 0), (5, 7, 5, 0)),
        # Raised twice.
        ([("n", ("+", "n", 1)), ("n", ("+", "n", 1))], 0, 0, (3, 0, 0, 0), (5, 0, 0, 0)),
        # Two names for one cell: the later assignment wins, and reads the earlier.
        ([(("a", "c"), 4), (("a", "d"), ("+", ("a", "c"), 1))], 1, 1, (0, 0, 0, 0), (0, 0, 5, 0)),
        ([(("a", "c"), 4), (("a", "d"), ("+", ("a", "c"), 1))], 1, 2, (0, 0, 0, 0), (0, 0, 4, 5)),
    ],
)  # fmt: skip
def test_assignments_are_made_in_order(
    program: Program, c: int, d: int, before: State, after: State
) -> None:
    links = (0, 0, 0)
    assert step(traced(program), "go", c=c, d=d).after((*before, *links)) == (*after, *links)


def test_an_index_is_read_where_it_stands() -> None:
    # First the link is bent to d, then the number of the cell that it leads to is set.
    program: Program = [(("link", "c"), "d"), (("a", ("link", "c")), 9)]
    after = step(traced(program), "go", c=0, d=2).after((0, 1, 1, 1, 1, 1, 1))
    assert after == (0, 1, 1, 9, 2, 1, 1)


# References and none.

paths = Spec("paths")
paths.durable("far", Cell, Nat(9), 4, "how far a cell is")
paths.durable("link", Cell, Cell, None, "the next cell")


@paths.action()
def tie(s, c: Cell, d: Cell) -> None:  # type: ignore[no-untyped-def]
    """A cell is tied to another."""
    s.link[c] = d


@paths.action()
def push(s, c: Cell) -> None:  # type: ignore[no-untyped-def]
    """The cell after the next is pushed away."""
    s.far[s.link[s.link[c]]] += 1


@paths.action()
def rest(s, c: Cell) -> None:  # type: ignore[no-untyped-def]
    """A cell rests where every next one is near."""
    require(near=forall(Cell, lambda x: s.far[s.link[x]] < 5))


@paths.action()
def pull(s, c: Cell) -> None:  # type: ignore[no-untyped-def]
    """A cell comes nearer, even too near."""
    s.far[c] -= 3


@paths.invariant("P-1")
def the_next_one_is_at_4(s, c: Cell) -> Any:  # type: ignore[no-untyped-def]
    """The next cell is where all cells began."""
    return s.far[s.link[c]] == 4


@paths.step("P-2")
def far_ones_stay(s, t, c: Cell) -> Any:  # type: ignore[no-untyped-def]
    """No cell comes to stand at 5."""
    return t.far[c] != 5


@paths.step("P-3")
def not_all_change(s, t) -> Any:  # type: ignore[no-untyped-def]
    """Some cell is at 4 after any move."""
    return exists(Cell, lambda x: t.far[x] == 4)


PATHS = Scope("paths", paths, {"Cell": 2})
NOWHERE: State = (4, 4, None, None)


def test_following_none_disables_an_action() -> None:
    push_first = step(PATHS, "push", c=0)
    assert push_first.refusal(NOWHERE) == "reference"
    assert push_first.refusal((4, 4, 1, None)) == "reference"
    assert push_first.refusal((4, 4, 1, 0)) is None
    assert push_first.after((4, 4, 1, 0)) == (5, 4, 1, 0)


def test_what_a_quantifier_follows_to_none_reads_as_it_began() -> None:
    assert step(PATHS, "rest", c=0).refusal(NOWHERE) is None
    assert step(PATHS, "rest", c=0).refusal((6, 4, None, None)) is None
    assert step(PATHS, "rest", c=0).refusal((6, 4, None, 0)) == "near"


def test_a_property_reads_through_none_as_it_began() -> None:
    claim = Claim(Evaluator(PATHS), the_next_one_is_at_4)
    assert claim.holds(NOWHERE) is None
    assert claim.holds((6, 6, None, None)) is None
    assert claim.holds((6, 4, None, 0)) == {"c": 1}


def test_a_number_out_of_its_range_is_named() -> None:
    with pytest.raises(OutOfRange, match="far = -2") as caught:
        step(PATHS, "pull", c=0).after((1, 4, None, None))
    assert caught.value.field == "far"


def test_a_step_property_speaks_of_the_places_that_change() -> None:
    claim = Claim(Evaluator(PATHS), far_ones_stay)
    assert claim.holds((4, 5, None, None), (3, 5, None, None)) is None
    assert claim.holds((4, 5, None, None), (5, 5, None, None)) == {"c": 0}


def test_a_step_property_of_any_place_speaks_when_one_of_them_changes() -> None:
    claim = Claim(Evaluator(PATHS), not_all_change)
    assert claim.holds((3, 3, None, None), (3, 3, 0, None)) is None
    assert claim.holds((3, 3, None, None), (2, 3, None, None)) == {}


# Parts.

work = Spec("work")
work.durable("done", Cell, bool, False, "whether it is done")
work.volatile("cell", Agent, Cell, None, "what the agent works on")


@work.action()
def begin(s, w: Agent, c: Cell) -> None:  # type: ignore[no-untyped-def]
    """An agent begins."""
    require(todo=~s.done[c])
    s.cell[w] = c


@work.action()
def crash(s, w: Agent) -> None:  # type: ignore[no-untyped-def]
    """An agent loses its memory."""
    require(working=s.cell[w] != None)  # noqa: E711  # builds a node
    forget(w)


moods = Spec("moods", work)
moods.volatile("mood", Agent, Mood, Mood.calm, "how the agent feels")
moods.durable("tries", Cell, Nat(3), 0, "how often it was begun")
moods.durable("last", Agent, Cell, None, "what the agent worked on before this")


@moods.also(begin)
def begin_busily(s, w: Agent, c: Cell) -> None:  # type: ignore[no-untyped-def]
    """The try is counted, and what was in hand noted."""
    require(tries_left=s.tries[c] < 2)
    s.mood[w] = Mood.busy
    s.tries[c] += 1
    s.last[w] = s.cell[w]


MOODS = Scope("moods", moods, {"Agent": 2, "Cell": 2})


def shown(state: State) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for place, value in zip(MOODS.places, state, strict=True):
        found.setdefault(place.field.name, []).append(value)
    return found


def test_the_guards_of_all_parts_must_hold() -> None:
    begins = step(MOODS, "begin", w=0, c=1)
    assert [name for name, _ in begins.guards] == ["todo", "tries_left"]
    once = begins.after(initial(MOODS))
    twice = begins.after(once)
    assert (begins.refusal(once), begins.refusal(twice)) == (None, "tries_left")


def test_every_part_reads_the_state_before_the_step() -> None:
    first = step(MOODS, "begin", w=0, c=1).after(initial(MOODS))
    second = step(MOODS, "begin", w=0, c=0).after(first)
    assert shown(first)["last"] == [None, None]
    assert (shown(second)["cell"], shown(second)["last"]) == ([0, None], [1, None])


def test_a_crash_forgets_what_later_modules_added() -> None:
    busy = step(MOODS, "begin", w=0, c=1).after(initial(MOODS))
    both = step(MOODS, "begin", w=1, c=1).after(busy)
    after = shown(step(MOODS, "crash", w=0).after(both))
    assert (after["cell"], after["mood"]) == ([None, 1], ["calm", "busy"])
    assert after["tries"] == [0, 2], "what is durable stays"


def test_the_extended_spec_is_left_as_it_was() -> None:
    assert [g.name for g in work.actions["begin"].guards] == ["todo"]
    assert "mood" not in work.fields
