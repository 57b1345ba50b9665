"""`ffq failures`: the catalogue of failure modes, each with its five proofs."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from checker.commands.options import AsJson, Wrong, among
from checker.commands.spec import pairs as cli_pairs

if TYPE_CHECKING:
    from checker.evidence.proofs import Five
    from spec.failures import FailureMode


_Write = Annotated[bool, typer.Option("--write", help="Keep the traces that are found now.")]
_Pairs = Annotated[
    bool, typer.Option("--pairs", help="Which two protections cover for each other?")
]


def _complete(incomplete: str) -> list[tuple[str, str]]:
    from spec.failures import FAILURES

    return [(i, m.name) for i, m in FAILURES.items() if i.startswith(incomplete)]


def failures(
    failure: Annotated[
        list[str] | None,
        typer.Argument(
            help="Only these: FM-010. Or words: zombie, charged twice. Or `new FM-031a a_name`.",
            autocompletion=_complete,
        ),
    ] = None,
    write: _Write = False,
    pairs: _Pairs = False,
    as_json: AsJson = False,
) -> None:
    """Print the failure modes with what is proved of each; of one, all that is known.

    Reproduced: the shortest trace. Replayed: the same in a real database. Prevented: the property
    holds with the protection. Detected: a query finds the damage. Recovered: repairs restore what
    must hold. Words find the modes that speak of them.
    Exit status: 0 each proof is had or missing for a reason, 1 one failed, 2 bad usage.
    """
    from checker.evidence import matrix
    from checker.evidence.proofs import as_json as told
    from checker.evidence.proofs import five
    from checker.shown import console
    from checker.shown.live import Live

    if failure and failure[0] == "new":
        _begin(failure[1:], as_json)
        return
    if failure and not any(word.upper().startswith("FM-") for word in failure):
        _find(" ".join(failure), as_json)
        return
    chosen = _chosen([word[:3].upper() + word[3:] for word in failure or []])
    if pairs and write:
        raise Wrong("--pairs: keeps no traces; leave out --write")
    if pairs:
        raise typer.Exit(cli_pairs.show(chosen, not failure, as_json))
    if write:
        _write(chosen)
    rows: list[Five] = []
    with Live() as live:
        report = live.count("failure modes", "proved")
        for n, mode in enumerate(chosen, 1):
            rows.append(five(mode))
            matrix.keep_mode(rows[-1])
            if report:
                report(n, len(chosen))
    complaints = [line for proofs in rows for line in proofs.complaints]
    if as_json:
        answer = {"ok": not complaints, "failures": [told(r) for r in rows]}
        console.emit(answer | {"complaints": complaints})
    elif failure:
        _show_pages(rows)
    else:
        _show(rows)
    for line in complaints:
        console.say(line)
    raise typer.Exit(1 if complaints else 0)


def _find(words: str, as_json: bool) -> None:
    """Print the failure modes that these words speak of."""
    from checker.shown import console
    from spec.failures import FAILURES
    from spec.failures.glossary import about

    found = list(about(FAILURES.values(), words))
    if not found:
        raise Wrong(f"'{words}': no failure mode speaks of it; `ffq failures` lists them all")
    if as_json:
        rows = [{"id": m.id, "name": m.name, "what": m.doc} for m in found]
        console.emit({"ok": True, "found": rows})
        return
    for mode in found:
        console.line(f"{mode.id:8}{mode.doc}")
    console.line("")
    console.line(f"`ffq failures {found[0].id}` tells all that is known of one.")


def _begin(given: list[str], as_json: bool) -> None:
    """Write the skeleton of a failure mode, and say what belongs into the catalogue."""
    from checker.docs.skeleton import entry, files
    from checker.shown import console

    if len(given) != 2:
        raise Wrong("`new` needs an ID and a name: ffq failures new FM-031a a_tick_is_lost")
    id, name = given
    written = files(id, name)
    for path, text in written.items():
        path.write_text(text, encoding="utf-8")
    if as_json:
        paths = [str(path) for path in written]
        console.emit({"ok": True, "written": paths, "entry": entry(id, name)})
        return
    for path in written:
        console.say(f"written: {path}")
    console.say("To a module of spec/failures belongs:")
    console.console().print(entry(id, name), soft_wrap=True)


def _chosen(wanted: list[str]) -> list[FailureMode]:
    from spec.failures import FAILURES

    for name in wanted:
        among(name, FAILURES, "failure mode", "ffq failures")
    return [mode for name, mode in FAILURES.items() if not wanted or name in wanted]


def _write(chosen: list[FailureMode]) -> None:
    from checker.evidence import incidents as told
    from checker.evidence import traces as found
    from checker.shown import console
    from spec.failures.incidents import INCIDENTS
    from spec.failures.incidents.stories import STORIES

    names = {mode.id for mode in chosen}
    runs = [
        (found.file_of(mode, loss).stem, partial(found.keep, mode, loss))
        for mode in chosen
        for loss in mode.losses
    ]
    runs += [
        (id, partial(told.keep, id)) for id in STORIES if names.intersection(INCIDENTS[id].teaches)
    ]
    for name, keep in runs:
        try:
            if keep():
                console.say(f"kept {name}.jsonl")
        except found.NotReproduced as wrong:
            console.say(f"{name}: {wrong}")


def _show_pages(rows: list[Five]) -> None:
    from checker.shown import console
    from checker.shown.failures import page

    out = console.console()
    for proofs in rows:
        out.print("\n".join(page(proofs, out.width)), soft_wrap=True)


def _show(rows: list[Five]) -> None:
    from checker.shown import console
    from checker.shown.failures import LEGEND, aligned, matrix, summary

    out = console.console()
    out.print("\n".join(aligned(matrix(rows))), soft_wrap=True)
    out.print(f"\n{LEGEND}", style="dim", soft_wrap=True)
    out.print(summary(rows))
