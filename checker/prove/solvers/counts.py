"""Counts in SMT-LIB 2, where no sort has a size.

Before a step a count is a number of which only this is known: it is 0 exactly if nothing is
counted. A step can add and take away only the elements whose rows it writes, so the count after it
is the one before, and a sum over these. A step that changes what is counted in another way is
refused: no solver is told of sums over elements that nobody names.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from spec.language.declared.model import Spec
from spec.language.misuse import Misuse
from spec.language.terms.expr import Const, Count, Equal, Exists, Expr, LessEqual, Not, Read, Var
from spec.language.terms.tree import free_variables, rebuild, substitute, walk
from spec.language.terms.types import NUMBER, Sort, is_enum

if TYPE_CHECKING:
    from checker.prove.solvers.smt import Names, Smt, Taken


class Counts:
    """The counts that a spec speaks of, each a function of its free variables."""

    def __init__(self, smt: Smt, spec: Spec) -> None:
        self.smt, self._spec = smt, spec
        self._known: dict[str, tuple[str, Count]] = {}
        for e in _counts(spec):
            self._known.setdefault(_shape(e), (f"count.{len(self._known)}", e))

    def declarations(self) -> Iterator[str]:
        """Yield the lines that declare the functions, and say what is known of each."""
        for symbol, e in self._known.values():
            free = tuple(free_variables(e).values())
            kinds = " ".join(self.smt.kind(v.type) for v in free)
            yield f"(declare-fun {symbol} ({kinds}) Int)"
            none = Equal(e, Const(0, NUMBER)) == Not(Exists(e.var, e.body))
            yield f"(assert {self.smt.closed(free, LessEqual(Const(0, NUMBER), e) & none)})"

    def among(self, sort: type[Sort], elements: Iterable[str]) -> Iterator[str]:
        """Yield the lines that say what each count of a sort is that has these elements only."""
        for e in (e for _, e in self._known.values() if e.var.type is sort):
            free = free_variables(e)
            names = {name: f"?{name}" for name in free}
            holds = (self.smt.term(e.body, {**names, e.var.name: x}) for x in elements)
            same = f"(= {self._before(e, names)} {_sum(holds)})"
            if free:
                bound = " ".join(f"({names[n]} {self.smt.kind(v.type)})" for n, v in free.items())
                same = f"(forall ({bound}) {same})"
            yield f"(assert {same})"

    def term(self, e: Count, names: Names, step: Taken | None) -> str:
        """Return the count; raises `Misuse` if it cannot be told what the step makes of it."""
        if is_enum(e.var.type):
            members = (f"{e.var.type.__name__}.{m}" for m in self._spec.members(e.var.type))
            return _sum(self.smt.term(e.body, {**names, e.var.name: m}, step) for m in members)
        reads = [r for r in walk(e.body) if isinstance(r, Read)]
        if not any(r.after for r in reads):
            return self._before(e, names)
        assert step is not None, f"nothing is read after a step here: {e}"
        before = _now(e)
        changes = [self._before(before, names)]
        seen: list[str] = []
        for at in self._written(e, reads, step):
            own = {**names, e.var.name: at}
            becomes, was = self.smt.term(e.body, own, step), self.smt.term(before.body, own)
            change = f"(- (ite {becomes} 1 0) (ite {was} 1 0))"
            if seen:
                change = f"(ite (or {' '.join(f'(= {at} {x})' for x in seen)}) 0 {change})"
            changes.append(change)
            seen.append(at)
        return f"(+ {' '.join(changes)})" if seen else changes[0]

    def _written(self, e: Count, reads: list[Read], step: Taken) -> list[str]:
        """Return the elements that the step may add or take away."""
        found: dict[str, None] = {}
        updates = self.smt.updates(step.action)
        for r in reads:
            written = [u for u in updates if u.field is r.field]
            own = isinstance(r.index, Var) and r.index.name == e.var.name
            if not r.after or (written and not own):
                raise Misuse(
                    f"{step.action.name} changes `{r}` in `{e}`, and for how many is not known",
                    "count by what each element has in its own row, all of it before the step or "
                    "all of it after; or check it in a scope: ffq check",
                )
            found |= {
                self.smt.term(u.index, step.names): None for u in written if u.index is not None
            }
        return list(found)

    def _before(self, e: Count, names: Names) -> str:
        symbol, _ = self._known[_shape(e)]
        free = free_variables(e)
        return f"({symbol} {' '.join(names[n] for n in free)})" if free else symbol


def _sum(conditions: Iterable[str]) -> str:
    return f"(+ 0 0 {' '.join(f'(ite {c} 1 0)' for c in conditions)})"


def _counts(spec: Spec) -> Iterator[Count]:
    """Yield each count of elements in the spec, as it is before a step."""
    whole: list[Expr] = [s.body for s in spec.stages.values()]
    for action in spec.actions.values():
        whole += [g.condition for g in action.guards]
        whole += [e for u in action.updates(spec) for e in (u.value, u.index) if e is not None]
    for p in spec.properties.values():
        whole += p.bodies
    # What is inside another count comes before it, for it is declared first.
    for e in (inside for one in whole for inside in reversed(walk(one))):
        if isinstance(e, Count) and not is_enum(e.var.type):
            yield _now(e)


def _now(e: Count) -> Count:
    """Return the count with every read made before the step."""

    def now(e: Expr) -> Expr:
        if isinstance(e, Read):
            return Read(e.field, None if e.index is None else now(e.index))
        return rebuild(e, now)

    return Count(e.var, now(e.body))


def _shape(e: Count) -> str:
    """Return a text that is the same for two counts that differ in the names of variables alone."""
    free = free_variables(e).values()
    names: dict[str, Expr] = {v.name: Var(f"#{n}", v.type) for n, v in enumerate(free, 1)}
    names[e.var.name] = Var("#0", e.var.type)
    kinds = ", ".join(v.type.__name__ for v in (e.var, *free))  # type: ignore[union-attr]  # finite
    return f"{kinds}: {substitute(e.body, names)}"
