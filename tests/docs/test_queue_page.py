"""What the page on the queue shows is run as it stands there, and prints what stands below it."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.checkout import ROOT

PAGE = (ROOT / "docs/06-reference-implementation.md").read_text("utf-8")
FENCE = re.compile(r"^```(console|python|text)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}
END = "that was it"


def timeless(lines: list[str]) -> list[str]:
    """Return lines of output without the seconds that something took, and whose process it was."""
    return [re.sub(r"\d+\.\d s|(by \S+ in )?process \d+", "N", line) for line in lines]


def commands() -> Iterator[tuple[str, list[str]]]:
    """Yield each command of the page with the lines that it is to print."""
    for kind, body in FENCE.findall(PAGE):
        if kind == "console":
            for part in re.split(r"^\$ ", body, flags=re.MULTILINE)[1:]:
                command, *shown = part.splitlines()
                yield command, shown


class Shell:
    """A shell that runs commands one by one, as in a terminal."""

    def __init__(self, folder: Path) -> None:
        command = ["bash", "--norc"]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, cwd=folder, env=ENVIRONMENT,
        )  # fmt: skip
        self.send(f'ffq() {{ "{sys.executable}" -m checker.commands "$@"; }}; export -f ffq')

    def send(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def run(self, command: str, lines: int) -> list[str]:
        """Return what a command prints; one that runs on is left alone after so many lines."""
        if command.endswith("&"):  # the process itself, so that a kill finds it
            rest = command.removeprefix("ffq ")
            self.send(f'"{sys.executable}" -m checker.commands {rest}')
        else:
            self.send(command)
        self.send(f"echo {END}")
        assert self.process.stdout is not None
        found: list[str] = []
        ended = False
        while not ended or (command.endswith("&") and len(found) < lines):
            line = self.process.stdout.readline()
            assert line, "the shell is gone"
            ended = ended or line == f"{END}\n"
            if line != f"{END}\n" and "Killed" not in line:
                found.append(line.rstrip("\n"))
        return found


@pytest.mark.deep
def test_the_walk_through_works_as_it_is_written(tmp_path: Path) -> None:
    shell = Shell(tmp_path)
    try:
        ran = 0
        for command, shown in commands():
            assert timeless(shell.run(command, len(shown))) == timeless(shown), command
            ran += 1
        assert ran >= 10
    finally:
        shell.process.kill()
        shell.process.communicate()


PROGRAMS = [
    (body, after.group(2) if after and after.group(1) == "text" else "")
    for found in FENCE.finditer(PAGE)
    if found.group(1) == "python"
    for body in [found.group(2)]
    for after in [FENCE.match(PAGE, found.end() + 2)]
]


@pytest.mark.parametrize(("program", "shown"), PROGRAMS)
def test_each_program_of_the_page_prints_what_is_shown(
    tmp_path: Path, program: str, shown: str
) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, env=ENVIRONMENT,
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert (ran.stdout, ran.stderr) == (shown, "")


def test_the_page_has_programs_and_shows_what_one_of_them_prints() -> None:
    assert len(PROGRAMS) >= 2
    assert any(shown for _, shown in PROGRAMS)
