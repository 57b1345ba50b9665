"""The answer to a history: each job is a run of the queue, or is not, and of which edits it is one
then.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from checker.judge.apart import Group, apart
from checker.judge.explain import explain
from checker.judge.filled import Run, run_of
from checker.judge.follow import whole
from checker.judge.history import ANSWERS, Event, History
from checker.judge.jobs import Seen, job_of
from checker.judge.states.layer import Sign, TooMany
from checker.judge.watch import Setup


@dataclass(frozen=True)
class Verdict:
    """What became of one job: `at` is the first event that no run allows, counted from 0.

    `stopped` says why it is not known whether it is a run.
    """

    seen: Seen
    setup: Setup
    at: int | None = None
    stopped: str | None = None

    @property
    def accepted(self) -> bool:
        """Whether it is a run of the queue."""
        return self.at is None and self.stopped is None

    @property
    def event(self) -> Event | None:
        """The first event that no run allows."""
        return None if self.at is None else self.seen.events[self.at]

    @cached_property
    def allowed(self) -> list[str]:
        """What a run might have shown instead of it, first what is of the same kind."""
        if self.at is None:
            return []
        follower = whole(self.setup)
        last = follower.open(follower.follow(self.seen.codes[: self.at], self.seen.claiming).last)
        signs = [s for s in follower.possible(last) if self._asked(s)]
        signs.sort(key=lambda s: s[0] != self.seen.events[self.at or 0].kind)
        found = [in_words(s, self.seen) for s in signs]
        rests = len(follower.layers[follower.after(last, self.seen.quiet)]) > 0
        return found + ["quiet"] * rests

    def _asked(self, sign: Sign) -> bool:
        kind = str(sign[0])
        return kind == "status" or (kind in self.setup.seen and kind not in ANSWERS)

    @cached_property
    def run(self) -> Run:
        """The run, filled in, of a history that is accepted."""
        return run_of(self.setup, self.seen)


@dataclass(frozen=True)
class Diagnosis:
    """Explanations, in groups that some event could tell apart, first those that assume the fewest
    steps that nobody saw; `stopped` says why none.

    Of those that are `left` it is not known whether they explain it.
    """

    groups: tuple[Group, ...]
    runs: Mapping[frozenset[str], Run]
    stopped: str | None = None
    left: tuple[frozenset[str], ...] = ()


class Judge:
    """Judges the jobs of a history, each by itself; jobs of which the same was seen share all."""

    def __init__(self, history: History, file: str = "history") -> None:
        self.history, self.file = history, file
        self._known: dict[object, tuple[int | None, str | None]] = {}
        self._diagnosed: dict[object, Diagnosis] = {}

    def verdicts(self, jobs: Sequence[str] | None = None) -> Iterator[Verdict]:
        """Yield what became of each job, or of those that are named."""
        for job in self.history.jobs if jobs is None else jobs:
            yield self.judge(job_of(self.history, job, self.file))

    def judge(self, seen: Seen) -> Verdict:
        """Return whether it is a run of the queue."""
        header = self.history.header
        # If a budget is not known it may be large: what is not seen may have used it up.
        unknown = 4
        while unknown < seen.attempts + 2:
            unknown *= 2
        setup = seen.setup(header, header.failures or unknown, header.interruptions or unknown)
        key = setup, seen.key
        if key not in self._known:
            try:
                self._known[key] = whole(setup).follow(seen.codes, seen.claiming).at, None
            except TooMany as many:
                self._known[key] = None, str(many)
        return Verdict(seen, setup, *self._known[key])

    def diagnose(self, verdict: Verdict, seconds: float) -> Diagnosis:
        """Return which protections are missing if it is to be a run."""
        key = verdict.setup, verdict.seen.key
        if key not in self._diagnosed:
            until = time.monotonic() + seconds
            found = explain(verdict.setup, verdict.seen, until)
            runs = {texts: run_of(verdict.setup, verdict.seen, texts) for texts in found.sets}
            sets = sorted(runs, key=lambda texts: (runs[texts].unseen, sorted(texts)))
            groups = apart(verdict.setup, verdict.seen, sets, until)
            self._diagnosed[key] = Diagnosis(tuple(groups), runs, found.stopped, found.left)
        return self._diagnosed[key]


def in_words(sign: Sign, seen: Seen) -> str:
    """Return what a sign says, workers by the names that the history gives them."""
    kind, *rest = sign
    words = [str(kind)]
    for x in rest:
        words.append(seen.names[x] if isinstance(x, int) and x < len(seen.names) else str(x))
    return " ".join(words)
