"""A run as a log of clocks: by the rules of ShiViz, and by what each step reads."""

import json
import re

import pytest

from checker.explain.run import Run
from checker.export import shiviz
from spec.language.evaluate import Instance, OutOfRange
from spec.language.scope import Scope, State, Value
from spec.language.terms.types import Nat, Type, is_sort
from tests.export.hostile import RUNS
from tests.sample_runs import kept


def events(log: str) -> list[tuple[str, dict[str, int], str]]:
    """Read a log as ShiViz does: its first line is the regex, in JavaScript's words."""
    regex, delimiter, rest = log.split("\n", 2)
    assert delimiter == ""
    found = re.finditer(regex.replace("(?<", "(?P<"), rest)
    return [(m["host"], json.loads(m["clock"]), m["event"]) for m in found]


@RUNS
def test_a_log_is_read_by_its_own_regex_and_its_clocks_are_clocks(run: Run) -> None:
    if not run.lines:
        assert events(shiviz.text(run)) == []
        return
    seen: dict[str, int] = {}
    found = events(shiviz.text(run))
    assert len(found) == len(run.lines)
    for (host, clock, event), line in zip(found, run.lines, strict=True):
        assert event.startswith(f"{line.n} {line.call}: ")
        seen[host] = seen.get(host, 0) + 1
        # One's own time goes up by one, and nobody knows of what has not happened yet.
        assert clock[host] == seen[host]
        assert all(0 < time <= seen[other] for other, time in clock.items())


@RUNS
def test_a_step_knows_of_whoever_wrote_last_what_it_reads(run: Run) -> None:
    clocks, wrote = shiviz.clocks(run), dict[int, int]()
    for k, instance in enumerate(run.steps):
        for place in shiviz.reads(run, k) & wrote.keys():
            known = clocks[wrote[place]]
            assert all(clocks[k].get(host, 0) >= time for host, time in known.items())
        wrote |= {write.position(run.states[k]): k for write in instance.writes}


def test_steps_that_do_not_know_of_each_other_may_come_in_any_order() -> None:
    """Two steps in a row of which neither knows the other are exchanged: the end is the same."""
    run, clocks = kept("FM-017"), shiviz.clocks(kept("FM-017"))
    exchanged = 0
    for k in range(len(run.steps) - 1):
        one, two = run.steps[k], run.steps[k + 1]
        host = run.lines[k].actor
        if clocks[k + 1].get(host, 0) >= clocks[k][host]:
            continue  # the second knows of the first
        before = run.states[k]
        assert two.refusal(before) is None
        middle = two.after(before)
        if one.refusal(middle) is None and shiviz.reads(run, k).isdisjoint(
            at for at, (x, y) in enumerate(zip(before, middle, strict=True)) if x != y
        ):
            assert one.after(middle) == run.states[k + 2]
            exchanged += 1
    assert exchanged >= 2


@pytest.mark.parametrize("name", ["FM-010", "FM-021"])
def test_a_step_reads_every_place_that_decides_what_it_does(name: str) -> None:
    """Each place is given each other value: where the step then does otherwise, it is read."""
    run = kept(name)
    for k, instance in enumerate(run.steps):
        for at, place in enumerate(run.scope.places):
            if at not in shiviz.reads(run, k):
                for other in values_of(run.scope, place.field.type):
                    changed = (*run.states[k][:at], other, *run.states[k][at + 1 :])
                    assert done(instance, changed) == done(instance, run.states[k]), place.name


def values_of(scope: Scope, kind: Type) -> list[Value]:
    if isinstance(kind, Nat):
        return [*range(scope.limit(kind) + 1)]
    return [*scope.choices(kind), *([None] if is_sort(kind) else [])]


def done(instance: Instance, state: State) -> object:
    """Return whether a step is refused, or else what it writes where."""
    refusal = instance.refusal(state)
    try:
        return refusal or {w.position(state): w.value(state) for w in instance.writes}
    except OutOfRange:
        return "out of range"
