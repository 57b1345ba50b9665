"""What `ffq design check` prints: the answers, each run that breaks a claim, and what mends it."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.text import Text

from checker.shown.console import say
from checker.verdicts.saved import FOLDER
from spec.failures.answers import QUESTIONS, Design

if TYPE_CHECKING:
    from rich.console import Console

    from checker.verdicts.mends import Broken, Held


def show_design(out: Console, design: Design) -> None:
    """Print the answers that cost a protection."""
    doc = f": {design.doc}" if design.doc else ""
    out.print(Text(f"{design.name}{doc}"), soft_wrap=True)
    for word in design.costly:
        answer = design.answer(QUESTIONS[word])
        out.print(Text(f"  {word} = {answer.word}: {answer.doc}"), soft_wrap=True)
    if not design.costly:
        out.print("  no answer goes without a protection", soft_wrap=True)


def show_all_broken(out: Console, design: Design, broken: list[Broken], every: bool) -> None:
    """Print what breaks, what is mended alike together: of it one run, or every one."""
    for mends in dict.fromkeys(found.mends for found in broken):
        first, *others = (found for found in broken if found.mends == mends)
        show_broken(out, design, first)
        for found in others:
            if every:
                show_broken(out, design, found)
            else:
                modes = "".join(f", {mode.id}" for mode in found.modes)
                said = f"  the same mends ✗{len(found.story.lines)} {found.claim.id}"
                out.print(Text(f"{said} {found.claim.name}{modes}"), soft_wrap=True)


def show_broken(out: Console, design: Design, found: Broken) -> None:
    """Print a claim that breaks: the run, a sentence for each step, and what would mend it."""
    steps = len(found.story.lines)
    title = f"\n✗{steps} {found.claim.id} {found.claim.name}"
    out.print(Text(title, style="bold red"), soft_wrap=True)
    out.print(Text(f"  {found.claim.doc}"), soft_wrap=True)
    actions = found.edits.on(found.scope).spec.actions
    for line in found.story.lines:
        sentence = f"{line.n:>4}. {line.actor} {line.call}: {actions[line.action].doc}"
        out.print(Text(sentence), soft_wrap=True)
    if found.story.loop is not None:
        out.print(Text(_for_ever(found)), soft_wrap=True)
    out.print(Text(f"  mended by {mended(found)}", style="bold"), soft_wrap=True)
    for mode in found.modes:
        out.print(Text(f"  {mode.id} {mode.name}: `ffq failures {mode.id}`"), soft_wrap=True)
    kept = keep(design, found)
    if kept is not None:
        out.print(Text(f"  see it: ffq browse {shlex.quote(str(kept))}"), soft_wrap=True)


def _for_ever(found: Broken) -> str:
    loop = found.story.loop
    assert loop is not None, "only a run that never ends is asked"
    if loop > len(found.story.lines):
        return "      and nothing more, for ever"
    return f"      and steps {loop} to {len(found.story.lines)} again and again"


def mended(found: Broken) -> str:
    """Return the fewest answers that mend a claim, or each choice of so few."""
    first = {word: f"{word} = {question.answers[0].word}" for word, question in QUESTIONS.items()}
    return ", or ".join(" and ".join(first[word] for word in choice) for choice in found.mends)


def keep(design: Design, found: Broken) -> Path | None:
    """Save the run where `ffq check` does, and return the file; say so if that cannot be."""
    from checker.runs.trace import BadTrace, Trace, record, save

    trace = Trace(found.scope, found.edits, "compiled", found.claim.name, ())
    name = "".join(c if c.isalnum() or c in "-_" else "-" for c in design.name)
    file = FOLDER / f"{name}-{found.claim.name}.jsonl"
    try:
        save(file, record(trace, found.story))
    except (OSError, BadTrace) as failed:
        say(f"the run was not saved to {file}: {failed}")
        return None
    return file


def show_end(
    out: Console, held: list[Held], broken: list[Broken], scopes: list[tuple[str, str]], every: bool
) -> None:
    """Print the number of each verdict, and where the claims were asked; or each claim, too."""
    marks = {mark: [h.claim.name for h in held if h.mark == mark] for mark in ("P", "E", "?")}
    says = {"P": "proved", "E": "hold in every state", "?": "not decided"}
    out.print()
    for mark, names in marks.items():
        if names and (every or mark == "?"):
            out.print(Text(f"{mark} {says[mark]}: {', '.join(names)}"), soft_wrap=True)
    counts = f"{len(held) - len(marks['?'])} hold, {len(broken)} break, {len(marks['?'])} open"
    where = "; ".join(f"{name} ({bounds})" for name, bounds in scopes)
    out.print(Text(f"{len(held) + len(broken)} claims: {counts}; asked in {where}"), soft_wrap=True)


def as_json(design: Design, held: list[Held], broken: list[Broken]) -> dict[str, Any]:
    """Return the answer as `--json` prints it."""
    return {
        "ok": not broken and all(h.mark != "?" for h in held),
        "design": design.name,
        "answers": {w: design.answer(q).word for w, q in QUESTIONS.items()},
        "claims": [
            *({"id": h.claim.id, "name": h.claim.name, "mark": h.mark} for h in held),
            *(
                {
                    "id": b.claim.id,
                    "name": b.claim.name,
                    "mark": "✗",
                    "steps": len(b.story.lines),
                    "scope": b.scope.name,
                    "mends": [list(choice) for choice in b.mends],
                    "failure_modes": [mode.id for mode in b.modes],
                }
                for b in broken
            ),
        ],
    }
