"""Each way to take a protection away does what it says, and no more."""

from typing import Any

import pytest

from checker.search.plain import explore
from spec.language import Nat, Sort, Spec, forget, require
from spec.language.edited.edits import find, instead, without
from spec.language.edited.split import split
from spec.language.evaluate import Evaluator, Instance, instances
from spec.language.scope import Scope, State
from spec.queue import SCOPES


class Clerk(Sort):
    """Who takes the money."""


class Order(Sort):
    """What is paid for."""


till = Spec("till", doc="An order is paid and sent in one step.")
till.durable("price", Order, Nat(2), 1, "what it costs")
till.durable("paid", Order, bool, False, "it is paid for")
till.durable("sent", Order, Nat(2), 0, "the price on the parcel that was sent; 0 if none was")
till.volatile("at_work", Clerk, bool, False, "the clerk is at work")


@till.action()
def arrive(s, c: Clerk) -> None:  # type: ignore[no-untyped-def]
    """A clerk comes to work."""
    require(away=~s.at_work[c])
    s.at_work[c] = True


@till.action()
def settle(s, c: Clerk, o: Order) -> None:  # type: ignore[no-untyped-def]
    """A clerk takes the money and sends the parcel."""
    require(at_work=s.at_work[c], unpaid=~s.paid[o])
    s.paid[o] = True
    s.sent[o] = s.price[o]


@till.action()
def raise_price(s, o: Order) -> None:  # type: ignore[no-untyped-def]
    """The price goes up."""
    require(low=s.price[o] == 1, unpaid=~s.paid[o])
    s.price[o] = 2


@till.action(fault=True)
def leave(s, c: Clerk) -> None:  # type: ignore[no-untyped-def]
    """A clerk leaves and forgets everything."""
    require(at_work=s.at_work[c])
    forget(c)


@till.invariant("T-1")
def who_pays_is_served(s, o: Order) -> Any:  # type: ignore[no-untyped-def]
    """What is paid for is sent."""
    return s.paid[o] >> (s.sent[o] > 0)


@till.invariant("T-2")
def nothing_is_given_away(s, o: Order) -> Any:  # type: ignore[no-untyped-def]
    """What is sent is paid for."""
    return (s.sent[o] > 0) >> s.paid[o]


@till.step("T-3")
def paid_once(s, t, o: Order) -> Any:  # type: ignore[no-untyped-def]
    """What is sent is not sent again for another price."""
    return (s.sent[o] > 0) >> (t.sent[o] == s.sent[o])


BOUNDS = {"Clerk": 2, "Order": 2}
TORN = split(till, "settle", "sent")


def scope(spec: Spec) -> Scope:
    return Scope("shop", spec, BOUNDS)


def story(spec: Spec, violated: str) -> list[str]:
    return [
        " ".join([s.action.name, *map(str, s.binding.values())])
        for s in explore(scope(spec)).walk(violated).steps
    ]


class Run:
    """A run of a spec, step by step."""

    def __init__(self, spec: Spec) -> None:
        self.scope = scope(spec)
        self.steps = {self.name(i): i for i in instances(Evaluator(self.scope))}
        self.state: State = Evaluator(self.scope).initial()

    def name(self, step: Instance) -> str:
        return " ".join([step.step.action.name, *map(str, step.step.binding.values())])

    def take(self, *names: str) -> "Run":
        for name in names:
            assert self.refusal(name) is None, name
            self.state = self.steps[name].after(self.state)
        return self

    def refusal(self, name: str) -> str | None:
        return self.steps[name].refusal(self.state)

    def possible(self) -> set[str]:
        return {name for name, step in self.steps.items() if step.refusal(self.state) is None}

    def __getitem__(self, field: str) -> list[Any]:
        pairs = zip(self.scope.places, self.state, strict=True)
        return [value for place, value in pairs if place.field.name == field]


def test_the_till_is_sound() -> None:
    assert dict(explore(scope(till)).violations) == {}


# Without a guard.


def test_without_a_guard_the_step_is_possible_and_nothing_else_changes() -> None:
    bare = without(till, "settle.unpaid")
    assert [g.name for g in bare.actions["settle"].guards] == ["at_work"]
    assert [g.name for g in bare.actions["raise_price"].guards] == ["low", "unpaid"]
    settled = "arrive 0", "settle 0 1"
    assert Run(till).take(*settled).refusal("settle 1 1") == "at_work"
    assert Run(till).take(*settled).refusal("settle 0 1") == "unpaid"
    assert Run(bare).take(*settled).refusal("settle 0 1") is None


def test_two_guards_may_each_do_the_work_of_the_other() -> None:
    once, twice = without(till, "settle.unpaid"), find(till, "raise_price.unpaid")
    assert dict(explore(scope(once)).violations) == {}
    assert dict(explore(scope(twice)).violations) == {}
    both = without(once, "raise_price.unpaid")
    assert story(both, "paid_once") == ["arrive 0", "settle 0 0", "raise_price 0", "settle 0 0"]


# Split.


def test_half_way_a_process_can_only_finish_or_crash() -> None:
    run = Run(TORN).take("arrive 0", "arrive 1", "settle 0 0")
    assert {name for name in run.possible() if name.split()[1] == "0" and "price" not in name} == {
        "settle_rest 0",
        "leave 0",
    }
    assert run.refusal("settle 0 1") == "not_half_settle"
    assert run.refusal("settle 1 1") is None, "others go on"


def test_both_halves_together_do_what_the_whole_did() -> None:
    halves = Run(TORN).take("arrive 0", "settle 0 1")
    assert (halves["paid"], halves["sent"]) == ([False, True], [0, 0])
    halves.take("settle_rest 0")
    whole = Run(till).take("arrive 0", "settle 0 1")
    assert [halves[f] for f in till.fields] == [whole[f] for f in till.fields]
    assert (halves["settle_half"], halves["settle_o"]) == ([False, False], [None, None])


def test_a_crash_between_the_halves_loses_the_second() -> None:
    run = Run(TORN).take("arrive 0", "settle 0 1", "leave 0")
    assert run.refusal("settle_rest 0") == "reference"
    run.take("arrive 0")
    assert (run["paid"], run["sent"]) == ([False, True], [0, 0])
    assert run.refusal("settle 0 1") == "unpaid"


def test_the_second_half_reads_the_state_as_it_is_by_then() -> None:
    bare = without(TORN, "raise_price.unpaid")
    run = Run(bare).take("arrive 0", "settle 0 0", "raise_price 0", "settle_rest 0")
    assert run["sent"] == [2, 0]


def test_only_the_split_breaks_what_the_whole_keeps() -> None:
    assert dict(explore(scope(TORN)).violations) == {"who_pays_is_served": 2}
    assert story(TORN, "who_pays_is_served") == ["arrive 0", "settle 0 0"]


def test_a_split_begins_and_ends_at_a_field() -> None:
    for name, field in (("settle", "paid"), ("settle_rest", "sent")):
        written = [u.field.name for u in TORN.actions[name].updates(TORN)]
        assert written == [field, "settle_half", "settle_o"]


def test_a_split_without_a_field_checks_now_and_writes_later() -> None:
    late = split(till, "settle")
    rest = [u.field.name for u in late.actions["settle_rest"].updates(late)]
    assert rest == ["paid", "sent", "settle_half", "settle_o"]
    run = Run(late).take("arrive 0", "arrive 1", "settle 0 0", "settle 1 0", "settle_rest 0")
    assert run["paid"] == [True, False]
    assert run.refusal("settle_rest 1") is None, "the guard was passed before"


def test_a_half_belongs_to_the_process_that_acts_wherever_its_parameter_stands() -> None:
    shop = Spec("shop", till)

    @shop.action()
    def give_away(s, o: Order, c: Clerk) -> None:  # type: ignore[no-untyped-def]
        """A clerk gives a parcel to somebody who has not paid."""
        require(at_work=s.at_work[c])
        s.paid[o] = True
        s.sent[o] = s.price[o]

    torn = split(shop, "give_away", "sent")
    assert torn.fields["give_away_half"].over is Clerk
    run = Run(torn).take("arrive 0", "arrive 1", "give_away 0 0")
    assert run.refusal("settle 0 1") == "not_half_give_away"
    assert run.refusal("settle 1 1") is None, "another clerk goes on, with the same order too"
    assert run.take("leave 0").refusal("give_away_rest 0") == "reference"


def test_what_no_process_does_two_may_be_half_way_through_and_block_nobody() -> None:
    run = Run(split(till, "raise_price")).take("raise_price 0", "raise_price 0", "arrive 0")
    assert run["raise_price_half"] == [2, 0]
    assert run.refusal("raise_price 0") == "few_half_raise_price"
    assert run.take("settle 0 0")["sent"] == [1, 0]
    run.take("raise_price_rest 0")
    assert (run["raise_price_half"], run["price"]) == ([1, 0], [2, 1])


def test_what_no_process_does_is_begun_once_for_each_and_the_rest_recalled() -> None:
    desk = Spec("desk")
    desk.durable("given", Order, Clerk, None, "who is to see to it")

    @desk.action()
    def give(s, o: Order, c: Clerk):  # type: ignore[no-untyped-def]
        """An order that nobody has is given to a clerk."""
        require(free=s.given[o] == None)  # noqa: E711  # a term of the spec
        s.given[o] = c

    run = Run(split(desk, "give")).take("give 0 1")
    assert run.possible() == {"give 1 0", "give 1 1", "give_rest 0"}
    assert run.take("give_rest 0")["given"] == [1, None]


def test_two_clients_that_look_for_a_key_and_then_insert_it_revive_a_job_that_has_ended() -> None:
    """By hand: both find the key free, one inserts, the job is buried, the other one inserts."""
    requests = SCOPES["requests"]
    torn = Scope("small", find(requests.spec, "split enqueue"), {**requests.bounds, "Job": 1})
    found = explore(torn, until=frozenset({"terminal_is_absorbing"}))
    names = [s.action.name for s in found.walk("terminal_is_absorbing").steps]
    assert names == [
        "send", "enqueue", "enqueue", "enqueue_rest", "claim", "settle_failed", "enqueue_rest",
    ]  # fmt: skip


# Instead.


def test_an_action_is_as_fair_as_any_of_its_modules_promises() -> None:
    assert till.actions["settle"].fair is None
    weakly, strongly, more = (Spec(name, till) for name in ("weakly", "strongly", "more"))

    def nothing_else(s, c: Clerk, o: Order) -> None:  # type: ignore[no-untyped-def]
        """Nothing is asked, and nothing changed."""

    weakly.also(till.actions["settle"], fair="weak")(nothing_else)
    strongly.also(till.actions["settle"], fair="strong")(nothing_else)
    more.also(till.actions["settle"])(nothing_else)
    promised = [spec.actions["settle"].fair for spec in (weakly, strongly, more)]
    assert promised == ["weak", "strong", None]
    for parts in ((weakly, strongly), (strongly, more), (more, strongly, weakly)):
        assert Spec("both", *parts).actions["settle"].fair == "strong"


def test_a_naive_action_takes_the_place_of_the_real_one_in_every_part() -> None:
    guarded = Spec("guarded", till)

    @guarded.also(settle)
    def settle_cheaply(s, o: Order) -> None:  # type: ignore[no-untyped-def]
        """Only cheap orders are settled."""
        require(cheap=s.price[o] == 1)

    def settle_blindly(s, c: Clerk, o: Order) -> None:  # type: ignore[no-untyped-def]
        """A clerk takes the money."""
        require(unpaid=~s.paid[o])
        s.paid[o] = True

    naive = instead(guarded, "settle", settle_blindly)
    assert [g.name for g in naive.actions["settle"].guards] == ["unpaid"]
    assert naive.actions["settle"].doc == "A clerk takes the money."
    assert story(naive, "who_pays_is_served") == ["settle 0 0"]


# All of them.


@pytest.mark.parametrize(
    ("text", "edit"),
    [
        ("settle.unpaid", "without settle.unpaid"),
        ("without settle.unpaid", "without settle.unpaid"),
        ("split settle", "split settle"),
        ("split settle sent", "split settle sent"),
    ],
)
def test_an_edit_is_found_by_the_name_it_goes_by(text: str, edit: str) -> None:
    assert find(till, text).edits == (edit,)


def test_edits_add_up_and_leave_the_spec_as_it_was() -> None:
    before = (list(till.actions), list(till.fields), till.guard_names())
    both = find(find(till, "split settle sent"), "settle.unpaid")
    assert both.edits == ("split settle sent", "without settle.unpaid")
    assert (list(till.actions), list(till.fields), till.guard_names()) == before


def test_a_scope_keeps_its_bounds_on_an_edited_spec_and_gives_new_ones_the_least() -> None:
    class Robot(Sort):
        """Who needs no break."""

    def settle_by_robot(s, r: Robot, o: Order) -> None:  # type: ignore[no-untyped-def]
        """A robot takes the money and sends nothing."""
        s.paid[o] = True

    other = instead(till, "settle", settle_by_robot)
    assert scope(till).on(other).bounds == {**BOUNDS, "Robot": 1}
