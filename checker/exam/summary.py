"""What many tries came to, question by question, and what the design of each foretells."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from checker.exam.marks import NOT_SHOWN, SHOWN, Mark
from checker.exam.questions import QUESTIONS, Question
from checker.exam.run import Try
from checker.exam.subject import Documented, Subject, Variant, subjects
from spec.failures import FAILURES
from spec.failures.profiles import PROFILES


@dataclass(frozen=True)
class Answer:
    """The tries of one question to one variant."""

    subject: Subject
    variant: Variant
    question: Question
    tries: tuple[Try, ...]

    @property
    def shown(self) -> tuple[Try, ...]:
        """The tries that show something."""
        return tuple(t for t in self.tries if t.result.mark == SHOWN)

    @property
    def asked(self) -> int:
        """How many tries have an answer."""
        return sum(t.result.mark in (SHOWN, NOT_SHOWN) for t in self.tries)

    @cached_property
    def best(self) -> Mark:
        """What is said of it: a finding that is explained before others."""
        order = sorted(self.shown or self.tries, key=lambda t: not t.result.modes)
        return order[0].result

    @property
    def first(self) -> Try:
        """The try that `best` is of."""
        return next(t for t in self.tries if t.result is self.best)

    @property
    def documented(self) -> Documented | None:
        """What the documentation says of it."""
        return self.subject.says(self.variant.name, self.question.name)

    @property
    def foretold(self) -> bool | None:
        """Whether the design that the documentation describes lacks what prevents this, or None if
        it is no design that we know, or nothing is asked for.
        """
        if self.variant.design is None or not self.question.modes:
            return None
        lacking = set(PROFILES[self.variant.design].edits)
        modes = (FAILURES[mode] for mode in self.question.modes)
        return any(lacking & set(loss.edits) for mode in modes for loss in mode.losses)

    @property
    def surprising(self) -> bool:
        """Whether the design foretells another answer."""
        return self.foretold is not None and self.asked > 0 and self.foretold != bool(self.shown)


def answers(tries: Iterable[Try]) -> list[Answer]:
    """Return the answers in the order of subjects and questions."""
    found = defaultdict(list)
    for t in tries:
        found[t.variant, t.question].append(t)
    return [
        Answer(subject, variant, question, tuple(found[variant.title, question.name]))
        for subject in subjects().values()
        for variant in subject.variants.values()
        for question in QUESTIONS.values()
        if found[variant.title, question.name]
    ]
