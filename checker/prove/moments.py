"""Questions about the moments of a run, for both solvers: what a rule of liveness is made of.

A run is its moments, each with one that comes next. What holds, is enabled or taken at a moment is
any predicate: nothing of a spec is in a question.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from checker.prove.obligations import Obligation

_LANGUAGE = """\
(set-logic ALL)
(declare-sort Moment 0)
(declare-sort Thing 0)
(declare-fun next (Moment) Moment)
(declare-fun upto (Moment Moment) Bool)
(assert (! (forall ((s Moment)) (upto s s)) :named reflexive))
(assert (! (forall ((s Moment) (t Moment) (u Moment)) (=> (and (upto s t) (upto t u)) (upto s u))) \
:named transitive))
(assert (! (forall ((s Moment) (t Moment)) (or (upto s t) (upto t s))) :named total))
(assert (! (forall ((s Moment)) (upto s (next s))) :named onward))
(declare-fun holds (Moment) Bool)
(declare-fun returns (Moment) Bool)
(declare-fun enabled (Moment) Bool)
(declare-fun taken (Moment) Bool)
(declare-fun cause (Moment) Bool)
(declare-fun outcome (Moment) Bool)
(declare-fun value (Moment) Int)
(declare-fun true-of (Moment Thing) Bool)
(declare-fun taken-for (Moment Thing) Bool)
(declare-fun among (Thing) Bool)
(declare-const one-more Thing)
(declare-const least Int)
(declare-const end Moment)
(declare-const from Moment)
(declare-const at Moment)
(assert (! (upto end from) :named in-the-end))
(assert (! (upto from at) :named later))"""
"""`end`: the moment from which all earlier stages hold; `from`: one of these;
`at`: `from` or a later one.
"""


def ever(since: str, body: str, t: str = "t") -> str:
    """It is so at this moment and at all later ones."""
    return f"(forall (({t} Moment)) (=> (upto {since} {t}) {body}))"


def once(since: str, body: str, t: str = "t") -> str:
    """It is so at this moment or at a later one."""
    return f"(exists (({t} Moment)) (and (upto {since} {t}) {body}))"


def again(body: str) -> str:
    """It is so again and again."""
    return f"(forall ((s Moment)) {once('s', body)})"


def at_last(body: str) -> str:
    """There is a moment from which it is so for ever."""
    return f"(exists ((s Moment)) {ever('s', body)})"


def implies(condition: str, then: str) -> str:
    """Where the one is so, the other is."""
    return f"(=> {condition} {then})"


def whoever(body: str, of: str = "true") -> str:
    """It is so for each thing, or for each of these."""
    return f"(forall ((x Thing)) (=> {of} {body}))"


@dataclass(frozen=True)
class Condition:
    """One thing that the solvers decide: from these lines, by their names, the goal."""

    name: str
    says: str
    given: Mapping[str, str]
    goal: str


@dataclass(frozen=True)
class Rule:
    """What follows from premises that obligations of a spec are; `premises` names those."""

    name: str
    says: str
    premises: tuple[str, ...]
    conditions: tuple[Condition, ...]

    def obligations(self) -> Iterator[Obligation]:
        """Yield each condition as a question for the solvers."""
        for c in self.conditions:
            lines = [f"(assert (! {line} :named given.{label}))" for label, line in c.given.items()]
            yield Obligation.made(self.name, c.name, c.says, [_LANGUAGE, *lines], c.goal)
