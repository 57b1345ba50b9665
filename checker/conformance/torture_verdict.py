"""What became of a tortured queue: whether every job is there, and every effect once."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from checker.conformance.torture import Counts, Torture
from checker.conformance.torture_plan import EFFECTS, Order, order
from checker.conformance.validate import Verdict, validate
from checker.evidence.alarms import Alarm, alarms, detectors
from impl.queue import Queue

_REFUSED = re.compile(r"(\w+) of job \d+ is refused: (\w+)")
_SETTLES = {
    "write_first",
    "write_second",
    "record",
    "settle_done",
    "settle_failed",
    "settle_released",
}


@dataclass(frozen=True)
class Outcome:
    """What was counted after a torture, and what is wrong: nothing, if all is well."""

    jobs: dict[str, int]
    reasons: dict[str, int]
    effects: int
    recoveries: int
    counts: Counts
    validation: Verdict
    detectors: int
    alarms: list[Alarm]
    wrong: list[str]

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
        return self.counts.delivered.total() - len(self.counts.delivered)

    def as_json(self) -> dict[str, Any]:
        """Return it for programs."""
        return {
            "ok": not self.wrong,
            "finished": True,
            "jobs": self.jobs,
            "dead_by_reason": self.reasons,
            "effects": self.effects,
            "kills": self.counts.kills,
            "pauses": self.counts.pauses,
            "workers": self.counts.started,
            "claims_ended_by_recovery": self.recoveries,
            "claims_found_lost": dict(self.stale),
            "messages": len(self.counts.delivered),
            "repeated_deliveries": self.repeated,
            "validation": self.validation.as_json(),
            "detectors": self.detectors,
            "alarms": [
                {"failure": a.mode.id, "found": a.count, "first": list(a.first)}
                for a in self.alarms
            ],
            "wrong": self.wrong,
        }


def outcome(torture: Torture) -> Outcome:
    """Return what became of a torture that is done."""
    queue, plan = torture.queue, torture.plan
    orders = [order(plan, n) for n in range(plan.jobs)]
    validation = validate(str(Path(queue.path)))
    wrong = [*_jobs(queue, orders), *_effects(queue, orders), *_said(queue, torture.counts)]
    raised = alarms(Path(queue.path))
    wrong += map(str, raised)
    if validation.finding is not None:
        wrong += ["the run is no behaviour of the spec:", *validation.finding.text()]
    ((effects,),) = queue.query("SELECT count(*) FROM ledger")
    ((recoveries,),) = queue.query("SELECT count(*) FROM trace WHERE action = 'recover'")
    reasons = "SELECT reason, count(*) FROM job WHERE status = 'dead' GROUP BY reason"
    return Outcome(
        validation.jobs, dict(queue.query(reasons)), effects, recoveries,
        torture.counts, validation, len(detectors()), raised, wrong,
    )  # fmt: skip


def _jobs(queue: Queue, orders: list[Order]) -> list[str]:
    """Say which jobs are lost, or ended as they must not."""
    found = {key: row for key, *row in queue.query(
        "SELECT key, status, reason FROM task JOIN job USING (id)"
    )}  # fmt: skip
    wrong = [f"{o.key} is lost" for o in orders if o.key not in found]
    wrong += [f"{key} was never asked for" for key in found.keys() - {o.key for o in orders}]
    allowed = {
        "poison": {("dead", "failures")},
        "fragile": {("done", "none"), ("dead", "interruptions")},
    }
    for o in orders:
        ended = tuple(found.get(o.key, ()))
        if ended and ended not in allowed.get(o.kind, {("done", "none")}):
            wrong.append(f"{o.key} ended as {ended[0]}, by {ended[1]}")
    return wrong


def _effects(queue: Queue, orders: list[Order]) -> list[str]:
    """Say which effects are missing or were made twice."""
    wrong = []
    made: dict[str, Counter[str]] = {}
    for key, effect in queue.query("SELECT key, effect FROM ledger JOIN task ON task.id = job"):
        made.setdefault(key, Counter())[effect] += 1
    done = {key for (key,) in queue.query(
        "SELECT key FROM task JOIN job USING (id) WHERE status = 'done'"
    )}  # fmt: skip
    for o in orders:
        want = Counter(EFFECTS[o.kind] if o.key in done else ())
        got = made.get(o.key, Counter())
        if want != got:
            wrong.append(f"{o.key}: effects {dict(got)}, not {dict(want)}")
    return wrong


def _said(queue: Queue, counts: Counts) -> list[str]:
    """Say which messages and deaths were kept from whom they were for."""
    wrong = []
    sent = {key for (key,) in queue.query("SELECT key FROM outbox")}
    wrong += [f"message {key} was never delivered" for key in sent - counts.delivered.keys()]
    wrong += [f"message {key} was never sent" for key in counts.delivered.keys() - sent]
    sends = "SELECT count(*) FROM task JOIN job USING (id) WHERE kind = 'send' AND status = 'done'"
    if queue.query(sends) != [(len(sent),)]:
        wrong.append(f"{len(sent)} messages for {queue.query(sends)[0][0]} jobs that send one")
    dead = {job for (job,) in queue.query("SELECT id FROM job WHERE status = 'dead'")}
    wrong += [f"nobody was told that job {job} is dead" for job in dead - counts.told.keys()]
    return wrong
