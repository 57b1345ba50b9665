"""What `ffq torture` does with its options, and what it prints."""

from __future__ import annotations

import random
import shlex
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, NoReturn

import typer

from checker.commands.options import Wrong, among
from checker.commands.statuses import NOT_FINISHED
from checker.shown import console
from checker.shown.live import Live
from checker.torture.acts.plan import Plan
from checker.torture.run import NotOurs, Torture, begun
from checker.torture.servers import home_of
from checker.torture.verdict.judge import Outcome, judge
from checker.torture.workers import WorkerFailed
from impl.derive.reference import design
from spec.failures.edits import Edits

WEATHER = {
    "clock": "the clock set", "locked": "a lock held", "full": "the disk full",
    "crash": "the server killed", "promoted": "its standby promoted",
}  # fmt: skip
"""What a change of the weather is called, before how often there was one."""


def run(folder: Path, given: Mapping[str, Any], seconds: float, as_json: bool) -> NoReturn:
    """Torture, print what came of it, and exit."""
    try:
        plan = _plan(folder, {name: v for name, v in given.items() if v is not None})
        folder.mkdir(parents=True, exist_ok=True)
        console.say(f"seed {plan.seed}: the same jobs and lives, not the same instants")
        with closing(Torture(folder, plan)) as torture:
            with Live() as live:
                finished = torture.run(seconds, live.report("torture"))
            if not finished:
                _unfinished(folder, plan, torture, seconds, as_json)
            found = judge(folder, plan, torture.counts, torture.queue)
    except OSError as wrong:
        raise Wrong(f"{folder}: cannot be used: {wrong.strerror}; name another folder") from None
    except WorkerFailed as failed:
        _failed(plan, str(failed), as_json)
    if as_json:
        console.emit({"seed": plan.seed} | found.as_json())
    else:
        _show(plan, found)
    raise typer.Exit(1 if found.wrong else 0)


def _plan(folder: Path, given: dict[str, Any]) -> Plan:
    """Return the plan: as it was begun, or a new one."""
    if "without" in given:
        given["without"] = _guards(given["without"])
    try:
        before = begun(folder)
    except NotOurs as wrong:
        raise Wrong(str(wrong)) from None
    if before is not None and before.store == "postgresql" and home_of(folder) is None:
        fact = "a torture was begun here on a server, which is gone"
        raise Wrong(f"{folder}: {fact}; name another folder")
    if before is not None:
        for name, value in given.items():
            was = getattr(before, name)
            if was != value:
                raise Wrong(
                    f"{folder}: a torture was begun here with {name} {was}, not {value}; "
                    "leave the option out to go on, or name another folder"
                )
        return before
    usual: dict[str, Any] = {"workers": 4, "kills": 200, "jobs": 1000, "lease_ms": 500}
    chosen = usual | {"seed": random.randrange(10**6)} | given
    return Plan(**({"pauses": chosen["kills"] // 4} | chosen))


def _guards(texts: Sequence[str]) -> tuple[str, ...]:
    """Return the guards to leave out: no worker knows the steps that other edits bring."""
    edits, known = Edits.parse(texts), design().scope.spec.guard_names()
    for text in edits:
        among(text, known, "guard", "ffq scopes whole")
    return edits.guards


def _unfinished(folder: Path, plan: Plan, torture: Torture, seconds: float, as_json: bool) -> None:
    again = f"run again to go on: ffq torture {shlex.quote(str(folder))}"
    fact = f"not finished after {seconds:g} s: {torture.progress()}"
    if as_json:
        console.emit({"ok": False, "finished": False, "seed": plan.seed, "error": fact})
    console.say(f"{fact}; {again}")
    raise typer.Exit(NOT_FINISHED)


def _failed(plan: Plan, fact: str, as_json: bool) -> NoReturn:
    if as_json:
        console.emit({"ok": False, "finished": False, "seed": plan.seed, "error": fact})
    console.say(fact)
    raise typer.Exit(1)


def _show(plan: Plan, found: Outcome) -> None:
    out = console.console()
    c = found.counts

    def line(text: str) -> None:
        out.print(text, soft_wrap=True)

    without = f", without {', '.join(plan.without)}" if plan.without else ""
    line(f"seed {plan.seed}: {c.started} workers, {plan.workers} at once{without}")
    line(f"  {c.kills} killed, {c.stops} told to stop, {len(c.leaving)} ended by their handlers")
    line(f"  {c.pauses} pauses past a lease of {plan.lease_ms} ms")
    weather = ", ".join(f"{WEATHER[what]} {count}" for what, count in sorted(c.weather.items()))
    line(f"  {c.changes} changes of the weather: {weather or 'none'}")
    line(f"  {len(c.gave_up)} workers gave up, for they could not use the store")
    jobs = ", ".join(f"{count} {status}" for status, count in found.jobs.items())
    line(f"  {plan.jobs} jobs asked for, {found.answers} answers: {jobs}")
    dead = ", ".join(f"{count} of {reason}" for reason, count in found.reasons.items())
    line(f"  dead: {dead or 'none'}")
    line(f"  {found.effects} effects made")
    line(f"  {len(found.delivered)} messages delivered, {found.repeated} of them again")
    line(f"  {found.recoveries} claims ended by recovery")
    stale = ", ".join(f"{count} {what}" for what, count in sorted(found.stale.items()))
    line(f"  {found.stale.total()} claims found lost by their workers: {stale or 'none'}")
    v = found.validation
    line(f"  {v.steps:,} steps, {v.rows:,} of them durable, held against the spec")
    fired = ", ".join(a.mode.id for a in found.alarms)
    line(f"  {found.detectors} detectors of the catalogue asked: {fired or 'all silent'}")
    if found.wrong:
        line("wrong:")
        for text in found.wrong[:20]:
            line(f"  {text}")
        return
    line("nothing answered is lost, each effect once, and the run is a behaviour of the spec")
