"""Random runs of a watched queue, taken by the plain evaluator, and the histories that a witness
has of them.
"""

import json
import random
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache

from checker.judge.follow import Follower, whole
from checker.judge.history import OF_A_PROCESS, OF_THE_STORE
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
    "clients alone": {"seen": ("asked", "answered", *CLIENT), "failures": 1, "interruptions": 2},
    "strangers": {"seen": ("start", "ended"), "others": True, "failures": 2, "interruptions": 2},
    "no budget": {"seen": LIFE},
    "outages": {"seen": (*LIFE, "outage", "back"), "failures": 2, "interruptions": 2},
    "few lines of two": {"seen": ("start", "ended"), "failures": 2, "interruptions": 1},
    "two jobs": {"seen": LIFE, "failures": 2, "interruptions": 1},
    "three workers": {"seen": LIFE, "failures": 1, "interruptions": 2},
}  # fmt: skip
_JOBS = {"two jobs": 2, "few lines of two": 2}
_WORKERS = {"three workers": 3}
_UNKNOWN = 3
"""The budget of a queue of which it is not told."""
_ANSWERS = ("status", "reading", "heard", "reason")
_RARE = {
    "died": 0.15, "stopped": 0.3, "status": 0.3, "reading": 0.2, "heard": 0.5, "cancel": 0.1,
    "outage": 0.1,
}  # fmt: skip
_TO_REST = 200


@dataclass(frozen=True)
class _Machine:
    evaluator: Evaluator
    steps: list[tuple[Instance, Sign]]
    places: dict[str, int]


@cache
def _machine(name: str) -> _Machine:
    said = {"effects": "", "store": "remote", "recovery": "apart", "start": "late", **HEADERS[name]}
    seen = frozenset(said["seen"])  # type: ignore[call-overload]
    setup = Setup(
        seen, _WORKERS.get(name, 2), False, False, said["effects"] == "once",
        said["store"] == "remote", said["recovery"] == "apart", said["start"] == "exact",
        int(str(said.get("failures", _UNKNOWN))), int(str(said.get("interruptions", _UNKNOWN))), 7,
    )  # fmt: skip
    spec = watched(setup.queue.spec)
    scope = setup.over(spec)
    evaluator = Evaluator(replace(scope, bounds={**scope.bounds, "Job": _JOBS.get(name, 1)}))
    sign = sign_of(setup, spec, str)
    steps: list[tuple[Instance, Sign]] = []
    for instance in instances(evaluator):
        found = sign(instance.step.action.name, instance.step.binding)
        told = not found or found[0] in (*seen, *_ANSWERS, "claims", "crashed")
        if found is not None and told:
            steps.append((instance, found))
    places = {p.name: n for n, p in enumerate(evaluator.scope.places)}
    return _Machine(evaluator, steps, places)


class _Walk:
    """A random run, and what the witness has written of it."""

    def __init__(self, name: str, rng: random.Random) -> None:
        self.machine, self.rng = _machine(name), rng
        self.state = self.machine.evaluator.initial()
        self.rows: list[dict[str, object]] = []
        self.asking: set[object] = set()
        self.inside: dict[object, object] = {}
        """The job whose handler a worker entered last."""
        self.lives = [0] * len(self.machine.places)

    def able(self) -> Iterator[tuple[Instance, Sign, State]]:
        """Yield the steps that can be taken and make a difference."""
        for instance, sign in self.machine.steps:
            after = instance.successor(self.state)
            if after is None or after[self.machine.places["fooled"]]:
                continue
            asked = instance.step.binding.get("j") in self.asking
            if sign and sign[0] in (("status", "reading") if asked else ("heard",)):
                continue  # one reader asks at a time
            if sign or after != self.state:
                yield instance, sign, after

    def take(self, instance: Instance, sign: Sign, after: State) -> None:
        """Take a step, and write what is seen of it."""
        binding = instance.step.binding
        w: object = binding.get("w")
        j: object = binding.get("j")
        if j is None and w is not None:
            if instance.step.action.name == "start":
                self.inside[w] = self.state[self.machine.places[f"job[worker{int(str(w)) + 1}]"]]
            j = self.inside.get(w)
        if sign[:1] == ("reading",):
            self.asking.add(j)
        if sign[:1] == ("heard",):
            self.asking.discard(j)
        self.state = after
        if sign and sign[0] not in ("claims", "crashed"):
            self.rows.append(self._row(sign, j))

    def _row(self, sign: Sign, j: object) -> dict[str, object]:
        kind, *rest = sign
        row: dict[str, object] = {"event": "status" if kind == "heard" else kind}
        if rest and isinstance(rest[0], int):
            w = rest[0]
            self.lives[w] += kind == "up"
            row["worker"] = f"w{w + 1}.{self.lives[w]}" if self.lives[w] else f"w{w + 1}"
        if kind not in OF_A_PROCESS + OF_THE_STORE:
            row["job"] = f"j{j}"
        if kind == "ended":
            row["how"] = rest[1]
        if kind in ("status", "reason", "heard"):
            row["is"] = rest[0]
        return row

    def come_to_rest(self) -> None:
        """Go on with what fairness demands; if nothing is left of it, say that all is quiet."""
        for _ in range(_TO_REST):
            due = [
                (instance, sign, after)
                for instance, sign, after in self.able()
                if instance.step.action.fair and sign[:1] != ("up",) and after != self.state
            ]
            if not due:
                self.rows.append({"event": "quiet"})
                told = [s for s in self.able() if s[1][:1] in (("status",), ("heard",))]
                for step in told:
                    self.take(*step)
                return
            self.take(*self.rng.choice(due))


def history(name: str, rng: random.Random, length: int) -> str:
    """Return what a witness has of a random run, as the text of a file."""
    walk = _Walk(name, rng)
    for _ in range(length):
        able = list(walk.able())
        weights = [_RARE.get(str(sign[0]), 0.4) if sign else 1.0 for _, sign, _ in able]
        walk.take(*rng.choices(able, weights)[0])
    if rng.random() < 0.5:
        walk.come_to_rest()
    rows = [{"format": "ffq history", "version": 1, **HEADERS[name]}, *walk.rows]
    return "".join(json.dumps(row) + "\n" for row in rows)


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
