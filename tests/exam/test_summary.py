"""What many tries come to, and what the design of a product foretells."""

from checker.exam.marks import NOT_SHOWN, SHOWN, UNREACHED, Mark
from checker.exam.run import Try
from checker.exam.subject import subjects
from checker.exam.summary import Answer, answers


def tries(variant: str, question: str, *marks: Mark) -> list[Try]:
    subject, _, name = variant.partition("/")
    settings = subjects()[subject].variants[name].settings
    rows = enumerate(marks, 1)
    return [Try(variant, question, n, "1", settings, "a day", 1.0, mark) for n, mark in rows]


def only(found: list[Answer]) -> Answer:
    (answer,) = found
    return answer


def test_a_finding_that_is_explained_is_told_before_others() -> None:
    bare, explained = Mark(SHOWN, line=9), Mark(SHOWN, line=9, modes=("FM-001",))
    marks = Mark(UNREACHED, why="late"), Mark(NOT_SHOWN), bare, explained
    answer = only(answers(tries("huey/sqlite", "killed-before", *marks)))
    assert (len(answer.shown), answer.asked) == (2, 3)
    assert (answer.first.number, answer.best) == (4, explained)
    assert not answer.surprising  # a queue that pops a job loses it


def test_a_design_without_a_fence_foretells_a_late_success() -> None:
    for variant, foretold in (("celery/late", True), ("ffq/sqlite", False)):
        answer = only(answers(tries(variant, "late-success", Mark(NOT_SHOWN))))
        assert (answer.foretold, answer.surprising) == (foretold, foretold)


def test_of_a_design_that_nobody_knows_nothing_is_foretold() -> None:
    answer = only(answers(tries("litequeue/default", "killed-before", Mark(SHOWN))))
    assert answer.foretold is None and not answer.surprising


def test_what_is_documented_is_said_of_the_variants_that_it_is_about() -> None:
    for variant, instead in (("celery/early", "late"), ("celery/late", None)):
        answer = only(answers(tries(variant, "killed-before", Mark(NOT_SHOWN))))
        assert (None if answer.documented is None else answer.documented.instead) == instead
