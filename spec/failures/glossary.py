"""The words of people who run queues, what this project calls the same, and where it is told.

A failure mode is found by the word that comes to mind at three in the morning: *zombie*, *charged
twice*, *stuck in processing*. Every search in the catalogue asks here too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from spec.failures.failure import FailureMode


@dataclass(frozen=True)
class Term:
    """A word with what people also say for it, one sentence, and the failure modes it leads to."""

    word: str
    also: tuple[str, ...]
    means: str
    modes: tuple[str, ...] = ()


TERMS = (
    Term(
        "ack",
        ("acknowledge", "nack", "delete message", "basic.ack"),
        "The worker says how a job ended; here it *settles* the job as done, failed or released.",
        ("FM-001", "FM-004", "FM-010", "FM-022a"),
    ),
    Term(
        "at-least-once",
        ("redelivery", "delivered twice", "duplicate delivery"),
        "A job may be run more than once, so that none is lost; a key makes its effect once.",
        ("FM-018", "FM-021"),
    ),
    Term(
        "at-most-once",
        ("ack early", "auto ack", "destructive pop", "lpop", "brpop"),
        "A job is gone once it is handed out: none is run twice, and some are never run.",
        ("FM-001", "FM-002b"),
    ),
    Term(
        "back-off",
        ("backoff", "retry storm", "hot loop", "jitter", "thundering herd", "exponential"),
        "How long a job that has failed waits before it is tried again; longer each time.",
        ("FM-036", "FM-065", "FM-034a"),
    ),
    Term(
        "batch",
        ("bulk", "partial failure", "batch item failures", "poison", "all or nothing", "chunk"),
        "Several items under one claim: each ends for itself, and the batch when all of them have.",
        ("FM-053", "FM-054", "FM-055"),
    ),
    Term(
        "charged twice",
        ("double charge", "duplicate payment", "mail sent twice", "effect twice", "exactly-once"),
        "An effect took place again because nobody could tell that it had, or nobody asked.",
        ("FM-018", "FM-019", "FM-021", "FM-010"),
    ),
    Term(
        "clock skew",
        ("clock drift", "ntp", "time jump", "clock went back"),
        "Two clocks disagree, and a lease that one of them gave is judged by the other.",
        ("FM-009",),
    ),
    Term(
        "crash loop",
        ("poison message", "poison pill", "oom kill", "segfault"),
        "A job ends each worker that runs it; interruptions have a budget, so it dies in the end.",
        ("FM-027a",),
    ),
    Term(
        "cron",
        ("periodic job", "recurring job", "missed run", "catch up", "misfire", "celery beat"),
        "Jobs that a schedule asks for, one for each moment; here the moment is a *tick*.",
        ("FM-031a", "FM-031b", "FM-044"),
    ),
    Term(
        "dead letter",
        ("dlq", "dead letter queue", "failed jobs", "morgue"),
        "A job that was given up, with the reason and what had been written of its effect.",
        ("FM-028", "FM-029", "FM-006c", "FM-006b"),
    ),
    Term(
        "delayed job",
        ("scheduled job", "countdown", "eta", "promoter", "poller"),
        "A job that is not to be claimed before a moment; a list of its own needs a way out of it.",
        ("FM-003a", "FM-003b"),
    ),
    Term(
        "deployment",
        ("rolling update", "sigterm", "graceful shutdown", "unknown task", "unregistered task"),
        "Workers are stopped on purpose, and old and new ones run side by side for a while.",
        ("FM-028", "FM-006b", "FM-027b", "FM-056", "FM-057"),
    ),
    Term(
        "disk full",
        ("no space left on device", "enospc", "oom of the broker", "maxmemory"),
        "There is no room: new work is refused first, for finishing what is there needs room too.",
        ("FM-033",),
    ),
    Term(
        "drain",
        ("maintenance mode", "quiesce", "connection draining", "scale to zero", "scale down"),
        "Jobs are kept back until nothing is at work, so that workers can be deployed anew.",
        ("FM-037", "FM-057", "FM-059"),
    ),
    Term(
        "dual write",
        ("transactional outbox", "commit hook", "enqueue in transaction", "on_commit"),
        "A change and its job are written in two places, and one can be there without the other.",
        ("FM-005",),
    ),
    Term(
        "failover",
        ("promotion", "replica", "restore from backup", "snapshot", "point in time recovery"),
        "The store comes back as it was earlier: what was given out since is given out again.",
        ("FM-035a", "FM-003c", "FM-004", "FM-038"),
    ),
    Term(
        "false success",
        ("silent success", "swallowed exception", "marked done but never ran"),
        "A job is reported as done, and nothing shows that its work was.",
        ("FM-022b",),
    ),
    Term(
        "fencing token",
        ("generation", "epoch", "receipt handle", "lock version"),
        "A number that grows with each claim, so that an older holder is told from the present.",
        ("FM-010", "FM-011", "FM-012", "FM-014"),
    ),
    Term(
        "fsync",
        ("appendfsync", "synchronous_commit", "durability", "power loss", "acknowledged and lost"),
        "A write that was answered is on the disk only once somebody has waited for it.",
        ("FM-004", "FM-003c"),
    ),
    Term(
        "hangs",
        ("stuck handler", "deadlock", "never finishes", "timeout", "long-running job"),
        "The handler never returns, while a second thread goes on renewing its lease.",
        ("FM-016", "FM-008b", "FM-008a"),
    ),
    Term(
        "hint",
        ("listen", "pub/sub", "missed notification", "wake up", "lost wakeup", "long polling"),
        "A message that there is a job, which may be lost; who waits for it has to ask as well.",
        ("FM-040", "FM-064"),
    ),
    Term(
        "idempotency key",
        ("deduplication", "dedup id", "unique job", "message id", "request id"),
        "A name for a request, by which asking twice is asking once.",
        ("FM-018", "FM-020", "FM-024a", "FM-024c"),
    ),
    Term(
        "idle in transaction",
        ("row lock", "abandoned transaction", "half-open connection", "tcp keepalive"),
        "A process has begun to write a row and does not go on, and others go round the row.",
        ("FM-039",),
    ),
    Term(
        "leader",
        ("scheduler died", "reaper", "janitor", "rescuer", "cron of the queue"),
        "The process that frees the jobs of dead workers; here a *recoverer*, one of many.",
        ("FM-015", "FM-017", "FM-002a", "FM-013"),
    ),
    Term(
        "lock",
        ("database is locked", "sqlite_busy", "lock wait timeout", "could not obtain lock"),
        "The store could not answer just then, which says nothing about the job.",
        ("FM-034a", "FM-008d"),
    ),
    Term(
        "lost job",
        ("job disappeared", "missing job", "message loss", "vanished"),
        "A job that was accepted is in no place any more, or in one where nobody looks.",
        ("FM-001", "FM-003a", "FM-003c", "FM-004", "FM-005", "FM-006a"),
    ),
    Term(
        "lost update",
        ("read-modify-write", "overwritten result", "optimistic locking", "compare and set"),
        "Two have read a row, and the second to write takes away what the first has written.",
        ("FM-066", "FM-045"),
    ),
    Term(
        "max retries",
        ("retry limit", "max_attempts", "attempts exhausted", "delivery count", "maxreceivecount"),
        "How often a job may fail, or be cut short, before it is given up: two budgets, not one.",
        ("FM-027a", "FM-027b", "FM-028"),
    ),
    Term(
        "offset",
        (
            "cursor",
            "high-water mark",
            "sequence gap",
            "missed rows",
            "outbox relay",
            "last seen id",
        ),
        "How far somebody has read a table or a log, by number: what is below is not read again.",
        ("FM-023", "FM-054"),
    ),
    Term(
        "order",
        ("fifo", "ordering key", "message group", "lane", "head of line", "partition key"),
        "Jobs of one key are done one after the other, in the order in which they were put in.",
        ("FM-032a", "FM-032b"),
    ),
    Term(
        "orphan",
        ("stuck in processing", "stalled job", "unacked forever", "lost worker", "worker lost"),
        "A job that is claimed by a worker which no longer exists.",
        ("FM-002a", "FM-002b", "FM-017", "FM-058", "FM-059"),
    ),
    Term(
        "pause",
        ("paused queue", "suspend", "resume", "kill switch"),
        "Somebody lets nothing of a kind be begun for a while; what is under way goes on.",
        ("FM-037", "FM-063"),
    ),
    Term(
        "permit",
        ("concurrency limit", "semaphore", "max concurrent", "limits_concurrency", "mutex"),
        "One unit of how many jobs may be at work at once; a claim has it, and ends with it.",
        ("FM-025a", "FM-025b", "FM-025c", "FM-041", "FM-042"),
    ),
    Term(
        "race",
        ("two workers same job", "select then update", "double claim", "skip locked"),
        "Two workers read that a job is free, and both take it.",
        ("FM-007", "FM-013"),
    ),
    Term(
        "redrive",
        ("retry button", "replay", "requeue", "dashboard", "admin retry", "run again"),
        "An operator tries a dead job anew; what the screen shows may be over by then.",
        ("FM-060", "FM-061", "FM-062"),
    ),
    Term(
        "registry",
        ("worker list", "process table", "prune", "deregister", "heartbeat table", "node list"),
        "Which workers there are, as far as anybody has heard; an entry may go before its claims.",
        ("FM-058", "FM-002b", "FM-029"),
    ),
    Term(
        "resurrected",
        ("came back from the dead", "reprocessed after done", "retried after success"),
        "A job that was done or dead is run again, for something put its old state back.",
        ("FM-030", "FM-024a", "FM-020"),
    ),
    Term(
        "roll-back",
        ("rolled back deployment", "revert", "downgrade", "schema version", "payload version"),
        "The version before is deployed again, and finds rows that it has never seen.",
        ("FM-056", "FM-057"),
    ),
    Term(
        "session lock",
        ("advisory lock", "connection closed", "consumer timeout", "channel closed", "pgbouncer"),
        "A claim that lasts as long as a connection, and not as long as the worker.",
        ("FM-008e",),
    ),
    Term(
        "split brain",
        ("two primaries", "dual master", "old primary", "stonith", "network partition"),
        "Two stores that each take themselves for the only one, and both answer.",
        ("FM-038",),
    ),
    Term(
        "split in two",
        ("partial write", "half done", "torn update", "non-atomic"),
        "What belongs together is written in two steps, and something dies between them.",
        ("FM-002b", "FM-003b", "FM-021"),
    ),
    Term(
        "uniqueness",
        ("duplicate jobs", "until executed", "queueing lock", "lock digest"),
        "Of jobs about the same one is in the queue at a time, whoever asks and with which key.",
        ("FM-024b", "FM-043", "FM-025a"),
    ),
    Term(
        "upsert",
        ("debounce", "coalesce", "replace args", "updatedata", "unsafe_dedupe", "last write wins"),
        "A job that waits is given a newer value in place of its own, instead of a second job.",
        ("FM-050", "FM-051", "FM-052"),
    ),
    Term(
        "visibility timeout",
        ("lease", "lock duration", "ack deadline", "invisibility", "acks_late"),
        "How long a claim stands without a sign of life; here the *lease*, renewed by heartbeats.",
        ("FM-008a", "FM-008c", "FM-008d", "FM-009", "FM-010"),
    ),
    Term(
        "withdrawn",
        ("reorg", "rollback", "chain reorganisation", "saga", "compensation"),
        "What a job was about turns out never to have been, and what was made of it still stands.",
        ("FM-035b",),
    ),
    Term(
        "worker name",
        ("hostname", "consumer name", "pid reuse", "worker id"),
        "A worker is known by a name that another one may bear after it.",
        ("FM-014",),
    ),
    Term(
        "workflow",
        ("dag", "fan-out", "fan-in", "chord", "batch callback", "waiting-children", "flow"),
        "A job waits for its children, or follows another one; who ends a job tells who waits.",
        ("FM-026a", "FM-026b", "FM-045", "FM-046", "FM-047", "FM-048", "FM-049"),
    ),
    Term(
        "zombie",
        ("late worker", "stale worker", "paused worker", "gc pause", "stop the world", "sigstop"),
        "A worker that has lost its claim and does not know it; it may still report and write.",
        ("FM-010", "FM-011", "FM-012"),
    ),
)


def about(modes: Iterable[FailureMode], text: str) -> Iterator[FailureMode]:
    """Yield the failure modes that these words speak of."""
    return (mode for mode in modes if says(spoken_of(mode), text))


def says(lines: Iterable[str], text: str) -> bool:
    """Return whether one of the lines has all of these words."""
    wanted = text.lower().split()
    return any(all(word in line.lower() for word in wanted) for line in lines)


def spoken_of(mode: FailureMode) -> list[str]:
    """Return all that a failure mode can be found by: its name and sentence, the edits and what
    they break, where it happened, and the terms that lead to it.
    """
    lines = [f"{mode.id} {mode.name.replace('_', ' ')}", f"{mode.name} {mode.doc}"]
    for loss in mode.losses:
        lines.append(f"{' '.join(loss.edits)} {loss.breaks}")
    lines += [f"{i.system} {i.title}" for i in mode.incidents]
    terms = [term for term in TERMS if mode.id in term.modes]
    return lines + [word for term in terms for word in (term.word, *term.also)]
