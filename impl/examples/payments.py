"""Payments: money is taken from one account and given to another in two steps, each of them once.

Between the two the money is under way: the debit is committed, so that nobody spends it twice, and
the credit comes with the end of the job, whoever finishes it.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator

from impl.queue import Queue
from impl.worker import Worker
from impl.working.attempt import Attempt

ACCOUNTS = ("ann", "bob", "cem", "dia")
OPENING, PAYMENTS = 1_000, 40

TABLES = """
CREATE TABLE IF NOT EXISTS account (
  name TEXT PRIMARY KEY,
  balance INTEGER NOT NULL CHECK (balance >= 0)
) STRICT;
CREATE TABLE IF NOT EXISTS entry (  -- no key forbids to book twice: that is for the queue
  payment TEXT NOT NULL,
  account TEXT NOT NULL,
  amount INTEGER NOT NULL
) STRICT;
"""


def prepare(queue: Queue) -> None:
    """Open the accounts and ask for the payments; asking again changes nothing."""
    queue.define(TABLES)
    chance = random.Random(0)
    with queue.transaction() as t:
        for name in ACCOUNTS:
            t.execute("INSERT OR IGNORE INTO account VALUES (?, ?)", (name, OPENING))
    for number in range(1, PAYMENTS + 1):
        payer, payee = chance.sample(ACCOUNTS, 2)
        payment = {"from": payer, "to": payee, "amount": chance.randint(1, 20)}
        queue.enqueue("pay", payment, key=f"payment {number}")


def pay(attempt: Attempt) -> None:
    """Debit at once, credit together with the end of the job."""
    order, book = attempt.payload, "INSERT INTO entry VALUES (?, ?, ?)"
    amount: int = order["amount"]
    attempt.once(
        "debit",
        ("UPDATE account SET balance = balance - ? WHERE name = ?", (amount, order["from"])),
        (book, (attempt.key, order["from"], -amount)),
    )
    attempt.write("UPDATE account SET balance = balance + ? WHERE name = ?", amount, order["to"])
    attempt.write(book, attempt.key, order["to"], amount)


HANDLERS = {"pay": pay}


def books(queue: Queue) -> Iterator[str]:
    """Yield the accounts, and what was booked."""
    for name, balance in queue.query("SELECT name, balance FROM account ORDER BY name"):
        yield f"{name} has {balance}"
    ((entries, payments),) = queue.query("SELECT count(*), count(DISTINCT payment) FROM entry")
    yield f"{entries} entries for {payments} payments"


if __name__ == "__main__":
    with Queue(sys.argv[1], lease_ms=1_000) as opened:
        prepare(opened)
        Worker(opened, HANDLERS).run(until_empty=True)
        print("\n".join(books(opened)))
