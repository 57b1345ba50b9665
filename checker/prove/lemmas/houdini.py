"""Which candidates are lemmas: those that hold together by induction, then those worth a word.

Candidates that a step can break, from a state where the claims and all other candidates hold, are
dropped until no step breaks one. z3 alone says so, one question for all candidates at once: a model
of it drops each candidate that is false in it. What is chosen in the end, both solvers decide.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from checker.prove.obligations import Prover, inductive
from checker.prove.solvers import z3_solver
from checker.prove.solvers.answer import verdict
from checker.prove.solvers.smt import Taken, after
from checker.prove.solvers.values import parse
from spec.language.declared.model import Property, Spec
from spec.language.terms.expr import And, Expr

Say = Callable[[str], None]
"""Told what is being done."""


class Asked:
    """A text that z3 has read, to be asked which of many claims can fail in a model of it."""

    def __init__(self, prover: Prover, lines: Sequence[str], step: Taken | None) -> None:
        self.prover, self.step = prover, step
        self.declared: set[str] = set()
        self.asked = 0
        z3_solver.begin("(set-option :produce-models true)")
        z3_solver.run("\n".join(lines))

    def fail(self, claims: Sequence[Property]) -> list[Property]:
        """Return the claims that can be false; one of which z3 does not know counts as such."""
        left = {f"fails.{self.asked + i}": p for i, p in enumerate(claims)}
        self.asked += len(claims)
        z3_solver.run("\n".join(self._define(name, p) for name, p in left.items()))
        failed: list[Property] = []
        while left:
            z3_solver.run(f"(push)\n(assert (or {' '.join(left)} false))")
            said = verdict(z3_solver.run("(check-sat)"))
            false: list[str] = []
            if said == "refuted":
                values = parse(z3_solver.run(f"(get-value ({' '.join(left)}))"))
                false = [str(pair[0]) for pair in values if pair[1] == "true"]
            z3_solver.run("(pop)")
            if said == "proved":
                break
            if said == "unknown":
                false = [name for name in left if not self._holds(name)]
            failed += [left.pop(name) for name in false]
            if said == "unknown":
                break
        return failed

    def _holds(self, name: str) -> bool:
        return verdict(z3_solver.run(f"(push)\n(assert {name})\n(check-sat)\n(pop)")) == "proved"

    def _define(self, name: str, p: Property) -> str:
        prefix = "_".join(["for", *(v.type.__name__ for v in p.params)])  # type: ignore[union-attr]  # a sort or an enum
        declared, names = self.prover.smt.parameters(p.params, prefix)
        new = [line for line in declared if line not in self.declared]
        self.declared |= set(new)
        body = p.body if self.step is None else after(p.body)
        false = f"(not {self.prover.smt.term(body, names, self.step)})"
        return "\n".join([*new, f"(define-fun {name} () Bool {false})"])


def not_implied(
    spec: Spec, claims: Sequence[Property], hypotheses: Sequence[Property]
) -> list[Property]:
    """Return the claims that are not true in every state in which the hypotheses are."""
    prover = Prover(spec, together(hypotheses))
    return Asked(prover, prover.assumed(), None).fail(claims)


def keep(spec: Spec, candidates: Sequence[Property], say: Say) -> list[Property]:
    """Return the claims of the spec and the candidates that hold at first and that no step breaks
    where all of them hold.
    """
    claims = [*inductive(spec), *candidates]
    standing = [p for p in claims if _at_first(spec, p)]
    broken = True
    while broken:
        broken = False
        for name, action in spec.actions.items():
            say(f"{len(standing)} claims: does {name} break one?")
            prover = Prover(spec, together(standing))
            lines, step = prover.step(action)
            fallen = {id(p) for p in Asked(prover, lines, step).fail(standing)}
            standing = [p for p in standing if id(p) not in fallen]
            broken |= bool(fallen)
    return standing


def _at_first(spec: Spec, claim: Property) -> bool:
    return z3_solver.decide(Prover(spec, ()).initiation(claim).text).verdict == "proved"


def base(spec: Spec, candidates: Sequence[Property], known: Sequence[Property]) -> list[Property]:
    """Return the candidates, the first preferred, from which with what is known all follow."""
    prover = Prover(spec, together(known))
    asked = Asked(prover, prover.assumed(), None)
    found = []
    for p in candidates:
        if asked.fail([p]):
            found.append(p)
            z3_solver.run(f"(assert {prover.smt.closed(p.params, p.body)})")
    return found


def together(claims: Iterable[Property]) -> list[Property]:
    """Return the claims with those about the same parameters made one: a solver is quicker so."""
    groups: dict[str, list[Property]] = {}
    for p in claims:
        groups.setdefault(str([(v.name, v.type) for v in p.params]), []).append(p)
    return [
        Property("all", f"all.{i}", "", "lemma", group[0].params, _all([p.body for p in group]))
        for i, group in enumerate(groups.values())
    ]


def _all(bodies: Sequence[Expr]) -> Expr:
    # Halves, because a chain of hundreds is deeper than Python recurses.
    if len(bodies) == 1:
        return bodies[0]
    half = len(bodies) // 2
    return And(_all(bodies[:half]), _all(bodies[half:]))
