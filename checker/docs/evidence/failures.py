"""The catalogue as Markdown: blocks of its index, its pages and its postmortems."""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Callable
from functools import cache
from pathlib import Path

import spec.failures
from checker.docs import by_hand
from checker.docs.blocks import Printer
from checker.docs.evidence import partners
from checker.docs.evidence.figures import bounds
from checker.docs.model.tables import NOTHING, code, table
from checker.evidence import traces
from checker.evidence.mending import mending
from checker.evidence.proofs import Five, remembered
from checker.evidence.recovered import repair_statements
from checker.shown.failures import LEGEND, MARKS, story, summary
from spec.failures import FAILURES, FailureMode, Loss
from spec.failures.edits import told_by
from spec.failures.glossary import TERMS
from spec.failures.repairs import REPAIRS

WIDTH = 96


@cache
def proofs_of(name: str) -> Five:
    """Return the proofs of a failure mode, had once for all blocks."""
    return remembered(FAILURES[name])


def matrix() -> str:
    """Print every failure mode with its five marks."""
    every = [proofs_of(name) for name in FAILURES]
    rows = []
    for p in every:
        claim = traces.claim_of(p.mode.loss)
        link = f"[{p.mode.id}](failure-modes/{p.mode.id}.md)"
        marks = [mark.symbol for mark in p.marks.values()]
        rows.append([link, p.mode.doc, f"{claim.id} `{claim.name}`", p.mode.loss.scope, *marks])
    head = ["ID", "what happens", "breaks", "scope", *MARKS]
    return f"{table(head, rows)}\n\n{summary(every)}. {LEGEND}.\n\n_Computed by `ffq failures`._"


def glossary() -> str:
    """Print the words of people who run queues, and where each leads."""
    lines = []
    for term in TERMS:
        links = ", ".join(f"[{id}](failure-modes/{id}.md)" for id in term.modes)
        also = f" (also {', '.join(term.also)})" if term.also else ""
        lines.append(f"- **{term.word}**{also}: {term.means}\n  {links}")
    return "\n".join([*lines, "", "_From `spec/failures/glossary.py`._"])


def _facts(p: Five) -> str:
    mode, claim = p.mode, traces.claim_of(p.mode.loss)
    edits = " ".join([f"--without '{text}'" for text in mode.loss.edits] + _narrowed(mode.loss))
    proofs = [f"- *{n}* {m.symbol}: {m.missing or m.says}" for n, m in p.marks.items()]
    return "\n\n".join(
        [
            f"**{mode.doc}**",
            f"It breaks {claim.id} `{claim.name}`: {claim.doc}",
            f"The protection: {mode.protection}",
            "\n".join(proofs),
            f"_Computed by `ffq failures {mode.id}`; the run is found by `ffq check --scope "
            f"{mode.loss.scope} {edits} --property {claim.name}`._",
        ]
    )


def _incidents(mode: FailureMode) -> str:
    if not mode.incidents:
        return "No report of exactly this is in the collection; its siblings have some."
    rows = [[i.id, i.system, f"[{_title(i.title)}]({i.url})", i.grade] for i in mode.incidents]
    note = "A: a maintainer, a merged fix or the documentation says so. B: a report with steps."
    return f"{table(['ID', 'system', 'told in', 'grade'], rows)}\n\n_{note}_"


def _title(text: str) -> str:
    plain = text.translate(str.maketrans("[]|", "()/"))  # which Markdown would read
    return textwrap.shorten(plain, 110, placeholder=" ...")


def _run(p: Five) -> str:
    lines = [*story(p, WIDTH), "", f"With the protection: {_today(p)}."]
    return _fenced("text", lines) + f"\n\n_Replayed from `{p.main.reproduced.trace}`._"


def _today(p: Five) -> str:
    return p.main.prevented.says


def _detector(p: Five) -> str:
    mark = p.detected
    if not mark.query:
        return f"Nothing durable shows it: {mark.missing}."
    return _fenced("sql", mark.query.splitlines()) + f"\n\n_{_sentence(mark.says)}_"


def _repairs(p: Five) -> str:
    said = [_sentence(p.recovered.says)]
    if p.recovered.missing:
        said.append(_sentence(p.recovered.missing))
    if repairs := [repair.__name__ for repair in REPAIRS.get(p.mode.id, ())]:
        mend = mending(p.mode)
        statements, shown = repair_statements(mend), list[str]()
        for name in repairs:
            shown += [f"-- {mend.scope.spec.actions[name].doc}", f"{statements[name]};", ""]
        said.append(_fenced("sql", shown[:-1]))
    if "set aside" in p.recovered.says:
        said.append(
            "A row that breaks an invariant and that no repair mends is set aside, with the name "
            "of the invariant, for people to look at."
        )
    if p.recovered.residue:
        said.append(f"What stays: {p.recovered.residue}.")
    return "\n\n".join(said)


def _narrowed(loss: Loss) -> list[str]:
    """Return the options of `ffq check` that leave the runs that tell it."""
    pairs = (text.split(" ", 1) for text in loss.through)
    return [f"--{kind} {name}" if " " not in name else f"--{kind} '{name}'" for kind, name in pairs]


def _variants(p: Five) -> str:
    if not p.variants:
        return "There is one place for this protection, and no other form of its loss here."
    rows = []
    for three in p.variants:
        loss, claim = three.loss, traces.claim_of(three.loss)
        kind = "naive fix" if loss in p.mode.naive else "elsewhere"
        marks = " ".join(m.symbol for m in (three.reproduced, three.replayed, three.prevented))
        edits = ", ".join(map(code, loss.edits))
        refused = three.prevented.refused_by
        broken, by = f"{claim.id} `{claim.name}`", code(refused) if refused else NOTHING
        rows.append([kind, loss.doc, edits, broken, marks, by])
    head = [
        "where",
        "what happens",
        "edit",
        "breaks",
        "reproduced, replayed, prevented",
        "refused by",
    ]
    return table(head, rows)


def _ruled_out(p: Five) -> str:
    loss, claim = p.mode.loss, traces.claim_of(p.mode.loss)
    scope = traces.healthy(loss)
    steps = p.main.reproduced.steps
    lines = [
        f"- A shorter run that breaks `{claim.name}`: there is none of fewer than {steps} steps in "
        f"scope `{scope.name}` ({bounds(scope)}){told_by(loss)}."
    ]
    if claim.kind == "leads_to":
        lines = [f"- A run that is not fair: every step that has to be taken is, or is impossible "
                 f"again and again, in scope `{scope.name}` ({bounds(scope)})."]  # fmt: skip
    held = {
        "P": "none: it is proved for any number of everything, by both solvers",
        "E": f"none in any state of scope `{scope.name}`",
    }[p.main.prevented.evidence or "E"]
    lines.append(f"- A run that breaks it with the protection in place: {held}.")
    if p.detected.query:
        lines.append(
            f"- A healthy state that sets the detector off: none of {p.detected.states_checked:,}."
        )
    return "\n".join(lines)


def _entry(mode: FailureMode) -> str:
    """Print what the catalogue says of it, as it is written there."""
    folder = Path(str(spec.failures.__file__)).parent
    for file in sorted(folder.rglob("*.py")):
        source = file.read_text(encoding="utf-8")
        for node in ast.walk(ast.parse(source)):
            match node:
                case ast.Call(func=ast.Name("FailureMode"), args=[ast.Constant(id), *_]):
                    if id == mode.id:
                        text = ast.get_source_segment(source, node, padded=True) or ""
                        shown = _fenced("python", textwrap.dedent(text).splitlines())
                        place = f"spec/failures/{file.relative_to(folder).as_posix()}"
                        return f"{shown}\n\n_From `{place}`._"
    raise ValueError(f"{mode.id} is written in no module of spec/failures")


def recoveries() -> str:
    """Print what puts each failure mode right, and what stays all the same."""
    rows = []
    for p in map(proofs_of, FAILURES):
        link = f"[{p.mode.id}](failure-modes/{p.mode.id}.md)"
        steps = ", ".join(code(repair.__name__) for repair in REPAIRS.get(p.mode.id, ()))
        stays = p.recovered.residue or p.recovered.missing
        mark = p.recovered.symbol
        rows.append([link, p.mode.doc, steps or NOTHING, mark, stays or NOTHING])
    head = ["ID", "what happens", "repairs", "recovered", "what stays"]
    return f"{table(head, rows)}\n\n_Computed by `ffq failures`._"


def _fenced(language: str, lines: list[str]) -> str:
    return "\n".join([f"```{language}", *lines, "```"])


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + "."


def _said(printer: Callable[[FailureMode], str]) -> Printer:
    """Return the printer of a block that needs no proofs."""

    def print_block(given: list[str]) -> str:
        if len(given) != 1 or given[0] not in FAILURES:
            raise ValueError(f"name one failure mode: {', '.join(FAILURES)}")
        return printer(FAILURES[given[0]])

    return print_block


def _proved(printer: Callable[[Five], str]) -> Printer:
    return _said(lambda mode: printer(proofs_of(mode.id)))


PRINTERS: dict[str, Printer] = {
    "entry": _said(_entry),
    "failure": _proved(_facts),
    "incidents": _said(_incidents),
    "run": _proved(_run),
    "detector": _proved(_detector),
    "repairs": _proved(_repairs),
    "ruled-out": _proved(_ruled_out),
    "variants": _proved(_variants),
    "partners": _said(partners.of),
    "by-hand": _said(by_hand.block),
}
"""The blocks of the page of one failure mode, and of its postmortem."""
