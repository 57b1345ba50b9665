"""`ffq check`: each property with the evidence behind it, and the shortest story of a violation."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from checker.commands.edits import Without, able
from checker.commands.options import (
    SPEC,
    THREADS_MAX,
    AsJson,
    Catalogue,
    Wrong,
    catalogue,
    check_out,
    claimed,
    close,
    complete_property,
    complete_scope,
    finite,
    memory,
    reachable,
    whole_number,
    with_spec,
)
from checker.verdicts.saved import FOLDER, file_name

if TYPE_CHECKING:
    from checker.runs.story import Story
    from checker.runs.verdict import Judged
    from checker.verdicts.check import CheckPlan, Result
    from spec.language.scope import Scope


_Threads = Annotated[int | None, typer.Option(min=1, max=THREADS_MAX, help="Default: every core.")]
_Save = Annotated[
    Path | None,
    typer.Option(help=f"Save the trace here; default: in {FOLDER}.", callback=reachable),
]


_All = Annotated[
    bool, typer.Option("--all", help="Decide in each scope what is proved of any, too.")
]


_Never = Annotated[
    list[str] | None,
    typer.Option(metavar="ACTION", help="Look only at runs that never take this action."),
]
_Via = Annotated[
    str | None,
    typer.Option(
        metavar="ACTIONS", help="Look only at runs that take these, in this order: 'A then B'."
    ),
]
_Bound = Annotated[
    list[str] | None,
    typer.Option(metavar="NAME=N", help="Another bound of the scopes: Recoverer=1."),
]
_NoSymmetry = Annotated[
    bool, typer.Option("--no-symmetry", help="Count states that differ in names apart.")
]
_Verbose = Annotated[
    bool, typer.Option("--verbose", "-v", help="Of several scopes, too, print every property.")
]


class Engine(StrEnum):
    """Which explorer does the work."""

    compiled = "compiled"
    plain = "plain"


@dataclass(frozen=True)
class _Saving:
    """Where the trace goes: `file` if the user named one, nowhere if not `wanted`."""

    file: Path | None
    wanted: bool


def check(
    scope: Annotated[
        list[str] | None,
        typer.Option(help="Check this scope; may be repeated.", autocompletion=complete_scope),
    ] = None,
    deep: Annotated[bool, typer.Option("--deep", help="Check the large scopes too.")] = False,
    without: Without = None,
    never: _Never = None,
    via: _Via = None,
    bound: _Bound = None,
    property: Annotated[
        str | None,
        typer.Option(help="Check this one alone, by name or ID.", autocompletion=complete_property),
    ] = None,
    engine: Annotated[Engine, typer.Option(help="plain is slow and short.")] = Engine.compiled,
    threads: _Threads = None,
    no_symmetry: _NoSymmetry = False,
    max_states: Annotated[
        str | None, typer.Option(metavar="N", help="End a scope at N states: 2e8, 10M.")
    ] = None,
    max_memory: Annotated[
        str | None, typer.Option(metavar="SIZE", help="End a scope at this memory: 8GiB.")
    ] = None,
    max_seconds: Annotated[
        float | None,
        typer.Option(min=0, help="End after so many seconds in all.", callback=finite),
    ] = None,
    save: _Save = None,
    no_save: Annotated[bool, typer.Option("--no-save", help="Save no trace.")] = False,
    every: _All = False,
    verbose: _Verbose = False,
    as_json: AsJson = False,
) -> None:
    """Visit every state of a scope and judge each property.

    Without a protection it stops at the shortest violation. Exit status: 0 as expected, 1 a
    property fails or an action never fires, 2 bad usage, 3 not finished.
    """
    from checker.runs.exploration import Limits
    from checker.verdicts.check import CheckPlan

    if save and no_save:
        raise Wrong("--save and --no-save exclude each other; give one of them")
    limits = Limits(
        whole_number(max_states) if max_states else None,
        memory(max_memory) if max_memory else None,
        max_seconds,
    )
    plan = CheckPlan(
        tuple(_bounded(s, bound or []) for s in _scopes(catalogue(), scope or [], deep)),
        engine=engine.value,
        threads=threads,
        symmetry=not no_symmetry,
        limits=limits,
        every=every,
    )
    plan = _protections(plan, [*(without or []), *_narrowed(never or [], via)])
    plan = _property(plan, property)
    full = verbose or len(plan.scopes) == 1 or bool(plan.wanted or plan.edits)
    raise typer.Exit(_check(plan, _Saving(save, not no_save), full, as_json))


def _scopes(found: Catalogue, names: list[str], deep: bool) -> tuple[Scope, ...]:
    chosen = [found.scope(name) for name in names]
    if not names:
        chosen += [found.scope(name) for name in found.default]
    if deep:
        if not found.deep:
            raise Wrong("there is no deep scope; leave --deep away")
        chosen += [found.scope(name) for name in found.deep]
    return tuple({s.name: s for s in chosen}.values())


def _narrowed(never: list[str], via: str | None) -> list[str]:
    """Return the edits that leave only these runs."""
    if via is not None and not via.split():
        raise Wrong("--via: names no action; write it as 'expire then settle_done'")
    return [*(f"never {action}" for action in never), *([] if via is None else [f"via {via}"])]


def _bounded(scope: Scope, texts: list[str]) -> Scope:
    """Return the scope with the bounds `NAME=N`; a trace of it can be read again."""
    from checker.runs.reading import BOUND_MAX
    from spec.language.scope import Scope

    bounds = dict(scope.bounds)
    for text in texts:
        name, _, number = text.partition("=")
        if name not in bounds:
            raise Wrong(
                f"--bound: {scope.name} has no '{name}'; "
                f"{close(name, bounds, with_spec('ffq scopes'))}"
            )
        if not (number.isascii() and number.isdigit() and int(number) <= BOUND_MAX):
            raise Wrong(f"--bound: {text} gives no bound; write {name}=N, at most {BOUND_MAX}")
        bounds[name] = int(number)
    return Scope(scope.name, scope.spec, bounds, scope.doc) if texts else scope


def _protections(plan: CheckPlan, texts: list[str]) -> CheckPlan:
    """Return the plan with the edits made; scopes that do not have what is edited are left out."""
    if not texts:
        return plan
    edits, kept = able({s.name: s.spec for s in plan.scopes}, texts)
    return replace(plan, scopes=tuple(s for s in plan.scopes if s.name in kept), edits=edits)


def _property(plan: CheckPlan, wanted: str | None) -> CheckPlan:
    """Return the plan for the properties of this name or ID, and for the scopes that have one."""
    if wanted is None:
        return plan
    from spec.language.declared.claims import EXEMPTED

    claims = [p for s in plan.scopes for p in s.spec.properties.values() if p.kind != "lemma"]
    names = claimed(claims, wanted)
    if plan.edits.narrow and not any(p.kind in EXEMPTED for p in claims if p.name in names):
        raise Wrong(f"'{wanted}' is asked of all runs together; leave --never and --via away")
    scopes = tuple(s for s in plan.scopes if names & s.spec.properties.keys())
    return replace(plan, scopes=scopes, wanted=names)


def _check(plan: CheckPlan, saving: _Saving, full: bool, as_json: bool) -> int:
    from checker.evidence.matrix import complaints, keep_scope
    from checker.runs.trace import FORMAT
    from checker.shown import checks, console
    from checker.shown.live import Live
    from checker.verdicts.check import run, shortest, status, story

    if saving.file:
        check_out(saving.file, FORMAT)
    out = console.console()
    results: list[Result] = []
    with Live() as live:
        for result in run(plan, live.watch):
            live.done()
            results.append(result)
            keep_scope(result)
            if full and not as_json:
                checks.show_result(out, result)
            elif not as_json:
                checks.show_line(out, result, max(len(s.name) for s in plan.scopes))
    if not as_json:
        checks.show_verdicts(out, results, full)
    worst = shortest(results, plan.wanted)
    saved = None
    if worst is not None:
        told = story(*worst)
        if not as_json:
            out.print(f"The shortest violation, in scope {worst[0].base.name}:\n")
            console.show_story(out, told)
            out.print()
        saved = _save(*worst, told, saving)
    elif saving.file:
        console.say(f"nothing is violated: {saving.file} is not written")
    code = status(results)
    healthy = not (plan.edits or plan.wanted or SPEC.get())
    failed = complaints() if healthy else None
    if failed:
        code = code or 1
    if as_json:
        traces = {(worst[0].base.name, worst[1].name): str(saved)} if worst and saved else {}
        scopes = [checks.as_json(result, traces) for result in results]
        console.emit({"ok": code == 0, "scopes": scopes, "failed_proofs": failed})
    else:
        again = with_spec(f"ffq trace show {shlex.quote(str(saved))}") if saved else None
        checks.show_end(out, results, again)
    for line in failed or []:
        console.say(f"{line}; `ffq failures` says more")
    if healthy and failed is None:
        console.say("not all proofs of failure modes are known; run `ffq failures`")
    return code


def _save(result: Result, judged: Judged, told: Story, saving: _Saving) -> Path | None:
    """Save the trace and return the file; only a file that the user named has to succeed."""
    from checker.runs.trace import BadTrace, Trace, record, save
    from checker.shown.console import say

    if not saving.wanted:
        return None
    file = saving.file or FOLDER / file_name(result, judged)
    trace = Trace(result.base, result.edits, result.exploration.engine, judged.name, ())
    try:
        save(file, record(trace, told))
    except (OSError, BadTrace) as failed:
        reason = failed.strerror if isinstance(failed, OSError) else failed
        if saving.file:
            raise Wrong(
                f"the trace could not be saved to {file}: {reason}; name another file"
            ) from None
        say(f"the trace was not saved to {file}: {reason}; name a place with --save FILE")
        return None
    return file
