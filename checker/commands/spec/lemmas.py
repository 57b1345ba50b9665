"""`ffq lemmas`: candidates for lemmas, mined from a scope, for a person to choose from."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from checker.commands.options import AsJson, catalogue, complete_scope

if TYPE_CHECKING:
    from rich.console import Console

    from checker.prove.lemmas.houdini import Say
    from checker.prove.lemmas.propose import Proposal
    from spec.language.declared.model import Property
    from spec.language.scope import Scope

LITERALS_MAX = 3


def lemmas(
    scope: Annotated[
        str | None,
        typer.Option(
            help="Mine the states of this scope; default: the first.",
            autocompletion=complete_scope,
        ),
    ] = None,
    literals: Annotated[
        int, typer.Option(min=1, max=LITERALS_MAX, help="How many atoms a clause may have.")
    ] = 2,
    without_lemmas: Annotated[
        bool,
        typer.Option("--without-lemmas", help="Forget the lemmas of the spec, and find others."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Propose lemmas: clauses that are true in every state of a scope, and that no step breaks.

    Those come first that the proof of the spec's safety needs; lemmas of the spec that it does not
    need are named. Exit status: 0 if everything is proved by both solvers, 1 if not, 2 bad usage.
    """
    from checker.shown import console

    found = catalogue()
    chosen = found.scope(scope or found.default[0])
    out, err = console.console(), console.console(stderr=True)
    with err.status("mining") as status:
        proposal = _propose(chosen, literals, without_lemmas, status.update)
    if as_json:
        console.emit(_as_json(chosen, proposal))
    else:
        show(out, chosen, literals, proposal)
    raise typer.Exit(1 if proposal.unproved else 0)


def _propose(scope: Scope, literals: int, without: bool, say: Say) -> Proposal:
    from checker.prove.lemmas.mining import mine
    from checker.prove.lemmas.propose import propose, without_lemmas

    spec = without_lemmas(scope.spec) if without else scope.spec
    say(f"mining scope {scope.name}")
    return propose(mine(replace(scope, spec=spec), literals), spec, say)


def show(out: Console, scope: Scope, literals: int, proposal: Proposal) -> None:
    """Print the lemmas as the spec would have them, and how many candidates each stage dropped."""
    from checker.shown.console import show_title

    show_title(out, scope, ())
    mined = proposal.mined
    _line(
        out,
        f"  {mined.states:,} states, {mined.atoms} atoms, {mined.tried:,} clauses, "
        f"{len(mined.candidates):,} true in every state and minimal",
    )
    for stage, count in proposal.dropped.items():
        _line(out, f"  {count:,} {stage}")
    out.print()
    if proposal.failing:
        _line(out, f"{len(proposal.failing)} obligations are not proved without new lemmas:")
        for name in proposal.failing:
            _line(out, f"  {name}")
        _group(out, "These lemmas help, none of which can be spared", proposal.needed)
    else:
        _line(out, "Everything is proved without new lemmas.")
    _group(out, "Also true, and said by no claim so far", proposal.other)
    for name in proposal.idle:
        _line(out, f"idle: no proof needs the lemma {name}")
    for name in proposal.unproved:
        _line(out, f"?  {name} is not proved")
    count = len(proposal.needed)
    new = f" with {count} new lemma{'s' * (count != 1)}" if count else ""
    _line(out, f"Not everything is proved{new}" if proposal.unproved else f"All proved{new}")
    if proposal.unproved and literals < LITERALS_MAX:
        _line(out, f"--literals {LITERALS_MAX} finds longer lemmas")


def _group(out: Console, title: str, found: tuple[Property, ...]) -> None:
    from checker.prove.lemmas.atoms import written_lemma

    if not found:
        return
    _line(out, f"\n{title} ({len(found)}):\n")
    for p in found:
        _line(out, f"{written_lemma(p)}\n")


def _line(out: Console, text: str) -> None:
    # What is to be pasted must not be broken.
    out.print(text, soft_wrap=True)


def _as_json(scope: Scope, proposal: Proposal) -> dict[str, Any]:
    from checker.prove.lemmas.atoms import written_lemma

    def listed(found: tuple[Property, ...]) -> list[dict[str, str]]:
        return [{"body": str(p.body), "python": written_lemma(p)} for p in found]

    mined = proposal.mined
    return {
        "ok": not proposal.unproved,
        "scope": scope.name,
        "bounds": dict(scope.bounds),
        "states": mined.states,
        "atoms": mined.atoms,
        "tried": mined.tried,
        "candidates": len(mined.candidates),
        "dropped": proposal.dropped,
        "failing": list(proposal.failing),
        "needed": listed(proposal.needed),
        "other": listed(proposal.other),
        "idle": list(proposal.idle),
        "unproved": list(proposal.unproved),
    }
