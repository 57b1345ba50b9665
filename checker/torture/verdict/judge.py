"""What became of a tortured queue: the ledger against its tables, and its run against the spec."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from checker.conformance.validating.validate import Verdict, validate
from checker.evidence.detection.alarms import Alarm, alarms, detectors
from checker.torture.acts.plan import Plan
from checker.torture.verdict.both_sides import Books, books
from checker.torture.verdict.counts import Counts
from checker.torture.verdict.differences import ACCOUNTS
from impl.queue import Queue

_REFUSED = re.compile(r"(\w+) of job \d+ is refused: (\w+)")


@dataclass(frozen=True)
class Outcome:
    """What was counted after a torture, and what is wrong: nothing, if all is well."""

    reasons: dict[str, int]
    effects: int
    recoveries: int
    answers: int
    delivered: Counter[str]
    counts: Counts
    validation: Verdict
    detectors: int
    alarms: list[Alarm]
    wrong: list[str]

    @property
    def jobs(self) -> dict[str, int]:
        """How many jobs there are, by status."""
        return self.validation.jobs

    @property
    def stale(self) -> Counter[str]:
        """How often a worker found its claim lost: by which step, and which guard refused it."""
        found: Counter[str] = Counter()
        for why, count in self.counts.lost.items():
            match = _REFUSED.fullmatch(why)
            found[f"{match[1]}.{match[2]}" if match else "while the handler ran"] += count
        return found

    @property
    def repeated(self) -> int:
        """How many deliveries were repetitions."""
        return self.delivered.total() - len(self.delivered)

    def as_json(self) -> dict[str, Any]:
        """Return it for programs."""
        return {
            "ok": not self.wrong,
            "finished": True,
            "jobs": self.jobs,
            "dead_by_reason": self.reasons,
            "effects": self.effects,
            "answers": self.answers,
            "kills": self.counts.kills,
            "pauses": self.counts.pauses,
            "stops": self.counts.stops,
            "changes_of_weather": dict(self.counts.weather),
            "workers": self.counts.started,
            "ended_by_their_handlers": len(self.counts.leaving),
            "gave_up": len(self.counts.gave_up),
            "claims_ended_by_recovery": self.recoveries,
            "claims_found_lost": dict(self.stale),
            "messages": len(self.delivered),
            "repeated_deliveries": self.repeated,
            "validation": self.validation.as_json(),
            "detectors": self.detectors,
            "alarms": [alarm.as_json() for alarm in self.alarms],
            "wrong": self.wrong,
        }


def judge(folder: Path, plan: Plan, counts: Counts, queue: Queue) -> Outcome:
    """Return what became of a torture that is done."""
    kept = books(folder, queue)
    validation, raised = validate(queue.store.address), alarms(queue.store.address)
    wrong = [text for account in ACCOUNTS for text in account(plan, kept)]
    wrong += [*processes(plan, counts), *map(str, raised)]
    if validation.finding is not None:
        wrong += ["the run is no behaviour of the spec:", *validation.finding.text()]
    ((recoveries,),) = queue.query("SELECT count(*) FROM trace WHERE action = 'recover'")
    return Outcome(
        Counter(task.reason for task in kept.tasks.values() if task.status == "dead"),
        len(kept.effects), recoveries, _answers(kept),
        Counter(line["key"] for line in kept.told["delivered"]),
        counts, validation, len(detectors()), raised, wrong,
    )  # fmt: skip


def _answers(kept: Books) -> int:
    return sum(len(kept.told[event]) for event in ("answered", "refused"))


def processes(plan: Plan, counts: Counts) -> Iterator[str]:
    """Each process ended as it may: by a blow, by its handler, or for want of a store."""
    for pid, why in counts.broke.items():
        yield f"process {pid} broke: {why}"
    lease_s = plan.lease_ms / 1000
    for pid, at, why in counts.gave_up:
        # A worker is patient for a lease, and asks no longer than another one.
        if pid not in counts.leaving and not any(
            began <= at <= began + lasted + 3 * lease_s for began, lasted in counts.held
        ):
            yield f"a worker gave up when nobody kept it from the store: {why}"
