"""What a page shows in a terminal: its commands are run one by one, as they stand there."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.checkout import ROOT

FENCE = re.compile(r"^```(console|python|text)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ENVIRONMENT = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT}/impl/public"}
END = "that was it"


def timeless(lines: list[str]) -> list[str]:
    """Return lines of output without the seconds that something took, and whose process it was."""
    return [re.sub(r"\d+\.\d s|(by \S+ in )?process \d+", "N", line) for line in lines]


def commands(body: str) -> Iterator[tuple[str, list[str]]]:
    """Yield each command of a block with the lines that it is to print."""
    for part in re.split(r"^\$ ", body, flags=re.MULTILINE)[1:]:
        command, *shown = part.splitlines()
        yield command, shown


class Shell:
    """A shell that runs commands one by one, as in a terminal."""

    def __init__(self, folder: Path, **more: str) -> None:
        command = ["bash", "--norc"]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, cwd=folder, env=ENVIRONMENT | more,
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
