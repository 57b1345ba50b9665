"""Protections that cover for each other: what is broken only without both of two, or sooner.

Two losses are asked together in the smallest scope that has both and is the scope of one of them,
with every property at once. One spec holds all edits of a scope, so it is compiled once. Edits of
what is assumed of fair runs break no state, and are no part of this.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from checker.evidence.traces import file_of
from checker.runs.cache import Place, place, recall, remember
from checker.runs.exploration import Limits
from checker.runs.sources import Sources
from checker.runs.story import Story, tell
from checker.search.compiled.sweep import sweep
from checker.search.variants import Switched, Unswitchable, switchable, switched
from checker.verdicts.ablate import Missed, named
from spec.failures import FAILURES, FailureMode, Loss
from spec.failures.edits import Edits
from spec.language.hashes import claims_hash
from spec.language.scope import Scope
from spec.queue import SCOPES

FEWEST = {
    "whole": {"MaxFails": 1, "Recoverer": 1},
    "space": {"MaxInterrupts": 1, "Recoverer": 1},
    "permits": {"MaxFails": 1, "MaxInterrupts": 1, "Recoverer": 1},
    "unique": {"MaxInterrupts": 1, "Recoverer": 1},
}
"""A second failure, interruption or recoverer makes the states of these many times as many; what
needs one, as a retry that waits does, is asked in a scope of its own.
"""

NEED_MORE = frozenset(
    {
        "instead abandon abandon_and_give_back",
        "instead abandon abandon_and_make_room",
        "instead settle_failed fail_and_keep",
    }
)
"""What breaks nothing with so few failures: with it no pair is asked, and nothing known of any."""

LIMITS = Limits(max_states=30_000_000)

_ASKED = ("invariant", "step")
_DECIDES = Sources(__name__)

Report = Callable[[int, int], None]


@dataclass(frozen=True)
class Protection:
    """What is taken away, and each loss of the catalogue that takes just this away."""

    edits: tuple[str, ...]
    losses: tuple[tuple[FailureMode, Loss], ...]

    @property
    def name(self) -> str:
        """How the catalogue calls it: `FM-010`, `FM-011-elsewhere-2`."""
        return file_of(*self.losses[0]).stem

    @property
    def modes(self) -> tuple[str, ...]:
        """The failure modes that it is in."""
        return tuple(dict.fromkeys(mode.id for mode, _ in self.losses))

    @property
    def scopes(self) -> frozenset[str]:
        """The scopes in which the catalogue takes it away."""
        return frozenset(loss.scope for _, loss in self.losses)


@dataclass(frozen=True)
class Pair:
    """Two protections. `only`: broken without both, and without neither alone; `sooner`: in fewer
    steps than without one of them, and in how many that is; `finished` unless a limit was reached.
    """

    both: tuple[Protection, Protection]
    scope: Scope
    only: tuple[Missed, ...]
    sooner: tuple[tuple[Missed, int], ...]
    finished: bool = True

    @property
    def edits(self) -> tuple[str, ...]:
        """What is taken away."""
        return tuple(dict.fromkeys(text for p in self.both for text in p.edits))

    @property
    def modes(self) -> frozenset[str]:
        """The failure modes that have a part in it."""
        return frozenset(id for p in self.both for id in p.modes)


# ---------------------------------------------------------------- what is asked where
@cache
def protections() -> tuple[Protection, ...]:
    """Return all that the catalogue takes away of what states and steps may be, and that breaks
    with few failures what it breaks.
    """
    found: dict[tuple[str, ...], list[tuple[FailureMode, Loss]]] = {}
    for mode in FAILURES.values():
        for loss in mode.losses:
            of_states = all(" " not in text or text.split()[0] in _EDITS for text in loss.edits)
            if of_states and NEED_MORE.isdisjoint(loss.edits):
                found.setdefault(loss.edits, []).append((mode, loss))
    return tuple(Protection(edits, tuple(losses)) for edits, losses in found.items())


_EDITS = ("split", "instead")


@cache
def asked() -> dict[str, list[tuple[Protection, Protection]]]:
    """Return by scope the pairs that are asked there; the smallest scope first."""
    scopes = {name: few_failures(name) for p in protections() for name in p.scopes}
    order = sorted(scopes, key=lambda name: (len(scopes[name].places), name))
    able = {name: {p.edits for p in protections() if _able(scopes[name], p)} for name in order}
    found: dict[str, list[tuple[Protection, Protection]]] = {name: [] for name in order}
    for one, two in itertools.combinations(protections(), 2):
        own = [name for name in order if name in one.scopes | two.scopes]
        common = [name for name in own if {one.edits, two.edits} <= able[name]]
        if common and _together(common[0], one, two):
            found[common[0]].append((one, two))
    return {name: pairs for name, pairs in found.items() if pairs}


@cache
def few_failures(name: str) -> Scope:
    """Return the scope in which pairs are asked: states and steps alone, and few failures."""
    scope = SCOPES[name]
    kept = {n: p for n, p in scope.spec.properties.items() if p.kind in _ASKED}
    return replace(
        scope,
        spec=scope.spec.edited("states and steps", properties=kept),
        bounds={**scope.bounds, **FEWEST.get(name, {})},
    )


def _able(scope: Scope, p: Protection) -> bool:
    return all(switchable(scope, text) for text in p.edits)


def _together(name: str, one: Protection, two: Protection) -> bool:
    """Return whether both can be taken away at once: no step is replaced by two others."""
    if set(one.edits) <= set(two.edits) or set(two.edits) <= set(one.edits):
        return False
    try:
        switches(name).off((*one.edits, *two.edits))
    except Unswitchable:
        return False
    return True


@cache
def switches(name: str) -> Switched:
    """Return the scope with every edit of the catalogue that can be made there."""
    able = [p for p in protections() if _able(few_failures(name), p)]
    return switched(few_failures(name), dict.fromkeys(text for p in able for text in p.edits))


# ---------------------------------------------------------------- what is found
def pairs(report: Report | None = None) -> list[Pair]:
    """Return the pairs that break more, or break it sooner, than one loss does; remembered."""
    every = asked()
    of = sum(map(len, every.values()))
    done, found = itertools.count(1), list[Pair]()

    def tick() -> None:
        if report:
            report(next(done), of)

    for name, wanted in every.items():
        taken = {p.edits: p for pair in wanted for p in pair}
        alone = violations(name, list(taken))
        together = violations(name, [_edits(*pair) for pair in wanted], tick)
        for one, two in wanted:
            known = alone[one.edits], alone[two.edits]
            pair = _pair(name, (one, two), known, together[_edits(one, two)])
            if pair.only or pair.sooner or not pair.finished:
                found.append(pair)
    return found


def _edits(one: Protection, two: Protection) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*one.edits, *two.edits)))


def _pair(
    name: str,
    both: tuple[Protection, Protection],
    alone: Sequence[Mapping[str, int] | None],
    together: Mapping[str, int] | None,
) -> Pair:
    scope = few_failures(name)
    one, two = alone
    if one is None or two is None or together is None:
        return Pair(both, scope, (), (), finished=False)
    only = named(scope, only_together(one, two, together))
    sooner = sooner_together(one, two, together)
    steps = {n: min(each[n] for each in (one, two) if n in each) for n in sooner}
    return Pair(both, scope, only, tuple((m, steps[m.property]) for m in named(scope, sooner)))


def only_together(
    one: Mapping[str, int], two: Mapping[str, int], both: Mapping[str, int]
) -> dict[str, int]:
    """Return what is broken without both, and holds as long as one of them is there."""
    return {name: steps for name, steps in both.items() if name not in one and name not in two}


def sooner_together(
    one: Mapping[str, int], two: Mapping[str, int], both: Mapping[str, int]
) -> dict[str, int]:
    """Return what is broken without one as well, but in fewer steps without both."""
    known = {
        name: min(each[name] for each in (one, two) if name in each) for name in {**one, **two}
    }
    return {name: steps for name, steps in both.items() if steps < known.get(name, 0)}


def violations(
    name: str, wanted: Sequence[tuple[str, ...]], tick: Callable[[], None] = lambda: None
) -> dict[tuple[str, ...], Mapping[str, int] | None]:
    """Return what breaks without each of these; what is known already is explored no more."""
    found: dict[tuple[str, ...], Mapping[str, int] | None] = {}
    for edits in wanted:
        known = recall(_place(name, edits), _steps)
        if known is not None:
            found[edits] = known
            tick()
    left = [edits for edits in wanted if edits not in found]
    if left:
        switch = switches(name)
        runs = sweep(switch.scope, [switch.off(edits) for edits in left], LIMITS)
        for edits, swept in zip(left, runs, strict=True):
            found[edits] = swept
            if swept is not None:
                remember(_place(name, edits), dict(swept))
            tick()
    return found


def _steps(kept: Any) -> dict[str, int]:
    return {str(name): int(steps) for name, steps in kept.items()}


def _place(name: str, edits: tuple[str, ...]) -> Place:
    bounds = sorted(few_failures(name).bounds.items())
    parts = sorted(_text(name, text) for text in edits)
    return place("pairs", _DECIDES, [_text(name, ""), parts, bounds])


@cache
def _text(name: str, edit: str) -> str:
    """Return what an edit comes to in a scope: its content, not its name."""
    if edit and " " not in edit:
        return edit
    scope = few_failures(name)
    return claims_hash(Edits((edit,) if edit else ()).made(scope.spec), *_ASKED)


# ---------------------------------------------------------------- the run that needs both gone
def shortest(pair: Pair) -> Story:
    """Return the shortest run to the first property that only both losses break."""
    return _shortest(pair.scope.name, pair.edits, pair.only[0].property)


@cache
def _shortest(name: str, edits: tuple[str, ...], wanted: str) -> Story:
    from checker.search import compiled

    switch = switches(name)
    found = compiled.explore(
        switch.scope, off=switch.off(edits), until=frozenset({wanted}), threads=1
    )
    return tell(switch.edited(edits), switch.walk(found.walk(wanted), edits), wanted)
