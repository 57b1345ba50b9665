"""Live exams of what needs nothing but packages: the questions that matter most, each put once."""

from pathlib import Path

import pytest

from checker.exam.marks import NOT_SHOWN, SHOWN, Mark
from checker.exam.questions import QUESTIONS
from checker.exam.run import Exam
from checker.exam.subject import Variant, subjects

pytestmark = pytest.mark.deep


def marks(title: str, folder: Path, *questions: str) -> dict[str, Mark]:
    subject, _, variant = title.partition("/")
    exam = Exam(folder, print)
    tries = exam.examine(subjects()[subject].variants[variant], questions or QUESTIONS, 1)
    return {t.question: t.result for t in tries}


def test_our_own_queue_shows_nothing(tmp_path: Path) -> None:
    found = marks("ffq/sqlite", tmp_path, "killed-after", "last-failure", "poison", "again-done")
    assert {name: m.mark for name, m in found.items()} == dict.fromkeys(found, NOT_SHOWN)
    assert len(found) == 4


def test_a_job_that_huey_has_handed_over_is_lost_with_its_worker(tmp_path: Path) -> None:
    found = marks("huey/sqlite", tmp_path, "killed-before")["killed-before"]
    assert (found.mark, found.effects) == (SHOWN, 0)
    assert "FM-001" in found.modes


def test_a_late_success_of_litequeue_is_believed(tmp_path: Path) -> None:
    found = marks("litequeue/rescue", tmp_path, "late-success", "late-failure")
    assert found["late-success"].mark == SHOWN
    assert "FM-010" in found["late-success"].modes


def test_an_item_of_persist_queue_is_given_back_by_the_next_process(tmp_path: Path) -> None:
    found = marks("persist/default", tmp_path, "killed-before", "late-failure")
    assert found["killed-before"] == Mark(NOT_SHOWN, starts=2, effects=1)
    assert found["late-failure"].starts >= 2


def test_rq_believes_a_late_success(tmp_path: Path) -> None:
    found = marks("rq/unique", tmp_path, "late-success", "again-done")
    assert "FM-010" in found["late-success"].modes
    assert found["again-done"].mark == NOT_SHOWN


def test_an_answer_that_arq_has_lost_makes_no_second_job(tmp_path: Path) -> None:
    found = marks("arq/default", tmp_path, "again-unanswered")["again-unanswered"]
    assert (found.mark, found.effects) == (NOT_SHOWN, 1)


@pytest.mark.parametrize("title", ["awa/default", "pgqueuer/default", "procrastinate/default"])
def test_a_job_that_waits_is_not_asked_for_twice(title: str, tmp_path: Path) -> None:
    found = marks(title, tmp_path, "again-waiting")["again-waiting"]
    assert (found.mark, found.effects) == (NOT_SHOWN, 1)


CONTROLS = [v for v in subjects()["ffq"].variants.values() if v.control is not None]


@pytest.mark.parametrize("variant", CONTROLS, ids=lambda v: v.name)
def test_our_own_queue_without_a_protection_is_found_out(variant: Variant, tmp_path: Path) -> None:
    assert variant.control is not None
    (found,) = marks(variant.title, tmp_path, variant.control).values()
    assert found.mark == SHOWN
    # A queue in which a step is never taken is one that is not fair to it.
    without = {text.replace("never ", "unfair ") for text in variant.given["without"]}
    assert any(without >= set(texts) for texts in found.without), found
