"""Runs to export, among them one of which every text is hostile."""

from dataclasses import replace

import pytest

from checker.explain.run import Run
from tests.sample_runs import KEPT, kept, leaving, still, windy

EVERY = [*(kept(name) for name in KEPT), windy(), still(), leaving()]
RUNS = pytest.mark.parametrize("run", EVERY, ids=lambda run: run.name)

HOSTILE = (
    "a; b # c %% d -->> e: end\nnext <script>x</script> &amp; \"q\" 'r' `s` ``t`` [u](v) *w* _x_"
    ' \\y | z ~~a~~ @b #1 $c$ \x1b[2J \x00 ‮ 😀 ]]> --> """ {} {{}} title:#d;'
)


def hostile(run: Run) -> Run:
    """Return the run with a property of which name, text and clause are hostile."""
    broken = replace(
        run.story.broken, id=HOSTILE, name=HOSTILE, doc=HOSTILE, when=HOSTILE, clause=HOSTILE,
        reasons=(HOSTILE, "```"),
    )  # fmt: skip
    return replace(run, name=HOSTILE, story=replace(run.story, broken=broken))


def written(run: Run) -> list[set[str]]:
    """Return whose lane each step must reach beside its actor's, as its changes are told."""
    found = []
    for line in run.lines:
        owners = {change.place.partition("[")[2].rstrip("]") for change in line.changes}
        found.append({name for name in owners if name in run.actors and name != line.actor})
    return found
