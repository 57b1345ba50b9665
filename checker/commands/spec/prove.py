"""`ffq prove`: each claim proved for any number of everything, by two solvers."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from checker.commands.edits import Without, able
from checker.commands.options import (
    SPEC,
    AsJson,
    Wrong,
    among,
    catalogue,
    claimed,
    complete_property,
    complete_scope,
    finite,
    reachable,
    with_spec,
)
from checker.commands.own import is_place

if TYPE_CHECKING:
    from rich.console import Console

    from checker.prove.obligations import Obligation
    from checker.prove.proof import Proof
    from spec.language.declared.model import Spec
    from spec.language.scope import Scope

DISPUTES, TRACES = Path(".ffq", "disputed"), Path(".ffq", "traces")

_Verbose = Annotated[
    bool, typer.Option("--verbose", "-v", help="Of several specs, too, print every claim.")
]
_All = Annotated[bool, typer.Option("--all", help="Ask the solvers each obligation as it stands.")]


_Export = Annotated[
    Path | None,
    typer.Option(metavar="DIR", help="Write the obligations as .smt2 files.", callback=reachable),
]


_Certificate = Annotated[
    Path | None,
    typer.Option(metavar="DIR", help="Write the proofs of cvc5 as well.", callback=reachable),
]


def prove(
    spec: Annotated[
        list[str] | None,
        typer.Option(
            help="Prove this spec; may be repeated; or one of your own: lock.py:lock. Default: "
            "those of all scopes."
        ),
    ] = None,
    property: Annotated[
        str | None,
        typer.Option(help="Show this one alone, by name or ID.", autocompletion=complete_property),
    ] = None,
    without: Without = None,
    why: Annotated[
        str | None, typer.Option(metavar="OBLIGATION", help="Say what action/claim rests on.")
    ] = None,
    export: _Export = None,
    certificate: _Certificate = None,
    every: _All = False,
    verbose: _Verbose = False,
    bounded: Annotated[
        int | None,
        typer.Option(metavar="K", min=0, help="Only search the --scope, up to K steps, with z3."),
    ] = None,
    scope: Annotated[
        str | None,
        typer.Option(help="Where --bounded searches.", autocompletion=complete_scope),
    ] = None,
    max_seconds: Annotated[
        float | None,
        typer.Option(min=0, help="End a --bounded search after so many seconds.", callback=finite),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Prove every claim by induction, for any number of jobs, workers, attempts and steps.

    What a step cannot touch is proved by the frame. The rest both z3 and cvc5 decide, each text
    once; with --all they are asked everything. Exit status: 0 if all is proved, 1 if an obligation
    fails or the solvers disagree, 2 bad usage, 3 if a solver does not know.
    With --bounded: 1 if a run violates something, 3 if the search was ended early.
    """
    spec = _of_the_queue(spec or [])
    if bounded is not None or scope is not None:
        depth, where = _bounded_wish(bounded, scope, bool(spec or why or export or certificate))
        found = _search(depth, where, without or [], property, max_seconds, as_json)
        raise typer.Exit(found)
    if max_seconds is not None:
        raise Wrong("--max-seconds: is for --bounded; leave it out")
    chosen = _edited(_specs(spec), without or [])
    names = _claims(chosen, property)
    if export is not None:
        raise typer.Exit(_export(chosen, export, as_json))
    if certificate is not None:
        raise typer.Exit(_certify(chosen, certificate, as_json))
    if why is not None:
        raise typer.Exit(_why(chosen, why, every, as_json))
    full = verbose or names is not None or len(chosen) == 1
    raise typer.Exit(_prove(chosen, names, every, full, as_json))


# ---------------------------------------------------------------- what to prove
def _of_the_queue(wanted: list[str]) -> list[str]:
    """Return these names of specs; of one in the user's own file all are proved."""
    own = [name for name in wanted if is_place(name)]
    if own and len(wanted) > 1:
        raise Wrong(f"--spec {own[0]}: stands alone; leave the others away")
    SPEC.set(own[0] if own else "")
    return [] if own else wanted


def _specs(wanted: list[str]) -> list[Spec]:
    known = catalogue().specs()
    for name in wanted:
        if name not in known:
            raise Wrong(f"there is no spec '{name}'; write one of: {', '.join(known)}")
    return [known[name] for name in wanted or known]


def _edited(specs: list[Spec], texts: list[str]) -> list[Spec]:
    """Return the specs with the edits made; those in which one cannot be are left out."""
    if not texts:
        return specs
    edits, kept = able({s.name: s for s in specs}, texts)
    return [edits.made(s) for s in specs if s.name in kept]


def _claims(specs: list[Spec], wanted: str | None) -> frozenset[str] | None:
    """Return the names of the claims that are asked for, or None for all."""
    from checker.prove.proof_verdict import claims

    if wanted is None:
        return None
    return claimed([p for s in specs for p in claims(s)], wanted, "claim", "ffq prove")


# ---------------------------------------------------------------- proving
def _prove(
    specs: list[Spec], names: frozenset[str] | None, every: bool, full: bool, as_json: bool
) -> int:
    from checker.shown import console
    from checker.shown import proofs as report

    out = console.console()
    proofs = _proofs(specs, every)
    status = report.status(proofs)
    if as_json:
        console.emit({"ok": status == 0, **report.as_json(proofs, names)})
    else:
        report.show(out, proofs, names, full)
        for proof in proofs:
            _show_counterexample(out, proof, next(iter(_refuted(proof)), None))
    for line in report.keep_disputes(proofs, DISPUTES):
        console.say(line)
    return status


def _proofs(specs: list[Spec], every: bool) -> list[Proof]:
    from checker.prove import proof
    from checker.shown.live import Live

    with Live() as live:
        return [proof.prove(s, live.count(s.name, "obligations"), every) for s in specs]


def _why(specs: list[Spec], obligation: str, every: bool, as_json: bool) -> int:
    """Say what the proof of one obligation used, in the spec that has most to say of it."""
    from checker.prove.proof import asked
    from checker.shown import console
    from checker.shown import proofs as report

    known = {s.name: asked(s) for s in specs}
    every_name = dict.fromkeys(name for names in known.values() for name in names)
    among(obligation, every_name, "obligation", "ffq prove --json")
    proofs = _proofs([s for s in specs if obligation in known[s.name]], every)
    found = [(p, d) for p in proofs for d in p.decided if d.name == obligation]
    proof, decided = found[-1]
    if as_json:
        answer: dict[str, Any] = report.obligation_as_json(proof, decided)
        console.emit({"ok": decided.verdict == "proved", **answer})
    else:
        out = console.console()
        report.show_why(out, proof, decided)
        _show_counterexample(out, proof, obligation if obligation in _refuted(proof) else None)
    return {"proved": 0, "refuted": 1, "unknown": 3}[decided.verdict]


def _refuted(proof: Proof) -> list[str]:
    """Return the obligations about states and steps that failed when everything was assumed."""
    stages = proof.spec.stages
    named = [d for d in proof.decided if d.name in proof.first and d.claim not in stages]
    kinds = {p.name: p.kind for p in proof.spec.properties.values()}
    return [d.name for d in named if kinds.get(d.claim) != "leads_to" and d.verdict == "refuted"]


def _show_counterexample(out: Console, proof: Proof, obligation: str | None) -> None:
    """Print and save a step that breaks the claim, and how to see it again."""
    from rich.text import Text

    from checker.prove import cti
    from checker.runs.trace import BadTrace, save
    from checker.shown.console import say

    found = None if obligation is None else cti.find(proof.spec, obligation)
    if found is None:
        return
    out.print()
    out.print(Text("\n".join(cti.render(found, out.width))), soft_wrap=True)
    stem = f"{proof.spec.name}-{found.obligation.replace('/', '-')}"
    file = TRACES / f"{'-'.join([stem, *proof.spec.edits]).replace(' ', '-')}.jsonl"
    try:
        save(file, cti.as_trace(found, catalogue().specs()[proof.spec.name]))
    except (OSError, BadTrace) as failed:
        say(f"the counterexample was not saved: {failed}; run ffq where files can be written")
        return
    again = with_spec(f"ffq trace show {shlex.quote(str(file))}")
    out.print(f"See it again: {again}", soft_wrap=True)


def _written(specs: list[Spec]) -> Iterator[tuple[str, list[Obligation]]]:
    """Yield what a stranger needs: the obligations of each spec, and why those of stages are
    enough.
    """
    from checker.prove.export import LIVENESS, enough, everything

    for spec in specs:
        yield spec.name, list(everything(spec))
    yield LIVENESS, list(enough())


def _export(specs: list[Spec], folder: Path, as_json: bool) -> int:
    from checker.prove.export import export
    from checker.shown import console

    try:
        count = sum(export(name, asked, folder / name) for name, asked in _written(specs))
    except OSError as failed:
        raise Wrong(
            f"{failed.filename or folder}: {failed.strerror}; name another folder"
        ) from None
    if as_json:
        console.emit({"ok": True, "files": count, "folder": str(folder)})
    else:
        console.console().print(f"{count:,} obligations written below {folder}")
    return 0


def _certify(specs: list[Spec], folder: Path, as_json: bool) -> int:
    """Write the proofs, and say of which obligations there is one, and that nothing checked it."""
    from checker.process.children import pool
    from checker.prove.certificate import certify, counted
    from checker.shown import console

    found = []
    try:
        with pool(os.cpu_count()) as crowd:
            for name, asked in _written(specs):
                found += certify(name, asked, folder / name, crowd.executor)
    except OSError as failed:
        raise Wrong(
            f"{failed.filename or folder}: {failed.strerror}; name another folder"
        ) from None
    whole = all(each.whole for each in found)
    if as_json:
        said = {"obligations": len(found), "proofs": sum(each.whole for each in found)}
        console.emit({"ok": whole, **said, "checked": 0, "folder": str(folder)})
    else:
        out = console.console()
        out.print(counted(found), soft_wrap=True)
        said_of = f"Nothing has checked these proofs; PROOFS.md below {folder} says what can."
        out.print(said_of, soft_wrap=True)
    return 0 if whole else 3


# ---------------------------------------------------------------- searching instead
def _bounded_wish(depth: int | None, scope: str | None, more: bool) -> tuple[int, Scope]:
    """Return how deep to search and where, or say what does not go together."""
    if depth is None or scope is None:
        raise Wrong("--bounded K and --scope SCOPE go together; give both")
    if more:
        raise Wrong(
            "--bounded proves nothing; leave --spec, --why, --export and --certificate away"
        )
    return depth, catalogue().scope(scope)


def _search(
    depth: int,
    base: Scope,
    without: list[str],
    property: str | None,
    max_seconds: float | None,
    as_json: bool,
) -> int:
    """Search with z3 alone, and tell the shortest run that violates something."""
    from checker.prove.bmc.search import search
    from checker.shown import console
    from checker.shown import proofs as report
    from checker.shown.live import Live
    from spec.failures.edits import Edits

    with Live() as live:
        scope = Edits.parse(without).on(base)
        # What a run can violate.
        claims = [p for p in scope.spec.properties.values() if p.kind in ("invariant", "step")]
        wanted = frozenset() if property is None else claimed(claims, property)
        told = live.count(base.name, "steps searched")
        found = search(scope, depth, wanted, told and (lambda at, _: told(at, depth)), max_seconds)
    if as_json:
        console.emit({"ok": not found.violated, **report.bounded_as_json(found)})
    else:
        report.show_bounded(console.console(), found, depth)
    return 1 if found.violated else 3 if found.stopped_by else 0
