"""`ffq exam`: real queues under real faults, watched from outside and judged."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from checker.commands.options import AsJson, Wrong, among, close, reachable


def complete_subject(incomplete: str) -> list[tuple[str, str]]:
    """Return the subjects and variants that begin so, for the shell."""
    from checker.exam.subject import subjects

    found = [v for s in subjects().values() for v in s.variants.values()]
    return [(v.title, v.settings) for v in found if v.title.startswith(incomplete)]


def complete_question(incomplete: str) -> list[tuple[str, str]]:
    """Return the questions that begin so, for the shell."""
    from checker.exam.questions import QUESTIONS

    return [(q.name, q.doc) for q in QUESTIONS.values() if q.name.startswith(incomplete)]


def exam(
    subject: Annotated[
        str | None,
        typer.Argument(
            help="A product, or one variant of it: huey, huey/sqlite.",
            autocompletion=complete_subject,
        ),
    ] = None,
    all_: Annotated[bool, typer.Option("--all", help="Examine every product.")] = False,
    question: Annotated[
        list[str] | None,
        typer.Option(
            help="Put this question alone; may be given more than once.",
            autocompletion=complete_question,
        ),
    ] = None,
    times: Annotated[int, typer.Option(min=1, max=1000, help="How often each is put.")] = 1,
    keep: Annotated[
        Path | None,
        typer.Option(
            help="Keep the histories here, and go on with what was begun here.",
            callback=reachable,
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Put real faults to a real queue, and let the judge say what it shows.

    Workers are killed, stopped past their leases and told to stop, at gates where their handlers
    wait. Each history is kept, by default in .ffq/exam, for `ffq judge`. Without a subject, lists
    them. What is not shown may still happen: no product is ever said to be safe.

    Exit status: 0 nothing is shown, 1 something is, 2 bad usage, or the product cannot be had.
    """
    from checker.commands.store import exam_show
    from checker.exam.questions import QUESTIONS

    for name in question or ():
        among(name, QUESTIONS, "question", "ffq exam")
    if all_ and subject is not None:
        raise Wrong(f"--all is every subject, and {subject} is one; leave one of them out")
    if subject is None and not all_:
        exam_show.listed(as_json)
        return
    variants = exam_show.named(subject)
    if not variants:
        product = f"{(subject or '').partition('/')[0]}/"
        known = [title for title, _ in complete_subject("")]
        same = [title for title in known if title.startswith(product)]
        near = f"write one of: {', '.join(same)}" if same else close(product, known, "ffq exam")
        raise Wrong(f"there is no subject '{subject}'; {near}")
    exam_show.run(variants, question or list(QUESTIONS), times, keep, as_json)
