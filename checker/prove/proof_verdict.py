"""Verdicts from proofs: P is for what both solvers proved, in this version of the spec."""

from __future__ import annotations

from collections.abc import Iterable

from checker.prove.proof import Proof
from checker.runs.verdict import PROVED, Verdict
from spec.language.declared.model import Property, Spec


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
