"""What cannot be declared, bounded or edited is refused, with what to write instead."""

from pathlib import Path

import pytest

from spec.language import Sort, Spec, exists
from tests.language.spoilt import refusal

# ---------------------------------------------------------------- declarations


@pytest.mark.parametrize(
    ("line", "fact"),
    [
        ("post.durable('stamp', Clerk, bool, False, 'again')  # here", "'stamp' is declared twice"),
        ("post.world('stamp', Clerk, bool, False, 'again')  # here", "'stamp' is declared twice"),
        ("post.constant('take', 1, 'an action')  # here", "'take' is declared twice"),
        ("post.ghost('stamped', None, bool, False, '')  # here", "'stamped' is declared twice"),
        ("post.ghost('x', Stamp, bool, False, '')  # here", "field 'x' is kept per"),
        ("post.ghost('x', None, int, 0, '')  # here", "field 'x' has no type"),
        ("post.ghost('x', None, Stamp, 0, '')  # here", "`0` is a number, but Stamp is wanted"),
        ("require(a=True)  # here", "require() is called outside an action"),
    ],
)
def test_a_declaration_that_cannot_be_is_refused(line: str, fact: str, tmp_path: Path) -> None:
    assert fact in refusal(line, tmp_path).fact


@pytest.mark.parametrize(
    ("head", "fact", "remedy"),
    [
        ("def take(s, c: Clerk):\n    'Again.'", "'take' is declared twice", "one name"),
        ("def stamped(s, c: Clerk):\n    'Again.'", "'stamped' is declared twice", "one name"),
        ("def mute(s, c: Clerk):\n    pass", "mute says nothing", "docstring"),
        ("def loose(s, c):\n    'It.'", "parameter 'c' of loose is unbound", "annotate it"),
        ("def free(s, n: int):\n    'It.'", "parameter 'n' of free is unbound", "annotate it"),
        ("def blind():\n    'It.'", "blind takes no state", "begin its parameters with s"),
    ],
)
def test_an_action_has_a_name_a_sentence_and_bound_parameters(
    head: str, fact: str, remedy: str, tmp_path: Path
) -> None:
    found = refusal(f"@post.action()  # here\n{head}\n", tmp_path)
    assert fact in found.fact
    assert remedy in found.remedy


def test_a_property_has_a_sentence_too(tmp_path: Path) -> None:
    text = '@post.invariant("P-9")  # here\ndef mute(s, l: Letter):\n    return s.sealed[l]\n'
    assert "mute says nothing" in refusal(text, tmp_path).fact


ALSO = '''
more = Spec("more", post)
more.durable("seen", Letter, bool, False, "whether it was seen")

@more.also(take)  # here
def take_more({}):
    """A clerk looks at the letter."""
    {}
'''


@pytest.mark.parametrize(
    ("params", "line", "fact"),
    [
        ("s, c: Clerk", "require(free=s.hand[c] == None)", "take has two guards 'free'"),
        ("s, c: Clerk, l: Letter", "s.hand[c] = None", "two parts of take write 'hand'"),
        ("s, l: Clerk", "require(a=s.hand[l] == None)", "two parts of take use 'l' for different"),
        (
            "s, c: Clerk",
            "require(a=exists(Letter, lambda l: s.hand[c] == l))",
            "two parts of take use 'l' for different",
        ),
    ],
)
def test_parts_of_an_action_do_not_get_in_each_others_way(
    params: str, line: str, fact: str, tmp_path: Path
) -> None:
    assert fact in refusal(ALSO.format(params, line), tmp_path).fact


CLEARED = '''
@post.action()
def lose(s, c: Clerk, l: Letter):
    """The letter is lost, and its clerk gone."""
    {}

more = Spec("more", post)
more.durable("seen", Letter, bool, False, "whether it was seen")

@more.also(lose)  # here
def lose_more(s, c: Clerk, l: Letter):
    """There is more to it."""
    {}
'''


@pytest.mark.parametrize(
    ("first", "second", "fact"),
    [
        ("erase(l)", "s.seen[l] = True", "write 'seen': one clears its `l`"),
        ("erase(l)", "s.weight[l] = 0", "write 'weight': one clears its `l`"),
        ("s.weight[l] = 0", "erase(l)", "write 'weight': one clears its `l`"),
        ("forget(c)", "s.hand[c] = None", "write 'hand': one clears its `c`"),
        ("s.hand[c] = l", "forget(c)", "write 'hand': one clears its `c`"),
        ("erase(s.hand[c])", "s.seen[l] = True", "write 'seen': one clears its `l`"),
        ("erase(l)", "erase(s.hand[c])", "clear `hand[c]`"),
        ("forget(c)", "forget(c)", "clear `c`"),
    ],
)
def test_what_one_part_clears_no_other_writes(
    first: str, second: str, fact: str, tmp_path: Path
) -> None:
    found = refusal(CLEARED.format(first, second), tmp_path)
    assert found.fact == f"two parts of lose {fact}"


def test_an_exemption_has_a_sentence_too(tmp_path: Path) -> None:
    text = "@post.unless(stamped)  # here\ndef lost(s, l: Letter):\n    return s.weight[l] == 0\n"
    assert "lost says nothing" in refusal(text, tmp_path).fact


def test_an_action_added_to_must_be_there(tmp_path: Path) -> None:
    text = 'other = Spec("other")\n' + ALSO.replace('Spec("more", post)', 'Spec("more", other)')
    text = text.replace('more.durable("seen", Letter', 'more.durable("seen", None')
    assert "no action 'take' to add to" in refusal(text.format("s", "pass"), tmp_path).fact


def test_two_extended_specs_share_no_name(tmp_path: Path) -> None:
    text = """
other = Spec("other")
other.durable("stamp", Letter, bool, False, "another stamp")
both = Spec("both", post, other)  # here
"""
    assert "two extended specs declare the field 'stamp'" in refusal(text, tmp_path).fact


UNLESS = '''
@post.step("P-8")
def sorted_by(s, t, c: Clerk):
    """A clerk keeps the letter."""
    return (s.hand[c] == None) | (t.hand[c] == s.hand[c])

@post.leads_to("P-7")
def arrives(s, l: Letter):
    """A letter arrives."""
    return s.sealed[l], ~s.sealed[l]

more = Spec("more", post)
other = Spec("other")

@{}  # here
def lost({}):
    """The letter is lost."""
    {}
'''


@pytest.mark.parametrize(
    ("head", "params", "line", "fact", "remedy"),
    [
        ("more.unless()", "s, l: Letter", "pass", "names no property", "unless(PROPERTY"),
        ("more.unless", "s, l: Letter", "pass", "names no property", "unless(PROPERTY"),
        ("other.unless(stamped)", "s, l: Letter", "pass", "no property 'stamped'", "declare it"),
        ("more.unless(arrives)", "s, l: Letter", "pass", "is a leads_to", "an invariant"),
        ("more.unless(stamped)", "s, c: Clerk", "pass", "the parameters of stamped", "l: Letter"),
        ("more.unless(stamped)", "s, x: Letter", "pass", "the parameters of stamped", "l: Letter"),
        ("more.unless(stamped)", "s", "pass", "the parameters of stamped", "lost(s, l: Letter)"),
        ("more.unless(stamped)", "s, t, l: Letter", "pass", "parameter 't'", "annotate it"),
        ("more.unless(sorted_by)", "s, c: Clerk", "pass", "of sorted_by", "lost(s, t, c: Clerk)"),
        ("more.unless(stamped)", "s, l: Letter", "pass", "None is not a value", "expression"),
    ],
)
def test_an_exemption_has_the_parameters_of_the_property_and_a_condition(
    head: str, params: str, line: str, fact: str, remedy: str, tmp_path: Path
) -> None:
    found = refusal(UNLESS.format(head, params, line), tmp_path)
    assert fact in found.fact
    assert remedy in found.remedy


TWICE = """
more, less = Spec("more", post), Spec("less", post)

@more.unless(stamped)
def lost(s, l: Letter):
    "The letter is lost."
    return s.weight[l] == 0

@{}.unless(stamped){}
def lost(s, l: Letter):
    "The letter is found."
    return s.weight[l] == 1

both = Spec("both", more, less){}
"""


@pytest.mark.parametrize("places", [("more", "  # here", ""), ("less", "", "  # here")])
def test_exemptions_of_one_property_have_names_of_their_own(
    places: tuple[str, str, str], tmp_path: Path
) -> None:
    found = refusal(TWICE.format(*places), tmp_path)
    assert found.fact == "stamped has two exemptions 'lost'"


# ---------------------------------------------------------------- scopes and edits


@pytest.mark.parametrize(
    ("bounds", "fact", "remedy"),
    [
        ({"Clerk": 1, "Letter": 1}, "Limit is missing", "at least 1"),
        ({"Clerk": 1, "Letter": 1, "Limit": 0}, "Limit is 0", "at least 1"),
        ({"Clerk": 0, "Letter": 1, "Limit": 1}, "Clerk is 0", "at least 1"),
        (
            {"Clerk": 1, "Letters": 1, "Limit": 1},
            "bounds the unknown 'Letters'",
            "write one of: Letter",
        ),
    ],
)
def test_a_scope_bounds_all_there_is_and_nothing_else(
    bounds: dict[str, int], fact: str, remedy: str, tmp_path: Path
) -> None:
    found = refusal(f"Scope('small', post, {bounds})  # here", tmp_path)
    assert fact in found.fact
    assert remedy in found.remedy


@pytest.mark.parametrize(
    ("line", "fact", "remedy"),
    [
        ("without(post, 'take.sealt')  # here", "no guard 'take.sealt'", "take.sealed"),
        ("split(post, 'tak', 'hand')  # here", "no action 'tak'", "write one of: take"),
        ("split(post, 'take', 'wait')  # here", "take cannot be split at 'wait'", "weight"),
        ("split(post, 'take', 'hand')  # here", "take cannot be split at 'hand'", "weight"),
        ("find(post, 'weaken take')  # here", "take waits for no disk", ""),
        ("instead(post, 'tak', print)  # here", "no action 'tak'", "write one of: take"),
        ("find(post, 'take sealed')  # here", "'take sealed' is not an edit", "every kind"),
        ("find(post, 'take.fee')  # here", "no guard 'take.fee'", "take.free"),
    ],
)
def test_an_edit_of_something_that_is_not_there_is_refused(
    line: str, fact: str, remedy: str, tmp_path: Path
) -> None:
    found = refusal(line, tmp_path)
    assert fact in found.fact
    assert remedy in found.remedy


STAGE = '''
from spec.queue.recovery import attempts_left

@post.action(fair="weak")
def weigh(s, l: Letter):
    """A letter is weighed."""
    s.sealed[l] = True

{}
def stage(s, {}):
    """Something comes to be."""
    {}
'''


@pytest.mark.parametrize(
    ("decorator", "params", "body", "fact"),
    [
        ("@post.stays(by=post.actions['take'])  # here", "c: Clerk, l: Letter",
         "return s.sealed[l]", "stage relies on take, which need never be taken"),
        ("@post.stays(by=weigh)  # here", "c: Clerk",
         "return s.hand[c] == None", "stage does not say for which l it relies on weigh"),
        ("@post.settles  # here", "l: Letter",
         "return s.sealed[l]", "`sealed[l]` is a truth value, but a number is wanted"),
        ("@post.settles(before=attempts_left)  # here", "l: Letter",
         "return s.weight[l]", "stage stands before a stage of another spec"),
        ("@post.settles", "l: Letter",
         "s.weight[l] = 0  # here", "a property assigns 'weight'"),
    ],
)  # fmt: skip
def test_a_stage_says_what_comes_to_be_and_why(
    decorator: str, params: str, body: str, fact: str, tmp_path: Path
) -> None:
    assert fact in refusal(STAGE.format(decorator, params, body), tmp_path).fact


def test_a_number_that_begins_above_its_limit_is_refused(tmp_path: Path) -> None:
    text = "post.durable('fee', None, Nat(limit), 3, 'the fee')\n"
    scope = "Scope('small', post, {'Letter': 1, 'Clerk': 1, 'Limit': 2})  # here"
    found = refusal(text + scope, tmp_path)
    assert found.fact == "scope small: fee begins at 3, above its limit Limit"


def test_a_sort_that_only_a_quantifier_names_is_a_sort_of_the_spec(tmp_path: Path) -> None:
    class Bell(Sort):
        """It is only spoken of."""

    spec = Spec("bells")
    spec.durable("rung", None, bool, False, "whether one was heard")

    @spec.invariant("B-1")
    def there_is_one_or_none(s):  # type: ignore[no-untyped-def]
        """Nothing is said of bells."""
        return exists(Bell, lambda b: s.rung) | ~s.rung

    assert spec.sorts == (Bell,)


def test_a_split_is_of_one_process(tmp_path: Path) -> None:
    act = (
        '@post.action()\ndef act(s, c: Clerk, d: Clerk):\n    "It."\n    s.hand[d] = s.hand[c]\n\n'
    )
    found = refusal(act + "split(post, 'act')  # here", tmp_path)
    assert "act has the memory of two processes, c and d" in found.fact
    assert "split an action of one process" in found.remedy
