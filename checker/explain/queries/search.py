"""Search in a run: `actor:worker2 action:claim`, `field:status=done`, `fault then changed:token`.

Words are ANDed. `A then B` finds the first step of A, and the steps of B after it. In a word, `*`
stands for anything, and capitals count for nothing; the name of an action is that action.
`when held[worker1] == token[job1]` finds the steps that make an expression true.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from checker.explain.queries.expressions import BadQuery, turns_true
from checker.explain.run import Run
from checker.runs.story import Line
from spec.language.scope import value_name

KEYS = {
    "actor": "who takes the step",
    "action": "what the step is called",
    "changed": "a field or a place that the step changes",
    "field": "a field or a place, and its value after the step: field:status=done",
}
"""What may stand before a colon. `fault` alone is a word too, and any other is looked for in the
text of the step.
"""


@dataclass(frozen=True)
class Query:
    """What to look for: groups of words, each group after the one before it; or when an expression
    becomes true.
    """

    groups: tuple[tuple[tuple[str, str], ...], ...]
    when: str = ""


Test = Callable[[Line], bool]


def parse(text: str) -> Query:
    """Return the query that the text is, or raise `BadQuery`."""
    first, _, rest = text.strip().partition(" ")
    if first == "when":
        return Query((), rest)
    groups: list[list[tuple[str, str]]] = [[]]
    for word in text.split():
        if word == "then":
            groups.append([])
            continue
        key, colon, pattern = word.partition(":")
        if not colon:
            groups[-1].append(("", word))
            continue
        if key not in KEYS:
            raise BadQuery(f"{word}: there is no '{key}:'; write one of: {', '.join(KEYS)}")
        if not pattern or (key == "field" and not all(pattern.partition("="))):
            example = "field:status=done" if key == "field" else f"{key}:NAME"
            raise BadQuery(f"{word}: says not what to look for; write {example}")
        groups[-1].append((key, pattern))
    if not all(groups):
        raise BadQuery("nothing to look for; write words, such as: actor:worker1 fault")
    return Query(tuple(map(tuple, groups)))


def find(run: Run, query: Query) -> list[int]:
    """Return the numbers of the steps found, counted from 1; raises `BadQuery`."""
    if not query.groups:
        return turns_true(run, query.when)
    begin = 0
    firsts: list[int] = []
    found: list[int] = []
    for group in query.groups:
        firsts += found[:1]
        tests = [_test(run, key, pattern) for key, pattern in group]
        later = run.lines[begin:]
        found = [line.n for line in later if all(test(line) for test in tests)]
        if not found:
            return []
        begin = found[0]
    return [*firsts, *found]


def _test(run: Run, key: str, pattern: str) -> Test:
    match key, pattern.lower():
        case "", "fault":
            return lambda line: run.is_fault(line.n - 1)
        case "", word if word in run.scope.spec.actions:
            return lambda line: line.action == word
        case "", word:
            return lambda line: word in _text(line)
        case "actor", _:
            actor = _matcher(pattern)
            return lambda line: actor(line.actor)
        case "action", _:
            action = _matcher(pattern)
            return lambda line: action(line.action)
        case "changed", _:
            place = _matcher(pattern)
            return lambda line: any(place(c.place) or place(_field(c.place)) for c in line.changes)
    return _holds(run, pattern)


def _holds(run: Run, pattern: str) -> Test:
    """Return whether a field has a value after a step; where a step leaves a range, none has."""
    name, _, wanted = pattern.partition("=")
    place, value = _matcher(name), _matcher(wanted)
    asked = [
        (at, p.field.type)
        for at, p in enumerate(run.scope.places)
        if place(p.name) or place(p.field.name)
    ]
    return lambda line: (
        line.n <= run.end
        and any(value(value_name(kind, run.states[line.n][at])) for at, kind in asked)
    )


def _text(line: Line) -> str:
    return f"{line.actor} {line.call} {' '.join(map(str, line.changes))}".lower()


def _field(place: str) -> str:
    return place.partition("[")[0]


def _matcher(pattern: str) -> Callable[[str], bool]:
    parts = map(re.escape, pattern.split("*"))
    compiled = re.compile(".*".join(parts), re.IGNORECASE)
    return lambda text: compiled.fullmatch(text) is not None
