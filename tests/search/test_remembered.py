"""What was explored is remembered under its scope, guards and engine, and never half."""

from dataclasses import replace
from pathlib import Path
from typing import NoReturn

import pytest

from checker.runs import cache
from checker.runs.exploration import Limits
from checker.runs.story import tell_lasso
from checker.search import memo, plain
from spec.failures.edits import Edits
from tests.edited import edited
from tests.specs.lamps import SHOP, STREET, lamps


@pytest.fixture(autouse=True)
def memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(cache, "cache_folder", lambda: tmp_path)
    return tmp_path / "found"


class Again(Exception):
    """It is explored again."""


def test_an_exploration_is_remembered_until_what_decides_it_changes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first = memo.look(SHOP, engine="plain")

    def explore(*given: object) -> NoReturn:
        raise Again

    monkeypatch.setattr(memo, "_explore", explore)
    for other in (
        "checker.shown.console",
        "checker.prove.solvers.smt",
        "impl.queue",
        "spec.queue.job",
    ):
        with edited(other):
            assert memo.look(SHOP, engine="plain") == first
    # Each of these was once missing from a list kept by hand, or is far from the question.
    for module in (
        "checker.runs.lasso",
        "checker.search.compiled.code.numbering",
        "spec.language.terms.show",
    ):
        with edited(module), pytest.raises(Again):
            memo.look(SHOP, engine="plain")


def test_a_fair_run_without_a_guard_is_one_when_it_is_recalled() -> None:
    missing = Edits(["strike_out.mended"])
    asked = (SHOP, missing.guards, Limits(), 1)
    first, again = (memo.hopes(*asked)["broken_lamps_are_mended"].lasso for _ in range(2))
    assert first is not None and again is not None
    assert tell_lasso(missing.on(SHOP), again, "broken_lamps_are_mended").loop is not None


def test_an_interrupt_ends_all_the_work(memory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(plain._Search, "expand", interrupt)
    with pytest.raises(KeyboardInterrupt):
        memo.look(SHOP, engine="plain")
    assert not memory.exists()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"states": "many"}', '{"states": 1}'])
def test_a_damaged_memory_counts_as_forgotten(memory: Path, text: str) -> None:
    first = memo.look(SHOP, engine="plain")
    (kept,) = memory.iterdir()
    kept.write_text(text, "utf-8")
    assert memo.look(SHOP, engine="plain") == first


def test_what_is_remembered_depends_on_scope_guards_engine_and_faults() -> None:
    harmless = {**lamps.actions, "smash": replace(lamps.actions["smash"], fault=False)}
    asked = [
        (SHOP, (), "plain"),
        (STREET, (), "plain"),
        (SHOP, ("sell.dark",), "plain"),
        (SHOP, (), "compiled"),
        (SHOP.on(lamps.edited("nothing is a fault", actions=harmless)), (), "plain"),
    ]
    assert len({memo._place(*one).file for one in asked}) == len(asked)
