"""What `ffq crashlab` does with its options, and what it prints."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import typer
from rich.table import Table

from checker.commands.options import among
from checker.commands.statuses import NOT_FINISHED
from checker.crashlab import keep, story
from checker.crashlab.bench import Bench
from checker.crashlab.campaign import Crew, Outcome, Watch
from checker.crashlab.figures import COLUMNS, cell, numbers, wrong
from checker.crashlab.images.judge import VERDICTS
from checker.crashlab.images.settings import SETTINGS, SHIPPED
from checker.crashlab.survey import Measured, Round, a_round, every_setting, measured
from checker.shown import console
from checker.shown.live import Live

_KEPT = 3
"""How many images of each verdict are kept, of a kind of work."""


@dataclass(frozen=True)
class Asked:
    """What all the ways to ask have in common."""

    seed: int
    seconds: float | None
    folder: Path | None
    processes: int | None
    as_json: bool

    @property
    def place(self) -> Path:
        """Where images are kept."""
        return self.folder or keep.FOLDER


def _watch(live: Live) -> Watch:
    say = live.say("crashlab")

    def report(what: str, images: int) -> None:
        say(f"{what}: {images:,} images")

    return report


def _kept(asked: Asked, outcomes: Iterable[Outcome]) -> list[str]:
    """Keep a few of the bad images; return what they are called."""
    names = []
    for outcome in outcomes:
        for verdict in VERDICTS:
            few = [pair for pair in outcome.bad if pair[1].verdict == verdict][:_KEPT]
            for task, bad in few:
                try:
                    names.append(keep.keep(asked.place, task, bad))
                except OSError as failed:
                    remedy = "name another folder with --folder"
                    console.say(f"{asked.place}: no image is kept: {failed.strerror}; {remedy}")
                    return names
    return names


def _say_kept(asked: Asked, names: Sequence[str]) -> None:
    where = f" --folder {asked.folder}" if asked.folder else ""
    for name in names[:5]:
        console.say(f"Open it again: ffq crashlab --reopen {name}{where}")
    if names:
        console.say(f"Look at it: ffq browse {asked.place / names[0]}")


# ---------------------------------------------------------------- a round of everything
def round_of_everything(asked: Asked) -> None:
    """Do a round and print what came of it; the exit status says whether all is well."""
    began = time.monotonic()
    with Live() as live, Crew(asked.processes) as crew:
        done = a_round(crew, asked.seed, asked.seconds, _watch(live))
    took = time.monotonic() - began
    kept = _kept(asked, done.shipped)
    if asked.as_json:
        console.emit(_round_as_json(done, took, kept))
    else:
        _show_round(done, took)
    _say_kept(asked, kept)
    if done.failed:
        raise typer.Exit(1)
    if not done.finished:
        console.say(f"not finished after {took:.0f} s; give it more --seconds")
        raise typer.Exit(NOT_FINISHED)


def _round_as_json(done: Round, took: float, kept: list[str]) -> dict[str, Any]:
    return {
        "ok": done.finished and not done.failed,
        "finished": done.finished,
        "seed": done.seed,
        "setting": SHIPPED.name,
        "shipped": [
            {"what": o.what, "runs": o.tasks, **numbers(o.found), "store_said": dict(o.said)}
            for o in done.shipped
        ],
        "mutants": [
            {"name": c.mutant.name, "caught": c.caught, **numbers(c.outcome.found)}
            for c in done.caught
        ],
        "kept": kept,
        "seconds": round(took, 1),
    }


def _show_round(done: Round, took: float) -> None:
    out = console.console()
    out.print(f"the store as it is shipped ({SHIPPED.name}), seed {done.seed}")
    table = Table("", "runs", "crashes", "images", *VERDICTS, box=None, pad_edge=False)
    for o in done.shipped:
        counted = (f"{n:,}" for n in numbers(o.found).values())
        table.add_row(o.what, f"{o.tasks:,}", *counted)
    out.print(table)
    for o in done.shipped:
        if o.said:
            said = ", ".join(f"{what} {n:,}" for what, n in sorted(o.said.items()))
            out.print(f"{o.what}; the store said: {said}", soft_wrap=True)
    out.print()
    out.print("faults of our own, which must be found")
    table = Table("", "found", "what it is", box=None, pad_edge=False)
    for c in done.caught:
        table.add_row(c.mutant.name, wrong(c.outcome.found) or "nothing", c.mutant.doc)
    out.print(table)
    out.print()
    out.print(_summary(done, took), soft_wrap=True)


def _summary(done: Round, took: float) -> str:
    images = sum(len(o.found.images) for o in done.shipped)
    wrong = sum(o.found.wrong for o in done.shipped)
    caught = sum(c.caught for c in done.caught)
    what = "nothing lost, half-applied, made up or damaged" if not wrong else f"{wrong:,} bad"
    return f"{images:,} images: {what}; {caught} of {len(done.caught)} faults found ({took:.1f} s)"


# ---------------------------------------------------------------- settings
def compared(asked: Asked, name: str | None) -> NoReturn:
    """Measure one setting or all, print what came of it, and exit."""
    if name is not None:
        among(name, SETTINGS, "setting", "ffq crashlab --settings")
    chosen = every_setting() if name is None else [SETTINGS[name]]
    rows: list[Measured] = []
    kept: list[str] = []
    with Live() as live, Crew(asked.processes) as crew:
        for row, outcomes in measured(crew, asked.seed, chosen, _watch(live)):
            rows.append(row)
            if name is not None:
                kept += _kept(asked, outcomes)
    asked_for = [row for row in rows if row.setting == SHIPPED or name is not None]
    ok = not any(row.wrong for row in asked_for)
    if asked.as_json:
        console.emit(
            {"ok": ok, "seed": asked.seed, "settings": [_as_json(r) for r in rows]} | {"kept": kept}
        )
    else:
        _show_settings(rows)
    _say_kept(asked, kept)
    raise typer.Exit(0 if ok else 1)


def _as_json(row: Measured) -> dict[str, Any]:
    measured = {
        column: {
            "crashes": found.count(None, process),
            **{word: found.count(word, process) for word in VERDICTS},
        }
        for column, of in COLUMNS.items()
        for found, process in (of(row),)
    }
    return {"setting": row.setting.name, "answers_lost_at_most": row.spares.worst, **measured}


def _show_settings(rows: Sequence[Measured]) -> None:
    table = Table(box=None, pad_edge=False)
    table.add_column("setting", no_wrap=True)
    for column in (*COLUMNS, "answers lost"):
        table.add_column(column)
    for row in rows:
        table.add_row(row.setting.name, *(cell(row, c) for c in COLUMNS), str(row.spares.worst))
    console.console().print(table)


# ---------------------------------------------------------------- contention
def contended(asked: Asked) -> NoReturn:
    """Let processes get in each other's way, print what came of it, and exit."""
    from checker.crashlab.contention import situations

    found = list(situations())
    ok = all(c.ok for c in found)
    if asked.as_json:
        console.emit(
            {"ok": ok, "contention": [{"what": c.what, "came": c.came, "ok": c.ok} for c in found]}
        )
    else:
        table = Table("", "", "what came of it", box=None, pad_edge=False)
        for c in found:
            table.add_row("ok" if c.ok else "NOT OK", c.what, c.came)
        console.console().print(table)
    raise typer.Exit(0 if ok else 1)


# ---------------------------------------------------------------- one image
def reopened(asked: Asked, name: str) -> NoReturn:
    """Open a kept image, say how it came to be, and exit."""
    _show(asked.place, name, asked.as_json, ok=False)
    raise typer.Exit(1)


def show_image(place: Path, as_json: bool) -> None:
    """Print the story of the image that a folder holds."""
    _show(place.parent, place.name, as_json, ok=True)


def _show(folder: Path, name: str, as_json: bool, ok: bool) -> None:
    with contextlib.closing(Bench()) as bench:
        found = keep.reopen(bench, keep.load(folder, name))
    if as_json:
        console.emit({"ok": ok, **story.as_json(found)})
    else:
        for line in story.lines(story.tell(found)):
            console.line(line)
