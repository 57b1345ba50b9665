"""Verdicts from proofs: P is for what both solvers proved, in this version of the spec."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from checker.check import Judged, Verdict
from checker.prove.proof import Proof
from spec.language.model import Property, Spec

PROVED = Verdict("P", "any number")


class Contradiction(Exception):
    """A property is proved, and a run violates it: one of them is wrong, and it is our fault."""


def strengthened(judged: Sequence[Judged], proof: Proof | None) -> tuple[Judged, ...]:
    """Return the verdicts of a scope, with P where the claim is proved of its spec.

    A claim that is vacuous in the scope stays so.
    """
    return tuple(judged) if proof is None else tuple(_strengthened(j, proof) for j in judged)


def _strengthened(judged: Judged, proof: Proof) -> Judged:
    if not proof.proves(judged.name):
        return judged
    if judged.verdict.evidence == "✗":
        raise Contradiction(f"{judged.name} is proved of {proof.spec.name}, and a run violates it")
    if judged.verdict.evidence == "V":
        return judged
    return replace(judged, verdict=PROVED)


def verdict(proof: Proof, claim: Property) -> Verdict:
    """Return what is known of a claim from its proof alone."""
    if proof.proves(claim.name):
        return PROVED
    broken = [d for d in proof.of.get(claim.name, []) if d.verdict != "proved"]
    if not broken:
        return Verdict("?", "nothing was asked")
    refuted = [d.name for d in broken if d.verdict == "refuted"]
    if refuted:
        return Verdict("?", f"not inductive: {_listed(refuted)}")
    return Verdict("?", f"the solvers do not know: {_listed([d.name for d in broken])}")


def claims(spec: Spec) -> list[Property]:
    """Return what can be proved of a spec, by ID, lemmas left out."""
    kinds = ("invariant", "step", "leads_to")
    return sorted((p for p in spec.properties.values() if p.kind in kinds), key=lambda p: p.id)


def _listed(names: Iterable[str]) -> str:
    first, *rest = names
    return first + (f" and {len(rest)} more" if rest else "")
