"""The shortest history that a queue without a protection can have, and no run of the queue has."""

import json
from collections import deque
from collections.abc import Callable, Iterator

from checker.judge.follow import Follower, whole, without
from checker.judge.history import OF_A_PROCESS
from checker.judge.jobs import QUIETLY, Code
from checker.judge.states.layer import Sign
from checker.judge.watch import Setup

LOOKS: tuple[dict[str, object], ...] = (
    {"seen": ("up", "start", "ended", "died"), "workers": 1, "interruptions": 2},
    {"seen": ("asked", "answered", "cancel", "cancelled", "refused", "told"), "workers": 1},
    {"seen": ("start", "ended"), "workers": 2, "interruptions": 2, "start": "exact"},
    {"seen": ("start", "effect"), "workers": 1, "start": "exact", "effects": "once"},
    {"seen": ("start", "effect"), "workers": 2, "interruptions": 2, "start": "exact",
     "effects": "once"},
)  # fmt: skip
"""What is looked at, one after the other, until a loss shows itself."""

_PAIRS = 100, 700
"""How many pairs of sets of states are looked at: most losses show themselves at once."""


def _setup(look: dict[str, object]) -> Setup:
    assert isinstance(look["seen"], tuple) and isinstance(look["workers"], int)
    interruptions = int(str(look.get("interruptions", 1)))
    return Setup(
        frozenset(look["seen"]), look["workers"], False, False, look.get("effects") == "once",
        True, True, look.get("start") == "exact", 1, interruptions, interruptions + 3,
    )  # fmt: skip


def first_shown(
    edit: str, edits: dict[str, tuple[str, ...]], judged: Callable[[str], bool]
) -> str | None:
    """Return the shortest history that shows the loss and is `judged` to be no run, in the first
    way to look that has one; `edits` are those that can be made, by queue.
    """
    for most in _PAIRS:
        for look in LOOKS:
            setup = _setup(look)
            if edit in edits[setup.queue.name]:
                pair = whole(setup), without(setup, frozenset({edit}))
                for way in _shortest(*pair, setup.named, most):
                    if judged(text := _text(look, way)):
                        return text
    return None


def _shortest(
    healthy: Follower, edited: Follower, named: int, most: int
) -> Iterator[tuple[Sign, ...]]:
    """Yield events that one allows and the other does not, the fewest first."""
    claiming = frozenset(range(named + 1))
    begin = healthy.first(claiming), edited.first(claiming)
    met, signs = {begin}, _signs(edited)
    left: deque[tuple[tuple[int, int], tuple[Sign, ...]]] = deque([(begin, ())])
    while left:
        (m, n), way = left.popleft()
        for sign in signs:
            code = Code((QUIETLY if sign == QUIETLY[0] else (sign,),))
            after = healthy.after(m, code), edited.after(n, code)
            if len(edited.layers[after[1]]):
                if not len(healthy.layers[after[0]]):
                    yield (*way, sign)
                elif after not in met:
                    met.add(after)
                    left.append((after, (*way, sign)))
        if len(met) > most:
            return


def _signs(follower: Follower) -> list[Sign]:
    # A status that is read at once says more than one that is asked for.
    hidden = ("claims", "reading", "heard")
    shown = dict.fromkeys(s for s in follower.machine.signs if s and s[0] not in hidden)
    return [*shown, QUIETLY[0]]


def _text(look: dict[str, object], way: tuple[Sign, ...]) -> str:
    lives = [0, 0]
    rows: list[dict[str, object]] = []
    for kind, *rest in way:
        row: dict[str, object] = {"event": kind}
        if rest and isinstance(rest[0], int):
            lives[rest[0]] += kind == "up"
            row["worker"] = f"w{rest[0] + 1}.{lives[rest[0]]}"
        if kind not in OF_A_PROCESS:
            row["job"] = "j"
        if kind == "ended":
            row["how"] = rest[1]
        if kind in ("status", "reason"):
            row["is"] = rest[0]
        rows.append(row)
    said = {key: value for key, value in look.items() if key != "workers"}
    header = {"format": "ffq history", "version": 1, "failures": 1, "interruptions": 1, **said}
    return "".join(json.dumps(row) + "\n" for row in (header, *rows))
