"""`ffq` in a process of its own: what it loads, and how it ends, in any terminal."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.checkout import ROOT
from tests.commands.processes.two_managers import OFF

PROGRAM = """
import sys, types
from tests.commands.processes.two_managers import SCOPES
queue = types.ModuleType("spec.queue")
queue.__dict__.update(SCOPES=SCOPES, DEFAULT=("two", "three"), DEEP=())
sys.modules["spec.queue"] = queue
from checker.commands.main import main
sys.exit(main())
"""


def process(*arguments: str, program: str = PROGRAM, **environment: str) -> subprocess.Popen[str]:
    # What the caller's terminal wants must not decide what is tested.
    inherited = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "FORCE_COLOR")}
    return subprocess.Popen(
        [sys.executable, "-c", program, *arguments],
        env={**inherited, "PYTHONPATH": str(ROOT), "COLUMNS": "80", **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )


def test_help_loads_nothing_heavy() -> None:
    program = (
        "import sys\nfrom checker.commands.main import main\nmain(['--help'])\n"
        "heavy = {'numpy', 'llvmlite', 'numba', 'z3', 'rich', 'textual', 'checker.search.compiled',"
        " 'spec.queue', 'impl'}\n"
        "print(sorted(heavy & sys.modules.keys()), file=sys.stderr)"
    )
    out, err = process(program=program).communicate()
    assert "Usage: ffq" in out
    assert err == "[]\n"


def test_a_reader_that_leaves_gets_no_traceback() -> None:
    # Opened before anything is printed, closed after the first line.
    ran = process("check", "--engine", "plain")
    assert ran.stdout is not None and ran.stderr is not None
    ran.stdout.close()
    assert ran.stderr.read() == ""
    assert ran.wait() == 141
    ran.stderr.close()


def test_colour_is_printed_where_it_is_wanted_alone() -> None:
    wanted, _ = process("check", "--engine", "plain", FORCE_COLOR="1").communicate()
    assert "\x1b[32m" in wanted
    both, _ = process("check", "--engine", "plain", FORCE_COLOR="1", NO_COLOR="1").communicate()
    assert "\x1b[32m" not in both


@pytest.mark.deep
def test_a_terminal_without_unicode_gets_the_story_all_the_same() -> None:
    ran = process(*OFF, "--no-save", PYTHONIOENCODING="ascii")
    out, err = ran.communicate()
    assert (ran.returncode, err) == (1, "")
    assert "?3  TC-1  all_agree" in out
    ran = process(*OFF, "--no-save", "--json", PYTHONIOENCODING="ascii")
    answer = json.loads(ran.communicate()[0])
    assert answer["scopes"][0]["properties"][0]["evidence"] == "✗3"


@pytest.mark.parametrize("columns", [80, 40])
def test_a_narrow_terminal_loses_no_word_of_the_table(columns: int) -> None:
    out, _ = process(*OFF, "--no-save", COLUMNS=str(columns)).communicate()
    table = "".join(out[: out.index("The shortest")].split())
    for word in ("✗3", "TC-1", "all_agree", "violated:"):
        assert word in table
    if columns == 80:
        assert max(map(len, out.splitlines())) <= 80


def test_what_reads_a_pipe_gets_whole_lines() -> None:
    program = PROGRAM.replace(
        "queue.__dict__", "SCOPES['two'].__dict__['doc'] = 'A word. ' * 20\nqueue.__dict__"
    )
    inherited = {k: v for k, v in os.environ.items() if k not in ("COLUMNS", "FORCE_COLOR")}
    ran = subprocess.run(
        [sys.executable, "-c", program, "scopes"],
        env={**inherited, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert f"  {'A word. ' * 20} (default)" in ran.stdout.splitlines()


def test_no_line_of_the_help_is_cut() -> None:
    for words in ([], ["trace"], ["queue"]):
        shown, _ = process(*words, "--help").communicate()
        lines = shown.splitlines()[1:]
        assert len(lines) > 5 and max(map(len, lines)) <= 80
        assert [line for line in lines if line.endswith("...")] == []


def test_a_shell_completes_guards_and_failure_modes() -> None:
    ffq = Path(sys.executable).with_name("ffq")
    asked = f"""
eval "$({ffq} completion bash)"
COMP_WORDS=({ffq} check --without settle_done.f); COMP_CWORD=3; _ffq_completion {ffq}
echo "${{COMPREPLY[@]}}"
COMP_WORDS=({ffq} failures FM-01); COMP_CWORD=2; _ffq_completion {ffq}
echo "${{COMPREPLY[@]}}"
"""
    ran = subprocess.run(["bash", "-c", asked], capture_output=True, text=True, timeout=60)
    guards, modes = ran.stdout.splitlines()
    assert (guards, ran.stderr) == ("settle_done.fenced", "")
    assert {"FM-010", "FM-019"} <= set(modes.split())
