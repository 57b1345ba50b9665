"""The machine's clocks, beside what the kernel says elsewhere."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from impl.terms.clock import MachineClock

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


NOW = "from impl.terms.clock import MachineClock; print(MachineClock().since_boot())"


@pytest.mark.parametrize("ahead", [86_400, -60])
def test_a_container_with_another_origin_of_the_clock_counts_as_all_do(ahead: int) -> None:
    """Its boot has the same identity: it would take the leases of the living, or never any."""
    inside = ["unshare", "--time", "--boottime", str(ahead), sys.executable, "-c"]
    shown = "import time; print(time.clock_gettime(time.CLOCK_BOOTTIME))"
    try:
        found = subprocess.run([*inside, shown], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        pytest.skip("there is no `unshare` here")
    if found.returncode:
        pytest.skip(f"no time namespace can be made here: {found.stderr.strip()}")
    assert abs(float(found.stdout) - time.clock_gettime(time.CLOCK_BOOTTIME) - ahead) < 30
    before = CLOCK.since_boot()
    found = subprocess.run([*inside, NOW], capture_output=True, text=True, check=True)
    assert before <= int(found.stdout) <= CLOCK.since_boot()
