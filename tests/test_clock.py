"""The machine's clocks, beside what the kernel says elsewhere."""

import time
from pathlib import Path

from impl.clock import MachineClock

CLOCK = MachineClock()


def test_a_boot_has_one_identity() -> None:
    assert CLOCK.boot() == CLOCK.boot()
    assert CLOCK.boot() == Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def test_leases_are_judged_by_the_time_since_boot() -> None:
    before = float(Path("/proc/uptime").read_text().split()[0])
    now = CLOCK.since_boot()
    after = float(Path("/proc/uptime").read_text().split()[0])
    assert before * 1000 - 20 <= now <= after * 1000 + 20  # the kernel rounds to 10 ms


def test_jobs_are_due_by_the_wall_clock() -> None:
    before = time.time()
    assert before * 1000 - 1 <= CLOCK.wall() <= time.time() * 1000 + 1
