"""What goes along with the end of a job: effects, messages and follow-ups, all of them or none.

A handler says what it wants while it runs, and nothing is done. The transaction that makes the job
done does it; an attempt that is lost or fails takes all of it with it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from impl.interface.transaction import Transaction
from impl.parts.asking import Asking, Options, wanted
from impl.parts.owner import Owner
from impl.terms.requests import BadRequest, Json, Request, as_json, named, same_json

Statement = tuple[str, Sequence[Any]]
"""SQL with `?` for values, and the values."""


class NothingWritten(Exception):
    """A statement that had to change rows changed none; the transaction was taken back."""


@dataclass
class Along:
    """What one attempt wants done once its job is done."""

    statements: list[Statement] = field(default_factory=list)
    messages: list[tuple[str, str, str]] = field(default_factory=list)
    follow_ups: list[Request] = field(default_factory=list)
    _named: Counter[tuple[str, str]] = field(default_factory=Counter)

    def __bool__(self) -> bool:
        return bool(self.statements or self.messages or self.follow_ups)

    def copy(self) -> Along:
        """Return the same wishes, to be added to apart."""
        wishes = list(self.statements), list(self.messages), list(self.follow_ups)
        return Along(*wishes, Counter(self._named))

    def _own_key(self, of: str, to: str, what: str) -> str:
        """Return the key of the next message, or follow-up, that a job did not name: the same in
        each attempt that says the same.
        """
        if "/" in named(what, to):
            raise BadRequest(f"{what} '{to}': has a '/', which sets off the parts of a key")
        self._named[what, to] += 1
        return f"{of}/{to}/{self._named[what, to]}"

    def send(self, of: str, topic: str, body: Json, key: str | None) -> None:
        """Add a message. Raises `BadRequest`."""
        own = self._own_key(of, topic, "topic")
        chosen = own if key is None else named("key", key)
        self.messages.append((chosen, topic, as_json(f"message to '{topic}'", body)))

    def follow(self, of: str, kind: str, payload: Json, options: Options) -> None:
        """Add a follow-up. Raises `BadRequest`."""
        if options.get("key") is None:
            options = {**options, "key": self._own_key(of, kind, "kind")}
        self.follow_ups.append(wanted(kind, payload, **options))

    def do(self, t: Transaction, queue: Owner, job: int) -> None:
        """Do all of it. Raises `NothingWritten`, `BadRequest`, and `Full`."""
        run(t, self.statements)
        for message in self.messages:
            _post(t, job, *message)
        asking = Asking(queue)
        for request in self.follow_ups:
            asking.ask(t, request)


def run(t: Transaction, statements: Sequence[Statement]) -> None:
    """Run statements, each of which must change a row. Raises `NothingWritten`."""
    for sql, values in statements:
        if not t.changes(sql, values):
            raise NothingWritten(f"changed no row: {sql}")


def _post(t: Transaction, job: int, key: str, topic: str, body: str) -> None:
    insert = """\
INSERT INTO outbox (key, job, topic, body) VALUES (?, ?, ?, ?)
ON CONFLICT DO NOTHING RETURNING id"""
    if t.own(insert, (key, job, topic, body)):
        return
    known = "SELECT CAST(body AS BLOB) FROM outbox WHERE topic = ? AND key = ?"
    ((other,),) = t.own(known, (topic, key))
    if not same_json(other, body):
        fact = "the outbox has another message to this topic under this key"
        raise BadRequest(f"message '{key}' to '{topic}': {fact}; choose a key of its own")
