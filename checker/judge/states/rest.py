"""Where a run can come to rest: states in which a fair run of hidden steps can stay for ever."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from checker.judge.states.layer import CLAIMS, Array, Layer, Terms
from checker.judge.states.machine import Machine
from checker.search.fair_parts import FairParts
from spec.language.declared.model import Action
from spec.language.terms.types import Nat


@dataclass(frozen=True)
class _Edges:
    starts: Array
    targets: Array
    labels: Array
    actions: Sequence[Action]


def resting(
    machine: Machine, layer: Layer, terms: Terms, less: Iterable[str] = ()
) -> tuple[Layer, Layer]:
    """Return all that hidden steps lead to from a layer, idle ones too; and of that where a fair
    run can stay, standing still or going round, without a line that is seen.

    `less` are the assumptions about fair runs that are dropped, as edits name them.
    """
    every = replace(terms, idle=True, kept=False, claiming=None)
    whole = machine.closed(machine.forgotten(layer.live), every)
    actions = _assumed(machine, less)
    hidden = machine.edges(whole, every, machine.hidden(every))
    hidden = hidden[hidden[:, 0] != hidden[:, 2]]
    starts = np.searchsorted(hidden[:, 0], np.arange(len(whole) + 1))
    edges = _Edges(starts, hidden[:, 2], hidden[:, 1], actions)
    parts = FairParts(edges)
    # What fairness demands and the witness would see: no run rests where that is possible.
    shown = np.array([bool(s and s[0] not in ("up", CLAIMS)) for s in machine.signs], np.int64)
    shown *= np.array([a.fair is not None for a in actions], np.int64)
    seen = machine.edges(whole, every, shown)
    seen = seen[seen[:, 0] != seen[:, 2]]
    np.bitwise_or.at(parts.possible, seen[:, 0], parts.bits[seen[:, 1]])
    rest = parts.still()
    for states in parts.fair_parts(np.arange(len(whole))):
        rest[states] = True
    rest &= ~_full(machine, whole.live)
    return whole, machine.chosen(whole, np.flatnonzero(rest), terms)


def _full(machine: Machine, rows: Array) -> Array:
    """Return in which states a number can grow no more: there steps are missing, and no run rests
    for want of them.
    """
    found = np.zeros(len(rows), bool)
    for place in machine.scope.places:
        if isinstance(place.field.type, Nat):
            slot = machine.layout.slots[place.field.name]
            at = slot.base + (place.element or 0) * slot.stride
            limit = machine.scope.limit(place.field.type)
            found |= (rows[:, slot.word] >> at) & slot.mask == limit
    return found


def _assumed(machine: Machine, less: Iterable[str]) -> list[Action]:
    """Return the action of each step, with what is still assumed of it."""
    dropped = {tuple(text.split()[:2]) for text in less}
    found = []
    for step, sign in zip(machine.steps, machine.signs, strict=True):
        action, name = step.action, machine.base(step.action.name)
        if ("unfair", name) in dropped or (sign and sign[0] == "up"):
            action = replace(action, fair=None)  # whether a process comes is not the queue's
        if ("weakly", name) in dropped and action.fair == "strong":
            action = replace(action, fair="weak")
        if ("endless", name) in dropped:
            action = replace(action, finite=False)
        found.append(action)
    return found
