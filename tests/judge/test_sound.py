"""A history of a healthy run is never rejected: random runs of the plain evaluator, with the
witness beside them, are judged by the compiled one; and all runs of small scopes are.
"""

import random
from pathlib import Path

import pytest

from checker.judge.history import read
from checker.judge.verdict import Judge
from checker.judge.watch import Setup
from tests.judge.walked import HEADERS, LIFE, every_run, history

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


def _every(workers: int, seen: tuple[str, ...], most: int) -> int:
    """Return how many states of the queue, each with what the judge makes of the way there, were
    held against each other: all there are, so that runs of every length are.
    """
    setup = Setup(frozenset(seen), workers, False, False, False, True, True, False, 1, 1, 3)
    count = 0
    for size, way in every_run(setup, most):
        assert size, f"no state agrees with {way}"
        count += 1
    return count


def test_every_run_of_one_worker_is_accepted_whatever_its_length() -> None:
    assert _every(1, LIFE, 100_000) > 5_000


@pytest.mark.deep
def test_every_run_of_two_workers_is_accepted_whatever_its_length() -> None:
    assert _every(2, ("start", "ended"), 100_000) > 10_000
