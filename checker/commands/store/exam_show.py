"""What `ffq exam` does with its options, and what it prints."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

import typer
from rich.text import Text

from checker.commands.options import Wrong
from checker.commands.statuses import FAILED
from checker.exam.environments import Unavailable
from checker.exam.marks import SHOWN
from checker.exam.questions import QUESTIONS
from checker.exam.run import RESULTS, Exam, Try, concerns, kept
from checker.exam.subject import Variant, subjects
from checker.exam.together import together
from checker.shown import console
from checker.shown.live import Live

HERE = Path(".ffq", "exam")


def named(subject: str | None) -> list[Variant]:
    """Return the variants that are named so, or all; a control has to be named alone."""
    found = [v for s in subjects().values() for v in s.variants.values()]
    wanted = [v for v in found if v.control is None and subject in (None, v.subject)]
    return wanted or [v for v in found if v.title == subject]


def listed(as_json: bool) -> None:
    """Print the subjects, their variants, and the questions."""
    if as_json:
        console.emit(
            {
                "subjects": {v.title: v.settings for v in named(None)},
                "questions": {q.name: q.doc for q in QUESTIONS.values()},
            }
        )
        return
    rows = [[Text(v.title), Text(v.settings)] for v in named(None)]
    rows += [[Text(""), Text("")], *([Text(q.name), Text(q.doc)] for q in QUESTIONS.values())]
    console.print_table(console.console(), rows)


def run(
    variants: Sequence[Variant], names: Sequence[str], times: int, keep: Path | None, as_json: bool
) -> NoReturn:
    """Put the questions, print what came of them, and exit."""
    folder = keep or HERE
    try:
        with Live() as live:
            exam = Exam(folder, live.report("exam"), again=keep is None)
            if len(variants) == 1:
                found, missing = list(exam.examine(variants[0], names, times)), dict[str, str]()
            else:
                missing = together(variants, names, times, folder, exam.say)
                found = [t for t in kept(folder) if _wanted(t, variants, names, times)]
    except Unavailable as why:
        raise Wrong(str(why)) from None
    except OSError as wrong:
        raise Wrong(f"{folder}: cannot be used: {wrong.strerror}; name another folder") from None
    except (ValueError, KeyError, TypeError):
        raise Wrong(f"{folder / RESULTS}: is not what an exam keeps; name another folder") from None
    if as_json:
        console.emit({"tries": [t.as_json() for t in found], "missing": missing})
    else:
        for variant in variants:
            _show(variant, names, [t for t in found if t.variant == variant.title], missing)
        if any(t.result.mark == SHOWN for t in found):
            console.line(f"`ffq judge {folder}/FILE` says what is wrong, and shows the run")
    raise typer.Exit(FAILED if any(t.result.mark == SHOWN for t in found) else 0)


def _wanted(t: Try, variants: Sequence[Variant], names: Sequence[str], times: int) -> bool:
    known = {v.title: v.settings for v in variants}
    return known.get(t.variant) == t.settings and t.question in names and t.number <= times


def _show(
    variant: Variant, names: Sequence[str], tries: list[Try], missing: dict[str, str]
) -> None:
    """Print a line for each question, and of each finding where its history is."""
    version = f" {tries[0].version}" if tries else ""
    name = subjects()[variant.subject].name
    out = console.console()
    title = Text(f"{variant.title}: {name}{version}; {variant.settings}")
    out.print(title, soft_wrap=not console.has_width(out))
    if variant.title in missing:
        out.print(Text(f"  {missing[variant.title]}"), soft_wrap=not console.has_width(out))
        return
    rows = []
    for question in names:
        why = variant.why_not(question)
        if why is None and not concerns(QUESTIONS[question], variant):
            continue
        said = (
            f"not askable: {why}" if why else in_words([t for t in tries if t.question == question])
        )
        rows.append([Text(f"  {question}"), Text(said)])
    console.print_table(out, rows)


def in_words(tries: list[Try]) -> str:
    """Return what the tries of one question came to, in a line."""
    counts = Counter(t.result.mark for t in tries)
    shown = next((t for t in tries if t.result.mark == SHOWN), None)
    parts = []
    for mark, number in sorted(counts.items(), key=lambda pair: pair[0] != SHOWN):
        parts.append(f"{mark} {number} of {len(tries)}")
    if shown is not None:
        modes = ", ".join(shown.result.modes) or "no single failure mode"
        return f"{'; '.join(parts)}: {shown.result.event}; {modes}; {shown.file}"
    whys = sorted({w for t in tries for w in (t.result.why, t.result.note) if w})
    return "; ".join(parts + whys)
