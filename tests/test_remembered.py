"""What was explored is remembered under its scope, guards and engine, and never half."""

from dataclasses import replace
from pathlib import Path

import pytest

from checker import cache, plain, remembered
from spec.language.scope import Scope
from tests.specs.lamps import SHOP, STREET


@pytest.fixture
def memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    def at(scope: Scope, off: tuple[str, ...], engine: str) -> Path:
        return tmp_path / "found" / f"{scope.name}.json"

    monkeypatch.setattr(remembered, "_file", at)
    return tmp_path / "found" / "shop.json"


def test_an_exploration_is_remembered(memory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = remembered.look(SHOP, engine="plain")
    monkeypatch.setattr(remembered, "_explore", lambda *given: pytest.fail("explored again"))
    assert remembered.look(SHOP, engine="plain") == first


def test_an_interrupt_ends_all_the_work(memory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stopped = replace(plain.explore(SHOP), stopped_by="interrupt")
    monkeypatch.setattr(plain, "explore", lambda *given: stopped)
    with pytest.raises(KeyboardInterrupt):
        remembered.look(SHOP, engine="plain")
    assert not memory.exists()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"states": "many"}', '{"states": 1}'])
def test_a_damaged_memory_counts_as_forgotten(memory: Path, text: str) -> None:
    first = remembered.look(SHOP, engine="plain")
    memory.write_text(text, "utf-8")
    assert remembered.look(SHOP, engine="plain") == first


def test_what_is_remembered_depends_on_scope_guards_and_engine(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(cache, "cache_folder", lambda: tmp_path)
    asked = [
        (SHOP, (), "plain"),
        (STREET, (), "plain"),
        (SHOP, ("sell.dark",), "plain"),
        (SHOP, (), "compiled"),
    ]
    assert len({remembered._file(*one) for one in asked}) == len(asked)
