"""`ffq check`: each property with the evidence behind it, and the shortest story of a violation."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from checker.commands.options import (
    THREADS_MAX,
    Catalogue,
    Wrong,
    catalogue,
    check_out,
    close,
    complete_guard,
    complete_property,
    complete_scope,
    finite,
    memory,
    named_edits,
    reachable,
    whole_number,
)
from checker.verdicts.saved import FOLDER, file_name

if TYPE_CHECKING:
    from checker.runs.story import Story
    from checker.runs.verdict import Judged
    from checker.verdicts.check import Plan, Result
    from spec.language.scope import Scope


_Threads = Annotated[int | None, typer.Option(min=1, max=THREADS_MAX, help="Default: every core.")]
_Save = Annotated[
    Path | None,
    typer.Option(help=f"Save the trace here; default: in {FOLDER}.", callback=reachable),
]


_All = Annotated[
    bool, typer.Option("--all", help="Decide in each scope what is proved of any, too.")
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


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(check)


def check(
    scope: Annotated[
        list[str] | None,
        typer.Option(help="Check this scope; may be repeated.", autocompletion=complete_scope),
    ] = None,
    deep: Annotated[bool, typer.Option("--deep", help="Check the large scopes too.")] = False,
    without: Annotated[
        list[str] | None,
        typer.Option(
            help="Take a protection away: action.guard, property.exemption, 'split action field', "
            "'weaken action', 'instead action way', 'unfair action', or what a failure mode "
            "goes without: FM-013; may be repeated. Stops at the shortest violation.",
            autocompletion=complete_guard,
        ),
    ] = None,
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
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Visit every state of a scope and judge each property.

    Exit status: 0 as expected, 1 a property fails or an action never fires, 2 bad usage,
    3 not finished.
    """
    from checker.runs.exploration import Limits
    from checker.verdicts.check import Plan

    if save and no_save:
        raise Wrong("--save and --no-save exclude each other; give one of them")
    limits = Limits(
        whole_number(max_states) if max_states else None,
        memory(max_memory) if max_memory else None,
        max_seconds,
    )
    found = catalogue()
    plan = Plan((), (), (), frozenset(), engine.value, threads, not no_symmetry, limits, every)
    plan = _protections(replace(plan, scopes=_scopes(found, scope or [], deep)), without or [])
    plan = _property(plan, property)
    full = verbose or len(plan.scopes) == 1 or bool(plan.wanted or plan.edits or plan.off)
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


def _protections(plan: Plan, texts: list[str]) -> Plan:
    """Return the plan with the edits made; scopes that do not have what is edited are left out."""
    from checker.shown.console import say
    from checker.verdicts.check import able

    off: list[str] = []
    edits: list[str] = []
    for text in dict.fromkeys(" ".join(text.split()) for text in named_edits(texts)):
        words = text.removeprefix("without ").split()
        (off if len(words) == 1 else edits).append(" ".join(words) if len(words) == 1 else text)
    off = list(dict.fromkeys(off))
    if not texts:
        return plan
    _refuse_elsewhere(edits)
    refused = {s.name: able(s, edits, off) for s in plan.scopes}
    kept = tuple(s for s in plan.scopes if refused[s.name] is None)
    if not kept:
        raise Wrong(_refusal(plan.scopes, off, edits))
    for name, misuse in refused.items():
        if misuse is not None:
            say(f"scope {name} is left out: {misuse.fact}")
    return replace(plan, scopes=kept, off=tuple(off), edits=tuple(edits))


def _refusal(scopes: tuple[Scope, ...], off: list[str], edits: list[str]) -> str:
    """Say which edit no scope can make."""
    from checker.verdicts.check import able

    guards = list(dict.fromkeys(g for s in scopes for g in s.spec.removable()))
    for guard in off:
        if guard not in guards and not edits:
            return f"there is no guard '{guard}'; {close(guard, guards, 'ffq scopes SCOPE')}"
    for text in [*edits, *off]:
        refused = [able(s, [text], []) for s in scopes]
        if all(refused) and refused[0] is not None:
            return f"{refused[0].fact}; {refused[0].remedy}"
    for s in scopes:
        together = able(s, edits, off)
        if together is not None and not any(able(s, [text], []) for text in [*edits, *off]):
            fact = f"scope {s.name} has each of these, and not all at once"
            return f"{fact}: {together.fact}; take them away one at a time"
    return "no scope has all of these; take them away one at a time"


def _refuse_elsewhere(edits: list[str]) -> None:
    """Raise `Wrong` for a naive step in place of an action that it was not written for: what is
    found then is no way in which a queue is built.
    """
    if not any(edit.startswith("instead ") for edit in edits):
        return
    from spec.failures import FAILURES
    from spec.failures.profiles import PROFILES

    known: dict[str, set[str]] = {}
    made = [edit for mode in FAILURES.values() for loss in mode.losses for edit in loss.edits]
    made += [edit for profile in PROFILES.values() for edit in profile.edits]
    for edit in made:
        match edit.split():
            case ["instead", action, naive]:
                known.setdefault(naive, set()).add(action)
    for edit in edits:
        match edit.split():
            case ["instead", action, naive] if action not in known.get(naive, {action}):
                of = " or ".join(sorted(known[naive]))
                fact = f"'{naive}' is a way to {of}, and says nothing of {action}"
                raise Wrong(f"{fact}; write instead {sorted(known[naive])[0]} {naive}")


def _property(plan: Plan, wanted: str | None) -> Plan:
    """Return the plan for the properties of this name or ID, and for the scopes that have one."""
    if wanted is None:
        return plan
    claims = [p for s in plan.scopes for p in s.spec.properties.values() if p.kind != "lemma"]
    names = frozenset(p.name for p in claims if wanted in (p.name, p.id))
    if not names:
        known = dict.fromkeys(text for p in claims for text in (p.name, p.id))
        raise Wrong(f"there is no property '{wanted}'; {close(wanted, known, 'ffq scopes SCOPE')}")
    scopes = tuple(s for s in plan.scopes if names & s.spec.properties.keys())
    return replace(plan, scopes=scopes, wanted=names)


def _check(plan: Plan, saving: _Saving, full: bool, as_json: bool) -> int:
    from checker.evidence.matrix import complaints, keep_scope
    from checker.runs.trace import FORMAT
    from checker.shown import console
    from checker.verdicts.check import run, shortest, status, story

    if saving.file:
        check_out(saving.file, FORMAT)
    out, live = console.console(), console.Live()
    results: list[Result] = []
    try:
        for result in run(plan, live.watch):
            live.done()
            results.append(result)
            keep_scope(result)
            if full and not as_json:
                console.show_result(out, result)
            elif not as_json:
                console.show_line(out, result, max(len(s.name) for s in plan.scopes))
    finally:
        live.done()
    if not as_json:
        console.show_verdicts(out, results, full)
    worst = shortest(results)
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
    healthy = not (plan.off or plan.edits or plan.wanted)
    failed = complaints() if healthy else None
    if failed:
        code = code or 1
    if as_json:
        traces = {(worst[0].base.name, worst[1].name): str(saved)} if worst and saved else {}
        scopes = [console.as_json(result, traces) for result in results]
        console.emit({"ok": code == 0, "scopes": scopes, "failed_proofs": failed})
    else:
        console.show_end(out, results, saved)
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
    off, engine = result.exploration.off, result.exploration.engine
    trace = Trace(result.base, result.edits, off, engine, judged.name, ())
    try:
        save(file, record(trace, told))
    except (OSError, BadTrace) as failed:
        reason = failed.strerror if isinstance(failed, OSError) else failed
        if saving.file:
            raise Wrong(f"the trace could not be saved to {file}: {reason}") from None
        say(f"the trace was not saved to {file}: {reason}; name a place with --save FILE")
        return None
    return file
