"""What real queues showed in the exam, as Markdown, from the histories that are kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

from checker.docs.model.tables import code, table
from checker.exam.questions import QUESTIONS
from checker.exam.run import kept
from checker.exam.subject import Variant, subjects
from checker.exam.summary import Answer, answers

KEPT = Path(__file__).resolve().parents[3] / "postmortems" / "queues"


@cache
def _answers() -> list[Answer]:
    return answers(kept(KEPT))


def _asked() -> dict[str, Variant]:
    return {a.variant.title: a.variant for a in _answers()}


def examined() -> str:
    """Print one row for each variant: the product, its version, the settings."""
    rows = []
    for title, variant in _asked().items():
        tries = [t for a in _answers() for t in a.tries if a.variant == variant]
        days = sorted({t.on for t in tries})
        name = f"{subjects()[variant.subject].name} {tries[0].version}"
        rows.append([code(title), name, variant.settings, days[-1]])
    return table(["", "product", "settings", "asked on"], rows)


def questions() -> str:
    """Print the questions with their numbers, and the failure modes that they ask for."""
    rows = []
    for n, q in enumerate(QUESTIONS.values(), 1):
        modes = ", ".join(f"[{mode}](failure-modes/{mode}.md)" for mode in q.modes)
        rows.append([str(n), code(q.name), q.doc, modes])
    return table(["", "question", "what is done", "asks for"], rows)


def marks() -> str:
    """Print one row for each variant, with one cell for each question."""
    found = {(a.variant.title, a.question.name): a for a in _answers()}
    rows = [
        [code(title), *(_cell(found.get((title, name))) for name in QUESTIONS)]
        for title in _asked()
    ]
    head = ["", *map(str, range(1, len(QUESTIONS) + 1))]
    return (
        f"{table(head, rows)}\n\n"
        "`✗ 9/10`: shown in 9 of 10 tries. `0/10`: not shown in 10. `·`: the schedule does not "
        "come so far. `?`: the judge has not decided it. `–`: it cannot be asked, or was not."
    )


def _cell(answer: Answer | None) -> str:
    if answer is None:
        return ""
    if answer.shown:
        return f"✗ {len(answer.shown)}/{answer.asked}"
    if answer.asked:
        return f"0/{answer.asked}"
    return "?" if any(t.result.starts for t in answer.tries) else "·"


def findings() -> str:
    """Print what was shown, product by product."""
    lines: list[str] = []
    for subject in subjects().values():
        shown = [a for a in _answers() if a.subject == subject and a.shown]
        if shown:
            lines += [f"### {subject.name}", ""]
            lines += [line for a in shown for line in _finding(a)] + [""]
    return "\n".join(lines)


def _finding(a: Answer) -> Iterator[str]:
    first = a.first
    asked = sorted(a.best.modes, key=lambda m: m not in a.question.modes)
    modes = ", ".join(f"[{m}](failure-modes/{m}.md)" for m in asked) or "not explained"
    file = f"../postmortems/queues/{first.file}"
    yield (
        f"- {code(a.variant.title)}, {code(a.question.name)}, {len(a.shown)} of {a.asked}: "
        f"{code(a.best.event or '')}, which no run allows ([history]({file})): {modes}."
    )
    if (said := a.documented) is not None:
        instead = f" Instead: {code(f'{a.subject.id}/{said.instead}')}." if said.instead else ""
        yield f"  It is documented: [{said.says}]({said.where}).{instead}"


def foretold() -> str:
    """Print where a product answers other than the design that it is said to be."""
    rows = []
    for a in _answers():
        if a.surprising:
            seen = f"shown {len(a.shown)}/{a.asked}"
            said = "to be shown" if a.foretold else "not to be shown"
            rows.append(
                [code(a.variant.title), code(a.question.name), a.variant.design or "", said, seen]
            )
    alike = sum(a.foretold is not None and a.asked > 0 and not a.surprising for a in _answers())
    head = ["", "question", "design", "foretold", "seen"]
    return f"{table(head, rows)}\n\n_{alike} other answers are as the design foretells._"


PRINTERS: dict[str, Callable[[], str]] = {
    "queues-examined": examined,
    "queues-questions": questions,
    "queues-marks": marks,
    "queues-findings": findings,
    "queues-foretold": foretold,
}
