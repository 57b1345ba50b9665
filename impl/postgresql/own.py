"""What is said to a server in a transaction beside its steps: statements of ours and of others."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from secrets import token_hex
from typing import Any

import psycopg
from psycopg.pq import TransactionStatus

from impl.derive import origin
from impl.derive.design import Design
from impl.interface.transaction import History, Span, Transaction, Written
from impl.postgresql.clock import ServerClock
from impl.postgresql.connection import Connection, gone, tells_old, unusable
from impl.postgresql.rounds import Said, Tried, by_itself, in_one_round
from impl.postgresql.text import by_hand
from impl.postgresql.text.schema import own_tables
from impl.postgresql.theirs import first_word, refused, require_harmless, shortened
from impl.postgresql.trace import ends
from impl.terms.requests import BadRequest
from impl.terms.unusable import OtherHistory
from spec.language.terms.types import Sort

_SAY = """\
SELECT pg_advisory_xact_lock(%(nonce)s), set_config('ffq.steps', %(steps)s, true),
  set_config('ffq.now', coalesce(
    %(now)s::bigint, (extract(epoch FROM clock_timestamp()) * 1000)::bigint
  )::text, true)"""

_HISTORY = """\
SELECT epoch, name FROM incarnation WHERE schema = current_schema()::regnamespace"""

_ALONE = """\
SELECT pg_advisory_xact_lock(hashtextextended('ffq ' || %s::text || ' ' || current_schema(), 0))"""

_FEWER = """\
SELECT 1 WHERE %(claims)s > coalesce((SELECT value::bigint FROM meta WHERE name = 'claims'), 0)"""

_CLAIMS = """\
INSERT INTO meta VALUES ('claims', %(claims)s::text)
ON CONFLICT (name) DO UPDATE
SET value = greatest(meta.value::bigint, excluded.value::bigint)::text"""

_TRACED = "SELECT seq, element, after::text, unseen::text FROM trace ORDER BY seq"

_TURNS = """\
INSERT INTO origin (element, state, nth)
SELECT name, '{}', nth FROM unnest(%s::text[], %s::bigint[]) AS turn (name, nth)
WHERE name IN (SELECT lower(sort) || id FROM process)
ON CONFLICT (element) DO UPDATE SET nth = excluded.nth"""

_DEFINING = frozenset({"alter", "comment", "create", "drop"})

_THEIRS = "SELECT set_config('ffq.theirs', %s, true)"

_SHAPE = """\
WITH ours AS (
  SELECT oid FROM pg_class
  WHERE relnamespace = current_schema()::regnamespace AND relname = ANY (%(ours)s)
)
SELECT 'column', attrelid::text || ' ' || attname, atttypid::text FROM pg_attribute
WHERE attrelid IN (SELECT oid FROM ours)
UNION ALL SELECT 'trigger', tgname, tgenabled::text FROM pg_trigger
WHERE tgrelid IN (SELECT oid FROM ours) AND NOT tgisinternal
UNION ALL SELECT 'constraint', conname, oid::text FROM pg_constraint
WHERE conrelid IN (SELECT oid FROM ours)
UNION ALL SELECT 'rule', rulename, oid::text FROM pg_rewrite
WHERE ev_class IN (SELECT oid FROM ours)
ORDER BY 1, 2, 3"""


class Statements(Transaction):
    """A transaction on a server, without its steps."""

    def __init__(
        self,
        design: Design,
        connection: Connection,
        span: Span,
        shown: str,
        clock: ServerClock,
        begins: Sequence[str] = (),
        tried: Tried | None = None,
    ) -> None:
        """Use a connection; `begins` is said ahead of the first statement, and with it, `tried` on
        another one.
        """
        super().__init__(design, span)
        self.connection, self._shown, self._clock = connection, shown, clock
        self._ahead: list[Said] = [(text, None) for text in begins]
        self._again = tried
        self._required: tuple[History | None, str] = (None, "")
        self._old = tells_old(connection)
        self.tx = token_hex(8)
        self.receipts: list[str] = []
        self._foreseen: list[tuple[Said, list[Any]]] = []
        self._locked: set[str] = set()
        self._spoilt = False

    @property
    def nonce(self) -> int:
        """What is locked until the transaction is over, however that comes."""
        return int(self.tx, 16) - 2**63

    def _saying(self, lines: Sequence[Mapping[str, Any]]) -> Said:
        """Return what says whose steps come next, and returns their moment as its last column,
        which is later than all locks that were taken before.
        """
        said = json.dumps(lines) if lines else ""
        return _SAY, {"nonce": self.nonce, "steps": said, "now": self._clock.given()}

    def _run(self, text: str, values: Any = None) -> list[Any]:
        """Run a statement of ours and return its rows."""
        return self._round((text, values))[0]

    def _round(self, *said: Said) -> list[list[Any]]:
        """Run statements of ours in one round and return the rows of each. Raises `OtherHistory` if
        the store turns out to have another one than is required.
        """
        if self._foreseen and all(map(self._is_foreseen, said)):
            return [rows for each in said for known, rows in self._foreseen if known == each]
        ahead, self._ahead = self._ahead, []
        if not ahead and not said:
            return []
        try:
            found = self._begun([*ahead, *said]) if ahead else in_one_round(self.connection, said)
        except psycopg.DataError as wrong:
            raise BadRequest(f"value: {wrong}; leave it out") from None
        except psycopg.Error as failed:
            lost = gone(self._shown, failed) or unusable(self._shown, "the transaction", failed)
            raise lost or failed from None
        (known, path), self._required = self._required, (None, "")
        if known is not None:
            self.history = self._history_of(found[len(ahead) - 1])
            self.require(known, path)
        return found[len(ahead) :]

    def _begun(self, said: Sequence[Said]) -> list[list[Any]]:
        def run(opened: Connection) -> list[list[Any]]:
            self.connection = opened
            return in_one_round(opened, said)

        return run(self.connection) if self._again is None else self._again(run)

    def _foresee(self, said: Sequence[Said]) -> None:
        """Ask in one round what will be asked of this one moment of the store, and its history."""
        once = [each for n, each in enumerate(said) if each not in said[:n]]
        once.append((_HISTORY, None))
        self._foreseen = list(zip(once, self._round(*once), strict=True))

    def _is_foreseen(self, said: Said) -> bool:
        return any(known == said for known, _ in self._foreseen)

    def begin(self) -> None:
        """See to it that the transaction has begun on the server."""
        self._round()

    def own(self, sql: str, values: Any = ()) -> list[Any]:
        """Run a statement of the queue's, written by hand, and return its rows."""
        self.require_open()
        return self._run(by_hand.asked(sql), by_hand.given(sql, values))

    def execute(self, sql: str, values: Any = ()) -> list[Any]:
        """Run a statement of one's own. Raises `BadRequest`, and what psycopg raises."""
        cursor = self._theirs(sql, values)
        return cursor.fetchall() if cursor.description else []

    def changes(self, sql: str, values: Any = ()) -> int:
        """Run such a statement and return how many rows it changed."""
        cursor = self._theirs(sql, values)
        what = (cursor.statusmessage or "").split(" ")[0]
        return max(cursor.rowcount, 0) if what in ("INSERT", "UPDATE", "DELETE", "MERGE") else 0

    def _theirs(self, sql: str, values: Any) -> Any:
        self.require_open()
        require_harmless(sql)
        text, bound = by_hand.theirs(sql, values)
        defines = first_word(sql) in _DEFINING
        before = self._shape() if defines else None
        self._run(_THEIRS, ("on",))
        try:
            cursor = by_itself(self.connection, (text, bound))
        except psycopg.Error as failed:
            found = unusable(self._shown, "a statement", failed, theirs=True)
            raise refused(sql, failed) or found or failed from None
        self._run(_THEIRS, ("off",))
        if defines and self._shape() != before:
            self._spoilt = True
            fact = "would change a table that is the queue's own; leave it be"
            raise BadRequest(f"{shortened(sql)}: {fact}")
        return cursor

    def _shape(self) -> list[Any]:
        """Return what the tables of the queue are made of."""
        return self._run(_SHAPE, {"ours": own_tables(self._design)})

    @property
    def now(self) -> int:
        """The moment by the clock of the queue, in ms."""
        given = self._clock.given()
        return given if given is not None else int(self._run(ServerClock.ASK)[0][0])

    def new(self, sort: type[Sort]) -> int:
        """Return the element of a number that nobody else was given."""
        ((number,),) = self._run(f"SELECT nextval('{sort.__name__.lower()}_number')")
        return int(number) - 1

    def last(self) -> int:
        """Return the number of the last row of the trace that can be seen; 0 if there is none."""
        ((seq,),) = self._run("SELECT coalesce(max(seq), 0) FROM trace")
        return int(seq)

    def require_open(self) -> None:
        """Raise `BadRequest` if nothing that is done here would be committed."""
        status = self.connection.info.transaction_status
        if self.span.over:
            raise BadRequest("transaction: is over; begin another one")
        if self._spoilt or status == TransactionStatus.INERROR:
            raise BadRequest("transaction: was taken back by a statement in it; begin another one")

    # ------------------------------------------------------------ histories
    @cached_property
    def history(self) -> History:
        """The history that the store has now; of no boot, if the server has forgotten it."""
        return self._history_of(self._run(_HISTORY))

    def _history_of(self, found: list[Any]) -> History:
        if found:
            return History(found[0][0], found[0][1], None, 0)
        kept = self._run("SELECT value FROM meta WHERE name = 'epoch'")
        return History(int(kept[0][0]) if kept else 0, None, None, 0)

    def require(self, known: History, path: str) -> None:
        """Raise `OtherHistory` if the store has another history now; if nothing has been said to it
        so far, with the answer to what is said first.
        """
        if self._ahead:
            self._ahead.append((_HISTORY, None))
            self._required = known, path
        elif self.history != known:
            fact = "has crashed, was promoted or put back since it was opened"
            raise OtherHistory(path, fact, "open it again; what was claimed is lost")

    @property
    def claims(self) -> int:
        """The most claims that there were under a key of which nothing is left; nobody forgets one
        that had more before this is over.
        """
        return int(self._run("SELECT claims_of_forgotten_keys()")[0][0])

    def keep_claims(self, claims: int) -> None:
        """Let it be known how many claims there were under a key that is forgotten: to all who put
        in a job from now on, who wait until this is over.
        """
        if self._run(_FEWER, {"claims": claims}):
            ((patience,),) = self._run("SELECT current_setting('lock_timeout')")
            self._run("SET LOCAL lock_timeout = '100ms'")  # whoever puts a job in waits as well
            self.alone("claims")
            self._run("SELECT set_config('lock_timeout', %s, true)", (patience,))
            self._run(_CLAIMS, {"claims": claims})

    # ------------------------------------------------------------ what is forgotten
    def alone(self, what: str) -> None:
        """Wait until nobody else is at this, and let nobody before the transaction is over."""
        self._run(_ALONE, (what,))

    def traced(self) -> Iterator[Written]:
        """Yield the rows of the trace; each is kept for the row of the store that it changed."""
        with self.connection.cursor("traced") as cursor:
            cursor.execute(_TRACED)
            for seq, element, after, unseen in cursor:
                yield Written(seq, (element,), after, unseen)

    def keep_origin(self, seq: int, states: Iterable[tuple[str, str]]) -> None:
        """Let the run be followed from the state after a row of the trace, and keep of each process
        how many steps there were by then.
        """
        turns = ends(self.own, seq).turns
        origin.write(self.own, seq, states)
        self._run(_TURNS, (list(turns), list(turns.values())))
