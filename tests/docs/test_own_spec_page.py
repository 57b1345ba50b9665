"""The page on specs of one's own is followed as it stands there, in an empty folder."""

import re
from pathlib import Path

import pytest

from tests.checkout import ROOT
from tests.docs.shell import FENCE, Shell, commands

PAGE = (ROOT / "docs/11-your-own-spec.md").read_text("utf-8")
TIMES = re.compile(r", [\d.,]+ s, [\d,]+ states/s|(, | in )[\d.]+ s(?=[:, \n]|$)")


def timeless(lines: list[str]) -> list[str]:
    """Return lines of output without the seconds that something took, said or counted."""
    return [TIMES.sub("", line).rstrip() for line in lines if not line.startswith("ffq: ")]


@pytest.mark.deep
def test_the_tutorial_works_as_it_is_written(tmp_path: Path) -> None:
    file, ran = tmp_path / "leader.py", 0
    shell = Shell(tmp_path, XDG_CACHE_HOME=str(tmp_path / "cache"))  # nothing is known before
    try:
        for kind, body in FENCE.findall(PAGE):
            if kind == "python" and body.startswith('"""'):
                assert file.read_text("utf-8") == body, "what `ffq new` has written"
            elif kind == "python":
                file.write_text(f"{file.read_text('utf-8')}\n\n{body}", "utf-8")
            else:
                for command, shown in commands(body):
                    assert timeless(shell.run(command, len(shown))) == timeless(shown), command
                    ran += 1
        assert ran >= 8
    finally:
        shell.process.kill()
        shell.process.communicate()
