"""The explorer in a real terminal: from a check to the trace, why, the SQLite file, and out."""

import os
import re
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pexpect
import pyte
import pytest

from checker.verdicts.saved import FOLDER
from tests.checkout import ROOT

COLUMNS, ROWS = 120, 40
SECONDS_MAX = 60


class Terminal:
    """A program in a terminal of its own, and what is seen there."""

    def __init__(self, *arguments: str, folder: Path, env: dict[str, str]) -> None:
        command = [
            sys.executable,
            "-c",
            "from checker.commands.main import main; raise SystemExit(main())",
        ]
        self.child = pexpect.spawn(
            command[0], [*command[1:], *arguments], dimensions=(ROWS, COLUMNS), cwd=str(folder),
            env=env, timeout=SECONDS_MAX,
        )  # fmt: skip
        self.screen = pyte.Screen(COLUMNS, ROWS)
        self.stream = pyte.ByteStream(self.screen)

    @property
    def text(self) -> str:
        """What is on the screen."""
        return "\n".join(line.rstrip() for line in self.screen.display)

    def see(self, pattern: str) -> re.Match[str]:
        """Wait until this is on the screen."""
        until = time.monotonic() + SECONDS_MAX
        while time.monotonic() < until:
            if found := re.search(pattern, self.text):
                return found
            self._read()
        pytest.fail(f"{pattern!r} is not on the screen:\n{self.text}", pytrace=False)

    def press(self, keys: str) -> None:
        """Type keys."""
        self.child.send(keys)

    def _read(self) -> None:
        try:
            data = self.child.read_nonblocking(65536, timeout=0.2)
        except (pexpect.TIMEOUT, pexpect.EOF):
            return
        # What asks for private modes and names of keys is for real terminals; pyte would print it.
        data = re.sub(rb"\x1b\[[<>=][\d;]*[a-zA-Z]|\x1b\[\?[\d;]*\$p", b"", data)
        # It has one screen; where a real terminal goes back to the other, begin with a clean one.
        self.stream.feed(data.replace(b"\x1b[?1049l", b"\x1b[2J\x1b[H"))

    def end(self) -> int | None:
        """Wait until the program has ended, and return its exit status."""
        while not self.child.flag_eof:
            self._read()
        self.child.wait()
        self.child.close()
        status: int | None = self.child.exitstatus
        return status


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder of the user's own."""
    yield tmp_path


def environment(**more: str) -> dict[str, str]:
    # Screens that were drawn in this process before leave the size of theirs behind.
    kept = {k: v for k, v in os.environ.items() if k not in ("COLUMNS", "LINES")}
    return {**kept, "TERM": "xterm-256color", "PYTHONPATH": str(ROOT), **more}


F3, F5, LEAVE = "\x1bOR", "\x1b[15~", "\x11"


@pytest.mark.deep
def test_from_a_check_to_the_reason_to_the_database_and_to_a_postmortem(folder: Path) -> None:
    with_guard_off = ("browse", "one-job", "--without", "settle_done.fenced")
    terminal = Terminal(*with_guard_off, folder=folder, env=environment())
    terminal.see(r"only_the_holder_settles is broken in 8 steps; enter opens")
    (trace,) = (folder / FOLDER).glob("*.jsonl")

    terminal.press("\r")
    terminal.see(r"8/8")
    terminal.see(r"token\[job\[worker1\]\] == held\[worker1\]")
    terminal.press("k")
    terminal.see(r"7/8")
    terminal.press("ww")
    terminal.see(r"settle_done")

    terminal.press("t")
    terminal.see(r"What if")
    terminal.press("1")
    terminal.see(r"branch")
    terminal.press(F3)
    terminal.see(r"7/8")

    terminal.press(F5)
    terminal.see(r"SQLite file after step 7")
    terminal.press("j")
    terminal.see(r"SQLite file after step 8")
    terminal.see(r"UPDATE job")

    terminal.press("e")
    terminal.see(r"Made by `ffq trace export --as md`")
    terminal.press("\r")
    terminal.press("\r")
    postmortem = folder / terminal.see(r"written: (\S+\.md)")[1]
    assert "only\\_the\\_holder\\_settles is broken in 8 steps" in postmortem.read_text("utf-8")

    terminal.press(LEAVE)
    assert terminal.end() == 0
    said = terminal.see(r"ffq browse (\S+) --step 8")
    assert said[1] == str(FOLDER / trace.name)

    again = Terminal("browse", said[1], "--step", "3", folder=folder, env=environment())
    again.see(r"3/8")
    again.press(LEAVE)
    assert again.end() == 0
    again.see(r"--step 3")


@pytest.mark.deep
def test_without_colour_and_in_ascii_it_can_be_read_all_the_same(folder: Path) -> None:
    env = environment(NO_COLOR="1")
    terminal = Terminal("browse", "FM-010", "--ascii", folder=folder, env=env)
    terminal.see(r"8/8")
    colours = {
        (cell.fg, cell.bg) for row in terminal.screen.buffer.values() for cell in row.values()
    }
    assert colours == {("default", "default")}
    assert terminal.text.isascii()
    terminal.press(LEAVE)
    assert terminal.end() == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nope.jsonl"], r"ffq: nope.jsonl: there is no such file; "),
        (["a/folder"], r"ffq: a/folder: is a directory; name a trace file"),
        (["FM-010", "--step", "99"], r"ffq: there is no step 99; give --step 0 to 8"),
    ],
)
def test_what_cannot_be_opened_is_one_line_and_no_screen(
    arguments: list[str], said: str, folder: Path
) -> None:
    (folder / "a" / "folder").mkdir(parents=True)
    terminal = Terminal("browse", *arguments, folder=folder, env=environment())
    assert terminal.end() == 2
    terminal.see(said)
    assert len(terminal.text.split("\n", 2)[1].strip()) == 0, "one line"


def test_on_a_terminal_that_cannot_be_drawn_on_it_says_so(folder: Path) -> None:
    terminal = Terminal("browse", "FM-010", folder=folder, env=environment(TERM="dumb"))
    assert terminal.end() == 2
    terminal.see(r"ffq: browse needs a terminal that it can draw on, and TERM is dumb; ")


def test_the_terminal_is_closed_or_ctrl_c_is_pressed_and_no_file_stays(folder: Path) -> None:
    for how, status in ((signal.SIGHUP, 129), (signal.SIGTERM, 143), (None, 130)):
        terminal = Terminal("browse", "fm-010", folder=folder, env=environment(TMPDIR=str(folder)))
        terminal.see(r"8/8")
        terminal.press("s")
        terminal.see(r"SQLite file after step 8")
        assert [file.name[:11] for file in folder.iterdir()] == ["ffq-replay-"]
        if how is None:
            terminal.press("\x03")
        else:
            terminal.child.kill(how)
        assert terminal.end() == status
        assert list(folder.iterdir()) == []
    terminal.see(r"ffq browse FM-010 --step 8")


def test_ctrl_z_lets_the_shell_go_on(folder: Path) -> None:
    terminal = Terminal("browse", "FM-010", folder=folder, env=environment())
    terminal.see(r"8/8")
    terminal.press("\x1a")
    until = time.monotonic() + SECONDS_MAX
    stat = Path(f"/proc/{terminal.child.pid}/stat")
    while stat.read_text().rpartition(")")[2].split()[0] != "T":
        assert time.monotonic() < until, "it is not stopped"
        terminal._read()
    terminal.child.kill(signal.SIGCONT)
    terminal.press("k")
    terminal.see(r"7/8")
    terminal.press(LEAVE)
    assert terminal.end() == 0


def test_without_a_terminal_it_says_what_to_use_instead(folder: Path) -> None:
    import subprocess

    command = [
        sys.executable,
        "-c",
        "from checker.commands.main import main; raise SystemExit(main())",
    ]
    ran = subprocess.run(
        [*command, "browse", "FM-010"], cwd=folder, env=environment(), capture_output=True,
        stdin=subprocess.DEVNULL, text=True, check=False,
    )  # fmt: skip
    assert ran.returncode == 2
    assert ran.stdout == ""
    assert ran.stderr.startswith("ffq: browse needs a terminal; `ffq trace show FILE`")
