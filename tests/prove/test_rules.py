"""Rules of liveness: both solvers decide them, and every short run that goes round obeys them.

The independent judge is a search through all runs of three moments that end in a cycle: there what
holds for ever, or again and again, is counted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

import pytest

from checker.prove.export import LIVENESS, enough
from checker.prove.obligations import Obligation, Prover
from checker.prove.progress import Progress
from checker.prove.rules import EACH_STEP, rules
from checker.prove.solvers import cvc5_solver, z3_solver
from spec.language.declared.stages import Stage
from tests.prove.test_progress import argued, candles

RULES = {rule.name: rule for rule in rules()}
Moments = list[dict[str, Any]]


# ---------------------------------------------------------------- what the solvers say
@pytest.mark.parametrize("condition", list(enough()), ids=lambda o: o.name)
def test_both_solvers_decide_each_condition_of_a_rule(condition: Obligation) -> None:
    assert z3_solver.decide(condition.text).verdict == "proved"
    assert cvc5_solver.decide(condition.text).verdict == "proved"


def test_the_language_of_the_rules_does_not_contradict_itself() -> None:
    text = next(iter(enough())).text
    lines = text[: text.index("(assert (! (=>")]
    assert z3_solver.decide(lines + "(check-sat)\n").verdict == "refuted"  # there is a model


# ---------------------------------------------------------------- what obligations there are
def _rule_of(stage: Stage) -> str:
    return f"{stage.kind}-at-a-return" if stage.after else stage.kind


def test_the_premises_of_a_rule_are_the_obligations_of_its_stages() -> None:
    spec = argued(candles())
    progress = Progress(Prover(spec))
    for name in progress.names():
        stage = spec.stages.get(name)
        rule = RULES["leads_to" if stage is None else _rule_of(stage)]
        places = [o.name.split("/")[0] for o in progress.of(name, progress.before(name))]
        made = dict.fromkeys(EACH_STEP if p in spec.actions else p for p in places)
        assert tuple(made) == rule.premises, name


def test_no_spec_can_be_called_like_the_folder_of_the_rules() -> None:
    assert not LIVENESS.isidentifier()


# ---------------------------------------------------------------- runs that go round
class Run:
    """Three moments, after the last of which comes `back`: so it goes on for ever."""

    def __init__(self, moments: Moments, back: int) -> None:
        self.moments, self.back = moments, back

    def next(self, t: int) -> int:
        return t + 1 if t + 1 < len(self.moments) else self.back

    def __getitem__(self, name: str) -> list[Any]:
        return [m[name] for m in self.moments]

    def again(self, so: list[bool]) -> bool:
        return any(so[self.back :])

    def at_last(self, so: list[bool]) -> bool:
        return all(so[self.back :])

    def every_step(self, so: Callable[[int, int], bool]) -> bool:
        return all(so(t, self.next(t)) for t in range(len(self.moments)))


Claim = Callable[[Run], bool]


def _runs(**values: tuple[Any, ...]) -> Iterator[Run]:
    """Yield every run in which each of these has one of its values at each moment."""
    one = [dict(zip(values, v, strict=True)) for v in product(*values.values())]
    for moments in product(one, repeat=3):
        for back in range(3):
            yield Run(list(moments), back)


def _where(returning: bool) -> Callable[[Run, int], bool]:
    """Say where the action has to be enabled."""
    if returning:
        return lambda r, t: r["returns"][t] and not r["holds"][t]
    return lambda r, t: not r["holds"][t]


def _strong(run: Run) -> bool:
    return not run.again(run["enabled"]) or run.again(run["taken"])


def _weak(run: Run) -> bool:
    return not run.at_last(run["enabled"]) or run.again(run["taken"])


def _enabled(where: Callable[[Run, int], bool]) -> Claim:
    return lambda r: r.every_step(lambda t, n: not where(r, t) or r["enabled"][t])


def _helps(where: Callable[[Run, int], bool]) -> Claim:
    return lambda r: r.every_step(lambda t, n: not (where(r, t) and r["taken"][t]) or r["holds"][n])


def _kept(run: Run) -> bool:
    return run.every_step(lambda t, n: not run["holds"][t] or run["holds"][n])


def _not_past(run: Run) -> bool:
    return run.every_step(
        lambda t, n: (
            run["holds"][t] or not run["returns"][t] or run["returns"][n] or run["holds"][n]
        )
    )


def _cause_waits(run: Run) -> bool:
    return run.every_step(
        lambda t, n: (
            not run["cause"][t] or run["outcome"][t] or run["cause"][n] or run["outcome"][n]
        )
    )


def _answered(run: Run) -> bool:
    """Each cause has its outcome: in the cycle, or on the way into it."""
    outcome = run["outcome"]
    later = [any(outcome[t:]) or run.again(outcome) for t in range(len(outcome))]
    return all(later[t] or not cause for t, cause in enumerate(run["cause"]))


def _settled(run: Run) -> bool:
    return len(set(run["value"][run.back :])) == 1


BOTH = (False, True)
_ACTION = {"holds": BOTH, "enabled": BOTH, "taken": BOTH}
_RETURNING = {**_ACTION, "returns": BOTH}
MISSING, AT_A_RETURN = _where(False), _where(True)


def _returns(run: Run) -> bool:
    return run.again(run["returns"])


# For each rule: what there is at a moment, the premises, and what follows.
TOLD: dict[str, tuple[dict[str, tuple[Any, ...]], dict[str, Claim], Claim]] = {
    "settles": (
        {"value": (0, 1, 2)},
        {"each-step": lambda r: r.every_step(lambda t, n: r["value"][n] <= r["value"][t])},
        _settled,
    ),
    "stays": (
        _ACTION,
        {
            "fair": _weak,
            "each-step": _kept,
            "is-enabled": _enabled(MISSING),
            "brings-about": _helps(MISSING),
        },
        lambda r: r.at_last(r["holds"]),
    ),
    "stays-at-a-return": (
        _RETURNING,
        {
            "fair": _strong,
            "recurs": _returns,
            "each-step": _kept,
            "is-enabled": _enabled(AT_A_RETURN),
            "brings-about": _helps(MISSING),
        },
        lambda r: r.at_last(r["holds"]),
    ),
    "recurs": (
        _ACTION,
        {"fair": _weak, "is-enabled": _enabled(MISSING), "brings-about": _helps(MISSING)},
        lambda r: r.again(r["holds"]),
    ),
    "recurs-at-a-return": (
        _RETURNING,
        {
            "fair": _weak,
            "recurs": _returns,
            "each-step": _not_past,
            "is-enabled": _enabled(AT_A_RETURN),
            "brings-about": _helps(AT_A_RETURN),
        },
        lambda r: r.again(r["holds"]),
    ),
    "leads_to": (
        {"cause": BOTH, "outcome": BOTH},
        {
            "each-step": _cause_waits,
            "in-the-end": lambda r: r.at_last(
                [not c or o for c, o in zip(r["cause"], r["outcome"], strict=True)]
            ),
        },
        _answered,
    ),
}


@pytest.mark.parametrize("name", TOLD)
def test_every_run_with_the_premises_of_a_rule_is_as_it_says(name: str) -> None:
    values, premises, follows = TOLD[name]
    with_all = [r for r in _runs(**values) if all(so(r) for so in premises.values())]
    assert with_all
    assert all(follows(r) for r in with_all)


@pytest.mark.parametrize(("name", "left_out"), [(n, p) for n in TOLD for p in TOLD[n][1]])
def test_without_a_premise_a_run_is_not_as_the_rule_says(name: str, left_out: str) -> None:
    values, premises, follows = TOLD[name]
    others = [so for premise, so in premises.items() if premise != left_out]
    assert any(all(so(r) for so in others) and not follows(r) for r in _runs(**values))


def test_the_premises_that_were_tried_on_runs_are_those_of_the_rules() -> None:
    for name, (_, premises, _) in TOLD.items():
        # Numbers of a run are never below zero, and what is fair or recurs is no obligation.
        named = set(RULES[name].premises) - {"not-negative"}
        assert named == set(premises) - {"fair", "recurs"}
