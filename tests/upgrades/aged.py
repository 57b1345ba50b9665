"""Files of another spec or schema, and what becomes of them when they are taken over."""

import io
import multiprocessing
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import apsw
import pytest
from apsw.shell import Shell

from checker.conformance.validating.validate import Verdict, validate
from impl.derive.design import Design
from impl.derive.reference import queue_of
from impl.queue import Queue
from impl.sqlite.file import outline
from impl.terms.unusable import StoreError
from impl.upgrades.upgrade import upgrade
from impl.worker import Worker
from impl.working.attempt import Attempt
from spec.language.declared.model import Field, Spec
from spec.language.edited.edits import without
from spec.language.terms.expr import Const
from spec.language.terms.types import Nat
from spec.queue.job import Job, Reason
from tests.clocks import HandClock
from tests.upgrades.older import WHOLE, called, more

FORK = multiprocessing.get_context("fork")

URGENT = more(Field("urgency", Job, Nat(3), Const(0, Nat(3)), "durable", "how soon"))
COUNTED = more(Field("visits", None, Nat(3), Const(1, Nat(3)), "durable", "how many came"))
LAX = without(WHOLE, "heartbeat.in_time")
MORE_REASONS = Spec("more reasons", WHOLE)
MORE_REASONS.member(Reason, "expired", "it came too late")
FEWER_REASONS = WHOLE.edited("fewer reasons", added={})
TRUSTING = WHOLE.edited(
    "trusting",
    properties={n: p for n, p in WHOLE.properties.items() if n != "no_hidden_partial_update"},
)
NAPPING = WHOLE.edited(
    "napping", actions={**WHOLE.actions, "nap": replace(WHOLE.actions["restart"], name="nap")}
)
OLD_NAME = called("settle_failed", "give_up")

SINCE_VERSION_2 = (
    "the schema is of version 7, and was of version 2",
    "field epoch is new, and begins as 0",
    'field deadline is new, and begins as "off"',
    "field old is new, and begins as false",
    "field about is new, and begins as null",
    "field keeps_out is new, and begins as null",
    "field throughout is new, and begins as false",
    'field due is new, and begins as "off"',
    "field overdue is gone: what it held is in the backup alone",
    "action enqueue has other parameters",
    *(f"action enqueue has a new guard, {guard}" for guard in ("asking", "headroom", "vacant")),
    *(f"action claim has a new guard, {guard}" for guard in ("known", "unpaused", "due")),
    "action pass_deadline loses its guard claimed",
    "action pass_deadline has a new guard, ahead",
    *(
        f"action {name} is new"
        for name in (
            "be_content",
            "deploy",
            "roll_back",
            "grow_old",
            "prune",
            "pause",
            "resume",
            "fall_due",
        )
    ),
    *(f"{name} is 100, and was not there" for name in ("Histories", "Pages")),
)

Patch = pytest.MonkeyPatch


@contextmanager
def under(spec: Spec) -> Iterator[Design]:
    """Let queues be of this spec, and be judged by it."""
    other = queue_of(spec)
    with Patch.context() as patch:
        for module in (
            "impl.queue",
            "impl.upgrades.upgrade",
            "impl.upgrades.intake",
            "checker.conformance.validating.validate",
        ):
            patch.setattr(f"{module}.design", lambda: other)
        yield other


def work(attempt: Attempt) -> None:
    attempt.result("looked", lambda: attempt.payload)
    attempt.send("mail", attempt.payload)


def fill(file: Path, clock: HandClock | None = None) -> None:
    """Put jobs of every status but claimed into a queue."""
    with Queue(file, clock=clock or HandClock()) as queue:
        queue.define("CREATE TABLE receipt (job INTEGER REFERENCES job (id), text TEXT)")
        for n in (1, 2):
            queue.enqueue("work", n, key=f"work {n}")
        Worker(queue, {"work": work}).run(until_empty=True)
        with queue.transaction() as t:
            t.execute("INSERT INTO receipt VALUES (1, 'paid')")
        queue.cancel(queue.enqueue("other").id)
        queue.enqueue("work", 3, key="work 3", max_attempts=7)
        queue.enqueue("work", 4, delay=60)


def taken_over(file: Path) -> tuple[str, ...]:
    with upgrade(file, clock=HandClock()) as found:
        found.carry_out()
        return found.changes


def refused(file: Path, clock: HandClock | None = None) -> str:
    """Return why a file cannot be taken over; it is as it was then, and nothing is beside it."""
    before, beside = contents(file), sorted(file.parent.glob("*.backup*"))
    with pytest.raises(StoreError) as wrong, upgrade(file, clock=clock or HandClock(boots=2)):
        pass
    assert contents(file) == before
    assert sorted(file.parent.glob("*.backup*")) == beside
    return str(wrong.value).removeprefix(f"{file}: ")


def contents(file: Path) -> str:
    """Return the file as text; read by our build of SQLite, for another would undo its locks."""
    said = io.StringIO()
    with closing(apsw.Connection(str(file))) as opened:
        version = opened.pragma("user_version")
        Shell(stdout=said, db=opened).process_command(".dump")  # type: ignore[no-untyped-call]
    lines = (line for line in said.getvalue().splitlines() if not line.startswith("-- "))
    return "\n".join([str(version), *lines])


def of_one_spec(file: Path, to: Design) -> None:
    """Hold the file against a new one of the same spec: but for remarks no letter of the schema
    differs.
    """
    query = (
        "SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE name NOT IN ('receipt', 'mine')"
    )
    with closing(sqlite3.connect(file)) as old, closing(sqlite3.connect(":memory:")) as new:
        new.executescript(to.whole)
        then, now = (
            sorted((*names, re.sub(r"--.*", "", sql or "")) for *names, sql in each.execute(query))
            for each in (old, new)
        )
        assert then == now
        assert outline.says(to).items() <= dict(old.execute("SELECT name, value FROM meta")).items()


def goes_on(file: Path) -> Verdict:
    """Let the rest of the jobs be done, and judge the whole run."""
    clock = HandClock()
    clock.advance(100_000)
    with Queue(file, clock=clock) as queue:
        Worker(queue, {"work": work}).run(until_empty=True)
        assert queue.query("SELECT text FROM receipt") == [("paid",)]
    judged = validate(str(file))
    assert judged.finding is None
    return judged


_ROW = re.compile(r"INSERT INTO (\w+) VALUES\(.*\n")


def of_version(version: int, file: Path, rows: str = "") -> None:
    """Make the file as an ffq of that version has left it; `rows` names what its tables hold
    instead, each table that is named there.
    """
    folder = Path(__file__).parent
    text = (folder / f"version-{version}.sql").read_text(encoding="utf-8")
    if rows:
        others: dict[str, str] = {}
        other = (folder / f"version-{version}-{rows}-rows.sql").read_text(encoding="utf-8")
        for row in _ROW.finditer(other):
            others[row[1]] = others.get(row[1], "") + row[0]
        named = frozenset(others)
        # In the place of the old ones: there are no triggers there yet.
        text = _ROW.sub(lambda row: others.pop(row[1], "") if row[1] in named else row[0], text)
        assert not others, "each table had rows"
    with closing(apsw.Connection(str(file))) as made:
        made.pragma("journal_mode", "wal")
        made.execute(text)
