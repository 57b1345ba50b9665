"""Bad input, however it came to be bad, is one clear line and status 2, or it is answered: never a
traceback, a hang, or the status that says that a property fails.
"""

import json
import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import pytest
from typer.main import get_group

from checker.commands.main import command_line
from checker.conformance.run_file import Run, record
from checker.evidence.traces import FOLDER
from checker.export import itf
from impl.queue import Queue
from spec.queue import SCOPES
from tests.commands.fuzz import BYTES, WORDS, fuzzed, proper, ran, spoilt, written
from tests.sample_runs import kept

SHOWN = ("show", "search", "diff", "compare", "export", "lens", "replay")
TRACES = [(FOLDER / f"{name}.jsonl").read_text("utf-8") for name in ("FM-010", "FM-001", "FM-017")]
ITF = [itf.text(kept(name)) for name in ("FM-010", "FM-017")]
NOTES = "".join(
    json.dumps(row) + "\n"
    for row in (
        {"format": "ffq notes", "version": 1, "trace": "0" * 32},
        {"step": 1, "note": "here"},
        {"step": 3, "note": "and\nhere"},
    )
)


def a_run() -> str:
    from checker.explain.witness import witness

    scope = SCOPES["one-job"]
    return record(Run(scope, witness(scope, "settle_done").steps))


def traces(folder: Path, seed: int) -> None:
    chance = Random(seed)
    file = written(folder, "a.jsonl", spoilt(chance.choice(TRACES), chance))
    given = {"search": ["claim"], "export": ["--as", "mermaid"], "compare": [file]}
    command = chance.choice(SHOWN)
    proper((0, 1, 2), "trace", command, file, *given.get(command, []))


def itf_files(folder: Path, seed: int) -> None:
    chance = Random(seed)
    file = written(folder, "a.itf.json", spoilt(chance.choice(ITF), chance))
    out = folder / "out.jsonl"
    out.unlink(missing_ok=True)
    if proper((0, 1, 2), "trace", "import", file, "--out", str(out)) == 0:
        assert proper((0,), "trace", "show", str(out)) == 0, "what was believed can be shown"
    else:
        assert not out.exists()


def notes(folder: Path, seed: int) -> None:
    chance = Random(seed)
    file = written(folder, "b.jsonl", TRACES[0].encode())
    beside = written(folder, "b.notes.jsonl", spoilt(NOTES, chance))
    before = Path(beside).read_bytes()
    more = chance.choice(([], ["2"], ["2", "mine"], ["1", ""]))
    if proper((0, 2), "trace", "note", file, *more) == 2:
        assert Path(beside).read_bytes() == before, "what is not understood is left alone"


def runs(folder: Path, seed: int, text: str) -> None:
    chance = Random(seed)
    proper((0, 1, 2), "replay", written(folder, "run.jsonl", spoilt(text, chance)))


def handlers(folder: Path, seed: int, queue: str) -> None:
    chance = Random(seed)
    source = b"import os\nHANDLERS = {'k': print}\nOTHER = 7\n"
    at = chance.randrange(len(source))
    written(
        folder, "mine.py", source[:at] + chance.choice(BYTES) + source[at + chance.randrange(9) :]
    )
    place = chance.choice((f"{folder}/mine.py", *WORDS, "", ".", "os.path", "..x", "json:x"))
    name = chance.choice(("HANDLERS", "OTHER", "os", "", "x", "__doc__", *WORDS))
    given = (chance.choice(("--handlers", "--receivers")), f"{place}:{name}")
    proper((0, 2), "queue", "work", queue, "--until-empty", *given)


def exports(folder: Path, seed: int, text: str) -> None:
    chance, made = Random(seed), folder / "made.db"
    file = written(folder, "export.jsonl", spoilt(text, chance))
    if proper((0, 2), "queue", "import", str(made), file) == 0:
        proper((0,), "validate", str(made))
        for beside in folder.glob("made.db*"):
            beside.unlink()
    assert not made.exists()


def test_exports_that_are_bad(tmp_path: Path) -> None:
    with Queue(tmp_path / "q.db") as queue:
        queue.enqueue("k", {"a": [1]})
        queue.cancel(queue.enqueue("k", delay=9, key="b").id)
    status, text, _ = ran("queue", "export", str(tmp_path / "q.db"))
    assert status == 0
    fuzzed(50)(lambda seed: exports(tmp_path, seed, text))()


def test_traces_that_are_bad(tmp_path: Path) -> None:
    fuzzed(300)(lambda seed: traces(tmp_path, seed))()


def test_itf_files_that_are_bad(tmp_path: Path) -> None:
    fuzzed(150)(lambda seed: itf_files(tmp_path, seed))()


def test_notes_that_are_bad(tmp_path: Path) -> None:
    fuzzed(100)(lambda seed: notes(tmp_path, seed))()


def test_runs_that_are_bad(tmp_path: Path) -> None:
    text = a_run()
    fuzzed(100)(lambda seed: runs(tmp_path, seed, text))()


def test_handlers_that_are_bad(tmp_path: Path) -> None:
    queue = str(tmp_path / "q.db")
    Queue(queue).close()
    fuzzed(50)(lambda seed: handlers(tmp_path, seed, queue))()


@pytest.mark.deep
def test_ten_times_as_many_files_that_are_bad(tmp_path: Path) -> None:
    text = a_run()
    fuzzed(3_000)(lambda seed: traces(tmp_path, seed))()
    fuzzed(2_000)(lambda seed: itf_files(tmp_path, seed))()
    fuzzed(1_000)(lambda seed: notes(tmp_path, seed))()
    fuzzed(1_000)(lambda seed: runs(tmp_path, seed, text))()


# ---------------------------------------------------------------- arguments
NEEDED = {
    "queue enqueue": ["q.db", "k"], "queue show": ["q.db", "1"], "queue retry": ["q.db", "1"],
    "queue cancel": ["q.db", "1"], "queue why": ["q.db", "1"],
    "queue list": ["q.db"], "queue stats": ["q.db"],
    "queue backup": ["q.db", "new.db"], "queue export": ["q.db"],
    "queue import": ["new.db", "a.jsonl"],
    "queue recover": ["q.db"], "queue work": ["q.db", "--until-empty"], "validate": ["q.db"],
    "detect": ["q.db"],
    "judge": ["a.jsonl"], "exam": ["huey"],
    "trace search": ["a.jsonl", "claim"], "trace compare": ["a.jsonl", "a.jsonl"],
    "trace note": ["a.jsonl", "1", "x"], "trace export": ["a.jsonl", "--as", "itf"],
    "trace import": ["a.itf.json", "--out", "out.jsonl"], "trace witness": ["one-job", "claim"],
    "replay": ["a.jsonl"], "torture": ["folder"], "export tla": ["one-job"],
}  # fmt: skip
"""What a command cannot do without, in a folder that has it; others of `trace` want a trace."""

FREE = {
    "kind", "payload", "key", "text", "words", "take", "move", "help", "version", "make", "seed",
    "pages", "export", "certificate", "save", "out", "keep", "history", "database", "folder",
    "reopen", "unique",
}  # fmt: skip
"""Parameters that may be anything, or, if they are files, are tried below."""


@cache
def the_group() -> Any:
    return get_group(command_line())


def arguments() -> Iterator[tuple[str, Any]]:
    """Yield each parameter that not every text is good for, with its command."""

    def below(name: str, command: Any) -> Iterator[tuple[str, Any]]:
        for each, sub in getattr(command, "commands", {}).items():
            yield from below(f"{name} {each}".strip(), sub)
        if not hasattr(command, "commands"):
            yield from ((name, p) for p in command.params if p.name not in FREE)

    for name, p in below("", the_group()):
        if not getattr(p, "is_flag", False) and (name, p.name) != ("replay", "scope"):
            yield name, p


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    place = tmp_path_factory.mktemp("arguments")
    (place / "a.jsonl").write_text(TRACES[0], "utf-8")
    (place / "a.itf.json").write_text(ITF[0], "utf-8")
    with Queue(place / "q.db") as queue:
        queue.enqueue("nobody serves it")
    before = Path.cwd()
    os.chdir(place)
    yield place
    os.chdir(before)


def wrong_for(p: Any) -> tuple[str, ...]:
    """Return what no parameter of this type can be, the longest first."""
    kind = p.type.name
    if kind == "integer":
        return ("9" * 400, "-" + "9" * 30, "x", "1.5", "1e3", "²", " ", "0x10", *WORDS)
    if kind == "float":
        return ("9" * 400, "nan", "inf", "-inf", "1e400", "-1e9", "1,5", *WORDS)
    # Where a queue is: a file, unless it is an address.
    if kind in ("path", "file", "filename") or p.name in ("file", "database"):
        return ("a" * 256, "/dev/null/x", "folder-that-is-none/x", ".")
    return (WORDS[1], WORDS[1] + ".jsonl", *WORDS)


ARGUMENTS = list(arguments())


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("most", [4, pytest.param(99, marks=pytest.mark.deep)])
def test_arguments_that_are_bad(most: int) -> None:
    """Each says what is wrong before any work begins: a search would take minutes here."""
    chance = Random(1)
    for name, p in ARGUMENTS:
        first, *others = wrong_for(p)
        if name == "new":  # which takes any name that Python takes, if there is room for it
            others = [word for word in others if not word.isidentifier()]
        for bad in (first, *chance.sample(others, min(len(others), most - 1))):
            given = [*name.split(), *given_with(name, p, bad)]
            if any(q.name == "as_json" for q in the_command(name).params) and chance.random() < 0.3:
                status, out, err = ran(*given, "--json")
                assert (status, json.loads(out)["ok"], err.count("\n")) == (2, False, 1), given
            else:
                proper((2,), *given)


def given_with(name: str, p: Any, bad: str) -> list[str]:
    """Return the arguments that a command needs, with a bad one among them."""
    given = list(NEEDED.get(name, ["a.jsonl"] if name.startswith("trace ") else []))
    if p.param_type_name == "option":
        return [*given, p.opts[0], bad]
    places = [q.name for q in the_command(name).params if q.param_type_name == "argument"]
    at = places.index(p.name)
    return [*given[:at], bad, *given[at + 1 :]]


@cache
def the_command(name: str) -> Any:
    found = the_group()
    for word in name.split():
        found = found.commands[word]
    return found


@pytest.mark.parametrize("file", ["/dev/zero", "folder-that-is-none/x", "a" * 256])
def test_a_page_that_is_no_file_is_not_read_for_ever(file: str) -> None:
    proper((2,), "docs", file)
