"""The fifth proof: whatever the failure leads to, the repairs restore every invariant, or set the
job aside with the reason.

They are run from every state that the scope can reach without the protection, in every order, and
stop only where none is possible. Killed between two steps and run again, they go on from a state on
such a way: nothing else remembers how far they were.
"""

from __future__ import annotations

import sqlite3
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Any

from checker.conformance.watched import replay_trace
from checker.evidence import traces
from checker.evidence.damaged import Damage, damage, stopped
from checker.evidence.marks import Recovered
from checker.evidence.mending import ASIDE, Mending, mending
from checker.runs.cache import place, recall, remember
from checker.runs.nearby import Nearby
from checker.runs.sources import Sources
from impl.derive.design import derive
from impl.derive.sql import decode
from impl.derive.tracing import names as triggers
from impl.interface.step import STILL
from spec.failures import FailureMode
from spec.failures.repairs import RESIDUE, SHOWS
from spec.language.declared.model import Property
from spec.language.evaluate import Claim, Evaluator, instances
from spec.language.hashes import claims_hash
from spec.language.scope import State
from spec.language.terms.expr import Read
from spec.language.terms.tree import walk
from spec.language.terms.types import is_timer


def recovered(mode: FailureMode) -> Recovered:
    """Return what the repairs make of every state that the failure can lead to; remembered."""
    base = traces.healthy(mode.loss)
    hashed = claims_hash(base.spec, "invariant", "lemma")
    bounds = sorted(base.bounds.items())
    decides = Sources(__name__, specs=True, data=(traces.file_of(mode, mode.loss),))
    at = place("recovered", decides, [mode.id, mode.loss.edits, hashed, bounds])
    known = recall(at, lambda kept: Recovered(**kept))
    if known is None:
        known = _recover(mode)
        remember(at, asdict(known))
    return known


def _recover(mode: FailureMode) -> Recovered:
    bad = damage(mode.loss)
    mend = mending(mode)
    result = _Run(mend, bad)
    wrong = result.wrong or _harm(mend, mode) or _otherwise(mend, mode)
    says = f"{bad.count:,} states ({len(bad.states):,} without what processes knew): "
    says += _told(result)
    residue, missing = RESIDUE.get(mode.id, ""), ""
    if result.unseen and not wrong:
        names = ", ".join(f"{name} in {n}" for name, n in sorted(result.unseen.items()))
        missing = f"no row shows it ({names} of {len(bad.states):,}), so no repair finds the job"
    return Recovered(
        not wrong and not missing, "" if wrong or missing else "E", wrong or says, missing,
        states_checked=bad.count, residue=residue,
    )  # fmt: skip


def _told(run: _Run) -> str:
    if not run.broken:
        return "none breaks an invariant that rows show, so there is nothing to repair"
    said = [f"{run.broken:,} break an invariant that rows show"]
    said += [f"{run.mended:,} are mended"] if run.mended else []
    said += [f"in {run.aside:,} the job is set aside"] if run.aside else []
    return ", ".join(said)


class _Run:
    """The repairs in every order from every damaged state."""

    def __init__(self, mend: Mending, bad: Damage) -> None:
        self.mend = mend
        self.evaluator = Evaluator(mend.scope)
        self.steps = [
            step for step in instances(self.evaluator) if step.step.action.name in mend.repairs
        ]
        self.claims = [
            Claim(self.evaluator, p)
            for p in mend.scope.spec.properties.values()
            if p.kind in ("invariant", "lemma")
        ]
        self.wrong = ""
        self.broken = self.mended = self.aside = 0
        self.unseen: Counter[str] = Counter()
        for state in bad.states:
            self._one(mend.begin(state))

    def _one(self, state: State) -> None:
        ends = list(self.ends(state))
        self.wrong = self.wrong or ("" if ends else f"no end from {state}")
        before = [c.property for c in self._violated(state)]
        if any(p.name in SHOWS or self._shown(p) for p in before):
            self.broken += 1
            self.mended += not any(self.mend.aside(e) for e in ends)
            self.aside += any(self.mend.aside(e) for e in ends)
        left = {c.property.name: c.property for end in ends for c in self._violated(end)}
        for name, claim in left.items():
            if not self._shown(claim):
                self.unseen[name] += 1
            else:
                self.wrong = self.wrong or f"{name} is broken after the repair of {state}"

    def ends(self, state: State) -> Iterator[State]:
        """Yield each state in which the repairs can stop; a way that comes back to itself has
        none.
        """
        near = Nearby(
            state, lambda now: [(s, s.after(now)) for s in self.steps if s.refusal(now) is None]
        )
        for now, following in near:
            if not following:
                yield now

    def _violated(self, state: State) -> list[Claim]:
        """Return the claims that are broken for a job that is not set aside."""
        found = []
        for claim in self.claims:
            for binding, body, _ in claim.cases:
                jobs = [binding[p.name] for p in claim.property.params if p.type is self.mend.sort]
                if any(self.mend.is_aside(state, j) for j in jobs):
                    continue
                if not body(state, state):
                    found.append(claim)
                    break
        return found

    def _shown(self, claim: Property) -> bool:
        """Return whether a row alone shows the claim to be broken: no other row, no memory, of
        clients neither, and nothing of what the disk has of a row, which nobody can read.
        """
        disk = self.mend.scope.spec.disk
        kept = disk.images.values() if disk else ()
        read = [e.field for e in walk(claim.body) if isinstance(e, Read)]
        rows = [p for p in claim.params if p.type is self.mend.sort]
        return len(rows) < 2 and all(f.survival == "durable" and f not in kept for f in read)


# ---------------------------------------------------------------- no harm, and the same in SQL
def _harm(mend: Mending, mode: FailureMode) -> str:
    """Say which repair touches a state that a healthy run can be in."""
    evaluator = Evaluator(mend.scope)
    steps = [s for s in instances(evaluator) if s.step.action.name in mend.repairs]
    for state in stopped(traces.healthy(mode.loss)).states:
        for step in steps:
            if step.refusal(mend.begin(state)) is None:
                return f"{step.step.action.name} changes a healthy row: {state}"
    return ""


def _otherwise(mend: Mending, mode: FailureMode) -> str:
    """Say whether SQL, run on the database that the trace has damaged, does otherwise than the
    spec.
    """
    trace = traces.kept(mode, mode.loss)
    statements = repair_statements(mend)
    with tempfile.TemporaryDirectory(prefix="ffq-") as folder:
        file = Path(folder) / "queue.sqlite3"
        replay_trace(trace, trace.edits, str(file))
        with closing(sqlite3.connect(file)) as database:
            before = _rows(mend, database)
            make_ready(database)
            _repair(mend, database, list(statements.values()))
            after = {j: row for j, row in _rows(mend, database).items() if mend.stored(row)}
    evaluator = Evaluator(mend.scope)
    state = mend.with_rows(evaluator.initial(), before)
    run = _Run(mend, Damage(0, ()))
    wanted = [mend.rows(end) for end in run.ends(state)]
    if after not in wanted:
        return f"the SQL of the repairs makes {after} of {before}, the spec {wanted}"
    return ""


def make_ready(database: sqlite3.Connection) -> None:
    """Make a damaged copy ready for repairs: with a column to set rows aside, and without a trace,
    for only the store knows whose step a change is.
    """
    for trigger in triggers("job"):
        database.execute(f"DROP TRIGGER {trigger}")
    database.execute(f"ALTER TABLE job ADD COLUMN {ASIDE} TEXT NOT NULL DEFAULT 'none'")


def repair_statements(mend: Mending) -> dict[str, str]:
    """Return the SQL of each repair by name; `:j` is the job."""
    design = derive(mend.scope, checks=False)
    found = {}
    for name in mend.repairs:
        statement = design.transitions[name].statement
        assert statement is not None
        found[name] = statement.text
    return found


def bound(mend: Mending) -> dict[str, int]:
    """Return what the names in the SQL of repairs stand for, beside the job; no time passes."""
    constants = {name: mend.scope.bounds[name] for name in mend.scope.spec.constants}
    lasts = {f"{f.name}_ms": STILL.lasts[f.name] for f in mend.columns if is_timer(f.type)}
    return {**constants, **lasts, "now": STILL.now}


def _repair(mend: Mending, database: sqlite3.Connection, statements: list[str]) -> None:
    known = bound(mend)
    ids = [id for (id,) in database.execute("SELECT id FROM job").fetchall()]
    changed = True
    while changed:
        changed = False
        for id in ids:
            for text in statements:
                changed |= bool(database.execute(text, known | {"j": id}).fetchall())


def _rows(mend: Mending, database: sqlite3.Connection) -> dict[int, tuple[Any, ...]]:
    fields = [f for f in mend.columns if f.name != ASIDE]
    names = ", ".join(f'"{f.name}"' for f in fields)
    return {
        id - 1: tuple(decode(f.type, v) for f, v in zip(fields, values, strict=True))
        for id, *values in database.execute(f"SELECT id, {names} FROM job").fetchall()
    }
