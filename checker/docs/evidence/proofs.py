"""What is proved for any size, as tables of Markdown: claims, lemmas, stages and their fairness."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

from checker.docs.model.spec_index import Index
from checker.docs.model.tables import NOTHING, code, listed, table
from checker.prove.portfolio import solvers
from checker.prove.proof import Proof, prove
from checker.prove.proof_verdict import claims, verdict
from checker.prove.rules import rules
from spec.language.declared.model import Property, Spec
from spec.language.declared.stages import Stage
from spec.language.terms.types import type_name

FEW = 3
"""So many specs are named as those that a claim is not in."""

Watch = Callable[[Spec], Callable[[int, int], None] | None]
"""Told which spec is proved next; returns what to tell of its progress."""


@dataclass(frozen=True)
class Proofs:
    """The proofs of every spec that a scope has, made or remembered."""

    index: Index
    watch: Watch

    @cached_property
    def all(self) -> list[Proof]:
        """The proofs, in the order of the scopes."""
        specs = {s.spec.name: s.spec for s in self.index.scopes}
        return [prove(spec, self.watch(spec)) for spec in specs.values()]

    def of_largest(self) -> Proof:
        """Return the proof of the spec that says the most."""
        return next(p for p in self.all if p.spec is self.index.largest.spec)


def obligations(proofs: Proofs) -> str:
    """Print how many obligations each spec has, and how they are proved."""
    rows = []
    for p in proofs.all:
        asked = [d for d in p.decided if not d.framed]
        by_z3 = sum(d.z3.verdict == "proved" for d in asked)
        by_cvc5 = sum(d.cvc5.verdict == "proved" for d in asked)
        counts = (len(p.decided), len(p.decided) - len(asked), by_z3, by_cvc5)
        modules = listed(proofs.index.modules_of(p.spec))
        rows.append([code(p.spec.name), modules, *(f"{n:,}" for n in counts)])
    head = ["spec", "modules", "obligations", "by the frame", "by z3", "by cvc5"]
    return table(head, rows) + "\n\n_Printed by `ffq prove`; any number of everything._"


def claimed(proofs: Proofs) -> str:
    """Print each claim with its verdict, where it is proved, and which lemmas the proof used."""
    rows: dict[tuple[str, str], list[tuple[Proof, Property]]] = {}
    every = [proof.spec.name for proof in proofs.all]
    for proof in proofs.all:
        for p in claims(proof.spec):
            rows.setdefault((p.id, p.name), []).append((proof, p))
    text = []
    for (claim_id, name), found in sorted(rows.items(), key=lambda row: row[0][0]):
        symbols = dict.fromkeys(verdict(proof, p).symbol for proof, p in found)
        used = [n for proof, p in found for n in proof.lemmas_of(p.name)]
        where = _among([proof.spec.name for proof, _ in found], every)
        text.append([", ".join(symbols), claim_id, code(name), where, listed(used) or NOTHING])
    head = ["is", "ID", "claim", "in the specs", "lemmas that it needs"]
    return (
        table(head, text)
        + "\n\n_Printed by `ffq prove`; without one of its lemmas a claim is not proved._"
    )


def _among(names: Sequence[str], every: Sequence[str]) -> str:
    """Return names as a list, or as all of them but the few that are left out."""
    if len(every) - len(names) > FEW:
        return listed(names)
    but = listed(name for name in every if name not in names)
    return f"all but {but}" if but else "all"


def helping(proofs: Proofs) -> str:
    """Print the lemmas with their sentences, and how many obligations each is used for."""
    proof = proofs.of_largest()
    known = [p for p in proof.spec.properties.values() if p.kind == "lemma"]
    rows = []
    for lemma in known:
        users = [name for name, needed in proof.lemmas.items() if lemma.name in needed]
        idle = " (no proof needs it)" if lemma.name in proof.idle else ""
        rows.append([lemma.id, code(lemma.name), lemma.doc + idle, str(len(users))])
    head = ["supports", "lemma", "what it says", "needed by"]
    return table(head, rows) + f"\n\n_Counted in `{proof.spec.name}`, by `ffq prove`._"


def argued(proofs: Proofs) -> str:
    """Print the stages in the order of the argument."""
    proof = proofs.of_largest()
    rows = [_stage(proof, s) for s in proof.spec.stages.values()]
    head = ["is", "stage", "for each", "what it says", "thanks to"]
    return table(head, rows) + f"\n\n_In the order of `{proof.spec.name}`, by `ffq prove`._"


def _stage(proof: Proof, stage: Stage) -> list[str]:
    params = ", ".join(type_name(p.type) for p in stage.params)
    thanks = NOTHING
    if stage.by:
        thanks = f"`{stage.by}` ({proof.spec.actions[stage.by].fair})"
        thanks += f", at each return of `{stage.after}`" if stage.after else ""
    symbol = "P" if proof.proves(stage.name) else "?"
    return [symbol, f"{stage.kind}: `{stage.name}`", params, stage.doc, thanks]


def assumed(proofs: Proofs) -> str:
    """Print for each claim about fair runs the fairness that its proof rests on."""
    rows = []
    for proof in proofs.all:
        for p in claims(proof.spec):
            if p.kind == "leads_to":
                given = _by_kind(proof.fairness(p.name))
                rows.append(
                    [verdict(proof, p).symbol, p.id, code(p.name), code(proof.spec.name), given]
                )
    rows.sort(key=lambda row: row[1])
    head = ["is", "ID", "claim", "spec", "fairness that the proof uses"]
    return table(head, rows) + "\n\n_Printed by `ffq prove`._"


def enough() -> str:
    """Print the rules by which the obligations of stages are enough, and who decides them."""
    rows = []
    with solvers() as both:
        for rule in rules():
            decided = both.decide(list(rule.obligations()))
            symbol = "P" if all(d.verdict == "proved" for d in decided) else "?"
            premises = ", ".join(rule.premises) or NOTHING
            rows.append([symbol, code(rule.name), rule.says, premises, str(len(decided))])
    head = ["is", "rule", "what follows", "obligations that are its premises", "conditions"]
    return table(head, rows) + "\n\n_Decided by z3 and cvc5, once for all specs._"


def _by_kind(assumed: Sequence[str]) -> str:
    """Return assumptions such as `recover strong` with each kind said once."""
    kinds: dict[str, list[str]] = {}
    for said in assumed:
        action, kind = said.split()
        kinds.setdefault(kind, []).append(action)
    return "<br>".join(f"{kind}: {', '.join(found)}" for kind, found in kinds.items()) or NOTHING
