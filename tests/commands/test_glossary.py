"""A failure mode is found by the words of people who run queues."""

import json

import pytest

from checker.commands.main import main
from spec.failures import FAILURES
from spec.failures.glossary import TERMS, about


def found(text: str) -> list[str]:
    return [mode.id for mode in about(FAILURES.values(), text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("zombie", {"FM-010", "FM-011", "FM-012"}),
        ("Visibility Timeout", {"FM-008a", "FM-010"}),
        ("stuck in processing", {"FM-002a"}),
        ("charged twice", {"FM-018"}),
        ("database is locked", {"FM-034a"}),
        ("poison", {"FM-027a"}),
        ("settle_done.fenced", {"FM-010"}),
        ("one_effect_per_job", {"FM-018"}),
        ("celery", {"FM-001", "FM-008c", "FM-017"}),
        ("outbox", {"FM-005"}),
        ("retry limit", {"FM-027a"}),
    ],
)
def test_a_symptom_leads_to_its_failure_modes(text: str, expected: set[str]) -> None:
    assert expected <= set(found(text))


def test_words_that_nothing_is_said_of_find_nothing() -> None:
    assert found("blockchain bananas") == []


def test_terms_lead_to_failure_modes_that_are_there() -> None:
    assert {id for term in TERMS for id in term.modes} <= FAILURES.keys()


def test_every_failure_mode_is_found_by_a_term() -> None:
    assert FAILURES.keys() - {id for term in TERMS for id in term.modes} == set()


def test_terms_stand_in_order_and_say_each_word_once() -> None:
    words = [term.word for term in TERMS]
    assert words == sorted(words)
    said = [word for term in TERMS for word in (term.word, *term.also)]
    assert len(said) == len(set(said))


# ------------------------------------------------------------------ the command
def test_the_command_finds_by_words(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["failures", "stuck", "in", "processing", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert "FM-002a" in [row["id"] for row in answer["found"]]


def test_words_that_find_nothing_are_bad_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["failures", "bananas"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == (
        "ffq: 'bananas': no failure mode speaks of it; `ffq failures` lists them all\n"
    )
