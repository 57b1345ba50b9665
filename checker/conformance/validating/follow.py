"""Follows the trace of a run, step by step, up to the first one that the spec does not allow.

Steps that left the store as it was have no row of their own: they are taken where they say they
were read. A process that is killed loses those that it had not written down yet. It never comes
back under its name, so in the spec it has crashed, and its crash need not be shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from checker.conformance.unbounded import Changes
from checker.conformance.validating.elapsed import told_by
from checker.conformance.validating.finding import Claimed, Finding, NotAllowed, Position
from checker.conformance.validating.sparse import Element, Sparse
from impl.derive.budgets import column
from impl.derive.design import Design
from impl.derive.origin import fits, from_plain
from impl.derive.tracing import element_of, parameter_of, plain
from impl.derive.view import Global, sort_of
from impl.terms.outcomes import Traced, Unseen
from spec.language.evaluate import OutOfRange, Step
from spec.language.scope import Value, element_name, show_binding
from spec.language.terms.expr import Expr, Read, Var
from spec.language.terms.tree import quantified, walk
from spec.language.terms.types import is_sort, type_name

_NO_JOB = "it has no job to speak of"


@dataclass
class _Process:
    """Since its last row: how many unseen steps, and in which row they are listed."""

    listed_in: int | None = None
    unseen: int = 0


@lru_cache(maxsize=4)
def _sparse(design: Design) -> Sparse:
    return Sparse(design.scope)


class Follower:
    """The state that a trace leads to, as far as it was followed."""

    def __init__(self, design: Design, joined: Mapping[int, str]) -> None:
        """Begin before the first row; `joined`: the sort of each process that joined the queue, by
        its number.
        """
        self.design, self.joined = design, joined
        self.sparse = _sparse(design).begun()
        self.rows = self.steps = self._origin = 0
        self._rows_of = {t.sort for t in design.tables}
        self._processes: dict[Element, _Process] = {}
        spec = design.scope.spec
        kept = {column(c.name): c.least for c in spec.constants.values()}
        self._budgets = {name: least for name, least in kept.items() if name in spec.fields}

    # ------------------------------------------------------------ from a recorded state
    def begin(self, seq: int, states: Iterable[tuple[str, Any]]) -> None:
        """Begin after a row, at the state that is recorded there; raises `NotAllowed`."""
        whole = [(name, self._recorded(Position(seq, name, ""), state)) for name, state in states]
        for _, changes in whole:
            self.sparse.take(changes)
        for name, changes in whole:
            self._hold(changes, Position(seq, name, ""), by_step=False)
        self.rows = self._origin = seq

    def _recorded(self, where: Position, state: Any) -> Changes:
        """Return what is not as in the beginning, of one element."""
        found = {}
        every = (*self.sparse.sorts, Global)
        sorts = ((sort, element_of(sort, where.actor)) for sort in every)
        sort, element = next((s for s in sorts if s[1] is not None), (None, None))
        if element is None or not isinstance(state, dict):
            raise NotAllowed(Finding("unreadable", "is no state of an element", where))
        for name, said in state.items():
            f = self.design.scope.spec.fields.get(name)
            value = said if f is None else from_plain(f, said)
            if f is None or sort_of(f) is not sort or not fits(self.sparse.scope, f, value):
                raise NotAllowed(Finding("unreadable", f"{name} cannot be {said!r}", where))
            at = self.sparse.at(name, element)
            found[at] = self.sparse.now[at], value
        return found

    # ------------------------------------------------------------ in the order of the trace
    def row(self, row: Traced) -> None:
        """Take the step of a row; raises `NotAllowed`."""
        if row.seq != self.rows + 1:
            where = Position(row.seq, row.actor, row.action)
            raise NotAllowed(Finding("order", f"row {self.rows + 1} is missing before it", where))
        step = self.claimed(row)
        first = step.action.params[0] if step.action.params else None
        actor = self._name(first, step.binding) if first is not None else "-"
        if row.actor != actor:
            raise NotAllowed(Finding("field", "actor", step.where, actor, row.actor))
        process = self._process(step)
        if process is not None:
            self._in_turn(step.where, process, row)
        self.rows = row.seq
        self._take(step)

    def unseen(self, owner: int, unseen: Unseen) -> None:
        """Take a step that is listed in row `owner`; raises `NotAllowed`."""
        step = self._claimed(Position(owner, "?", str(unseen.action), unseen.after), unseen)
        process = self._process(step)
        if process is None:
            raise NotAllowed(Finding("order", "is a step of no process", step.where))
        wrong = ""
        if unseen.after >= owner:
            wrong = "was read after the row that lists it"
        elif process.listed_in not in (None, owner):
            wrong = (
                f"was read before row {process.listed_in} of its process, and is not listed there"
            )
        if wrong:
            raise NotAllowed(Finding("order", wrong, step.where))
        process.listed_in = owner
        process.unseen += 1
        if unseen.after < self._origin:
            self._believe(step)
        else:
            self._take(step)

    def _in_turn(self, where: Position, process: _Process, row: Traced) -> None:
        if process.listed_in not in (None, row.seq):
            what = f"comes after steps of its process that only row {process.listed_in} lists"
            raise NotAllowed(Finding("order", what, where))
        if process.unseen != len(row.unseen):
            what = "unseen steps of its process since its last row"
            finding = Finding("order", what, where, len(row.unseen), process.unseen)
            raise NotAllowed(finding)
        process.listed_in, process.unseen = None, 0

    # ------------------------------------------------------------ what a row says
    def claimed(self, row: Traced) -> Claimed:
        """Return the step of a row, or raise `NotAllowed` if it cannot be read."""
        return self._claimed(Position(row.seq, row.actor, row.action), row)

    def _claimed(self, where: Position, said: Traced | Unseen) -> Claimed:
        action = self.design.scope.spec.actions.get(said.action)
        if action is None:
            raise NotAllowed(Finding("unreadable", "is no action of the spec", where))
        names = [p.name for p in action.params]
        params: Any = said.params  # whatever JSON there is
        if not isinstance(params, dict) or list(params) != names:
            raise NotAllowed(Finding("unreadable", "parameters", where, names, params))
        binding = {}
        for p in action.params:
            value = parameter_of(p.type, params[p.name])
            if value is None:
                name = f"the name of a {type_name(p.type)}"
                want, got = name if is_sort(p.type) else type_name(p.type), params[p.name]
                raise NotAllowed(Finding("unreadable", p.name, where, want, got))
            binding[p.name] = value
        call = Step(action, binding).call
        if isinstance(said, Traced):
            sides: tuple[Any, Any] = said.before, said.after
            for side in sides:
                if not isinstance(side, dict):
                    raise NotAllowed(Finding("unreadable", "changes", where, "places", side))
            where = Position(where.seq, where.actor, call)
            return Claimed(where, action, binding, said.before, said.after)
        actor = self._name(action.params[0], binding) if action.params else "-"
        where = Position(where.seq, actor, call, where.after)
        return Claimed(where, action, binding, over=said.over)

    def _name(self, p: Var, binding: dict[str, int]) -> str:
        return element_name(p.type, binding[p.name]) if is_sort(p.type) else "-"

    def _process(self, step: Claimed) -> _Process | None:
        owner = self.design.transitions[step.action.name].seen.owner(step.binding)
        if owner is None:
            return None
        sort, element = owner
        if sort not in self._rows_of:  # the client of a job has the job's number
            found = self.joined.get(element + 1)
            if found != sort.__name__:
                what = f"{element_name(sort, element)} has never joined the queue"
                raise NotAllowed(Finding("process", what, step.where))
        return self._processes.setdefault(owner, _Process())

    # ------------------------------------------------------------ whether it may be
    def _take(self, step: Claimed) -> None:
        """Take the step as the spec has it, and hold what it does against what the trace says."""
        chosen = self.chosen(step)
        self.sparse.take(chosen)
        over, wrong = self._run_out(step)
        name = step.action.name
        refused = self.sparse.refusal(name, step.binding)
        if refused is not None:
            guards = {g.name: g.condition for g in step.action.guards}
            read = self._values(guards.get(refused))
            what = _NO_JOB if refused == "reference" else f"{refused} is false"
            raise NotAllowed(Finding("guard", what, step.where, values=read), step)
        if wrong is not None:
            raise NotAllowed(wrong, step)
        try:
            changes = chosen | self.sparse.effect(name, step.binding)
        except OutOfRange as leaving:
            what = f"takes {leaving.field} out of its range"
            raise NotAllowed(Finding("property", what, step.where)) from None
        if step.after is not None and step.before is not None:
            was, now = self.shown(changes)
            self._compare(step, step.before, was | over, "before")
            self._compare(step, step.after, now, "after")
        self.sparse.take(changes)
        self.steps += 1
        self._hold(changes, step.where)

    def _run_out(self, step: Claimed) -> tuple[dict[str, Value], Finding | None]:
        """Let the timers run out that the step says are over. Return all of its row that are, which
        it has to say; and what is wrong with what a step without a row says of them.
        """
        over: dict[str, Value] = {}
        wrong: Finding | None = None
        for timer in told_by(self.design, self.sparse, step) if step.tells else ():
            if timer.over and self.sparse.now[timer.at] == timer.running:
                self._take(timer.ran_out(step, self.sparse))
            ended = self.sparse.now[timer.at] == timer.ended
            if ended:
                over[timer.place] = timer.ended
            if timer.over != ended and step.before is None:
                wrong = Finding("field", f"{timer.place} is over", step.where, ended, timer.over)
        return over, wrong

    def _believe(self, step: Claimed) -> None:
        """Take a step that was read before the recorded state, without asking its guards: what it
        has read is not there any more. It changed nothing but what its process remembers.
        """
        name = step.action.name
        if self.sparse.refusal(name, step.binding) == "reference":
            raise NotAllowed(Finding("guard", _NO_JOB, step.where))
        self.sparse.take(self.sparse.effect(name, step.binding))
        self.steps += 1

    def _hold(self, changes: Changes, where: Position, by_step: bool = True) -> None:
        broken = self.sparse.broken(changes, by_step)
        if broken is not None:
            claim = broken.claim
            what = f"breaks {claim.id} {claim.name}({show_binding(claim.params, broken.binding)})"
            read = self._values(claim.body)
            raise NotAllowed(Finding("property", what, where, values=read))

    def chosen(self, step: Claimed) -> dict[int, tuple[Value, Value]]:
        """Return the constants that a row is begun with: the world chooses them, not the spec."""
        t = self.design.transitions[step.action.name]
        begins = t.statement is not None and t.statement.form == "insert"
        if not begins or not isinstance(t.seen.key, Var) or step.after is None:
            return {}
        found: dict[int, tuple[Value, Value]] = {}
        for budget, least in self._budgets.items():
            at = self.sparse.at(budget, step.binding[t.seen.key.name])
            got, most = step.after.get(self.sparse.name(at)), self.sparse.now[at]
            if type(got) is int and least <= got < most:  # it begins at the most there can be
                found[at] = most, got
        return found

    def shown(self, changes: Changes) -> tuple[dict[str, Value], dict[str, Value]]:
        """Return what changes of store and memory as the trace has it, before and after: elements
        by name.
        """
        was: dict[str, Value] = {}
        now: dict[str, Value] = {}
        for at, (old, new) in changes.items():
            f, _ = self.sparse.place(at)
            if f.kept:
                name = self.sparse.name(at)
                was[name], now[name] = plain(f.type, old), plain(f.type, new)
        return was, now

    def _compare(
        self, step: Claimed, said: Mapping[str, Any], want: Mapping[str, Value], side: str
    ) -> None:
        if said == want:
            return
        for place in dict.fromkeys([*want, *said]):
            pair = want.get(place, "unchanged"), said.get(place, "unchanged")
            if pair[0] != pair[1]:
                finding = Finding("field", f"{place} {side} it", step.where, *pair)
                raise NotAllowed(finding, step)

    def _values(self, e: Expr | None) -> dict[str, Value]:
        """Return the places that an expression reads, for the parameters of the last step."""
        found: dict[str, Value] = {}
        if e is None:
            return found
        chosen = {v.name for v in quantified([e])}
        for read in walk(e):
            if isinstance(read, Read):
                element = self._element(read.index, chosen)
                if element is not None:
                    place = self.sparse.at(read.field.name, element)
                    found[self.sparse.name(place)] = plain(read.field.type, self.sparse.now[place])
        return found

    def _element(self, index: Expr | None, chosen: set[str]) -> Any:
        """Return the element of an index, None if it is none or differs with what is chosen."""
        if index is None:
            return 0
        if any(isinstance(v, Var) and v.name in chosen for v in walk(index)):
            return None
        return self.sparse.evaluator.meaning(index, {})(self.sparse.now, self.sparse.now)
