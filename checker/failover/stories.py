"""Runs over the loss of a server: what is done, under which settings, and what the spec says of it.

The spec knows a store that loses power; here that is a promotion, or the crash of a server. A step
that the standby has not received is one that was not waited for, so asynchronous settings are the
edit `weaken`. Servers have the same queue without the disk, for they have one of their own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from checker.runs.walk import follow
from spec.failures.edits import Edits
from spec.language.evaluate import Claim, Evaluator, Step
from spec.language.scope import Scope, State, value_name
from spec.queue import SCOPES

DISK = SCOPES["storage"]
"""Where the spec says what is lost."""

SERVED = Scope("served", SCOPES["requests"].spec, DISK.bounds, "The same without the disk.")
"""What the servers have: no field of it says what would survive."""

Loss = Literal["promotion", "crash", "two"]
"""The primary dies and the standby is promoted; one process of the server dies, and it recovers by
itself; or the standby is promoted while the primary is up.
"""


@dataclass(frozen=True)
class Story:
    """A run under settings; `edits` are what these are in the spec, and `claim` is what is at
    stake. `numbered`: who finds that the server has come back begins another history.
    """

    title: str
    settings: str
    edits: tuple[str, ...]
    run: str
    claim: str
    loss: Loss = "promotion"
    synchronous: bool = False
    cancelled: bool = False
    numbered: bool = True

    @property
    def calls(self) -> list[str]:
        """The steps as text."""
        return [" ".join(call.split()) for call in self.run.split(",")]

    def steps(self, scope: Scope) -> list[Step]:
        """Return the steps, as a scope has them."""
        return [step_of(scope, call) for call in self.calls]


@dataclass(frozen=True)
class Came:
    """What comes of a run: the states of the queue, as far as the steps are taken."""

    story: Story
    states: tuple[State, ...]

    @property
    def broken(self) -> bool:
        """Whether what is at stake is lost, in some step."""
        claim = Claim(Evaluator(SERVED), SERVED.spec.properties[self.story.claim])
        then = self.states[1:] if claim.property.kind == "step" else self.states
        pairs = zip(self.states, then, strict=False)
        return any(claim.holds(before, after) is not None for before, after in pairs)

    @property
    def text(self) -> str:
        """How it ends: the step that is not taken, or the job and who has which token of it."""
        taken = len(self.states) - 1
        if taken < len(self.story.calls):
            return f"`{self.story.calls[taken]}` is not taken"
        end = dict(zip((place.name for place in SERVED.places), self.states[-1], strict=True))
        fields = SERVED.spec.fields
        status = value_name(fields["status"].type, end["status[job1]"])
        told = [f"job1 is {status}"]
        for worker in ("worker1", "worker2"):
            if end[f"job[{worker}]"] is not None:
                told.append(f"{worker} has {end[f'held_epoch[{worker}]']}/{end[f'held[{worker}]']}")
        return ", ".join(told)


def predicted(story: Story) -> Came:
    """Return what the spec says of the run."""
    scope = Edits(story.edits).on(DISK)
    found = follow(Evaluator(scope), story.steps(scope))
    at = {place.name: n for n, place in enumerate(scope.places)}
    kept = [at[place.name] for place in SERVED.places]
    return Came(story, tuple(tuple(s[n] for n in kept) for s in found.walk.states))


def step_of(scope: Scope, call: str) -> Step:
    """Return the step of a scope that a text such as `claim worker1 job1` names."""
    name, *given = call.split()
    action = scope.spec.actions[name]
    binding = {
        p.name: next(v for v in scope.choices(p.type) if value_name(p.type, v) == word)
        for p, word in zip(action.params, given, strict=True)
    }
    return Step(action, binding)


def _asked(*calls: str) -> str:
    return ", ".join(["send job1", "enqueue job1", *calls])


_ENQUEUED = _asked("lose_power job1")
_SETTLED = _asked(
    "sync job1", "claim worker1 job1", "start worker1", "settle_done worker1", "lose_power job1"
)
_CANCELLED = _asked(
    "claim worker1 job1", "sync job1", "start worker1", "settle_done worker1", "lose_power job1"
)
_CLAIMED = ("sync job1", "claim worker1 job1", "lose_power job1", "claim worker2 job1")
_TWO = _asked(
    "sync job1", "claim worker1 job1", "start worker1", "lose_power job1", "settle_done worker1",
    "claim worker2 job1", "start worker2", "settle_done worker2",
)  # fmt: skip
_AS_BEFORE = "instead lose_power come_back_as_if_nothing_had_been"


STORIES: tuple[Story, ...] = (
    Story("a job is acknowledged", "asynchronous", ("weaken enqueue",), _ENQUEUED, "rows_are_kept"),
    Story("a job is acknowledged", "synchronous", (), _ENQUEUED, "rows_are_kept", synchronous=True),
    Story(
        "a settle is acknowledged", "asynchronous", ("weaken enqueue", "weaken settle_done"),
        _SETTLED, "terminal_is_absorbing",
    ),
    Story(
        "a settle is acknowledged", "synchronous", (), _SETTLED, "terminal_is_absorbing",
        synchronous=True,
    ),
    Story(
        "a settle is acknowledged", "synchronous, the wait is cancelled", ("weaken settle_done",),
        _CANCELLED, "terminal_is_absorbing", synchronous=True, cancelled=True,
    ),
    Story(
        "a claim is lost", "asynchronous, the history goes on", ("weaken enqueue", _AS_BEFORE),
        _asked(*_CLAIMED), "one_worker_per_token", numbered=False,
    ),
    Story(
        "a claim is lost", "asynchronous, another history", ("weaken enqueue",),
        _asked(*_CLAIMED), "one_worker_per_token",
    ),
    Story(
        "a claim is waited for", "synchronous, another history", (),
        _asked(*_CLAIMED[:2], "sync job1", *_CLAIMED[2:]), "one_worker_per_token",
        synchronous=True,
    ),
    Story(
        "one process of the server dies", "the history goes on", (_AS_BEFORE,),
        _asked(*_CLAIMED), "one_worker_per_token", "crash", numbered=False,
    ),
    Story(
        "one process of the server dies", "another history", (),
        _asked(*_CLAIMED), "one_worker_per_token", "crash",
    ),
    Story(
        "the old primary is up", "asynchronous",
        ("weaken enqueue", "instead settle_done settle_at_the_store_it_was_claimed_at"),
        _TWO, "a_job_is_done_once", "two",
    ),
    Story(
        "the old primary is up", "synchronous", (),
        _asked("claim worker1 job1", "sync job1", "start worker1", "lose_power job1",
               "settle_done worker1"),
        "a_job_is_done_once", "two", synchronous=True,
    ),
)  # fmt: skip
