"""The first three proofs: the trace is the shortest, it breaks a real database, and it is refused
where the protection is in place.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from checker.conformance.beside_spec import Divergence
from checker.conformance.watched import replay_trace
from checker.evidence import traces
from checker.evidence.marks import Prevented, Replayed, Reproduced, shown_in
from checker.explain.lens import under
from checker.explain.run import run_of
from checker.prove.proof import known
from checker.runs.trace import BadTrace, Diverged, Trace, replay
from checker.search.memo import look
from spec.failures import FailureMode, Loss
from spec.failures.edits import Edits, told_by
from spec.language.scope import Scope


def reproduced(mode: FailureMode, loss: Loss) -> Reproduced:
    """Return whether the kept trace is a shortest run to the violation of the named property."""
    file = traces.file_of(mode, loss)
    shown = f"postmortems/traces/{file.name}"
    try:
        trace = traces.kept(mode, loss)
        replay(trace)
        best = traces.shortest(loss)
    except (BadTrace, Diverged, traces.NotReproduced) as wrong:
        says = f"{wrong}; `ffq failures --write` keeps the trace that is found now"
        return Reproduced(False, "", says, trace=shown)
    if (trace.edits, trace.violated) != (Edits(loss.edits), loss.breaks):
        return Reproduced(False, "", "the trace is of another failure mode", trace=shown)
    steps = len(trace.lines)
    if file.read_text("utf-8") != best:
        return Reproduced(False, "", "it is not the trace that is found now", trace=shown)
    says = f"broken in {steps} step{'s' * (steps != 1)}, and in no fewer{told_by(loss)}"
    if trace.loop is not None:
        says = f"a fair run that never ends: {trace.loop - 1} steps, then {_loop(trace)}"
    return Reproduced(True, shown_in(steps), says, steps=steps, trace=shown)


def _loop(trace: Trace) -> str:
    assert trace.loop is not None
    again = len(trace.lines) - trace.loop + 1
    return f"{again} again and again" if again else "nothing"


def replayed(mode: FailureMode, loss: Loss) -> Replayed:
    """Return whether the trace breaks the same property in a database file, with the same
    protection missing from the SQL.
    """
    trace = traces.kept(mode, loss)
    with tempfile.TemporaryDirectory(prefix="ffq-") as folder:
        try:
            seen = replay_trace(trace, Edits(loss.edits), str(Path(folder) / "queue.sqlite3"))
        except Divergence as differs:
            return Replayed(False, "", str(differs))
    if seen.refused or seen.taken != len(trace.lines):
        return Replayed(False, "", f"refused by {seen.refused}")
    if trace.loop is not None:
        # Every state of the store was compared with the run's, and the run is a fair loop.
        says = "every step is taken, and the database is where it was when the loop began"
        return Replayed(True, shown_in(seen.taken), says)
    if not seen.broken:
        return Replayed(False, "", f"{loss.breaks} holds in the database")
    says = f"{loss.breaks} is broken in the database"
    says += f"; {mode.modelled}" if mode.modelled else ""
    return Replayed(True, shown_in(seen.taken), says)


# ---------------------------------------------------------------- with the protection
def prevented(mode: FailureMode, loss: Loss) -> Prevented:
    """Return by which evidence the property holds with every protection in place, and which guard
    of the implementation refuses the trace: the one that the spec names.
    """
    base = traces.healthy(loss)
    evidence = _holds(base, loss.breaks)
    if not evidence:
        return Prevented(False, "", f"{loss.breaks} is not known to hold in {base.name}")
    trace = traces.kept(mode, loss)
    try:
        seen = replay_trace(trace)
    except Divergence as differs:
        return Prevented(False, "", str(differs))
    lens = under(run_of(trace))
    where, wanted, got = lens.steps_taken, lens.refused_by or "", seen.refused or ""
    if (seen.taken, got) != (where, wanted) or seen.broken:
        says = f"the spec refuses step {where + 1} by {wanted}, the store {seen.taken + 1} by {got}"
        return Prevented(False, "", says)
    says, at = _says(trace, where, wanted), where + 1 if wanted else 0
    return Prevented(True, evidence, says, refused_by=wanted, at_step=at)


def _says(trace: Trace, taken: int, refused: str) -> str:
    if not refused:
        return "every step is taken, and nothing breaks"
    line = trace.lines[taken]
    if refused.endswith(" does not exist"):
        return f"step {line.n}, {line.call}, does not exist: it is no step of its own"
    return f"step {line.n}, {line.call} of {line.actor}, is refused by {refused}"


def _holds(base: Scope, name: str) -> str:
    """Return P if the property is proved for any number, E if it holds in every state, else
    nothing.
    """
    proof = known(base.spec)
    if proof is not None and proof.proves(name):
        return "P"
    if base.spec.properties[name].kind == "leads_to":
        from checker.runs.exploration import Limits
        from checker.search.memo import hopes

        return "E" if hopes(base, (), Limits(), 1)[name].verdict == "holds" else ""
    seen = look(base)
    return "E" if seen.stopped_by is None and name not in seen.violations else ""
