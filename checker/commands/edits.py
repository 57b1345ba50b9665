"""What commands take away of the spec: `--without`, in every command by the same names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from checker.commands.options import Wrong, catalogue, close

if TYPE_CHECKING:
    from spec.failures.edits import Edits
    from spec.language.declared.model import Spec

KINDS = (
    "action.guard, property.exemption, 'instead action step', 'split action field', "
    "'stale action.guard', 'weaken action', 'unfair action', 'weakly action', 'endless action', "
    "or a failure mode for what it lacks: FM-013; or look at some runs only: 'never action', "
    "'via action then action'"
)
"""Every kind of edit: the one place that lists them."""


def complete_edit(incomplete: str) -> list[tuple[str, str]]:
    """Return the guards and failure modes that begin so, for the shell."""
    from spec.failures import FAILURES

    found = [(guard, "") for guard in catalogue().guards()]
    found += [(id, mode.name) for id, mode in FAILURES.items()]
    return [pair for pair in found if pair[0].startswith(incomplete)]


Without = Annotated[
    list[str] | None,
    typer.Option(
        help=f"Take a protection away: {KINDS}. May be repeated.", autocompletion=complete_edit
    ),
]
WithoutAsFound = Annotated[
    list[str] | None,
    typer.Option(
        help=f"Take a protection away: {KINDS}. May be repeated. Default: what the trace was "
        "found without.",
        autocompletion=complete_edit,
    ),
]
Protected = Annotated[
    bool, typer.Option("--protected", help="Leave nothing out, whatever the trace goes without.")
]


def asked(without: list[str] | None, protected: bool) -> Edits | None:
    """Return what a trace is to be replayed without, or None if that is not said."""
    from spec.failures.edits import Edits

    if without and protected:
        raise Wrong("--without and --protected exclude each other; give one of them")
    return Edits.parse(without or ()) if without or protected else None


def as_found(found: Edits) -> Edits:
    """Say that a trace is replayed without what it was found without; and return that."""
    from checker.shown.console import say

    if found:
        told = ", ".join(found.titles)
        say(f"as it was found: {told}; --protected replays it with every protection")
    return found


def able(specs: dict[str, Spec], texts: Sequence[str]) -> tuple[Edits, list[str]]:
    """Return the edits, and the names of those specs, or scopes of them, in which all of them can
    be made; raises `Wrong` if there is none, and says which are left out.
    """
    from checker.shown.console import say
    from spec.failures.edits import Edits

    edits = Edits.parse(texts)
    refused = {name: edits.refused(spec) for name, spec in specs.items()}
    kept = [name for name, misuse in refused.items() if misuse is None]
    if not kept:
        raise Wrong(_refusal(specs, edits))
    for name, misuse in refused.items():
        if misuse is not None:
            say(f"{name} is left out: {misuse.fact}")
    return edits, kept


def _refusal(specs: dict[str, Spec], edits: Edits) -> str:
    """Say which edit nothing can make."""
    from spec.failures.edits import Edits

    guards = list(dict.fromkeys(g for spec in specs.values() for g in spec.removable()))
    apart = [Edits((text,)) for text in edits]
    for one in apart:
        refused = [one.refused(spec) for spec in specs.values()]
        first = refused[0]
        if first is not None and None not in refused:
            lists = close(one[0], guards, "ffq scopes SCOPE")
            return f"{first.fact}; {lists if one.guards else first.remedy}"
    for name, spec in specs.items():
        together = edits.refused(spec)
        if together is not None and not any(one.refused(spec) for one in apart):
            fact = f"{name} has each of these, and not all at once"
            return f"{fact}: {together.fact}; take them away one at a time"
    return "none has all of these; take them away one at a time"
