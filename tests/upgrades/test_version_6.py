"""A file of version 6, whose jobs did not say what they are about, is taken over."""

from pathlib import Path

import pytest

from checker.conformance.validating.validate import validate
from impl import report
from impl.derive.reference import design
from impl.queue import Queue
from impl.terms.unusable import StoreError
from impl.upgrades.upgrade import upgrade
from impl.worker import Worker
from tests.clocks import HandClock
from tests.upgrades.aged import of_one_spec, of_version

READY = [4, 6, 7]
"""Jobs that no worker had; job 2 waits for its retry."""


def test_from_then_on_each_job_is_about_itself(tmp_path: Path) -> None:
    file, clock = tmp_path / "queue.db", HandClock()
    of_version(6, file)
    with pytest.raises(StoreError, match=r"has version 6 of the schema.*`ffq queue upgrade"):
        Queue(file)
    clock.advance(30_000)
    with upgrade(file, clock=clock) as found:
        assert found.changes[0] == "the schema is of version 7, and was of version 6"
        assert (found.jobs, found.lapsed) == (8, 1)
        found.carry_out()
    of_one_spec(file, design())
    with Queue(file, clock=clock) as queue:
        rows = queue.query("SELECT id, about, keeps_out, throughout, subject FROM job ORDER BY id")
        assert rows == [(n, n, n if n in READY else None, 0, None) for n in range(1, 9)]
        assert queue.enqueue("work", unique="x").new
        assert queue.enqueue("work", unique="x").kept_out
        assert queue.recover() == 1
        clock.advance(4_000_000)
        kinds = dict.fromkeys(("work", "fail", "last", "held"), lambda a: None)
        assert Worker(queue, kinds).run(until_empty=True) == {"done": 6}
        assert report.stats(queue).jobs == {"dead": 2, "done": 7}
    assert validate(str(file)).finding is None
