"""What the page on the queue shows is run as it stands there, and prints what stands below it."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.checkout import ROOT
from tests.docs.shell import ENVIRONMENT, FENCE, Shell, commands, timeless

PAGE = (ROOT / "docs/06-reference-implementation.md").read_text("utf-8")


@pytest.mark.deep
def test_the_walk_through_works_as_it_is_written(tmp_path: Path) -> None:
    shell = Shell(tmp_path)
    try:
        shown = [body for kind, body in FENCE.findall(PAGE) if kind == "console"]
        every = [one for body in shown for one in commands(body)]
        for command, lines in every:
            assert timeless(shell.run(command, len(lines))) == timeless(lines), command
        assert len(every) >= 10
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
