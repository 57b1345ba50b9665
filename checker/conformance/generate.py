"""`ffq replay --generate`: runs that take every action, meet every refusal and take every edge of a
small scope, and runs at random.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from checker.conformance.beside_spec import Divergence
from checker.conformance.run_file import FORMAT, Run, record
from checker.conformance.runs import LENGTH, Runs, follow, tour, wander
from checker.runs.exploration import Report
from checker.runs.trace import save
from checker.search.targets import Ways, ways
from impl.derive.design import derive
from spec.language.scope import Scope

FOLDER = Path(".ffq", "runs")

_SMALL = {"Recoverer": 1}
"""What is smaller in the scope whose every edge is taken, than in the one it is made from."""


class RunDiffers(Exception):
    """Store and spec differ at the last step of the run."""

    def __init__(self, run: Run, differs: Divergence) -> None:
        super().__init__(str(differs))
        self.run, self.differs = run, differs


@dataclass(frozen=True)
class Generated:
    """What was replayed: the shortest ways through `scope` and random runs in `runs`, and a tour of
    every edge of another scope.
    """

    scope: Scope
    ways: Ways
    runs: Runs
    random: range
    tour: Runs
    edges: int
    seconds: float

    @property
    def steps(self) -> int:
        """How many steps were compared, taken or refused."""
        return self.runs.compared + self.tour.compared

    @property
    def refused(self) -> dict[str, int]:
        """How often each refusal of the scope was met; never, where no run leads to one."""
        wanted = [*(w.target for w in self.ways.found), *self.ways.unreachable]
        order = list(self.scope.spec.actions)
        wanted.sort(key=lambda t: order.index(t.action))
        return {t.name: self.runs.refused[t.name] for t in wanted if t.guard is not None}


def generate(
    scope: Scope,
    small: Scope,
    seeds: range,
    report: Report | None = None,
    count: Callable[[int, int], None] | None = None,
) -> Generated:
    """Make the runs and replay them; raises `RunDiffers`. Each seed is one random run."""
    found = ways(scope, report)
    runs, touring = Runs(derive(scope)), Runs(derive(small))
    began = time.perf_counter()
    now = runs
    try:
        follow(runs, found.found)
        for n, seed in enumerate(seeds):
            wander(runs, seed)
            if count is not None:
                count(n + 1, len(seeds))
        now = touring
        edges = tour(touring)
    except Divergence as differs:
        raise RunDiffers(Run(now.design.scope, tuple(now.now)), differs) from None
    finally:
        runs.end()
    return Generated(scope, found, runs, seeds, touring, edges, time.perf_counter() - began)


def one_recoverer(scope: Scope) -> Scope:
    """Return the scope with one recoverer: two workers still get in each other's way."""
    fewer = {name: bound for name, bound in _SMALL.items() if name in scope.bounds}
    return Scope(scope.name, scope.spec, {**scope.bounds, **fewer}, scope.doc)


def keep(run: Run, seed: int) -> Path:
    """Save a run that differs, so that it can be replayed; raises what saving raises."""
    file = FOLDER / f"{run.scope.name}-{seed}.jsonl"
    save(file, record(run), FORMAT)
    return file


# ---------------------------------------------------------------- as people and programs read it
def as_json(found: Generated) -> dict[str, Any]:
    """Return the summary as `--json` prints it."""
    actions = found.scope.spec.actions
    return {
        "scope": _scope(found.scope),
        "actions": {name: found.runs.taken[name] for name in actions},
        "refusals": found.refused,
        "unreachable": [t.name for t in found.ways.unreachable],
        "shortest": {"runs": len(found.ways.found)},
        "random": {"runs": len(found.random), "steps": LENGTH, "seeds": list(found.random)},
        "edges": {
            "scope": _scope(found.tour.design.scope),
            "count": found.edges,
            "runs": found.tour.count,
        },
        "steps": found.steps,
        "steps_per_second": round(found.steps / found.seconds),
    }


def _scope(scope: Scope) -> dict[str, Any]:
    return {"name": scope.name, "bounds": dict(scope.bounds)}


def table(found: Generated) -> list[tuple[str, str, str]]:
    """Return for each action how often it was taken, and how often each guard refused it."""
    met = [(*name.split("."), n) for name, n in found.refused.items()]
    return [
        (
            action,
            f"{found.runs.taken[action]:,}",
            ", ".join(f"{guard} {n:,}" for of, guard, n in met if of == action),
        )
        for action in found.scope.spec.actions
    ]


def facts(found: Generated, bounds: str) -> list[str]:
    """Return the summary in lines; `bounds` are those of the scope whose edges were taken."""
    actions = found.scope.spec.actions
    taken = sum(found.runs.taken[name] > 0 for name in actions)
    met = [name for name, n in found.refused.items() if n]
    lines = [
        f"actions taken: {taken} of {len(actions)}",
        f"refusals met: {len(met)} of {len(found.refused)}",
    ]
    for target in found.ways.unreachable:
        what = "is it possible" if target.guard is None else "is this the first guard to be false"
        lines.append(f"never {target.name}: in none of the {found.ways.states:,} states {what}")
    if found.random:
        lines.append(
            f"random runs: {len(found.random)} of {LENGTH} steps, seeds {found.random.start} to "
            f"{found.random.stop - 1}; --generate 1 --seed N makes one again"
        )
    small = found.tour.design.scope
    lines.append(
        f"every edge of {small.name} ({bounds}): {found.edges:,} in {found.tour.count:,} runs"
    )
    lines.append(
        f"steps that agree with the spec in every column and all memory: {found.steps:,}, "
        f"{found.steps / found.seconds:,.0f} steps/s"
    )
    return lines
