"""Every subject is small, pinned, and asked only what can be asked."""

import tomllib

import pytest

from checker.exam.questions import QUESTIONS
from checker.exam.subject import SUBJECTS, Subject, subjects
from spec.failures import FAILURES
from spec.failures.profiles import PROFILES
from tests.rules import report, unpinned


@pytest.mark.parametrize("subject", subjects().values(), ids=lambda s: s.id)
def test_a_subject_is_an_adapter_of_60_lines_and_its_pins(subject: Subject) -> None:
    adapter = SUBJECTS / subject.id / "adapter.py"
    assert len(adapter.read_text("utf-8").splitlines()) <= 60
    if subject.package is not None:
        pins = subject.requirements.read_text("utf-8")
        report(unpinned(str(subject.requirements), pins))
        assert f"\n{subject.package}==" in pins


@pytest.mark.parametrize("subject", subjects().values(), ids=lambda s: s.id)
def test_what_is_not_asked_is_a_question(subject: Subject) -> None:
    for variant in subject.variants.values():
        for begin in variant.unasked:
            assert [name for name in QUESTIONS if name.startswith(begin)], (variant.title, begin)
        assert variant.control is None or variant.control in QUESTIONS


def test_questions_ask_for_failure_modes_of_the_catalogue() -> None:
    assert {mode for q in QUESTIONS.values() for mode in q.modes} <= FAILURES.keys()


def test_no_two_variants_of_a_subject_have_the_same_settings() -> None:
    for subject in subjects().values():
        about = tomllib.loads((SUBJECTS / subject.id / "about.toml").read_text("utf-8"))
        settings = [v["settings"] for v in about.values() if isinstance(v, dict) and "store" in v]
        assert len(settings) == len(set(settings)) == len(subject.variants)


def test_what_is_documented_is_said_of_questions_and_variants_that_there_are() -> None:
    for subject in subjects().values():
        for said in subject.documented:
            assert {*said.questions} <= QUESTIONS.keys()
            named = {*said.variants, *([said.instead] if said.instead else [])}
            assert named <= subject.variants.keys(), said


def test_a_design_is_one_that_is_known() -> None:
    designs = {v.design for s in subjects().values() for v in s.variants.values()}
    assert designs - {None} <= PROFILES.keys()
