"""A run as a test: it passes with the protection and fails without."""

import ast
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest

from checker.explain.run import Run
from checker.export import pytest_file
from checker.export.formats import FORMATS
from tests.checkout import ROOT
from tests.export.hostile import EVERY, hostile
from tests.sample_runs import kept, still, unanimous, windy

WITH_TEST = [run for run in EVERY if run.trace.loop is None and run.trace.scope.name != "lock"]


def loaded(text: str) -> ModuleType:
    module = ModuleType("made")
    module.__file__ = "made.py"
    exec(compile(text, "made.py", "exec"), module.__dict__)
    return module


@pytest.mark.parametrize("run", WITH_TEST, ids=lambda run: run.name)
def test_a_test_passes_with_the_protection_and_fails_without(run: Run) -> None:
    module = loaded(pytest_file.text(run))
    (name,) = [name for name in vars(module) if name.startswith("test_")]
    vars(module)[name]()
    module.WITHOUT[:] = run.trace.edits
    with pytest.raises(AssertionError, match=f"{run.trace.violated} is broken in the store after"):
        vars(module)[name]()


@pytest.mark.deep
def test_a_test_is_run_by_pytest(tmp_path: Path) -> None:
    text = pytest_file.text(kept("FM-010"))
    passes, fails = tmp_path / "test_passes.py", tmp_path / "test_fails.py"
    passes.write_text(text, "utf-8")
    fails.write_text(text.replace("] = []", "] = ['settle_done.fenced']"), "utf-8")
    for file, status in ((passes, 0), (fails, 1)):
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(file)]
        ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        assert ran.returncode == status, ran.stdout


@pytest.mark.parametrize(
    ("run", "complaint"),
    [
        (windy(), "it is unfair, which no store refuses; export it as itf"),
        (still(), "it is unfair, which no store refuses"),
        (
            replace(
                kept("FM-010"), trace=replace(kept("FM-010").trace, start=kept("FM-010").states[0])
            ),
            "it begins where no run may ever lead",
        ),
    ],
)
def test_what_no_store_can_show_is_no_test(run: Run, complaint: str) -> None:
    with pytest.raises(pytest_file.NoTest, match=complaint):
        pytest_file.text(run)


def test_what_has_no_sql_is_said_to_have_none() -> None:
    run = unanimous()
    with pytest.raises(pytest_file.NoTest, match=r"it cannot be replayed .*a quantifier"):
        FORMATS["pytest"].text(run, Path("commit.jsonl"))
    told = FORMATS["md"].text(run, Path("commit.jsonl"))
    assert re.search(r"^- It was not tried: .*a quantifier", told, re.MULTILINE)
    assert "There is no test to be made of it: it cannot be replayed" in told


def test_hostile_text_in_a_test_stays_in_its_strings() -> None:
    made = ast.parse(pytest_file.text(hostile(kept("FM-010"))))
    plain = ast.parse(pytest_file.text(kept("FM-010")))
    assert [type(node) for node in made.body] == [type(node) for node in plain.body]
