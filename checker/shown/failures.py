"""The catalogue as text: the matrix, and one failure mode on a page."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable

from checker.evidence import traces
from checker.evidence.proofs import Five, Three
from checker.runs.story import render
from checker.runs.trace import replay

MARKS = ("reproduced", "replayed", "prevented", "detected", "recovered")
LEGEND = (
    "→n shown in n steps; P proved for any number; E every state of the scope; "
    "– missing, for a reason that the page of the failure mode gives; ✗ alone: unexpected"
)


def matrix(rows: Iterable[Five]) -> list[list[str]]:
    """Return the head and one row for each failure mode."""
    table = [["ID", "what happens", "breaks", "scope", *MARKS]]
    for proofs in rows:
        claim = traces.claim_of(proofs.mode.loss)
        marks = [mark.symbol for mark in proofs.marks.values()]
        names = [proofs.mode.name, f"{claim.id} {claim.name}", proofs.mode.loss.scope]
        table.append([proofs.mode.id, *names, *marks])
    return table


def aligned(table: list[list[str]]) -> list[str]:
    """Return a table as lines of text."""
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in table
    ]


def page(proofs: Five, width: int) -> list[str]:
    """Return all that is known of one failure mode."""
    mode = proofs.mode
    claim = traces.claim_of(mode.loss)
    lines = [f"{mode.id} {mode.name}", ""]
    lines += [*_paragraph(mode.doc, width), ""]
    lines += _paragraph(f"Protection: {mode.protection}", width)
    lines += [f"Taken away: {', '.join(mode.loss.edits)}"]
    lines += [f"Breaks: {claim.id} {claim.name}, in scope {mode.loss.scope}", ""]
    for name, mark in proofs.marks.items():
        said = mark.missing or mark.says
        lines += _paragraph(f"{name:<10}  {mark.symbol:<4}  {said}", width, 18)
    if proofs.recovered.residue:
        lines += _paragraph(f"{'residue':<18}{proofs.recovered.residue}", width, 18)
    # A trace that is not there, or not to be believed, has been complained of above.
    lines += ["", *story(proofs, width), ""] if proofs.main.reproduced.ok else [""]
    if proofs.detected.query:
        lines += ["Found by", "", *(f"  {line}" for line in proofs.detected.query.splitlines()), ""]
    for three in proofs.variants:
        lines += [*variant(proofs, three, width), ""]
    for i in mode.incidents:
        lines += [f"{i.id} {i.system}: {i.title}", f"    {i.url}"]
    return lines


def story(proofs: Five, width: int) -> list[str]:
    """Return the trace of a failure mode, told step by step."""
    trace = traces.kept(proofs.mode, proofs.mode.loss)
    return [line.rstrip() for line in render(replay(trace)[1], width)]


def variant(proofs: Five, three: Three, width: int) -> list[str]:
    """Return what is known of the protection missing elsewhere, or of a naive fix."""
    loss = three.loss
    kind = "Naive fix" if loss in proofs.mode.naive else "Elsewhere"
    claim = traces.claim_of(loss)
    marks = " ".join(m.symbol for m in (three.reproduced, three.replayed, three.prevented))
    edits = ", ".join(loss.edits)
    lines = _paragraph(f"{kind}: {loss.doc}", width)
    return [*lines, f"  {edits}: {claim.id} {claim.name} in {loss.scope}: {marks}"]


def summary(rows: list[Five]) -> str:
    """Return in one line how many proofs were had, are missing and failed."""
    marks = [mark for proofs in rows for mark in proofs.marks.values()]
    had, missing = sum(m.ok for m in marks), sum(bool(m.missing) for m in marks)
    failed = sum(m.failed for m in marks)
    variants = sum(len(proofs.variants) for proofs in rows)
    said = f"{len(rows)} failure modes, {variants} variants; {len(marks)} proofs: {had} had"
    said += f", {missing} missing for a reason" if missing else ""
    return said + (f", {failed} failed" if failed else "")


def _paragraph(text: str, width: int, indent: int = 0) -> list[str]:
    return textwrap.wrap(
        text, width, subsequent_indent=" " * indent, break_long_words=False, break_on_hyphens=False
    )
