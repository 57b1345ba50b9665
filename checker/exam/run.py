"""Puts questions to subjects, keeps the histories, and goes on where it was left."""

from __future__ import annotations

import json
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from checker.exam.director import Director, Unreached
from checker.exam.environments import python, version
from checker.exam.marks import NOT_SHOWN, SHOWN, Mark, mark, unreached
from checker.exam.questions import QUESTIONS, Question
from checker.exam.sessions import Failed
from checker.exam.subject import Variant, subjects

RESULTS, HISTORY = "results.jsonl", "history.jsonl"
JUDGE_S = 120.0

Say = Callable[[str], None]


@dataclass(frozen=True)
class Try:
    """One question, put once: to which version, when, and what it came to."""

    variant: str
    question: str
    number: int
    version: str
    settings: str
    on: str
    seconds: float
    result: Mark

    def as_json(self) -> dict[str, Any]:
        """Return it as it is kept."""
        return asdict(self)

    @property
    def file(self) -> str:
        """Where its history is, in the folder of the exam."""
        return f"{self.variant.replace('/', '-')}/{self.question}-{self.number}.jsonl"


def _read(line: str) -> Try:
    row = json.loads(line)
    result = row["result"]
    result["without"] = tuple(tuple(texts) for texts in result["without"])
    result["modes"] = tuple(result["modes"])
    return Try(**{**row, "result": Mark(**result)})


def kept(folder: Path) -> list[Try]:
    """Return what was asked before; raises `ValueError`, `KeyError`, `TypeError`, `OSError`."""
    file = folder / RESULTS
    return [_read(line) for line in file.read_text("utf-8").splitlines()] if file.exists() else []


def askable(variant: Variant, names: Iterable[str]) -> Iterator[Question]:
    """Yield the questions that can be put to a variant."""
    for name in names:
        question = QUESTIONS[name]
        if variant.why_not(name) is None and concerns(question, variant):
            yield question


def concerns(question: Question, variant: Variant) -> bool:
    """Return whether a variant has what the question is about, and is not there for others."""
    without_child = question.of_children and not variant.children
    without_server = question.of_servers and variant.store == "file"
    asked = not variant.only or question.name in variant.only
    return asked and not without_child and not without_server


class Exam:
    """An exam whose results are in a folder."""

    def __init__(self, folder: Path, say: Say, again: bool = False) -> None:
        """Go on with what was begun there, or ask all of it `again`."""
        self.folder, self.say = folder, say
        folder.mkdir(parents=True, exist_ok=True)
        if again:
            (folder / RESULTS).unlink(missing_ok=True)
        self.before = {(t.variant, t.question, t.number): t for t in kept(folder)}
        # The same was seen: to judge it once is enough.
        self._judged = {
            (folder / t.file).read_bytes(): t.result
            for t in self.before.values()
            if t.result.mark in (SHOWN, NOT_SHOWN) and (folder / t.file).exists()
        }

    def examine(self, variant: Variant, names: Iterable[str], times: int) -> Iterator[Try]:
        """Yield what the questions come to, each put so often; raises `Unavailable`, `OSError`."""
        interpreter = python(subjects()[variant.subject], self.say)
        which = version(subjects()[variant.subject], interpreter)
        for number in range(1, times + 1):
            for question in askable(variant, names):
                done = self.before.get((variant.title, question.name, number))
                if done is not None and (done.version, done.settings) == (which, variant.settings):
                    yield done
                    continue
                self.say(f"{variant.title}: {question.name}, {number} of {times}")
                yield self._ask(variant, interpreter, question, number, which)

    def _ask(
        self, variant: Variant, interpreter: Path, question: Question, number: int, which: str
    ) -> Try:
        began = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="ffq-exam-") as place:
            result = self.put(variant, interpreter, question, Path(place), number)
            seconds = round(time.monotonic() - began, 1)
            on = time.strftime("%Y-%m-%d", time.gmtime())
            found = Try(
                variant.title, question.name, number, which, variant.settings, on, seconds, result
            )
            file = self.folder / found.file
            file.parent.mkdir(exist_ok=True)
            shutil.copy(Path(place, HISTORY), file)
        with (self.folder / RESULTS).open("a", encoding="utf-8") as results:
            results.write(json.dumps(found.as_json()) + "\n")
        return found

    def put(
        self, variant: Variant, interpreter: Path, question: Question, folder: Path, number: int
    ) -> Mark:
        """Put a question once, in a folder of its own; raises `Unavailable`."""
        try:
            with Director(variant, interpreter, folder, question.counts, number) as director:
                note = question.put(director)
        except (Unreached, Failed) as why:
            return unreached(str(why))
        events = (folder / HISTORY).read_bytes()
        if events not in self._judged:
            self._judged[events] = mark(folder / HISTORY, Director.JOB, JUDGE_S)
        return replace(self._judged[events], note=note)
