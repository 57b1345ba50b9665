"""What is said of a history: how many jobs are runs of the queue, and of all others what was seen,
what would have been allowed, and which protections are missing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from checker.judge.apart import Group
from checker.judge.filled import Run
from checker.judge.history import ANSWERS, KINDS, OF_THE_STORE, QUIET, History
from checker.judge.jobs import Code
from checker.judge.verdict import Diagnosis, Judge, Verdict, in_words
from checker.runs.trace import BadTrace, check_destination, record, save
from spec.failures import FAILURES
from spec.failures.edits import Edits
from spec.failures.failure import FailureMode, Loss

_RUNS_SHOWN = 3
_JOBS_NAMED = 5


def modes_of(edit: str) -> list[tuple[FailureMode, Loss]]:
    """Return the failure modes that are the queue without this, and which loss of each it is."""
    return [
        (mode, next(loss for loss in mode.losses if loss.edits == (edit,)))
        for mode in FAILURES.values()
        if any(loss.edits == (edit,) for loss in mode.losses)
    ]


@dataclass
class Finding:
    """Jobs of which the same was seen, which is no run of the queue."""

    verdict: Verdict
    jobs: list[str] = field(default_factory=list)
    diagnosis: Diagnosis | None = None

    def run(self, texts: frozenset[str]) -> Run:
        """Return the run that an explanation is."""
        assert self.diagnosis is not None
        return self.diagnosis.runs[texts]


class Report:
    """The verdicts on the jobs of a history."""

    def __init__(self, history: History, file: str, seconds: float) -> None:
        self.history, self.file, self.seconds = history, file, seconds
        self.judging = Judge(history, file)
        self.accepted: list[Verdict] = []
        self.unfinished: list[Verdict] = []
        self._found: dict[object, Finding] = {}

    def judge(self, job: str) -> None:
        """Judge one job."""
        (verdict,) = self.judging.verdicts([job])
        if verdict.accepted:
            self.accepted.append(verdict)
        elif verdict.stopped is not None:
            self.unfinished.append(verdict)
        else:
            key = verdict.setup, verdict.seen.key
            self._found.setdefault(key, Finding(verdict)).jobs.append(job)

    @property
    def findings(self) -> list[Finding]:
        """What is no run of the queue, as it was found."""
        return list(self._found.values())

    def explain(self, finding: Finding) -> None:
        """Look for the protections that are missing."""
        finding.diagnosis = self.judging.diagnose(finding.verdict, self.seconds)

    def keep(self, file: Path) -> None:
        """Write the run of the one job that was judged as a trace; raises `BadTrace`."""
        check_destination(file)
        runs = [v.run for v in self.accepted]
        runs += [f.run(texts) for f in self.findings for g in _groups(f) for texts in g.sets]
        for run in runs:
            if run.trace is not None and run.story is not None:
                save(file, record(run.trace, run.story))
                return
        raise BadTrace(file, "no run was found that a trace can hold", "leave --keep out")

    # ---------------------------------------------------------------- in words
    def text(self) -> Iterator[str]:
        """Yield the answer as lines."""
        h, header = self.history, self.history.header
        yield f"{self.file}: {_count(len(h.jobs), 'job')}, {_count(h.events, 'event')}"
        for number, what in (
            (len(self.accepted), "a run of the queue"),
            (sum(len(f.jobs) for f in self.findings), "not a run of the queue"),
            (len(self.unfinished), "not decided"),
        ):
            if number:
                yield f"{_count(number, 'job')}: {what}"
        for v in self.unfinished[:_JOBS_NAMED]:
            yield f"  {v.seen.job}: {v.stopped}"
        for finding in self.findings:
            yield ""
            yield from self._finding(finding)
        yield ""
        yield f"seen: {', '.join(k for k in KINDS if k in header.seen) or 'nothing'}"
        yield from self._unsaid()

    def _unsaid(self) -> Iterator[str]:
        h, header = self.history, self.history.header
        unseen = [k for k in KINDS if k not in header.seen and k in _TELLING]
        if unseen:
            yield f"not seen, so nothing is said of it: {', '.join(unseen)}"
        budgets = {"failures": header.failures, "interruptions": header.interruptions}
        if unknown := [name for name, budget in budgets.items() if budget is None]:
            yield f"without {' and '.join(unknown)} nothing is said of how often a job is tried"
        if header.start == "late" and len(h.workers) > 1:
            yield "start is late, so nothing is said of the order in which workers took a job"
        if not any(e.kind == QUIET for events in h.jobs.values() for e in events):
            yield "without quiet nothing is said of whether a job comes to an end"

    def _finding(self, finding: Finding) -> Iterator[str]:
        v = finding.verdict
        assert v.event is not None
        more = len(finding.jobs) - 1
        others = f" and {_count(more, 'more job')} with the same events" if more else ""
        yield f"job {finding.jobs[0]}{others}: not a run of the queue"
        yield f"  line {v.event.line}: {v.event}, which no run allows there"
        yield f"  a run allows: {', '.join(v.allowed) or 'nothing that would be seen'}"
        if finding.diagnosis is None:
            yield "  what explains it: not looked for"
            return
        if finding.diagnosis.stopped:
            yield f"  what explains it: not finished, {finding.diagnosis.stopped}"
        elif not finding.diagnosis.groups:
            yield "  no loss of up to three protections explains it"
        for n, group in enumerate(finding.diagnosis.groups, 1):
            yield from self._group(finding, group, n)
        if finding.diagnosis.left:
            left = ", ".join(" and ".join(sorted(texts)) for texts in finding.diagnosis.left)
            yield f"  not decided, for too much is possible then: {left}"

    def _group(self, finding: Finding, group: Group, n: int) -> Iterator[str]:
        yield f"  {'it is a run' if n == 1 else 'or'}"
        for texts in group.sets:
            yield f"    {' and '.join(Edits(texts).titles)}"
            for edit in sorted(texts):
                for mode, loss in modes_of(edit):
                    yield f"      {mode.id} {mode.name}: {loss.doc}"
                    yield f"      prevented by: {mode.protection} docs/failure-modes/{mode.id}.md"
        if group.told_by is not None:
            codes, mine = group.told_by
            after = " then ".join(_words(code, finding) for code in codes)
            yield f"    told apart by: {after}, which {'this' if mine else 'the first'} allows"
        if n <= _RUNS_SHOWN:
            yield from _steps(finding.run(group.sets[0]), finding.verdict)

    # ---------------------------------------------------------------- for programs
    def as_json(self) -> dict[str, Any]:
        """Return the answer as an object."""
        header = self.history.header
        return {
            "ok": not self.findings and not self.unfinished,
            "jobs": len(self.history.jobs),
            "events": self.history.events,
            "accepted": len(self.accepted),
            "unfinished": [{"job": v.seen.job, "why": v.stopped} for v in self.unfinished],
            "seen": sorted(header.seen),
            "unseen": [k for k in KINDS if k not in header.seen and k in _TELLING],
            "findings": [self._as_json(f) for f in self.findings],
        }

    def _as_json(self, finding: Finding) -> dict[str, Any]:
        v = finding.verdict
        assert v.event is not None
        return {
            "jobs": finding.jobs,
            "line": v.event.line,
            "event": str(v.event),
            "allowed": v.allowed,
            "stopped": None if finding.diagnosis is None else finding.diagnosis.stopped,
            "undecided": []
            if finding.diagnosis is None
            else [sorted(texts) for texts in finding.diagnosis.left],
            "explanations": [
                {
                    "without": [sorted(texts) for texts in group.sets],
                    "modes": sorted({m.id for t in group.sets for e in t for m, _ in modes_of(e)}),
                    "told_by": _told_by(group, finding),
                    "run": [
                        {"step": call, "line": None if at is None else v.seen.events[at].line}
                        for call, at in finding.run(group.sets[0]).steps
                    ],
                    "breaks": [list(b) for b in finding.run(group.sets[0]).broken],
                }
                for group in _groups(finding)
            ],
        }


_TELLING = tuple(k for k in KINDS if k not in (*OF_THE_STORE, *ANSWERS))


def _groups(finding: Finding) -> tuple[Group, ...]:
    return () if finding.diagnosis is None else finding.diagnosis.groups


def _count(n: int, what: str) -> str:
    return f"{n:,} {what}{'' if n == 1 else 's'}"


def _words(code: Code, finding: Finding) -> str:
    if code.rests:
        return QUIET
    return " or ".join(in_words(sign, finding.verdict.seen) for sign in code.shows[0])


def _told_by(group: Group, finding: Finding) -> dict[str, Any] | None:
    if group.told_by is None:
        return None
    codes, mine = group.told_by
    return {"events": [_words(code, finding) for code in codes], "allowed_here": mine}


def _steps(run: Run, verdict: Verdict) -> Iterator[str]:
    width = max(len(call) for call, _ in run.steps)
    breaks: dict[int, list[str]] = {}
    for id, name, n in run.broken:
        breaks.setdefault(n, []).append(f"{id} {name}")
    for n, (call, at) in enumerate(run.steps, 1):
        notes = (
            []
            if at is None
            else [f"line {verdict.seen.events[at].line}: {verdict.seen.events[at]}"]
        )
        notes += [f"breaks {', '.join(breaks[n])}"] if n in breaks else []
        yield f"      {n:>3}  {call:<{width}}  {'; '.join(notes)}".rstrip()
