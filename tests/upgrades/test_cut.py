"""A file whose trace was cut is taken over as any other."""

from contextlib import closing
from pathlib import Path

import apsw

from checker.conformance.validating.validate import validate
from impl.queue import Queue
from impl.worker import Worker
from tests.clocks import HandClock
from tests.upgrades.aged import URGENT, goes_on, refused, taken_over, under


def cut(file: Path) -> None:
    """Make a queue of a spec with a field more, with a job that waits and others forgotten."""
    clock = HandClock()
    with Queue(file, clock=clock) as queue:  # without `retain`: its worker forgets nothing
        queue.define("CREATE TABLE receipt (text TEXT)")
        with queue.transaction() as t:
            t.execute("INSERT INTO receipt VALUES ('paid')")
        for n in range(5):
            queue.enqueue("work", n)
        Worker(queue, {"work": lambda a: None}).run(until_empty=True)
        queue.enqueue("work", 5)
    with Queue(file, clock=clock, retain=0) as queue:
        queue.prune()
        assert queue.query("SELECT count(*) FROM job") == [(1,)]


def test_a_cut_trace_is_held_against_the_tables_and_taken_over(tmp_path: Path) -> None:
    file = tmp_path / "queue.db"
    with under(URGENT):
        cut(file)
        begins = validate(str(file)).origin
        assert begins > 0
    (change,) = taken_over(file)
    assert change.startswith("field urgency is gone")
    verdict = goes_on(file)
    assert verdict.origin >= begins
    assert verdict.jobs == {"done": 1}


def test_what_was_recorded_where_it_was_cut_has_to_lead_to_the_tables(tmp_path: Path) -> None:
    file = tmp_path / "queue.db"
    with under(URGENT):
        cut(file)
    with closing(apsw.Connection(str(file))) as other:
        change = "UPDATE origin SET state = json_set(state, '$.token', 3) WHERE element = 'job6'"
        other.execute(change)
    assert "the trace leads to token[job6] = 3, and it is 0" in refused(file)
