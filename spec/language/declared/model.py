"""What a spec is: `Spec`, which collects fields, actions and properties from plain Python.

A spec extends others. An action of an extended spec can be given more guards and updates (`also`),
so that each module says what it adds and nothing twice; the action's step is all its parts at once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from spec.language.declared import claims, events, stages, timers, tracing
from spec.language.declared.actions import (
    Action,
    Fairness,
    Field,
    Guard,
    Member,
    Part,
    Survival,
    Update,
)
from spec.language.declared.claims import Exemption, Kind, Property
from spec.language.declared.events import Event, Hook, Hooks
from spec.language.declared.parts import joined, one_disk
from spec.language.declared.signature import first_sentence, parameters
from spec.language.declared.stages import Stage
from spec.language.misuse import Misuse, near
from spec.language.terms.expr import Bound, Const, lift
from spec.language.terms.types import Enum, Sort, Type, is_enum, is_sort, is_timer, is_type

Declares = Callable[[Callable[..., Any]], Action]

__all__ = [
    "Action", "Exemption", "Fairness", "Field", "Guard", "Kind", "Member", "Part", "Property",
    "Spec", "Survival", "Update",
]  # fmt: skip

if TYPE_CHECKING:
    from spec.language.declared.disk import Disk


@dataclass
class Spec:
    """A named collection of sorts, constants, fields, actions and properties; see `declare` for its
    reading order.
    """

    name: str
    doc: str = ""
    extends: tuple[Spec, ...] = ()
    constants: dict[str, Bound] = field(default_factory=dict)
    fields: dict[str, Field] = field(default_factory=dict)
    actions: dict[str, Action] = field(default_factory=dict)
    properties: dict[str, Property] = field(default_factory=dict)
    stages: dict[str, Stage] = field(default_factory=dict)
    events: dict[str, Event] = field(default_factory=dict)
    hooks: Hooks = field(default_factory=dict)
    added: dict[str, Member] = field(default_factory=dict)
    naive_steps: dict[str, Callable[..., Any]] = field(default_factory=dict)
    edits: tuple[str, ...] = ()
    disk: Disk | None = None

    def __init__(self, name: str, *extends: Spec, doc: str = "") -> None:
        self.name, self.doc, self.extends, self.edits = name, doc, extends, ()
        self.constants, self.fields, self.actions, self.properties = {}, {}, {}, {}
        self.stages, self.events, self.hooks, self.added = {}, {}, {}, {}
        self.naive_steps = {}
        self.disk = one_disk(name, extends)
        for other in extends:
            self._merge("constant", self.constants, other.constants)
            self._merge("field", self.fields, other.fields)
            order = stages.order(self.stages, other.stages)
            self._merge("stage", self.stages, other.stages)
            self.stages = {name: self.stages[name] for name in order}
            self._merge("event", self.events, other.events)
            self._merge("member", self.added, other.added)
            self._merge("naive step", self.naive_steps, other.naive_steps)
            self.hooks = events.merged(self.hooks, other.hooks)
            for action in other.actions.values():
                mine = self.actions.get(action.name)
                self.actions[action.name] = joined(mine, action) if mine else action
            for claim in other.properties.values():
                known = self.properties.get(claim.name)
                self.properties[claim.name] = claims.joined(known, claim) if known else claim
        self._expand()

    def _merge(self, what: str, mine: dict[str, Any], other: dict[str, Any]) -> None:
        for name, thing in other.items():
            if mine.get(name, thing) is not thing:
                raise Misuse(
                    f"two extended specs declare the {what} '{name}'", "rename one of them"
                )
            mine[name] = thing

    # ---------------------------------------------------------------- declarations
    def constant(self, name: str, least: int, doc: str) -> Bound:
        """Declare a number that each scope chooses, at least `least`."""
        self.fresh(name)
        self.constants[name] = Bound(name, least, doc)
        return self.constants[name]

    def member(self, enum: type[Enum], name: str, doc: str) -> Const:
        """Declare one more member of an enum of an extended spec, and return it."""
        if not is_enum(enum) or is_timer(enum):
            raise Misuse(f"{enum!r} is no enum to add '{name}' to", "pass an Enum, not a Timer")
        if name in self.members(enum) or not name.isidentifier() or name.startswith("_"):
            raise Misuse(
                f"{enum.__name__} cannot have another member '{name}'", "give it a name of its own"
            )
        self.added[f"{enum.__name__}.{name}"] = Member(enum, name, doc)
        return Const(name, enum)

    def durable(self, name: str, over: Any, type: Type, initial: Any, doc: str) -> Field:
        """Declare a field that is in the store."""
        return self._field(name, over, type, initial, "durable", doc)

    def volatile(self, name: str, over: Any, type: Type, initial: Any, doc: str) -> Field:
        """Declare a field that is lost when its process crashes."""
        return self._field(name, over, type, initial, "volatile", doc)

    def world(self, name: str, over: Any, type: Type, initial: Any, doc: str) -> Field:
        """Declare a field of the world outside: no crash changes it, and nobody stores it."""
        return self._field(name, over, type, initial, "world", doc)

    def ghost(self, name: str, over: Any, type: Type, initial: Any, doc: str) -> Field:
        """Declare a field that exists only to state properties."""
        return self._field(name, over, type, initial, "ghost", doc)

    def _field(
        self, name: str, over: Any, type: Any, initial: Any, survival: Survival, doc: str
    ) -> Field:
        self.fresh(name)
        if over is not None and not is_sort(over):
            raise Misuse(f"field '{name}' is kept per {over!r}", "keep it per sort, or over=None")
        if not is_type(type):
            fact = f"field '{name}' has no type: {type!r}"
            raise Misuse(fact, "use bool, an Enum, a Sort or Nat(limit)")
        made = Field(name, over, type, lift(initial, type), survival, doc)
        tracing.refuse_unbound(self, [made.initial], (), f"field '{name}'")
        if is_timer(type):
            timers.require_timer(made)
        self.fields[name] = made
        return made

    def fresh(self, name: str) -> None:
        """Raise `Misuse` if a declaration of this spec has the name."""
        taken = (self.constants, self.fields, self.actions, self.properties, self.stages)
        for what in (*taken, self.events, self.naive_steps):
            if name in what:
                raise Misuse(f"'{name}' is declared twice", "give each thing one name of its own")

    # ---------------------------------------------------------------- actions
    def action(
        self,
        fair: Fairness | None = None,
        finite: bool = False,
        fault: bool = False,
        loose: bool = False,
    ) -> Declares:
        """Decorate a function `(s, parameters...)` that says with `require` and assignments what a
        step does.
        """

        def declare(function: Callable[..., Any]) -> Action:
            name = function.__name__
            self.fresh(name)
            part = tracing.trace_action(self, function, parameters(function, 1))
            doc = first_sentence(function)
            self.actions[name] = Action(name, doc, (part,), fair, finite, fault, loose)
            self._expand()
            return self.actions[name]

        return declare

    def elapse(self, timer: str) -> Declares:
        """Decorate a function `(s, element)` that says only what it is that the timer of an element
        runs out: the action is enabled while it runs, weakly fair, and a fault of nobody.
        """

        def declare(function: Callable[..., Any]) -> Action:
            self.fresh(function.__name__)
            action = timers.elapse(self, timer, function)
            self.actions[action.name] = action
            return action

        return declare

    def also(self, action: Action, fair: Fairness | None = None) -> Declares:
        """Decorate a function that gives an action of an extended spec more guards and updates, and
        may promise that it is taken.
        """

        def declare(function: Callable[..., Any]) -> Action:
            if action.name not in self.actions:
                fact = f"no action '{action.name}' to add to"
                raise Misuse(fact, near(action.name, self.actions))
            base = self.actions[action.name]
            part = tracing.trace_action(self, function, parameters(function, 1))
            extra = replace(base, parts=(part,), fair=fair or base.fair)
            self.actions[base.name] = joined(base, extra)
            self._expand()
            return self.actions[base.name]

        return declare

    def naive(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Decorate an action as it is often written; only `instead ACTION NAME` makes it one."""
        self.fresh(function.__name__)
        self.naive_steps[function.__name__] = function
        return function

    def event(self, function: Callable[..., Any]) -> Event:
        """Decorate a function `(s, parameters...)` that says only what an event is; actions raise
        it by calling it: `event(s, ..., when=condition)`.
        """
        self.fresh(function.__name__)
        event = events.declared(self, function)
        self.events[event.name] = event
        return event

    def on(self, event: Event) -> Callable[[Callable[..., Any]], Hook]:
        """Decorate a function of the event's parameters that assigns what goes with the event, in
        the step of each action that raises it, in whatever module.
        """

        def declare(function: Callable[..., Any]) -> Hook:
            hook = events.hooked(self, event, function)
            self.hooks = events.merged(self.hooks, {event.name: (hook,)})
            self._expand()
            return hook

        return declare

    def _expand(self) -> None:
        for name, action in self.actions.items():
            self.actions[name] = events.expanded(action, self.hooks)

    # ---------------------------------------------------------------- properties
    def invariant(self, id: str) -> Callable[[Callable[..., Any]], Property]:
        """Decorate a function `(s, parameters...)` that is true in every reachable state."""
        return self._property(id, "invariant")

    def step(self, id: str) -> Callable[[Callable[..., Any]], Property]:
        """Decorate a function `(s, t, parameters...)` that is true of every step from s to t."""
        return self._property(id, "step")

    def sometimes(self, id: str) -> Callable[[Callable[..., Any]], Property]:
        """Decorate a function `(s, parameters...)` that is true somewhere: it keeps the claim `id`
        from being vacuous.
        """
        return self._property(id, "sometimes")

    def lemma(self, id: str) -> Callable[[Callable[..., Any]], Property]:
        """Decorate an invariant that exists to support proofs of others."""
        return self._property(id, "lemma")

    def leads_to(self, id: str) -> Callable[[Callable[..., Any]], Property]:
        """Decorate a function that returns `(cause, outcome)`: the cause is always followed by the
        outcome.
        """
        return self._property(id, "leads_to")

    def _property(self, id: str, kind: Kind) -> Callable[[Callable[..., Any]], Property]:
        def declare(function: Callable[..., Any]) -> Property:
            self.fresh(function.__name__)
            claim = claims.declared(self, id, kind, function)
            self.properties[claim.name] = claim
            return claim

        return declare

    def unless(self, *excepted: Property) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """Decorate a function of the parameters of these properties that says when they need not
        hold: what this module excepts from what earlier ones claim.
        """
        if not excepted or not all(isinstance(claim, Property) for claim in excepted):
            raise Misuse("unless() names no property", "write unless(PROPERTY, ...)")

        def declare(function: Callable[..., Any]) -> Callable[..., Any]:
            for claim in excepted:
                self.properties[claim.name] = claims.exempted(self, claim, function)
            return function

        return declare

    # ---------------------------------------------------------------- stages
    def settles(
        self, function: Callable[..., Any] | None = None, *, before: Stage | None = None
    ) -> Any:
        """Decorate a function that returns a number which no step raises."""
        if function is None:
            return lambda function: self._stage(function, "settles", None, None, before)
        return self._stage(function, "settles", None, None)

    def stays(
        self, by: Action, after: Stage | None = None, before: Stage | None = None
    ) -> Callable[[Callable[..., Any]], Stage]:
        """Decorate a function that returns what holds for good in the end, thanks to `by`."""
        return lambda function: self._stage(function, "stays", by, after, before)

    def recurs(
        self, by: Action, after: Stage | None = None
    ) -> Callable[[Callable[..., Any]], Stage]:
        """Decorate a function that returns what holds again and again, thanks to `by`."""
        return lambda function: self._stage(function, "recurs", by, after)

    def _stage(
        self, function: Callable[..., Any], kind: Any, by: Any, after: Any, before: Any = None
    ) -> Stage:
        self.fresh(function.__name__)
        stage = stages.declare(self, kind, by, after)(function)
        self.stages = stages.placed(self.stages, stage, before)
        return stage

    # ---------------------------------------------------------------- what readers ask
    @property
    def sorts(self) -> tuple[type[Sort], ...]:
        """The sorts used, in order of first use."""
        fields = [t for f in self.fields.values() for t in (f.over, f.type)]
        parts = [a.variables for a in self.actions.values()]
        parts += [p.variables for p in self.properties.values()]
        used = (*fields, *(v.type for part in parts for v in part))
        return tuple(dict.fromkeys(t for t in used if is_sort(t)))

    def members(self, enum: type[Enum]) -> dict[str, str]:
        """Return the members of an enum, its own and those added to it, with what they mean."""
        return {**enum.members, **{m.name: m.doc for m in self.added.values() if m.enum is enum}}

    def guard_names(self) -> list[str]:
        """Return every guard as `action.guard`."""
        return [f"{a.name}.{g.name}" for a in self.actions.values() for g in a.guards]

    def exemption_names(self) -> list[str]:
        """Return every exemption as `property.exemption`."""
        return [f"{p.name}.{e.name}" for p in self.properties.values() for e in p.exemptions]

    def removable(self) -> list[str]:
        """Return the name of everything that `without` takes away."""
        return [*self.guard_names(), *self.exemption_names()]

    def edited(self, edit: str, **changes: Any) -> Spec:
        """Return a copy with some parts replaced and the edit's name on record."""
        copy = object.__new__(Spec)
        copy.__dict__.update(self.__dict__)
        copy.__dict__.update(changes)
        copy.edits = (*self.edits, edit)
        return copy
