"""What is printed of scopes that were checked: of one, of all together, and for programs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from rich.console import Console
from rich.text import Text

from checker.runs.exploration import Exploration
from checker.runs.verdict import NOT_BEGUN, STOPPED, WORDS, Verdict
from checker.shown.console import COLOURS, print_table, show_title
from checker.verdicts.check import Result


def show_result(out: Console, result: Result) -> None:
    """Print how one scope was explored."""
    found = result.exploration
    show_title(out, result.base, result.edits.titles)
    for fact in _facts(found):
        out.print(Text(f"  {fact}"), style="dim")
    if result.never_fired:
        names = ", ".join(result.never_fired)
        out.print(Text(f"  never fired: {names}", style=COLOURS["V"]))
    out.print()


def show_line(out: Console, result: Result, width: int) -> None:
    """Print in one line how one scope was explored, and what came of its properties."""
    found = result.exploration
    line = Text(result.base.name.ljust(width))
    line.append(f" {found.states:>9,} states, depth {found.depth:>2}:")
    tally = Counter[str](judged.verdict.evidence for judged in result.judged)
    for evidence in (e for e in WORDS if tally[e]):
        line.append(f" {tally[evidence]} {evidence}", style=COLOURS[evidence])
    if found.stopped_by:
        line.append(f"; {STOPPED[found.stopped_by]}", style=COLOURS["?"])
    out.print(line, soft_wrap=True)
    if result.never_fired:
        names = ", ".join(result.never_fired)
        out.print(Text(f"  never fired: {names}", style=COLOURS["V"]))


def _facts(found: Exploration) -> Iterable[str]:
    if found.states == 0:
        yield f"{NOT_BEGUN}: {STOPPED.get(found.stopped_by or '', found.stopped_by)}"
        return
    counts = f"{found.states:,} states, {found.generated:,} generated, depth {found.depth}"
    rate = f", {found.states / found.seconds:,.0f} states/s" if found.seconds > 0 else ""
    yield f"{counts}, {found.seconds:.2f} s{rate}"
    merged = f"{', '.join(found.symmetry)} merged" if found.symmetry else "nothing merged"
    dead = "no deadlock" if not found.deadlocks else f"{found.deadlocks:,} deadlocks"
    yield f"{found.engine} engine, symmetry: {merged}; {dead}"
    if found.stopped_by is not None:
        yield f"not every state: {STOPPED.get(found.stopped_by, found.stopped_by)}"


# ---------------------------------------------------------------- properties
def show_verdicts(out: Console, results: Sequence[Result], full: bool = True) -> None:
    """Print each property once, with its verdict and the scopes that have it.

    Once a violation has ended the search, only what fails is worth a row. If not `full`, what holds
    is left out.
    """
    stopped = any(r.exploration.stopped_by == "violation" for r in results)
    if not full:
        held = {j.name for r in results for j in r.judged}
        held -= {j.name for r in results for j in r.judged if WORDS[j.verdict.evidence] != "holds"}
        results = [
            replace(r, judged=tuple(j for j in r.judged if j.name not in held)) for r in results
        ]
    rows: dict[tuple[str, str], list[tuple[Verdict, str]]] = {}
    for result in results:
        for judged in result.judged:
            found = rows.setdefault((judged.id, judged.name), [])
            if judged.verdict.failed or not (stopped or judged.verdict.says == NOT_BEGUN):
                found.append((judged.verdict, result.base.name))
    print_rows(out, rows, len(results))
    silent = sum(not found for found in rows.values())
    if silent:
        more = "another property" if silent == 1 else f"{silent} other properties"
        out.print(Text(f"  ?  nothing is said of {more}", style=COLOURS["?"]))
    reasons = (j.verdict.why for r in results for j in r.judged if j.verdict.why)
    for why in dict.fromkeys(reasons):
        out.print(Text(f"  ?  {why}", style=COLOURS["?"]))
    out.print()


def print_rows(
    out: Console, rows: Mapping[tuple[str, str], list[tuple[Verdict, str]]], wholes: int
) -> None:
    """Print properties, by ID and name, with their verdicts and what each is a verdict on; where
    that is all of the `wholes`, it is not said.
    """
    print_table(
        out,
        [
            [Text(f"  {symbol}", style=style), Text(claim_id), Text(name), Text(says, style=style)]
            for (claim_id, name), found in sorted(rows.items(), key=lambda row: row[0][0])
            for symbol, says, style in _merged(found, wholes)
        ],
    )


def _merged(found: list[tuple[Verdict, str]], scopes: int) -> Iterable[tuple[str, str, str]]:
    """Yield symbol, words and style of a property: one row for all scopes of the same verdict."""
    for says in dict.fromkeys(verdict.says for verdict, _ in found):
        alike = sorted((v.steps or 0, i) for i, (v, _) in enumerate(found) if v.says == says)
        shortest = found[alike[0][1]][0]
        names = [found[i][1] + (f" {steps}" if steps else "") for steps, i in alike]
        if scopes == 1 and shortest.steps is not None:
            where = f" in {shortest.steps} step{'s' * (shortest.steps != 1)}"
        elif shortest.steps is None and len(alike) == scopes:
            where = ""
        else:
            where = f": {', '.join(names)}"
        yield shortest.symbol, says + where, COLOURS[shortest.evidence]


# ---------------------------------------------------------------- all scopes
def summary(results: Sequence[Result]) -> str:
    """Return the verdicts of all scopes counted, in one line."""
    tally: dict[str, int] = {}
    for judged in (j for r in results for j in r.judged):
        word = WORDS[judged.verdict.evidence]
        tally[word] = tally.get(word, 0) + 1
    known = [word for word in dict.fromkeys(WORDS.values()) if word in tally]
    counts = ", ".join(f"{tally[word]} {word}" for word in known)
    if tally.get("holds", 0) > 1:
        counts = counts.replace("holds", "hold")
    scopes = "1 scope" if len(results) == 1 else f"{len(results)} scopes"
    states = sum(r.exploration.states for r in results)
    seconds = sum(r.exploration.seconds for r in results)
    return f"{scopes}, {states:,} states, {seconds:.1f} s: {counts or 'no property'}"


def show_end(out: Console, results: Sequence[Result], again: str | None) -> None:
    """Print the verdicts counted, and the command by which the saved trace is seen again."""
    if again:
        out.print(Text(f"See it again: {again}"), soft_wrap=True)
    out.print(Text(summary(results)))
    undecided = sum(j.kind == "leads_to" and bool(j.verdict.why) for r in results for j in r.judged)
    if undecided:
        plural = "property was" if undecided == 1 else "properties were"
        out.print(Text(f"{undecided} liveness {plural} not decided, and not counted as failed."))


def as_json(result: Result, traces: dict[tuple[str, str], str]) -> dict[str, Any]:
    """Return a result as `--json` prints it; `traces` maps scope and property to a saved file."""
    found, name = result.exploration, result.base.name
    return {
        "name": name,
        "bounds": dict(result.base.bounds),
        "edits": result.edits.titles,
        "complete": found.complete,
        "stopped_by": found.stopped_by,
        "states": found.states,
        "generated": found.generated,
        "depth": found.depth,
        "seconds": round(found.seconds, 3),
        "symmetry": list(found.symmetry),
        "engine": found.engine,
        "properties": [
            {
                "id": j.id,
                "name": j.name,
                "kind": j.kind,
                "verdict": WORDS[j.verdict.evidence],
                "evidence": j.verdict.symbol,
                "steps": j.verdict.steps,
                "trace": traces.get((name, j.name)),
            }
            for j in result.judged
        ],
        "never_fired": list(result.never_fired),
        "deadlocks": found.deadlocks,
    }
