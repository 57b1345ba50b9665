"""Random runs of a watched queue, taken by the plain evaluator, and the histories that a witness
has of them.
"""

import json
import random
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from checker.judge.follow import Follower, whole
from checker.judge.jobs import Code
from checker.judge.states.layer import Sign
from checker.judge.watch import Setup, sign_of
from spec.language.evaluate import Evaluator, Instance, instances
from spec.language.scope import State
from spec.queue.outside.witness import watched

LIFE = ("up", "start", "ended", "died", "stopped", "continued")
CLIENT = ("told", "cancel", "cancelled", "refused")
HEADERS: dict[str, dict[str, object]] = {
    "life": {"seen": LIFE, "failures": 2, "interruptions": 2},
    "requests": {"seen": (*LIFE, "asked", "answered", "effect"), "failures": 2, "interruptions": 2},
    "embedded": {"seen": LIFE, "store": "embedded", "failures": 2, "interruptions": 2},
    "cancelled": {"seen": (*LIFE, *CLIENT), "failures": 2, "interruptions": 2},
    "once": {"seen": (*LIFE, "effect"), "effects": "once", "failures": 2, "interruptions": 2},
    "few lines": {"seen": ("start",), "failures": 1, "interruptions": 2},
    "exact": {"seen": (*LIFE, "effect"), "start": "exact", "failures": 2, "interruptions": 2},
    "by workers": {"seen": LIFE, "recovery": "workers", "failures": 2, "interruptions": 2},
}  # fmt: skip
_ANSWERS = ("status", "reading", "heard", "reason")
_RARE = {"died": 0.15, "stopped": 0.3, "status": 0.3, "reading": 0.2, "heard": 0.5, "cancel": 0.1}


@dataclass(frozen=True)
class _Machine:
    evaluator: Evaluator
    steps: list[tuple[Instance, Sign]]
    fooled: int


@cache
def _machine(name: str) -> _Machine:
    said = {"effects": "", "store": "remote", "recovery": "apart", "start": "late", **HEADERS[name]}
    seen = frozenset(said["seen"])  # type: ignore[call-overload]
    setup = Setup(
        seen, 2, False, False, said["effects"] == "once", said["store"] == "remote",
        said["recovery"] == "apart", said["start"] == "exact",
        int(str(said["failures"])), int(str(said["interruptions"])), 7,
    )  # fmt: skip
    spec = watched(setup.queue.spec)
    evaluator = Evaluator(setup.over(spec))
    sign = sign_of(setup, spec, str)
    steps: list[tuple[Instance, Sign]] = []
    for instance in instances(evaluator):
        found = sign(instance.step.action.name, instance.step.binding)
        told = not found or found[0] in (*seen, *_ANSWERS, "claims", "crashed")
        if found is not None and told:
            steps.append((instance, found))
    fooled = [p.name for p in evaluator.scope.places].index("fooled")
    return _Machine(evaluator, steps, fooled)


def history(name: str, rng: random.Random, length: int) -> str:
    """Return what a witness has of a random run, as the text of a file."""
    machine = _machine(name)
    state = machine.evaluator.initial()
    rows: list[dict[str, object]] = [{"format": "ffq history", "version": 1, **HEADERS[name]}]
    incarnation = [0, 0]
    asking = False
    for _ in range(length):
        able, weights = [], []
        for instance, sign in machine.steps:
            after = instance.successor(state)
            if after is None or after[machine.fooled] or (after == state and not sign):
                continue
            if sign and sign[0] in (("status", "reading") if asking else ("heard",)):
                continue  # one reader asks at a time
            able.append((sign, after))
            weights.append(_RARE.get(str(sign[0]), 0.4) if sign else 1.0)
        sign, state = rng.choices(able, weights)[0]
        asking = sign[:1] == ("reading",) or (asking and sign[:1] != ("heard",))
        if sign and sign[0] not in ("claims", "crashed"):
            rows.append(_row(sign, incarnation))
    return "".join(json.dumps(row) + "\n" for row in rows)


def _row(sign: tuple[object, ...], incarnation: list[int]) -> dict[str, object]:
    kind, *rest = sign
    row: dict[str, object] = {"event": "status" if kind == "heard" else kind}
    if rest and isinstance(rest[0], int):
        w = rest[0]
        incarnation[w] += kind == "up"
        row["worker"] = f"w{w + 1}.{incarnation[w]}" if incarnation[w] else f"w{w + 1}"
    if kind not in ("up", "died", "stopped", "continued"):
        row["job"] = "j"
    if kind == "ended":
        row["how"] = rest[1]
    if kind in ("status", "reason", "heard"):
        row["is"] = rest[0]
    return row


def every_run(setup: Setup, most: int) -> Iterator[tuple[int, list[Sign]]]:
    """Yield, of every state of a watched queue together with every set of states that the judge may
    have by then, how many states that set has, and what was seen on one way there.
    """
    follower = whole(setup)
    spec = watched(setup.queue.spec)
    evaluator = Evaluator(setup.over(spec))
    sign = sign_of(setup, spec, str)
    known = {*setup.seen, "status", "claims"}
    steps = [(i, sign(i.step.action.name, i.step.binding)) for i in instances(evaluator)]
    steps = [(i, s) for i, s in steps if s is not None and (not s or s[0] in known)]
    fooled = [p.name for p in evaluator.scope.places].index("fooled")
    kept = [n for n, p in enumerate(evaluator.scope.places) if p.field.name in _of(follower)]
    begin = evaluator.initial(), follower.first(frozenset(range(8)))
    met = {(tuple(begin[0][n] for n in kept), begin[1])}
    left: deque[tuple[State, int, list[Sign]]] = deque([(*begin, [])])
    while left and len(met) < most:
        state, layer, seen = left.popleft()
        yield len(follower.layers[layer]), seen
        for instance, shown in steps:
            after = None if shown is None else instance.successor(state)
            if after is None or shown is None or after[fooled]:
                continue
            hidden = not shown or shown[0] == "claims"
            following = layer if hidden else follower.after(layer, Code(((shown,),)))
            pair = tuple(after[n] for n in kept), following
            if pair not in met:
                met.add(pair)
                left.append((after, following, seen if hidden else [*seen, shown]))
    assert not left, f"there are more than {most:,}"


def _of(follower: Follower) -> set[str]:
    return set(follower.machine.scope.spec.fields)
