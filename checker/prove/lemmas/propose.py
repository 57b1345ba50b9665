"""Lemmas for a person to choose from: those that a proof of the spec needs, and what else is known.

The candidates pass through one stage after the other, each of which says how many it drops.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from checker.prove.lemmas.houdini import Asked, Say, base, keep, not_implied
from checker.prove.lemmas.mining import Mined
from checker.prove.obligations import Prover, inductive
from checker.prove.portfolio import Solvers, solvers
from checker.prove.proof import prove
from checker.prove.solvers import z3_solver
from spec.language.declared.model import Property, Spec


@dataclass(frozen=True)
class Proposal:
    """What became of the candidates, and of the spec with the lemmas that its proof needs.

    `failing` names the obligations that are not proved without candidates, `unproved` the claims
    that are not proved with them: a `needed` lemma is among these if a solver did not prove it.
    `dropped` counts the candidates that ended at each stage.
    """

    mined: Mined
    failing: tuple[str, ...]
    needed: tuple[Property, ...]
    other: tuple[Property, ...]
    dropped: dict[str, int]
    unproved: tuple[str, ...]
    idle: tuple[str, ...]


def without_lemmas(spec: Spec) -> Spec:
    """Return the spec with its own lemmas taken away."""
    kept = {name: p for name, p in spec.properties.items() if p.kind != "lemma"}
    return spec.edited("without lemmas", properties=kept)


def with_lemmas(spec: Spec, lemmas: Sequence[Property]) -> Spec:
    """Return the spec with these lemmas added."""
    added = {**spec.properties, **{p.name: p for p in lemmas}}
    return spec.edited("with lemmas", properties=added)


def propose(mined: Mined, spec: Spec, say: Say) -> Proposal:
    """Return which of the candidates are lemmas of the spec, and which of them its proof needs."""
    say(f"{len(mined.candidates)} candidates: which say something new?")
    new = _in_order(mined, not_implied(spec, mined.candidates, inductive(spec)))
    standing = keep(spec, new, say)
    kept = [p for p in standing if p.id == "candidate"]
    known = [p for p in standing if p.id != "candidate"]
    say(f"{len(kept)} candidates stand: from which of them do all follow?")
    few = base(spec, _in_order(mined, kept), known)
    failing = _failing(spec)
    say(f"{len(failing)} obligations are not proved: which of {len(few)} candidates help?")
    needed = _fewest(spec, known, _helping(spec, known, few, failing), failing)
    names = {p.name for p in needed}
    rest = base(spec, [p for p in few if p.name not in names], [*known, *needed])
    say("both solvers decide what is left")
    whole = with_lemmas(spec, needed)
    proof = prove(whole)
    proved = [p for p in [*known, *needed] if proof.proves(p.name)]
    with solvers() as both:
        other = _proved(whole, proved, rest, both, say)
    dropped = {
        "implied by types and claims": len(mined.candidates) - len(new),
        "broken by a step": len(new) - len(kept),
        "implied by others": len(kept) - len(needed) - len(rest),
        "not proved by both solvers": len(rest) - len(other),
    }
    fallen = tuple(sorted(proof.fallen))
    return Proposal(mined, tuple(failing), tuple(needed), tuple(other), dropped, fallen, proof.idle)


def _in_order(mined: Mined, some: Sequence[Property]) -> list[Property]:
    """Return some of the candidates, the shortest first as they were mined."""
    wanted = {p.name for p in some}
    return [p for p in mined.candidates if p.name in wanted]


# ---------------------------------------------------------------- what the proof needs
def _failing(spec: Spec) -> list[str]:
    """Return the obligations that z3 does not prove from all claims of the spec."""
    prover = Prover(spec)
    return [n for n in prover.names() if not _proves(prover, n)]


def _proves(prover: Prover, name: str) -> bool:
    return z3_solver.decide(prover.obligation(name).text).verdict == "proved"


def _helping(
    spec: Spec, known: Sequence[Property], candidates: Sequence[Property], failing: Sequence[str]
) -> list[Property]:
    """Return candidates that z3 used to prove what failed, and to prove those candidates."""
    whole = with_lemmas(spec, candidates)
    prover = Prover(whole, [*known, *candidates])
    found: dict[str, Property] = {}
    left = list(failing)
    while left:
        core = z3_solver.decide(prover.obligation(left.pop()).text).core
        for p in candidates:
            if p.name in core and p.name not in found:
                found[p.name] = p
                left += [f"{action}/{p.name}" for action in spec.actions]
    return [p for p in candidates if p.name in found]


def _fewest(
    spec: Spec, known: Sequence[Property], helping: Sequence[Property], failing: Sequence[str]
) -> list[Property]:
    """Return the candidates that are left when each in turn, the longest first, was spared where it
    could be.
    """
    curable = _cured(spec, known, helping, failing)
    chosen = list(helping)
    for p in reversed(helping):
        fewer = _inductive(spec, known, [q for q in chosen if q is not p])
        if _cured(spec, known, fewer, curable) == curable:
            chosen = fewer
    return chosen


def _inductive(spec: Spec, known: Sequence[Property], lemmas: Sequence[Property]) -> list[Property]:
    """Return the lemmas that no step breaks where these and all that is known hold."""
    standing, before = list(lemmas), -1
    while len(standing) != before:
        before = len(standing)
        for action in spec.actions.values():
            prover = Prover(spec, [*known, *standing])
            fallen = Asked(prover, *prover.step(action)).fail(standing)
            names = {p.name for p in fallen}
            standing = [p for p in standing if p.name not in names]
    return standing


def _cured(
    spec: Spec, known: Sequence[Property], lemmas: Sequence[Property], failing: Sequence[str]
) -> list[str]:
    prover = Prover(spec, [*known, *lemmas])
    return [n for n in failing if _proves(prover, n)]


def _proved(
    spec: Spec, known: Sequence[Property], lemmas: Sequence[Property], both: Solvers, say: Say
) -> list[Property]:
    """Return the lemmas that both solvers prove, from what is known and from no lemma that fell."""
    standing = list(lemmas)
    while standing:
        prover = Prover(with_lemmas(spec, standing), [*known, *standing])
        names = {p.name for p in standing}
        asked = [prover.obligation(n) for n in prover.names() if n.split("/")[1] in names]
        decided = both.decide(asked, lambda done, of: say(f"{done} of {of} obligations"))
        fallen = {d.claim for d in decided if d.verdict != "proved"}
        if not fallen:
            break
        standing = [p for p in standing if p.name not in fallen]
    return standing
