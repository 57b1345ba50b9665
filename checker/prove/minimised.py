"""What a proof cannot do without: found by leaving it out, so that the answer is always the same.

A core says what one proof happened to use; another run may use something else. z3 alone is asked:
that the claims are proved is for both solvers to say, and they have said it.
"""

from __future__ import annotations

from collections.abc import Sequence

from checker.prove.fixpoint import Standing
from checker.prove.obligations import Obligation, Prover
from checker.prove.progress import AFTER, Progress
from spec.language.declared.model import Property, Spec


def lemmas(spec: Spec, safety: Standing) -> dict[str, tuple[str, ...]]:
    """Return for each obligation the lemmas without which it is not proved, if there are any."""
    found: dict[str, list[str]] = {}
    for lemma in [p for p in safety.standing if p.kind == "lemma" and p.id != "range"]:
        # Who does not use it in one proof does not need it.
        proved = [d for d in safety.decided if d.claim != lemma.name and d.verdict == "proved"]
        fewer = Prover(spec, [p for p in safety.standing if p is not lemma])
        for name in [d.name for d in proved if lemma.name in d.z3.core]:
            if _core(fewer.obligation(name)) is None:
                found.setdefault(name, []).append(lemma.name)
    return {name: tuple(needed) for name, needed in found.items()}


def stages(spec: Spec, standing: Sequence[Property]) -> dict[str, tuple[str, ...]]:
    """Return for each stage and `leads_to` the earlier stages that are enough for it: those left
    when each in turn, the last one first, was spared where it could be.
    """
    progress = Progress(Prover(spec, standing))
    return {name: _enough(progress, name) for name in progress.names()}


def _enough(progress: Progress, name: str) -> tuple[str, ...]:
    stage = progress.spec.stages.get(name)
    kept = progress.before(name)
    cores = {o.name: _core(o) for o in progress.of(name, kept)}
    for spare in reversed(kept):
        if stage and spare.name == stage.after:
            continue
        fewer = [s for s in kept if s is not spare]
        users = {o for o, core in cores.items() if core is not None and spare.name in core}
        again = {o.name: _core(o) for o in progress.of(name, fewer) if o.name in users}
        if all(core is not None for core in again.values()):
            kept, cores = fewer, {**cores, **again}
    return tuple(s.name for s in kept)


def _core(obligation: Obligation) -> set[str] | None:
    """Return what z3 used to prove the obligation, or None if it does not."""
    from checker.prove.solvers.z3_solver import decide

    answer = decide(obligation.text)
    if answer.verdict != "proved":
        return None
    return {symbol.removesuffix(AFTER) for symbol in answer.core}


def faults(spec: Spec, standing: Sequence[Property]) -> dict[str, tuple[str, ...]]:
    """Return for each stage the finite faults that would undo it if they went on for ever."""
    names = [a.name for a in spec.actions.values() if a.finite]
    progress = Progress(Prover(spec, standing))
    found: dict[str, tuple[str, ...]] = {}
    for stage in spec.stages.values():
        against = list(progress.against(stage.name, names))
        undone = [o.name.split("/")[0] for o in against if _core(o) is None]
        if undone:
            found[stage.name] = tuple(undone)
    return found
