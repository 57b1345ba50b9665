"""From what a witness says of itself to the queue that it watches: which steps show themselves, and
how.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

from checker.judge.states.code import Taken, with_room
from checker.judge.states.layer import CLAIMS, Sign
from checker.judge.states.machine import Machine
from checker.search.variants import Switched, switchable, switched
from spec.failures import FAILURES
from spec.language.declared.model import Action, Spec
from spec.language.evaluate import Binding
from spec.language.scope import Scope
from spec.queue.outside.witness import watched
from spec.queue.watched import WATCHED

ASSUMED = ("unfair", "weakly", "endless")
"""Edits that change no step, but what is assumed of runs that never end."""

_RELEASED = ("recoverer_crash", "recoverer_restart", "heartbeat", "abandon", "claim", "start")
_COMMIT = ("record", "find_recorded", "write_first", "write_second", "lose_reply")
_CANCEL = {"cancel", "cancelled", "refused"}
_LINES: Mapping[str, str] = {
    "part": "outage", "rejoin": "back",
    "arrive": "up", "touch": "effect", "stop": "stopped", "go_on": "continued", "die": "died",
    "send": "asked", "confirm": "answered", "notify": "told", "read": "status",
    "inquire": "reading", "hear": "heard", "hear_why": "reason", "want_cancel": "cancel",
    "hear_cancelled": "cancelled", "hear_too_late": "refused",
}  # fmt: skip
"""How the lines of the witness are called in histories, by its actions, where the two differ."""

IDLE: Mapping[str, tuple[str, ...]] = {
    # As the end of its lease, and a recoverer, for all that is seen.
    "settle_released": ("settle_released", "expire", "look", "recover", *_RELEASED),
    # Nothing asks for a lease that is live: renewing it only keeps others from acting.
    "heartbeat": ("heartbeat",),
    "pass_deadline": ("heartbeat",),
    # A recoverer that is down does nothing that one that is up could not leave undone.
    "recoverer_crash": ("look", "recover"),
    "recoverer_restart": ("look", "recover"),
    # A request that may be under way need not be.
    "lapse": (),
    # What a worker believes of its commit decides nothing that is seen.
    "lose_reply": _COMMIT,
    "find_recorded": _COMMIT,
}
"""Steps that lead to nothing that is seen, but with an edit of one of these actions. Where it is
asked whether a run can rest, they all count.
"""

_ALWAYS = ("read", "inquire", "hear", "hear_why", "want_cancel", "hear_cancelled", "hear_too_late")
"""Lines that answer a question: that they are missing says nothing."""


@dataclass(frozen=True)
class Setup:
    """All that the steps depend on: histories that agree in it share every state.

    `named` workers are seen. If others are known, one more is `silent`: it makes the claims that
    lead to no handler, whoever it is in truth. Of a `stranger` nothing is known.
    """

    seen: frozenset[str]
    named: int
    silent: bool
    stranger: bool
    once: bool
    remote: bool
    apart: bool
    exact: bool
    failures: int
    interruptions: int
    room: int

    @property
    def queue(self) -> Scope:
        """The queue that is watched."""
        name = "watched-effects" if self.once else "watched"
        bounds = {
            "Job": 1,
            "Worker": max(1, self.named + (self.silent or self.stranger)),
            "Recoverer": 1,
            "MaxFails": self.failures,
            "MaxInterrupts": self.interruptions,
        }
        bounds |= {
            name: bound.least
            for name, bound in WATCHED[name].constants.items()
            if name not in bounds
        }
        return Scope(name, WATCHED[name], bounds)

    def over(self, spec: Spec) -> Scope:
        """Return the scope of the queue with its witness, edits and all."""
        said = {"Remote": self.remote, "Apart": self.apart, "Exact": self.exact}
        bounds = {**self.queue.bounds, **{name: int(value) for name, value in said.items()}}
        return Scope(self.queue.name, spec, bounds)


def sign_of(
    setup: Setup, spec: Spec, base: Callable[[str], str]
) -> Callable[[str, Binding], Sign | None]:
    """Return what tells of a step how it shows itself: None if it never happens."""
    effects = {a.name for a in spec.actions.values() if _applies(a)}

    def sign(name: str, binding: Binding) -> Sign | None:
        known, w = base(name), binding.get("w")
        seen = setup.seen
        if known in ("close", "touch") and (known == "close" or setup.once):
            return None
        if known == "claim":
            return CLAIMS, w
        if known == "cancel":
            return () if seen & _CANCEL else None
        if w is None:
            kind = _LINES.get(known)
            if known in ("part", "rejoin") and kind not in seen:
                return None
            if kind is None or not (kind in seen or known in _ALWAYS):
                return ()
            return (kind, binding["v"]) if "v" in binding else (kind,)
        mine = int(w or 0) < setup.named
        silent = "start" in seen and not setup.stranger
        kind, how = _line(setup, name, known, effects)
        if kind is None:
            return None if known == "start" and silent and not mine else ()
        if mine and (kind in seen or kind == "crashed"):
            return (kind, w, how) if how else (kind, w)
        if kind in ("stopped", "continued"):
            return (kind, w) if setup.silent and not mine else None
        if known == "touch":
            return None
        if kind == "died" and not mine and not setup.stranger:
            return None  # for all that is seen, it may as well do nothing
        unheard = kind in ("start", "effect", "ended") or known == "start"
        return None if unheard and silent and not mine else ()

    return sign


def _line(setup: Setup, name: str, known: str, effects: set[str]) -> tuple[str | None, str]:
    """Return which line a step of a worker is, if it is one, and how it says that it was."""
    if known in ("returns", "raises"):
        return "ended", "ok" if known == "returns" else "error"
    if known == "crash":  # with an embedded store nothing of a process is left when it dies
        return ("crashed" if "died" in setup.seen and not setup.remote else None), ""
    if known == "restart":
        return ("up" if {"up", "died"} <= setup.seen else None), ""
    if known == ("start" if setup.exact else "begin"):
        return "start", ""
    if name in effects:
        return "effect", ""
    return _LINES.get(known), ""


def _applies(action: Action) -> bool:
    return any(u.field.name == "applied" for part in action.parts for u in part.statements)


@cache
def healthy(setup: Setup) -> Machine:
    """Return the queue with every protection, watched."""
    spec = watched(setup.queue.spec)
    scope = with_room(setup.over(spec), setup.room)
    return Machine(scope, sign_of(setup, spec, str), lambda name: Taken(idle=name in IDLE))


# ------------------------------------------------------------------ with edits
@cache
def edits_of(name: str) -> tuple[str, ...]:
    """Return the edits of the catalogue that can be made to a queue that is watched, those of what
    is assumed last.
    """
    scope = Scope(name, WATCHED[name], dict.fromkeys(_BOUNDS, 1))
    found = set()
    for mode in FAILURES.values():
        for text in (text for loss in mode.losses for text in loss.edits):
            words = text.split()
            if words[0] in ASSUMED:
                if words[1] in scope.spec.actions:
                    found.add(text)
            elif switchable(scope, text):
                found.add(text)
    return tuple(sorted(found, key=lambda t: (t.split()[0] in ASSUMED, " " in t, t)))


_BOUNDS = ("Job", "Worker", "Recoverer", "MaxFails", "MaxInterrupts", "Histories")


@dataclass(frozen=True)
class Edited:
    """A watched queue in which each edit of the catalogue may be made, and what they are called."""

    machine: Machine
    switched: Switched
    edits: tuple[str, ...]
    bases: tuple[str, ...]
    """The actions that some edit replaces: each has a bit that says that it was taken as it is."""

    def bits(self, texts: frozenset[str]) -> int:
        """Return the bits of edits."""
        return sum(1 << i for i, text in enumerate(self.edits) if text in texts)

    def texts(self, bits: int) -> frozenset[str]:
        """Return the edits among these bits."""
        return frozenset(text for i, text in enumerate(self.edits) if bits >> i & 1)

    def allowed(self, texts: frozenset[str]) -> int:
        """Return the bits of what may be used with just these edits in force."""
        replaced = {self.way(text) for text in texts}
        found = self.bits(texts)
        for i, name in enumerate(self.bases):
            if name not in replaced:
                found |= 1 << (len(self.edits) + i)
        return found

    def way(self, text: str) -> str | None:
        """Return the action that the edit replaces, if it is of that kind."""
        return next((a for a, named in self.switched.ways.items() if text in named), None)


@cache
def edited(setup: Setup) -> Edited:
    """Return the queue with every edit that can be made of it, watched."""
    texts = edits_of(setup.queue.name)
    sw = switched(setup.queue, [t for t in texts if t.split()[0] not in ASSUMED])
    names = sw.names

    def base(name: str) -> str:
        return names.get(name, name)

    spec = watched(sw.scope.spec, base)
    scope = with_room(setup.over(spec), setup.room)
    bases = tuple(sw.ways)
    taken = _taken(texts, sw)
    sign = sign_of(setup, spec, base)
    return Edited(Machine(scope, sign, taken, texts, bases, base), sw, texts, bases)


def _speaks_of(text: str, actions: tuple[str, ...]) -> bool:
    return any(text.startswith(f"{a}.") or a in text.split()[1:2] for a in actions)


def _taken(texts: tuple[str, ...], sw: Switched) -> Callable[[str], Taken]:
    number = {text: i for i, text in enumerate(texts)}
    bases = {name: len(texts) + i for i, name in enumerate(sw.ways)}
    ways: dict[str, tuple[str, str]] = {}
    for action, named in sw.ways.items():
        for text, way in named.items():
            ways |= {f"{way}{part}": (action, text) for part in ("", "_rest", "_refused")}
    whole = {a: sum(1 << number[t] for t in named) for a, named in sw.ways.items()}

    def taken(name: str) -> Taken:
        action, text = ways.get(name, (name, None))
        first = text is None or name == sw.ways[action][text]
        guards = {
            t.partition(".")[2]: n
            for t, n in number.items()
            if first and " " not in t and t.startswith(f"{action}.")
        }
        used = excluded = 0
        if text is not None:
            used = 1 << number[text]
            excluded = (whole[action] & ~used) | 1 << bases[action]
        elif action in bases:
            used, excluded = 1 << bases[action], whole[action]
        idle = IDLE.get(action, ())
        wakes = sum(1 << n for t, n in number.items() if _speaks_of(t, idle))
        return Taken(used, excluded, guards, action in IDLE, wakes)

    return taken
