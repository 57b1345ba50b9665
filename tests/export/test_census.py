"""How large the default scopes are, by TLC's count: the compiled explorer must find the same."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from checker.export.tla.spec import write
from checker.export.tla.tlc import run_tlc
from checker.search.compiled import explore
from spec.queue import DEEP, DEFAULT, SCOPES

# Distinct states and depth, as TLC gave them for the exported scope, with its SYMMETRY set where
# the explorer merges states too. The deep test below asks TLC again; where a number is None, TLC
# takes too long for that.
TLC_COUNTS: dict[str, tuple[int, int] | None] = {
    "one-job": (1_390, 15),
    "life": None,
    "requests": (86_830, 26),
    "effects": None,
    "whole": (112_142, 29),
    "storage": (5_978, 17),
    "copies": (34_848, 22),
    "keeping": (8_654, 19),
    "pausing": (2_292, 16),
    "space": (196_984, 31),
    "schedule": (4_599, 19),
    "intents": (3_508, 18),
    "versions": (11_169, 20),
    "holding": (31_260, 25),
    "clocks": (109_520, 27),
    "busy": (5_610, 17),
    "hints": (1_211, 15),
    "permits": (264_220, 26),
    "unique": (232_039, 24),
    "ticks": (7_665, 19),
    "followups": (762, 14),
    "joins": (807, 17),
    "coalescing": (8_532, 20),
    "operators": (54_628, 26),
    "items": (4_296, 16),
    "parts": (5_347, 20),
    "lanes": (2_337, 15),
    "cursor": (7_620, 20),
    "fleet": (39_268, 21),
    "due": (3_420, 20),
    "wakeups": (12_002, 20),
    "pace": (6_840, 22),
}


def test_every_default_scope_is_in_the_census() -> None:
    assert set(TLC_COUNTS) == set(DEFAULT)


@pytest.mark.parametrize("name", [name for name, counts in TLC_COUNTS.items() if counts])
def test_the_compiled_explorer_counts_as_tlc_does(name: str) -> None:
    found = explore(SCOPES[name])
    assert (found.states, found.depth) == TLC_COUNTS[name]


@pytest.mark.deep
@pytest.mark.parametrize("name", [name for name, counts in TLC_COUNTS.items() if counts])
def test_tlc_still_counts_so(name: str, tmp_path: Path) -> None:
    if shutil.which("java") is None and not os.environ.get("CI"):
        pytest.skip("java is missing")
    found = explore(SCOPES[name])
    write(SCOPES[name], tmp_path, "Census", bool(found.symmetry))
    verdict = run_tlc(tmp_path, "Census")  # with more workers TLC only estimates the depth
    assert (verdict.distinct, verdict.depth) == TLC_COUNTS[name]
    # TLC counts the initial state as generated.
    assert verdict.generated - 1 == found.generated
    assert verdict.violated is None


@pytest.mark.deep
@pytest.mark.parametrize("name", DEEP)
def test_all_properties_hold_in_the_deep_scopes_and_none_is_vacuous(name: str) -> None:
    found = explore(SCOPES[name])
    assert found.complete
    assert not found.violations
    assert not found.never_fired
    assert found.exercised == {
        p.name for p in SCOPES[name].spec.properties.values() if p.kind != "lemma"
    }
