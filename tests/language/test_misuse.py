"""What an action or a property cannot mean is refused: file, line, source, what is wrong, what to
write instead.
"""

import runpy
from pathlib import Path

import pytest

from tests.language.spoilt import ACTION, BEGINNING, PROPERTY, STEP, refusal, within


def test_the_spec_that_the_cases_spoil_is_a_good_one(tmp_path: Path) -> None:
    (tmp_path / "post.py").write_text(BEGINNING)
    post = runpy.run_path(str(tmp_path / "post.py"))["post"]
    assert list(post.actions) == ["take"]


def test_a_message_says_where_what_and_what_to_write_instead(tmp_path: Path) -> None:
    line = "require(a=s.sealed[l] and s.hand[c] == l)  # here"
    message = str(refusal(within(ACTION, line), tmp_path))
    assert message == (
        f"{tmp_path}/post.py:{BEGINNING.count(chr(10)) + 5}: `{line}`: "
        "`sealed[l]` is an expression, not a fact, so Python's if, and, or, not, in and a < b < c "
        "cannot see it; combine with & | ~ >> and .is_in(...), choose with ite(...), "
        "or write two actions"
    )


@pytest.mark.parametrize(
    "line",
    [
        "if s.sealed[l]: s.sealed[l] = False  # here",
        "require(a=s.sealed[l] and s.hand[c] == l)  # here",
        "require(a=s.sealed[l] or s.hand[c] == l)  # here",
        "require(a=not s.sealed[l])  # here",
        "require(a=s.stamp[l] in (Stamp.missing, Stamp.paid))  # here",
        "require(a=0 < s.weight[l] < limit)  # here",
        "require(a=s.hand[c] == l == l)  # here",
        "s.stamp[l] = Stamp.paid if s.sealed[l] else Stamp.missing  # here",
        "s.weight[l] = max(s.weight[l], limit)  # here",
        "assert s.sealed[l]  # here",
        "while s.sealed[l]: pass  # here",
        "require(a=any([s.sealed[l]]))  # here",
    ],
)
def test_python_cannot_decide_an_expression(line: str, tmp_path: Path) -> None:
    found = refusal(within(ACTION, line), tmp_path)
    assert "is an expression, not a fact" in found.fact
    assert "& | ~ >>" in found.remedy


def test_the_line_is_the_one_of_the_condition_within_a_long_call(tmp_path: Path) -> None:
    text = within(
        ACTION,
        "require(",
        "    sealed=s.sealed[l],",
        "    stamped=s.stamp[l] == Stamp.paid and s.sealed[l],  # here",
        "    light=s.weight[l] < limit,",
        ")",
    )
    assert "`stamp[l] == paid`" in refusal(text, tmp_path).fact


@pytest.mark.parametrize(
    "line",
    [
        "require(a=s.hand[c] is None)  # here",
        "require(a=s.hand[c] is not None)  # here",
        "require(a=s.stamp[l] in {Stamp.paid})  # here",
        "require(a=l in (l, c))  # here",
        "require(a=s.sealed[l] & (s.hand[c] is None))  # here",
        "require(a=exists(Letter, lambda m: s.hand[c] is m))  # here",
        "s.weight[l] = ite(s.hand[c] is None, 0, 1)  # here",
    ],
)
def test_a_fact_of_python_is_no_condition(line: str, tmp_path: Path) -> None:
    found = refusal(within(ACTION, line), tmp_path)
    assert "is the same in every state" in found.fact
    assert "==" in found.remedy


@pytest.mark.parametrize(
    ("line", "fact"),
    [
        ("require(a=s.stamp[l] == Stamp.paid & s.sealed[l])  # here", "`paid` is Stamp"),
        ("require(a=s.weight[l] == 1 & s.sealed[l])  # here", "`1`, which is no condition"),
        ("require(a=s.sealed[l] == True & s.sealed[l])  # here", "`True`, which is no condition"),
        ("require(a=s.sealed[l] | s.hand[c] == l)  # here", "`hand[c]` is Letter"),
        ("require(a=~s.hand[c] == l)  # here", "`hand[c]` is Letter"),
    ],
)
def test_comparisons_need_brackets(line: str, fact: str, tmp_path: Path) -> None:
    found = refusal(within(ACTION, line), tmp_path)
    assert fact in found.fact
    assert "bracket comparisons" in found.remedy


@pytest.mark.parametrize(
    ("line", "fact"),
    [
        ("require(a=s.hand[c] == c)  # here", "`c` is Clerk, but Letter is wanted"),
        ("require(a=s.weight[l])  # here", "`weight[l]` is a number, but a truth value is wanted"),
        ("require(a=s.stamp[l] < 1)  # here", "`stamp[l]` is Stamp, but a number is wanted"),
        ("require(a=s.stamp[l] == 'paid')  # here", "'paid' is not a value of Stamp"),
        ("require(a=s.weight[l] == None)  # here", "None is not a value of a number"),
        ("require(a=s.sealed[c])  # here", "'sealed[c]' is indexed by Clerk"),
        ("require(a=s.sealed[0])  # here", "'sealed[0]' is indexed by 0"),
        ("require(a=s.total[l] == 1)  # here", "`total` is one value"),
        ("s.total[l] = 1  # here", "`total` is one value"),
        ("s.hand[c] = c  # here", "`c` is Clerk, but Letter is wanted for 'hand'"),
        ("s.weight[l] = True  # here", "`True` is a truth value, but a number is wanted"),
        ("s.sealed[l] = 1.5  # here", "1.5 is not a value of a truth value"),
        ("forget(s.weight[l])  # here", "names no process"),
        ("erase(s.weight[l])  # here", "names no row"),
        ("erase('letter')  # here", "names no row"),
        ("require(a=forall(int, lambda i: s.sealed[l]))  # here", "cannot quantify over"),
        ("require(a=forall(Letter, lambda a, b: s.sealed[a]))  # here", "takes 2 variables"),
        ("require(a=s.weight[l].is_in())  # here", "names no value"),
    ],
)
def test_a_value_of_the_wrong_sort_is_named(line: str, fact: str, tmp_path: Path) -> None:
    assert fact in refusal(within(ACTION, line), tmp_path).fact


@pytest.mark.parametrize(
    ("line", "fact", "remedy"),
    [
        ("require(a=s.sealt[l])  # here", "no field 'sealt'", "write one of: sealed"),
        ("s.wait[l] = 1  # here", "no field 'wait'", "weight"),
        ("s.stamp[l] = Stamp.payed  # here", "Stamp has no member 'payed'", "paid"),
        ("require(a=s.sealed.l)  # here", "'sealed' is kept per element", "write s.sealed[...]"),
        ("require(a=s.sealed)  # here", "is not a value", "write an expression"),
        ("require(a=s.sealed == True)  # here", "kept per element", "write s.sealed[...]"),
        ("if s.sealed: pass  # here", "kept per element", "write s.sealed[...]"),
        ("s.sealed = True  # here", "'sealed' is kept per", "assign s.sealed[...]"),
        ("s.Limit = 2  # here", "'Limit' is a constant", "change it in the scope"),
    ],
)
def test_a_name_that_does_not_exist_or_fit_is_answered_with_one_that_does(
    line: str, fact: str, remedy: str, tmp_path: Path
) -> None:
    found = refusal(within(ACTION, line), tmp_path)
    assert fact in found.fact
    assert remedy in found.remedy


@pytest.mark.parametrize(
    ("lines", "fact"),
    [
        (["s.total = 1", "require(a=s.sealed[l])  # here"], "guard 'a' comes after an assignment"),
        (["forget(c)", "require(a=s.sealed[l])  # here"], "guard 'a' comes after an assignment"),
        (["erase(l)", "require(a=s.sealed[l])  # here"], "guard 'a' comes after an assignment"),
        (
            ["require(a=s.sealed[l])", "require(a=s.total == 0)  # here"],
            "step has two guards 'a'",
        ),
        (
            ["require(a=forall(Clerk, lambda c: s.hand[c] == l))  # here"],
            "the variable 'c' is already in use",
        ),
        (
            [
                "require(a=exists(Letter, lambda m:",
                "    exists(Clerk, lambda m: s.hand[m] == l)))  # here",
            ],
            "the variable 'm' is already in use",
        ),
    ],
)
def test_what_an_action_says_twice_or_too_late_is_refused(
    lines: list[str], fact: str, tmp_path: Path
) -> None:
    assert fact in refusal(within(ACTION, *lines), tmp_path).fact


LEAKED = "kept = []"
KEEP = "exists(Letter, lambda m: (kept.append(m), s.sealed[m])[1])"


@pytest.mark.parametrize(
    "line",
    [
        f"require(a={KEEP}, b=s.sealed[kept[0]])",
        f"require(a={KEEP}); s.total = s.weight[kept[0]]",
        f"require(a={KEEP}); s.sealed[kept[0]] = True",
    ],
)
def test_a_variable_is_not_used_outside_its_quantifier(line: str, tmp_path: Path) -> None:
    text = within(ACTION, "kept = []", line).replace("@post.action()", "@post.action()  # here")
    assert "step uses the unbound variable 'm'" in refusal(text, tmp_path).fact


def test_a_process_that_forgets_is_not_a_variable_of_a_quantifier(tmp_path: Path) -> None:
    line = (
        "require(a=exists(Clerk, lambda m: (kept.append(m), s.hand[m] == l)[1])); forget(kept[0])"
    )
    text = within(ACTION, "kept = []", line).replace("@post.action()", "@post.action()  # here")
    assert "step uses the unbound variable 'm'" in refusal(text, tmp_path).fact


def test_an_action_returns_nothing(tmp_path: Path) -> None:
    text = within(ACTION, "return s.sealed[l]").replace("()", "()  # here", 1)
    assert "returns a value, which would be lost" in refusal(text, tmp_path).fact


@pytest.mark.parametrize(
    ("frame", "line", "fact"),
    [
        (PROPERTY, "s.sealed[l] = True  # here", "a property assigns 'sealed'"),
        (STEP, "t.total = 0  # here", "a property assigns 'total'"),
        (PROPERTY, "require(a=s.sealed[l])  # here", "require() is called outside an action"),
        (PROPERTY, "forget(l)  # here", "forget() is called outside an action"),
        (PROPERTY, "erase(l)  # here", "erase() is called outside an action"),
    ],
)
def test_a_property_only_reads(frame: str, line: str, fact: str, tmp_path: Path) -> None:
    assert fact in refusal(within(frame, line), tmp_path).fact


@pytest.mark.parametrize(
    ("body", "fact"),
    [
        ("pass", "None is not a value of a truth value"),
        ("return s.weight[l]", "`weight[l]` is a number"),
        ("return s.hand is None", "False is the same in every state"),
    ],
)
def test_a_property_returns_its_condition(body: str, fact: str, tmp_path: Path) -> None:
    text = within(PROPERTY, body).replace('("P-9")', '("P-9")  # here')
    assert fact in refusal(text, tmp_path).fact


def test_a_step_property_reads_the_state_after_the_step(tmp_path: Path) -> None:
    text = within(STEP, "return s.sealed[l]").replace('("P-9")', '("P-9")  # here')
    assert "change reads nothing after the step" in refusal(text, tmp_path).fact


@pytest.mark.parametrize("body", ["s.sealed[l]", "(s.sealed[l],)", "None"])
def test_a_leads_to_returns_cause_and_outcome(body: str, tmp_path: Path) -> None:
    text = within(PROPERTY, f"return {body}").replace(
        '@post.invariant("P-9")', '@post.leads_to("P-9")  # here'
    )
    assert "does not return two conditions" in refusal(text, tmp_path).fact
