"""No statement that writes a table of the queue is written by hand: it is derived from the spec."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest

from impl.derive.reference import design
from impl.queue import Queue
from impl.sqlite.file.files import tables_of

IMPL = Path(__file__).parents[2] / "impl"

BY_HAND = {
    "checkpoint": "what of a handler need not be done again",
    "outbox": "messages, and how often each was handed over",
    "notice": "how often a death was told that nobody has heard of",
    "failures": "how often jobs of a kind have failed lately",
    "paused": "kinds of which users want nothing claimed: the world, in the words of the spec",
    "process": "who has opened the queue, each under a number of its own",
    "trace": "cut behind, where it speaks of nothing that there still is",
    "meta": "which file it is, of which spec, in which history",
}
"""Tables of which the spec does not speak."""

MAKING = (
    "derive", "postgresql", "upgrades", "sqlite/files.py", "sqlite/origin.py", "lab/connections.py",
)  # fmt: skip
"""Where statements are derived, and where files are made, taken over, and emptied."""

USERS = ("examples", "inject")
"""Where programs of users are, with tables of their own."""

_WRITES = re.compile(
    r"\b(?:(?:insert|replace)(?:\s+or\s+\w+)?\s+into|update(?:\s+or\s+\w+)?|delete\s+from"
    r"|alter\s+table|drop\s+table|create\s+table)\b(?:\s+([\w{}\"\[`.]+)|\s+$)",
    re.IGNORECASE,
)


def written(source: str) -> Iterator[str]:
    """Yield the table of each statement that writes one, {} if it is not written out."""
    tree = ast.parse(source)
    prose = {id(n.value) for n in ast.walk(tree) if isinstance(n, ast.Expr)}
    inside = {id(v) for n in ast.walk(tree) if isinstance(n, ast.JoinedStr) for v in n.values}
    for node in ast.walk(tree):
        if id(node) in prose | inside:
            continue
        if isinstance(node, ast.JoinedStr):
            texts = (v.value if isinstance(v, ast.Constant) else "{}" for v in node.values)
            text = "".join(map(str, texts))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            text = node.value
        else:
            continue
        for found in _WRITES.finditer(text):
            name = (found[1] or "{}").lower().rpartition(".")[2].strip('"[]`')
            if "{" in name or ("table", name) in tables_of(design().whole):
                yield name


def by_hand() -> dict[str, set[str]]:
    """Return the tables that are written by hand, each with the files that do."""
    found: dict[str, set[str]] = {}
    for path in IMPL.rglob("*.py"):
        name = path.relative_to(IMPL).as_posix()
        if not name.startswith((*MAKING, *USERS)):
            for table in written(path.read_text(encoding="utf-8")):
                found.setdefault(table, set()).add(name)
    return found


def test_every_statement_that_writes_what_the_spec_speaks_of_is_derived() -> None:
    assert by_hand().keys() == BY_HAND.keys(), by_hand()
    assert {t.name for t in design().tables}.isdisjoint(BY_HAND)


@pytest.mark.parametrize(
    ("source", "table"),
    [
        ("run('UPDATE job SET due = 1')", "job"),
        ("run('update or ignore main.job set due = 1')", "job"),
        ('run("""\\\nDELETE\nFROM "job" """)', "job"),
        ("run('REPLACE INTO trace VALUES ' + row)", "trace"),
        ("run(f'INSERT OR IGNORE INTO {t.name} VALUES (1)')", "{}"),
        ("run('UPDATE ' + table + ' SET due = 1')", "{}"),
        ("run('WITH a AS (SELECT 1) '\n    'DELETE FROM job')", "job"),
    ],
)
def test_a_statement_by_hand_is_seen_however_it_is_written(source: str, table: str) -> None:
    assert list(written(source)) == [table]


def test_what_only_reads_or_speaks_of_writing_is_no_statement_by_hand() -> None:
    assert list(written('"""UPDATE job is what it says."""\nrun("SELECT 1 FROM job")')) == []


def test_nobody_but_a_step_changes_a_row_whatever_column_it_is(queue: Queue, file: Path) -> None:
    job = queue.enqueue("k", {"a": 1}).id
    ((made,),) = queue.query("SELECT count(*) FROM pragma_table_info('job')")
    columns = [name for (name,) in queue.query("SELECT name FROM pragma_table_info('job')")]
    assert len(columns) == made > 20
    with apsw.Connection(str(file)) as other:
        for column in columns:
            with pytest.raises(apsw.SQLError, match="no such function: ffq_steps"):
                other.execute(f"UPDATE job SET {column} = {column} WHERE id = ?", (job,))
    other.close()
