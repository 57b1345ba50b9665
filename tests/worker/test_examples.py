"""The examples are killed half-way, again and again, and their books come out right."""

import json
import random
import subprocess
import sys
import time
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

import apsw
import pytest

KILLS = 2
PATIENCE = 120.0
SEEDS = [pytest.param(1), *(pytest.param(seed, marks=pytest.mark.deep) for seed in range(2, 8))]


def rows(file: Path, sql: str) -> list[Any]:
    with closing(apsw.Connection(str(file))) as other:
        return other.execute(sql).fetchall()


def start(example: str, file: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", f"impl.examples.{example}", str(file)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def progress(file: Path) -> int:
    """Return how many steps the workers have done; what asked for the jobs does not count."""
    try:
        count = "SELECT count(*) FROM trace WHERE action <> 'enqueue'"
        return int(rows(file, count)[0][0]) if file.exists() else 0
    except (apsw.BusyError, apsw.SQLError):
        return 0


def killed(example: str, file: Path, seed: int, steps: int) -> tuple[str, int]:
    """Kill the example at seeded points of its way, then let it come to its end; return what it
    printed, and how often it was killed.
    """
    chance = random.Random(seed)
    kills = 0
    for share in sorted(chance.uniform(0.05, 0.9) for _ in range(KILLS)):
        process = start(example, file)
        late = time.monotonic() + PATIENCE
        while process.poll() is None and progress(file) < share * steps:
            assert time.monotonic() < late, f"seed {seed}"
        time.sleep(chance.uniform(0, 0.01))
        kills += process.poll() is None
        process.kill()
        process.communicate()
    out, _ = start(example, file).communicate(timeout=PATIENCE)
    assert kills > 0, f"seed {seed}: it was never killed"
    assert rows(file, "SELECT DISTINCT status FROM job") == [("done",)], f"seed {seed}"
    return out, kills


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "queue.db"


@pytest.mark.deep
@pytest.mark.parametrize("seed", SEEDS)
def test_no_money_is_lost_or_made_and_each_payment_is_made_once(file: Path, seed: int) -> None:
    out, _ = killed("payments", file, seed, steps=40 * 5)
    assert rows(file, "SELECT sum(balance) FROM account") == [(4_000,)], f"seed {seed}"
    entries = rows(file, "SELECT payment, count(*), sum(amount), max(amount) FROM entry GROUP BY 1")
    orders = dict(rows(file, "SELECT key, payload ->> 'amount' FROM job"))
    assert len(entries) == len(orders) == 40
    assert entries == [(key, 2, 0, orders[key]) for key in sorted(orders)], f"seed {seed}"
    balances = rows(
        file,
        "SELECT name, balance - 1000, (SELECT sum(amount) FROM entry WHERE account = name)"
        " FROM account",
    )
    assert all(change == booked for _, change, booked in balances), f"seed {seed}"
    assert out.splitlines()[-1] == "80 entries for 40 payments"


@pytest.mark.deep
@pytest.mark.parametrize("seed", SEEDS)
def test_the_indexer_skips_no_block_and_reads_none_twice(file: Path, seed: int) -> None:
    out, _ = killed("indexer", file, seed, steps=30 * 5)
    expected = [
        (block, f"transfer {n} in block {block}") for block in range(121) for n in range(block % 3)
    ]
    assert rows(file, "SELECT block, what FROM event ORDER BY block, what") == expected
    assert rows(file, "SELECT height FROM cursor") == [(120,)], f"seed {seed}"
    assert out == "120 events up to block 120\n"


@pytest.mark.deep
@pytest.mark.parametrize("seed", SEEDS)
def test_each_stage_has_one_result_and_is_paid_again_only_for_a_kill(file: Path, seed: int) -> None:
    _, kills = killed("pipeline", file, seed, steps=15 * 8)
    digests = rows(file, "SELECT document, summary FROM digest ORDER BY document")
    assert digests == sorted(
        (f"document {n}", f"summarise(extract(document {n}))") for n in range(1, 16)
    ), f"seed {seed}"
    bill = Counter(Path(f"{file}.bill").read_text("utf-8").splitlines())
    assert set(bill) == {
        f"document {n} {stage}" for n in range(1, 16) for stage in ("extract", "summarise", "score")
    }
    assert bill.total() - len(bill) <= kills, f"seed {seed}: {bill.most_common(3)}"


@pytest.mark.deep
@pytest.mark.parametrize("seed", SEEDS)
def test_each_mail_is_sent_and_sent_again_only_for_a_kill(file: Path, seed: int) -> None:
    out, kills = killed("mail", file, seed, steps=30 * 5)
    assert out == "30 orders, 0 mails not sent\n"
    assert rows(file, "SELECT number FROM placed ORDER BY number") == [(n,) for n in range(1, 31)]
    sent = [json.loads(line) for line in Path(f"{file}.mail").read_text("utf-8").splitlines()]
    expected = {
        (f"order {n}/mail/1", f"buyer{n}@example.org", f"order {n} is placed") for n in range(1, 31)
    }
    assert {(m["key"], m["to"], m["text"]) for m in sent} == expected, f"seed {seed}"
    assert len(sent) - len(expected) <= kills, f"seed {seed}"


@pytest.mark.deep
@pytest.mark.parametrize("example", ["payments", "indexer", "pipeline", "mail"])
def test_two_terminals_do_the_work_of_one(file: Path, example: str) -> None:
    start(example, file).wait()
    alone = rows(file, "SELECT count(*) FROM job WHERE status = 'done'")
    other = file.with_name("two.db")
    both = [start(example, other) for _ in range(2)]
    for process in both:
        process.communicate(timeout=PATIENCE)
        assert process.returncode == 0
    assert rows(other, "SELECT count(*) FROM job WHERE status = 'done'") == alone
