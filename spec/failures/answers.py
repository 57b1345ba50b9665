"""What is asked of a design of a queue, in everyday words, and which protections an answer costs.

An answer is edits of the queue, as `ffq check --without` reads them; the first answer of a question
costs none. A question names the scopes that show what its answers cost.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from spec.language.misuse import Misuse, near

UNFENCED_SETTLES = (
    "heartbeat.fenced",
    "settle_done.fenced",
    "settle_failed.fenced",
    "settle_released.fenced",
    "start.fenced",
)
UNFENCED_EFFECTS = (
    "write_first.leased", "write_first.fenced", "write_second.leased", "write_second.fenced",
    "record.leased", "record.fenced",
)  # fmt: skip
NO_RECORD = ("write_first.unrecorded", "record.once", "settle_done.evidence")

WHOLE = "whole"


@dataclass(frozen=True)
class Answer:
    """One way to build it: a word for it, what it is in a sentence, and what it goes without."""

    word: str
    doc: str
    edits: tuple[str, ...] = ()


@dataclass(frozen=True)
class Question:
    """What is asked: a word for it, the question, its answers, and the scope that shows them."""

    word: str
    doc: str
    answers: tuple[Answer, ...]
    scope: str = WHOLE

    def answer(self, word: str) -> Answer:
        """Return the answer of this word; raises `Misuse`."""
        known = {answer.word: answer for answer in self.answers}
        if word not in known:
            raise Misuse(f"{self.word} has no answer '{word}'", near(word, known))
        return known[word]


_QUESTIONS = (
    Question(
        "taken",
        "How does a worker take a job?",
        (
            Answer("leased", "In one step the row is hidden until a lease runs out."),
            Answer("popped", "Taking it removes it from the queue.", ("instead claim pop",)),
            Answer(
                "looked_up",
                "A query finds a job that is ready, and a later statement takes it without asking "
                "again.",
                ("stale claim.ready",),
            ),
        ),
        "one-job",  # where no job waits for its time: else the write asks that, and is refused
    ),
    Question(
        "reported",
        "Who may renew a claim, and say how it ended?",
        (
            Answer("by_its_holder", "Only who shows the token of the claim that the row names."),
            Answer("by_anybody", "Whoever was once given the job.", UNFENCED_SETTLES),
        ),
    ),
    Question(
        "ended",
        "When does an attempt end whose handler hangs?",
        (
            Answer("by_a_deadline", "Heartbeats renew its lease until a deadline, and no longer."),
            Answer(
                "never",
                "Its lease is renewed as long as heartbeats, or a connection, say that its process "
                "is alive.",
                ("heartbeat.in_time",),
            ),
        ),
    ),
    Question(
        "deaths",
        "What does an attempt cost whose worker died?",
        (
            Answer("counted", "An interruption, counted apart from failures, with a limit."),
            Answer(
                "free",
                "Nothing: the job is as if it had not been taken.",
                ("instead recover recover_uncharged",),
            ),
            Answer(
                "as_failures",
                "A failure of the job, whatever the worker died of.",
                ("instead recover recover_as_failure",),
            ),
        ),
    ),
    Question(
        "failures",
        "Where is a failed attempt counted?",
        (
            Answer("at_its_end", "In the step that ends the claim."),
            Answer(
                "rolled_back",
                "In the transaction that fails, and with it the count is rolled back.",
                ("instead settle_failed fail_and_roll_back",),
            ),
        ),
    ),
    Question(
        "recovered",
        "What does recovery ask at the moment in which it takes a job back?",
        (
            Answer("once_more", "Whether the lease is still expired."),
            Answer("no_more", "Nothing: it has looked before.", ("recover.expired",)),
        ),
    ),
    Question(
        "effects",
        "What guards what a handler changes elsewhere?",
        (
            Answer("token_and_record", "Each write shows the token; a record says it was done."),
            Answer(
                "record", "A record says that it was done; no write is fenced.", UNFENCED_EFFECTS
            ),
            Answer(
                "token", "Each write shows the token; nothing says that it was done.", NO_RECORD
            ),
            Answer("nothing", "Neither.", (*UNFENCED_EFFECTS, *NO_RECORD)),
        ),
    ),
    Question(
        "keys",
        "How long does a repeated request find its job?",
        (
            Answer("as_long_as_it_comes", "The key outlives the requests that may come again."),
            Answer("for_a_time", "For a time that nobody compares.", ("grow_old.outlives",)),
        ),
        "keeping",
    ),
    Question(
        "answered",
        "What is on the disk when the queue answers that a job is accepted, or done?",
        (
            Answer("what_was_said", "What the answer says."),
            Answer(
                "nothing_yet",
                "It may be written later: no flush, or a replica that is not waited for.",
                ("weaken enqueue", "weaken settle_done"),
            ),
        ),
        "storage",
    ),
    Question(
        "clock",
        "Whose clock says that a lease has run out?",
        (
            Answer("the_stores", "The one of the store, for everybody."),
            Answer(
                "anybodys",
                "The one of whoever looks.",
                ("instead expire expire_by_another_clock",),
            ),
        ),
        "clocks",
    ),
)

QUESTIONS = {question.word: question for question in _QUESTIONS}


@dataclass(frozen=True)
class Design:
    """A queue as somebody builds it: a name, a sentence, and the answers that are not the first."""

    name: str
    doc: str = ""
    answers: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for word, answer in self.answers.items():
            if word not in QUESTIONS:
                raise Misuse(f"nothing is asked by the name of '{word}'", near(word, QUESTIONS))
            QUESTIONS[word].answer(answer)

    def answer(self, question: Question) -> Answer:
        """Return the answer to a question; the first if nothing was said."""
        word = self.answers.get(question.word)
        return question.answers[0] if word is None else question.answer(word)

    @property
    def costly(self) -> dict[str, tuple[str, ...]]:
        """The questions whose answers go without something, and without what."""
        found = {word: self.answer(question).edits for word, question in QUESTIONS.items()}
        return {word: edits for word, edits in found.items() if edits}

    @property
    def edits(self) -> tuple[str, ...]:
        """All that it goes without."""
        return tuple(edit for edits in self.costly.values() for edit in edits)

    @property
    def scopes(self) -> tuple[str, ...]:
        """The scopes in which it shows what the answers cost, the whole queue first."""
        costly = (question.scope for word, question in QUESTIONS.items() if word in self.costly)
        return tuple(dict.fromkeys((WHOLE, *costly)))
