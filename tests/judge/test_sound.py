"""A history of a healthy run is never rejected: random runs of the plain evaluator, with the
witness beside them, are judged by the compiled one.
"""

import random
from pathlib import Path

import pytest

from checker.judge.history import read
from checker.judge.verdict import Judge
from tests.judge.walked import HEADERS, history

SEED = 20261130


def _judged(name: str, count: int, length: int, file: Path) -> None:
    rng = random.Random(f"{name} {SEED}")
    for n in range(count):
        text = history(name, rng, length)
        file.write_text(text)
        found = read(file)
        for verdict in Judge(found).verdicts():
            assert verdict.accepted, (
                f"run {n} of {name}, seed {SEED}: {verdict.event} is rejected, "
                f"{verdict.allowed} are allowed\n{text}"
            )


def test_a_few_random_runs_are_accepted(tmp_path: Path) -> None:
    _judged("requests", 40, 40, tmp_path / "history.jsonl")


@pytest.mark.deep
@pytest.mark.parametrize("name", HEADERS)
def test_random_runs_are_accepted(name: str, tmp_path: Path) -> None:
    _judged(name, 400, 60, tmp_path / "history.jsonl")
