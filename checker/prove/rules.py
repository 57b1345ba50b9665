"""Why the obligations of a stage are enough: rules that both solvers decide, once for all specs.

A rule says what follows, in a fair run, if its premises hold at every moment. The obligations of
`checker/prove/progress.py` are such premises, for they are of any state and step.

What no solver is asked is induction itself: what holds at a moment, and at the next one wherever it
holds, holds from there on; what holds of no value and of one more, or of no thing and of one more,
holds of each number of them. A condition whose name ends with `/step` is what an induction needs,
and what it yields is assumed by those that follow.
"""

from __future__ import annotations

from collections.abc import Iterator

from checker.prove.moments import (
    Condition,
    Rule,
    again,
    at_last,
    ever,
    implies,
    once,
    whoever,
)
from checker.prove.progress import ENABLED, HELPS, NOT_NEGATIVE, OUTCOME

EACH_STEP = "each-step"
"""The premise that the obligations of every action make up."""

# ------------------------------------------------------------------ what is assumed of runs
_WEAK = f"(forall ((s Moment)) {implies(ever('s', '(enabled t)'), once('s', '(taken t)'))})"
_STRONG = implies(again("(enabled t)"), again("(taken t)"))

# ------------------------------------------------------------------ what obligations say
_KEPT = ever("end", implies("(holds t)", "(holds (next t))"))
_ENABLED = ever("end", implies("(not (holds t))", "(enabled t)"))
_ENABLED_THEN = ever("end", implies("(and (returns t) (not (holds t)))", "(enabled t)"))
_HELPS = ever("end", implies("(and (not (holds t)) (taken t))", "(holds (next t))"))
_HELPS_THEN = ever(
    "end", implies("(and (returns t) (not (holds t)) (taken t))", "(holds (next t))")
)
_NOT_PAST = ever(
    "end",
    implies("(and (returns t) (not (holds t)))", "(or (returns (next t)) (holds (next t)))"),
)
_NEVER = ever("from", "(not (holds t))")

# ------------------------------------------------------------------ what inductions yield
_STAYS = f"(forall ((s Moment)) {implies('(and (upto end s) (holds s))', ever('s', '(holds t)'))})"
_WAITS = (
    f"(forall ((s Moment)) {implies('(and (upto from s) (returns s))', ever('s', '(returns t)'))})"
)
_FALLS = f"(forall ((s Moment)) {implies('(upto end s)', ever('s', '(<= (value t) (value s))'))})"
_CAUSE = ever("from", "(cause t)")


def _settled(since: str) -> str:
    return once(since, ever("a", "(= (value t) (value a))"), "a")


def _settled_below(most: str, s: str = "s") -> str:
    return (
        f"(forall (({s} Moment)) (=> (and (upto end {s}) (<= (value {s}) {most})) {_settled(s)}))"
    )


_KEPT_ON = Condition(
    "kept/step",
    "What holds, holds after the next step.",
    {"each-step": _KEPT, "so-far": "(holds at)"},
    "(holds (next at))",
)


# ------------------------------------------------------------------ the rules
def rules() -> tuple[Rule, ...]:
    """Return the rules, those that others use before them."""
    return (*_of_fairness(), _settles(), *_stays(), *_recurs(), _leads_to(), *_of_many())


def _of_fairness() -> Iterator[Rule]:
    yield Rule(
        "fairness",
        "A strongly fair action is weakly fair.",
        (),
        (
            Condition(
                "weak",
                "If it is enabled from here on, it is taken.",
                {"strong": _STRONG, "enabled": ever("from", "(enabled t)")},
                once("from", "(taken t)"),
            ),
        ),
    )


def _settles() -> Rule:
    """A number that never rises and is never below zero changes only so often."""
    never_rises = ever("end", "(<= (value (next t)) (value t))")
    above = ever("end", "(<= 0 (value t))")
    so_far = "(<= (value at) (value from))"
    no_value = {"falls": _FALLS, "not-negative": above, "small": "(<= (value from) 0)"}
    one_more = {
        "falls": _FALLS,
        "smaller": _settled_below("least"),
        "small": "(<= (value from) (+ least 1))",
    }
    every = f"(forall ((n Int)) (=> (<= 0 n) {_settled_below('n')}))"
    return Rule(
        "settles",
        "A number that no step raises, and that is never below zero, changes no more in the end.",
        (EACH_STEP, NOT_NEGATIVE),
        (
            Condition(
                "falls/step",
                "What is not above its first value is not so after the next step.",
                {"each-step": never_rises, "so-far": so_far},
                "(<= (value (next at)) (value from))",
            ),
            Condition("zero", "If it is zero, it has settled.", no_value, _settled("from")),
            Condition(
                "value/step",
                "If it settles from each smaller value, it does from one more.",
                one_more,
                _settled("from"),
            ),
            Condition(
                "settled",
                "So it settles from the value that it has.",
                {"every": every},
                _settled("end"),
            ),
        ),
    )


def _stays() -> Iterator[Rule]:
    """What no step ends comes about by its action, and stays."""
    came = once("from", "(holds t)")
    stays = Condition(
        "stays",
        "So there is a moment from which it holds.",
        {"came": came, "kept": _STAYS},
        at_last("(holds t)"),
    )
    in_vain = Condition(
        "in-vain",
        "If it never holds, its action is not taken.",
        {"brings-about": _HELPS, "never": _NEVER},
        ever("from", "(not (taken t))"),
    )
    comes = Condition(
        "comes",
        "So it holds at a moment.",
        {
            "taken": implies(_NEVER, once("from", "(taken t)")),
            "in-vain": implies(_NEVER, ever("from", "(not (taken t))")),
        },
        came,
    )
    taken = Condition(
        "taken",
        "If it never holds, its action is taken.",
        {"weak": _WEAK, "is-enabled": _ENABLED, "never": _NEVER},
        once("from", "(taken t)"),
    )
    yield Rule(
        "stays",
        "What no step ends comes about and stays, if its fair action is enabled while it is "
        "missing and brings it about.",
        (EACH_STEP, ENABLED, HELPS),
        (taken, in_vain, comes, _KEPT_ON, stays),
    )
    taken = Condition(
        "taken",
        "If it never holds, its strongly fair action is taken.",
        {
            "strong": _STRONG,
            "recurs": again("(returns t)"),
            "is-enabled": _ENABLED_THEN,
            "never": _NEVER,
        },
        once("from", "(taken t)"),
    )
    yield Rule(
        "stays-at-a-return",
        "The same, if its strongly fair action is enabled only at each return of a stage.",
        (EACH_STEP, ENABLED, HELPS),
        (taken, in_vain, comes, _KEPT_ON, stays),
    )


def _recurs() -> Iterator[Rule]:
    """What its action brings about returns again and again."""
    taken = once("from", "(taken t)")
    yield Rule(
        "recurs",
        "What a fair action brings about, enabled while it is missing, recurs.",
        (ENABLED, HELPS),
        (
            Condition(
                "taken",
                "If it is missing from here on, its action is taken.",
                {"weak": _WEAK, "is-enabled": _ENABLED, "never": _NEVER},
                taken,
            ),
            Condition(
                "returns",
                "So it holds here or later.",
                {"taken": implies(_NEVER, taken), "brings-about": _HELPS},
                once("from", "(holds t)"),
            ),
        ),
    )
    yield Rule(
        "recurs-at-a-return",
        "The same, if its action is enabled from a return of a stage until it holds.",
        (EACH_STEP, ENABLED, HELPS),
        (
            Condition(
                "waits/step",
                "While it is missing, what has returned is there after the next step.",
                {"each-step": _NOT_PAST, "never": _NEVER, "so-far": "(returns at)"},
                "(returns (next at))",
            ),
            Condition(
                "taken",
                "If it is missing from here on, its action is taken at a return.",
                {
                    "weak": _WEAK,
                    "recurs": again("(returns t)"),
                    "waits": _WAITS,
                    "is-enabled": _ENABLED_THEN,
                    "never": _NEVER,
                },
                once("from", "(and (returns t) (taken t))"),
            ),
            Condition(
                "returns",
                "So it holds here or later.",
                {
                    "taken": implies(_NEVER, once("from", "(and (returns t) (taken t))")),
                    "brings-about": _HELPS_THEN,
                },
                once("from", "(holds t)"),
            ),
        ),
    )


def _leads_to() -> Rule:
    """A cause that stays until its outcome has one, if none is without it in the end."""
    none = ever("from", "(not (outcome t))")
    step = "(=> (and (cause t) (not (outcome t))) (or (cause (next t)) (outcome (next t))))"
    return Rule(
        "leads_to",
        "Where there is a cause, there is its outcome, then or later.",
        (EACH_STEP, OUTCOME),
        (
            Condition(
                "waits/step",
                "While there is no outcome, the cause is there after the next step.",
                {
                    "each-step": f"(forall ((t Moment)) {step})",
                    "none": none,
                    "so-far": "(cause at)",
                },
                "(cause (next at))",
            ),
            Condition(
                "outcome",
                "So there is an outcome.",
                {
                    "waits": implies(none, _CAUSE),
                    "in-the-end-none": ever("end", "(not (and (cause t) (not (outcome t))))"),
                },
                once("from", "(outcome t)"),
            ),
        ),
    )


def _of_many() -> Iterator[Rule]:
    """What is true of each of finitely many in the end is true of all of them at once."""
    both = Condition(
        "both",
        "There is a moment from which both are so.",
        {"first": at_last("(holds t)"), "second": at_last("(returns t)")},
        at_last("(and (holds t) (returns t))"),
    )
    says = "What is so in the end, and what else is so in the end, are so together."
    yield Rule("all-stages", says, (), (both,))
    some = whoever("(true-of t x)", "(among x)")
    one_more = Condition(
        "thing/step",
        "If it is so of some things, and of one more, it is so of all these.",
        {"all-stages": at_last(f"(and {some} (true-of t one-more))")},
        at_last(whoever("(true-of t x)", "(or (among x) (= x one-more))")),
    )
    says = "What is so of each of finitely many things in the end is so of all of them at once."
    yield Rule("for-each", says, (), (one_more,))
    nobody = implies(
        whoever(at_last("(not (true-of t x))")), at_last(whoever("(not (true-of t x))"))
    )
    fair = whoever(implies(again("(true-of t x)"), again("(taken-for t x)")))
    yield Rule(
        "for-some",
        "An action that is enabled again and again, for one or another of finitely many things, is "
        "taken for one, if it is strongly fair.",
        (),
        (
            Condition(
                "one",
                "It is enabled again and again for one of them.",
                {"for-each": nobody, "again": again("(exists ((x Thing)) (true-of t x))")},
                f"(exists ((x Thing)) {again('(true-of t x)')})",
            ),
            Condition(
                "taken",
                "So it is taken for that one.",
                {"strong": fair, "one": f"(exists ((x Thing)) {again('(true-of t x)')})"},
                once("from", "(exists ((x Thing)) (taken-for t x))"),
            ),
        ),
    )
