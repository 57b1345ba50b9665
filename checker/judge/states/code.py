"""The steps of a watched queue as machine code: what each makes of a row, and which edits it uses.

A guard that may be taken away is not asked for, but noted: a step that it would refuse has used the
edit. One of several ways to take an action is used as a whole, and then no other is.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from checker.judge.states import kernel
from checker.search.compiled.code.actions import ActionCode
from checker.search.compiled.code.layout import Layout
from checker.search.compiled.code.machine import kept
from checker.search.compiled.code.terms import conjoin, negate
from checker.search.compiled.code.text import Names, Text
from checker.search.compiled.code.units import units
from checker.search.variants import SHUT
from spec.language.declared.model import Action, Spec
from spec.language.declared.tracing import references
from spec.language.scope import Scope
from spec.language.terms.expr import Expr, Read
from spec.language.terms.tree import alike, walk
from spec.language.terms.types import Nat

_BEGIN = "# ---- the kernel: compiled from here on\n"
USED_BITS = 60
_ARRAYS = 9


@dataclass(frozen=True)
class Taken:
    """What taking an action uses by itself, which it may not be taken after, one bit each, and the
    bits of those of its guards that may be taken away.

    An `idle` action leads to nothing that is seen, but with one of the edits `wakes`.
    """

    used: int = 0
    excluded: int = 0
    guards: Mapping[str, int] = field(default_factory=dict)
    idle: bool = False
    wakes: int = 0


class Limited(Scope):
    """A scope whose numbers may be larger than a healthy queue makes them."""

    room = 0

    def limit(self, t: Nat) -> int:
        """Return the largest number a field of this type may hold."""
        return max(super().limit(t), self.room)


def with_room(scope: Scope, room: int) -> Limited:
    """Return the scope with room for larger numbers."""
    found = Limited(scope.name, scope.spec, scope.bounds, scope.doc)
    object.__setattr__(found, "room", room)
    return found


def relevant(spec: Spec, actions: Sequence[Action], shown: frozenset[str]) -> set[str]:
    """Return the fields that what is seen can depend on: all else of a state is left out.

    `shown` are the actions that are seen.
    """
    need = {"fooled"}
    grew = True
    while grew:
        before = len(need)
        for a in actions:
            kept = [u for u in a.updates(spec) if u.field.name in need]
            if kept or a.name in shown:
                whole = [*(g.condition for g in a.guards), *a.references(spec)]
                whole += [e for u in kept for e in (u.value, u.index) if e is not None]
                need |= {e.field.name for one in whole for e in walk(one) if isinstance(e, Read)}
        grew = len(need) > before
    return need


def narrowed(scope: Limited, actions: Sequence[Action], shown: frozenset[str]) -> Limited:
    """Return the scope with those of these actions and those fields that make a difference."""
    spec = scope.spec
    need = relevant(spec, actions, shown)
    fields = {name: f for name, f in spec.fields.items() if name in need}
    kept = {
        a.name: a
        for a in actions
        if a.name in shown or any(u.field.name in need for u in a.updates(spec))
    }
    found = Scope.on(scope, spec.edited("seen", fields=fields, actions=kept, properties={}))
    return with_room(found, scope.room)


class StepCode(ActionCode):
    """Writes the function of one action."""

    def __init__(self, layout: Layout, action: Action, names: Names, taken: Taken, whole: Spec):
        self.taken, self.whole = taken, whole
        self.asked: list[str] = []
        self.noted: list[tuple[int, str]] = []
        super().__init__(layout, action, names)
        fields = layout.scope.spec.fields
        self.updates = tuple(u for u in action.updates(whole) if u.field.name in fields)

    def _guard(self, name: str, condition: Expr) -> None:
        guard = name.partition(".")[2]
        if guard == SHUT:
            return
        followed = self._followed([condition])
        holds = conjoin([*followed, self.terms.truth(condition, self.env)])
        bit = self.taken.guards.get(guard)
        if bit is None:
            self.asked.append(holds)
        else:
            self.noted.append((bit, negate(holds)))

    def _followed(self, whole: Iterable[Expr]) -> list[str]:
        """Return conditions that no reference that these follow is none."""
        found = references(whole, self.action.params)
        return [
            f"(r{i} != 0)"
            for i, r in enumerate(self.references)
            if any(alike(r, other) for other in found)
        ]

    def _follow(self) -> None:
        updates = self.action.updates(self.whole)
        always = [u.value for u in updates] + [Read(u.field, u.index) for u in updates]
        self.asked = [*self._followed(always), *self.asked]

    def write_step(self, text: Text, used: int) -> None:
        """Write the function; `used` is how many words the edits take."""
        words = self.layout.words
        text.open(f"def {self.function}(states, i, buf, m, plan, args):")
        for i, p in enumerate(self.action.params):
            text.open(f"for p{i} in range({len(self.layout.scope.choices(p.type))}):")
        text.open(f"if get(plan, {self._label()}) != 0:")
        text.add(*(f"s{w} = get(states, i * ROW + {w})" for w in range(words)), *self.locals)
        text.open(f"if {conjoin(self.asked)}:")
        masks = [_word(self.taken.used, w) for w in range(used)]
        for w in range(used):
            notes = [
                f"shl(flag({t}), {b % USED_BITS})" for b, t in self.noted if b // USED_BITS == w
            ]
            text.add(f"x{w} = {' | '.join([str(masks[w]), *notes])}")
            text.add(f"u{w} = get(states, i * ROW + {words + w}) | x{w}")
        values, checks = self._values()
        text.add(*values, *self._stages())
        fits = [f"(not {outside})" for _, _, outside in checks]
        for w in range(used):
            fits.append(f"((x{w} & ~get(args, ALLOWED + {w})) == 0)")
            excluded = _word(self.taken.excluded, w)
            fits += [f"((u{w} & {excluded}) == 0)"] if excluded else []
        if self.taken.idle:
            wakes = [
                f"((u{w} | get(args, AWAKE + {w})) & {_word(self.taken.wakes, w)})"
                for w in range(used)
            ]
            fits.append(f"(({' | '.join([*wakes, 'get(args, IDLE)'])}) != 0)")
        slot = self.layout.slots["fooled"]
        fits.append(f"((shr(t{slot.word}, {slot.base}) & 1) == 0)")
        text.open(f"if {conjoin(fits)}:")
        text.add(*(f"put(buf, m * EACH + {w}, t{w})" for w in range(words)))
        text.add(
            *(
                f"put(buf, m * EACH + {words + w}, u{w} & get(args, KEPT + {w}))"
                for w in range(used)
            )
        )
        text.add(f"put(buf, m * EACH + ROW, {self._label()})", "m += 1")
        text.close(1)
        text.add("return m")
        text.close(0)
        text.add("", "")


def _word(bits: int, w: int) -> int:
    return bits >> (w * USED_BITS) & ((1 << USED_BITS) - 1)


def compiled(
    whole: Spec, layout: Layout, used: int, taken: Callable[[str], Taken]
) -> tuple[kept.Code, dict[str, int]]:
    """Return the machine code of the steps of a narrowed scope, and the numbers it goes by."""
    spec = layout.scope.spec
    ranges = {f"range_{name}": i for i, name in enumerate(spec.fields)}
    guards = [f"{a.name}.{g.name}" for a in spec.actions.values() for g in a.guards]
    names = Names(
        {name: i for i, name in enumerate(guards)},
        ranges,
        {},
        {name: i for i, name in enumerate(spec.actions)},
    )
    text = Text()
    actions = [StepCode(layout, a, names, taken(a.name), whole) for a in spec.actions.values()]
    for action in actions:
        action.write_step(text, used)
    text.open("def expand(states, i, buf, plan, args):")
    text.add("m = 0", *(f"m = {a.function}(states, i, buf, m, plan, args)" for a in actions))
    text.add("return m")
    text.close(0)
    text.add("", "")
    source = "\n".join([*text.lines, inspect.getsource(kernel).split(_BEGIN)[1]])
    words = layout.words
    known = {n: v for n, v in vars(kernel).items() if n.isupper() and isinstance(v, int)}
    known |= {"WORDS": words, "USED": used, "ROW": words + used, "EACH": words + used + 1}
    known |= {"KEPT": kernel.ALLOWED + used, "COUNTED": kernel.ALLOWED + 2 * used}
    known |= {"AWAKE": kernel.ALLOWED + 3 * used}
    return kept.code(list(units(source, known, "run")), "run", _ARRAYS), known
