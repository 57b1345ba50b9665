"""`ffq validate` of runs, of files that are none, and of damage."""

import json
from pathlib import Path

import pytest

from checker.commands.main import main
from impl.derive.design import derive
from impl.sqlite.store import Store
from impl.terms.unusable import RESTORE
from spec.queue import SCOPES
from tests.conformance.tampering import finding, swap, tampered

# ---------------------------------------------------------------- the command


def test_the_command_says_so(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["validate", str(run)]) == 0
    assert "31 steps, 16 of them durable: a behaviour of the spec" in capsys.readouterr().out
    copy = tampered(run, tmp_path, *swap(8, 9))
    assert main(["validate", copy]) == 1
    out = capsys.readouterr().out.splitlines()
    assert out[2] == "row 8, record(worker2) of worker2: second is false"
    assert main(["validate", copy, "--json"]) == 1
    answer = json.loads(capsys.readouterr().out)
    assert (answer["ok"], answer["finding"]["position"]["seq"]) == (False, 8)


def test_a_file_that_is_no_queue_is_left_alone(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def complaint(name: str) -> str:
        assert main(["validate", str(tmp_path / name)]) == 2
        return capsys.readouterr().err

    assert "does not exist; name the file of a queue" in complaint("none.db")
    assert not (tmp_path / "none.db").exists()
    (tmp_path / "text.db").write_text("a" * 200, encoding="utf-8")
    assert "is not a database" in complaint("text.db")
    Store(derive(SCOPES["life"]), str(tmp_path / "life.db")).close()
    assert "was made with spec" in complaint("life.db")
    damaged = bytearray(run.read_bytes())
    for at in range(4096 + 100, len(damaged), 4096):
        damaged[at : at + 200] = b"?" * 200
    (tmp_path / "damaged.db").write_bytes(damaged)
    assert "damaged.db" in complaint("damaged.db")
    tampered(run, tmp_path, "UPDATE trace SET unseen = '[7]' WHERE seq = 5")
    assert "copy.db: row 5 of the trace lists" in complaint("copy.db")


# ---------------------------------------------------------------- what is damaged

BAD = "CAST(x'80ff41' AS TEXT)"


def damaged(run: Path, folder: Path, *statements: str) -> str:
    return tampered(run, folder, "PRAGMA ignore_check_constraints = 1", *statements)


@pytest.mark.parametrize(
    ("change", "where"),
    [
        (f"UPDATE trace SET actor = {BAD} WHERE seq = 9", "'actor' of row 9 of trace, byte 1"),
        (f"UPDATE trace SET note = {BAD} WHERE seq = 13", "'note' of row 13 of trace, byte 1"),
        (f"UPDATE job SET key = {BAD} WHERE id = 2", "'key' of row 2 of job, byte 1"),
        (f"UPDATE job SET kind = 'k' || {BAD} WHERE id = 3", "'kind' of row 3 of job, byte 2"),
        (f"UPDATE process SET sort = {BAD} WHERE id = 2", "'sort' of row 2 of process, byte 1"),
    ],
)
def test_text_that_is_no_utf_8_is_one_line_that_says_where(
    change: str, where: str, run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = damaged(run, tmp_path, change)
    assert main(["validate", file]) == 2
    told = f"ffq: {file}: is damaged: {where} is not UTF-8; {RESTORE}\n"
    assert capsys.readouterr() == ("", told)


@pytest.mark.parametrize("command", ["validate", "queue list", "queue stats", "queue recover"])
@pytest.mark.parametrize("column", ["name", "value"])
def test_a_file_that_cannot_say_what_it_is_is_refused(
    column: str, command: str, run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tampered(run, tmp_path, f"UPDATE meta SET {column} = {BAD} WHERE name = 'epoch'")
    assert main([*command.split(), file]) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.startswith(f"ffq: {file}: is damaged: text in it is not UTF-8; ")


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ("DELETE FROM meta WHERE name = 'epoch'", "`meta` has no epoch, though it knows a boot"),
        ("UPDATE meta SET value = 'x' WHERE name = 'epoch'", "the epoch in `meta`"),
        ("UPDATE meta SET value = '0' WHERE name = 'epoch'", "the epoch in `meta`"),
        ("UPDATE process SET pid = -1 WHERE id = 3", "a row of `process`"),
        ("INSERT INTO process VALUES (4, 'Cow', 1, NULL)", "a row of `process`"),
    ],
)
def test_what_cannot_stand_beside_the_trace_is_found(
    change: str, what: str, run: Path, tmp_path: Path
) -> None:
    found = finding(tampered(run, tmp_path, change))
    assert (found.kind, found.position, found.what) == ("table", None, what)


@pytest.mark.parametrize("bad", ["'{'", "'null'", "'7'", "'[7]'", "'{\"a\": [1]}'", BAD])
@pytest.mark.parametrize("column", ["params", "before", "after", "unseen"])
def test_a_bad_row_of_the_trace_is_told_of_by_every_command_that_reads_it(
    column: str, bad: str, run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = damaged(run, tmp_path, f"UPDATE trace SET {column} = {bad} WHERE seq = 7")
    assert main(["validate", file]) in (1, 2)
    out, err = capsys.readouterr()
    assert "row 7" in out + err or "in trace" in err
    for number in ("1", "2", "3"):
        status = main(["queue", "show", file, number])
        out, err = capsys.readouterr()
        assert status in (0, 2)
        if status == 2:
            assert out == "" and err.count("\n") == 1 and "is damaged: " in err


@pytest.mark.parametrize("column", ["key", "kind", "payload"])
@pytest.mark.parametrize("command", ["list", "show"])
def test_a_job_that_cannot_be_read_is_one_line(
    command: str, column: str, run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = damaged(run, tmp_path, f"UPDATE job SET {column} = {BAD} WHERE id = 2")
    number = ["2"] if command == "show" else []
    wanted = 0 if (command, column) == ("list", "payload") else 2
    assert main(["queue", command, file, *number]) == wanted
    if wanted:
        told = f"{file}: is damaged: text in it is not UTF-8; `ffq validate` says where"
        assert capsys.readouterr() == ("", f"ffq: {told}; {RESTORE}\n")
