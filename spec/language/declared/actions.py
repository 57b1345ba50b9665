"""What a step is made of: fields, values, guards, assignments, and the actions that have them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from spec.language.declared import tracing
from spec.language.terms.expr import Const, Expr, Read, Var
from spec.language.terms.tree import quantified
from spec.language.terms.types import Enum, Sort, Type

if TYPE_CHECKING:
    from spec.language.declared.events import Hook, Raised
    from spec.language.declared.model import Spec

Survival = Literal["durable", "volatile", "world", "ghost"]
Fairness = Literal["weak", "strong"]


@dataclass(frozen=True, eq=False)
class Field:
    """One variable of the state: a single value, or one value per element of `over`.

    durable: in the store. volatile: lost when its process crashes. world: outside both; whoever
    acts asks it, and nobody keeps the answer. ghost: only properties read it. An `image` is what a
    disk or a copy has of another field, and stays when the row is erased.
    """

    name: str
    over: type[Sort] | None
    type: Type
    initial: Const | Expr
    survival: Survival
    doc: str
    image: bool = False

    @property
    def kept(self) -> bool:
        """Whether the store has it, or a process: an implementation knows of nothing else."""
        return self.survival in ("durable", "volatile")


@dataclass(frozen=True, eq=False)
class Member:
    """A value that a spec adds to an enum of an earlier one, and what it means."""

    enum: type[Enum]
    name: str
    doc: str


@dataclass(frozen=True)
class Guard:
    """One named condition of an action."""

    name: str
    condition: Expr


@dataclass(frozen=True)
class Update:
    """One assignment: the field, of `index` if kept per element, takes the value, computed before
    the step.
    """

    field: Field
    index: Expr | None
    value: Expr


@dataclass(frozen=True)
class Part:
    """What one spec says of an action, in the order written; `forgets` lists the processes that
    lose their memory, `erases` the elements that lose their rows. `raises` are the events that it
    brings about, and `origin` is what made the part if it is that of a hook.
    """

    params: tuple[Var, ...]
    guards: tuple[Guard, ...]
    statements: tuple[Update, ...]
    forgets: tuple[Expr, ...] = ()
    erases: tuple[Expr, ...] = ()
    raises: tuple[Raised, ...] = ()
    origin: tuple[Raised, Hook] | None = None

    @property
    def cleared(self) -> tuple[tuple[Survival, Expr], ...]:
        """The elements whose fields of a kind all take their initial values, in whatever module."""
        rows: list[tuple[Survival, Expr]] = [("durable", row) for row in self.erases]
        return (*(("volatile", process) for process in self.forgets), *rows)


@dataclass(frozen=True)
class Action:
    """A step the system may take: all guards hold, then all updates happen at once.

    `fair`: taken again and again if enabled for ever (weak) or again and again (strong).
    `fault`: done to the system, not by it. `finite`: happens only finitely often in any run.
    `loose`: its write is not waited for, so that a disk may lose it. `elapses` is the timer that it
    lets run out, if that is all that it is.
    """

    name: str
    doc: str
    parts: tuple[Part, ...]
    fair: Fairness | None = None
    finite: bool = False
    fault: bool = False
    loose: bool = False
    elapses: Field | None = None

    @cached_property
    def params(self) -> tuple[Var, ...]:
        """The parameters of all parts, each once."""
        return tuple({p.name: p for part in self.parts for p in part.params}.values())

    @cached_property
    def variables(self) -> tuple[Var, ...]:
        """The parameters, and the variables of the quantifiers in all parts."""
        whole = [g.condition for g in self.guards]
        whole += [u.value for part in self.parts for u in part.statements]
        return (*self.params, *quantified(whole))

    @property
    def guards(self) -> tuple[Guard, ...]:
        """The guards of all parts."""
        return tuple(g for part in self.parts for g in part.guards)

    def updates(self, spec: Spec) -> tuple[Update, ...]:
        """Return all assignments, clearing and syncing included, each value from before."""
        made = tuple(u for part in self.parts for u in tracing.simultaneous(part, spec))
        return made if spec.disk is None or self.loose else (*made, *spec.disk.synced(made))

    def references(self, spec: Spec) -> tuple[Expr, ...]:
        """Return the references followed, each once: while one is none, the action is disabled."""
        whole = [g.condition for g in self.guards]
        for u in self.updates(spec):
            whole += [u.value, Read(u.field, u.index)]
        return tracing.references(whole, self.params)
