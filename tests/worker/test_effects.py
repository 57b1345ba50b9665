"""What a handler writes is kept whole with its job, or not at all, and each of its steps once."""

from pathlib import Path
from typing import Any

import pytest

from impl.queue import Queue
from impl.worker import Worker
from impl.working.attempt import Attempt
from tests.queue.file.looking import rows
from tests.worker.looking import enter, notes


def test_what_a_failed_attempt_wrote_is_not_kept(queue: Queue, file: Path) -> None:
    queue.enqueue("k", max_attempts=2)

    def second_time_lucky(attempt: Attempt) -> None:
        enter(attempt, f"attempt {attempt.token[1]}")
        attempt.send("mail", attempt.token[1])
        if attempt.token[1] == 1:
            raise RuntimeError("boom")

    Worker(queue, {"k": second_time_lucky}).run(until_empty=True)
    assert rows(file, "SELECT what FROM ledger") == [("attempt 2",)]
    assert rows(file, "SELECT body FROM outbox") == [("2",)]


def test_an_effect_that_the_database_refuses_fails_the_attempt_as_a_whole(
    queue: Queue, file: Path
) -> None:
    queue.enqueue("k", max_attempts=1)

    def twice(attempt: Attempt) -> None:
        enter(attempt, "new")
        enter(attempt, "again")
        enter(attempt, "again")

    assert Worker(queue, {"k": twice}).run(until_empty=True) == {"failed": 1}
    assert rows(file, "SELECT what FROM ledger") == []
    ((_, note),) = notes(file)
    assert note == "ConstraintError: UNIQUE constraint failed: ledger.what"


REFUSED: list[tuple[tuple[Any, ...], str]] = [
    (("INSERT INTO strict VALUES (-1)",), "ConstraintError: CHECK constraint failed: n > 0"),
    (("INSERT INTO strict VALUES (NULL)",), "ConstraintError: NOT NULL constraint failed"),
    (("INSERT INTO strict VALUES (1), (1)",), "ConstraintError: UNIQUE constraint failed"),
    (("INSERT INTO strict VALUES ('x')",), "ConstraintError: cannot store TEXT value in INTEGER"),
    (("INSERT INTO keyed (id) VALUES ('x')",), "MismatchError: datatype mismatch"),
    (("INSERT INTO shy VALUES ('abort')",), "ConstraintError: not so"),
    (("INSERT INTO shy VALUES ('all of it')",), "ConstraintError: not so"),
    (("INSERT INTO shy VALUES ('nothing')",), "NothingWritten: changed no row"),
    (("INSERT INTO keyed VALUES (1) ON CONFLICT DO NOTHING",), "NothingWritten: changed no row"),
    (("INSERT INTO nowhere VALUES (1)",), "SQLError: no such table: nowhere"),
    (("INSERT INTO strict VALUES (?)", 1, 2), "BindingsError: Incorrect number of bindings"),
    (("INSERT INTO strict VALUES (?)", {}), "TypeError: Bad binding argument type"),
    (("INSERT INTO strict VALUES (?)", 2**63), "OverflowError: "),
    (("INSERT INTO shy VALUES (?)", "\ud800"), "UnicodeEncodeError: "),
    (("INSERT INTO shy VALUES (zeroblob(2000000000))",), "TooBigError: string or blob too big"),
]


@pytest.mark.parametrize(("effect", "why"), REFUSED)
def test_whatever_sqlite_says_of_an_effect_is_an_answer_to_its_attempt(
    queue: Queue, file: Path, effect: tuple[Any, ...], why: str
) -> None:
    """It fails the attempt and takes back the whole of it; the store is well, and the worker."""
    queue.define(
        """
CREATE TABLE strict (n INTEGER NOT NULL UNIQUE CHECK (n > 0)) STRICT;
CREATE TABLE keyed (id INTEGER PRIMARY KEY);
INSERT INTO keyed VALUES (1);
CREATE TABLE shy (x);
CREATE TRIGGER one BEFORE INSERT ON shy WHEN new.x = 'abort'
BEGIN SELECT RAISE(ABORT, 'not so'); END;
CREATE TRIGGER two BEFORE INSERT ON shy WHEN new.x = 'all of it'
BEGIN SELECT RAISE(ROLLBACK, 'not so'); END;
CREATE TRIGGER three BEFORE INSERT ON shy WHEN new.x = 'nothing'
BEGIN SELECT RAISE(IGNORE); END;"""
    )
    for kind in ("written", "once"):
        queue.enqueue(kind, max_attempts=1)
    queue.enqueue("fine")
    sql, *values = effect

    def written(attempt: Attempt) -> None:
        enter(attempt, "written")
        attempt.write(sql, *values)

    def once(attempt: Attempt) -> None:
        attempt.once("step", ("INSERT INTO ledger VALUES ('once')", ()), (sql, values))

    handlers = {"written": written, "once": once, "fine": lambda attempt: None}
    assert Worker(queue, handlers).run(until_empty=True) == {"failed": 2, "done": 1}
    said = [note for action, note in notes(file) if action == "settle_failed"]
    assert len(said) == 2 and all(note is not None and note.startswith(why) for note in said)
    assert rows(file, "SELECT what FROM ledger") == rows(file, "SELECT * FROM checkpoint") == []


def test_an_effect_that_changes_nothing_fails_the_attempt(queue: Queue, file: Path) -> None:
    """An UPDATE that meets no row is how money gets lost."""
    queue.enqueue("k", max_attempts=1)

    def missing(attempt: Attempt) -> None:
        attempt.write("UPDATE ledger SET what = 'x' WHERE what = ?", "nobody")

    assert Worker(queue, {"k": missing}).run(until_empty=True) == {"failed": 1}
    ((_, note),) = notes(file)
    assert note == ("NothingWritten: changed no row: UPDATE ledger SET what = 'x' WHERE what = ?")


# ---------------------------------------------------------------- steps of a handler


def nested(levels: int) -> Any:
    whole: Any = 1
    for _ in range(levels):
        whole = [whole]
    return whole


def test_a_step_is_done_once_over_all_attempts(queue: Queue, file: Path) -> None:
    queue.enqueue("k", max_attempts=3)
    found = []

    def steps(attempt: Attempt) -> None:
        statement = ("INSERT INTO ledger VALUES (?)", (f"by {attempt.token[1]}",))
        found.append(attempt.once("debit", statement))
        if attempt.token[1] < 3:
            raise RuntimeError("boom")

    Worker(queue, {"k": steps}).run(until_empty=True)
    assert found == [True, False, False]
    assert rows(file, "SELECT what FROM ledger") == [("by 1",)]
    assert rows(file, 'SELECT "first", second, status FROM job') == [(3, 3, "done")]


def test_a_step_and_a_result_of_one_name_are_two(queue: Queue, file: Path) -> None:
    """Neither takes the other for done, in whichever order they are asked for, and tried again."""
    found = []

    def handler(attempt: Attempt) -> None:
        def step() -> bool:
            return attempt.once("charge", ("INSERT INTO ledger VALUES (?)", (attempt.kind,)))

        def result() -> Any:
            return attempt.result("charge", lambda: {"cents": attempt.number})

        asked = [step, result] if attempt.kind == "step first" else [result, step]
        found.append([ask() for ask in asked])
        if attempt.number == 1:
            raise RuntimeError("boom")

    for kind in ("step first", "result first"):
        queue.enqueue(kind, max_attempts=2)
    handlers = dict.fromkeys(("step first", "result first"), handler)
    assert Worker(queue, handlers).run(until_empty=True) == {"failed": 2, "done": 2}
    first = {"cents": 1}
    assert sorted(found, key=str) == sorted(
        [[True, first], [False, first], [first, True], [first, False]], key=str
    )
    assert rows(file, "SELECT what FROM ledger ORDER BY what") == [
        ("result first",),
        ("step first",),
    ]


def test_a_step_that_the_database_refuses_is_not_done(queue: Queue, file: Path) -> None:
    queue.enqueue("k", max_attempts=2)

    def steps(attempt: Attempt) -> None:
        bad = ("INSERT INTO ledger VALUES (NULL)", ())
        good = ("INSERT INTO ledger VALUES ('good')", ())
        attempt.once("debit", good, *([bad] if attempt.token[1] == 1 else []))

    assert Worker(queue, {"k": steps}).run(until_empty=True) == {"failed": 1, "done": 1}
    assert rows(file, "SELECT what FROM ledger") == [("good",)]


def test_a_step_whose_sql_stands_alone_is_refused_in_words(queue: Queue, file: Path) -> None:
    queue.enqueue("k", max_attempts=1)
    bare: Any = "INSERT INTO ledger VALUES ('x')"

    def handler(attempt: Attempt) -> None:
        attempt.once("debit", bare)

    Worker(queue, {"k": handler}).run(until_empty=True)
    fact = "step 'debit': has SQL alone; give (sql, values) each time"
    assert notes(file) == [("settle_failed", f"BadRequest: {fact}")]


def test_a_result_is_computed_once_and_is_the_same_json_each_time(queue: Queue) -> None:
    queue.enqueue("k", max_attempts=2)
    computed, seen = [], []

    def compute() -> Any:
        computed.append(1)
        return {"1": (2, 3)}

    def stages(attempt: Attempt) -> None:
        seen.append(attempt.result("answer", compute))
        if len(seen) == 1:
            raise RuntimeError("boom")

    Worker(queue, {"k": stages}).run(until_empty=True)
    assert (len(computed), seen) == (1, [{"1": [2, 3]}, {"1": [2, 3]}])


@pytest.mark.parametrize(
    "value", [float("nan"), object(), "x" * 70_000, {1: "a", "1": "b"}, nested(101)]
)
def test_a_result_that_is_no_json_fails_the_attempt(
    queue: Queue, file: Path, value: object
) -> None:
    queue.enqueue("k", max_attempts=1)
    Worker(queue, {"k": lambda a: a.result("answer", lambda: value)}).run(until_empty=True)
    ((_, note),) = notes(file)
    assert note is not None and note.startswith("BadRequest: result of 'answer': ")
