"""Where each field of a scope lives inside a state packed into words.

The elements of a field lie at `base + element * stride` of one word, so that generated code can
reach them with a shift computed from the element. Words are signed and never negative: 63 bits
each.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from spec.language.declared.model import Field
from spec.language.evaluate import Evaluator
from spec.language.scope import Scope, State, Value
from spec.language.terms.expr import Bound, Const, Expr, NoneOf
from spec.language.terms.types import Enum, Nat, Sort, Type, is_enum, is_sort

WORD_BITS = 63


class TooWide(ValueError):
    """A scope has states that the compiled explorer cannot pack."""


@dataclass(frozen=True)
class Slot:
    """Where one field is: element e has `width` bits from bit `base + e * stride` of the word."""

    word: int
    base: int
    stride: int
    width: int

    @property
    def mask(self) -> int:
        """The field's bits, moved to the bottom."""
        return (1 << self.width) - 1


@dataclass(frozen=True)
class Group:
    """Fields of one sort that share a word: element e has `width` bits from `base + e * width`."""

    sort: type[Sort] | None
    word: int
    base: int
    width: int
    fields: tuple[Field, ...]


class Layout:
    """The packing of a scope's states into as few words as can be."""

    def __init__(self, scope: Scope, word_bits: int = WORD_BITS) -> None:
        self.scope = scope
        self.fields = list(scope.spec.fields.values())
        self.initial = dict(zip(scope.places, Evaluator(scope).initial(), strict=True))
        self._enums: dict[type[Enum], list[str]] = {}
        self.widths = {f.name: self._width(f) for f in self.fields}
        for f in self.fields:
            if self._bits([f]) > word_bits:
                raise TooWide(
                    f"scope {scope.name}: '{f.name}' takes {self._bits([f])} bits, more than the "
                    f"{word_bits} of a word; give the scope fewer elements, or smaller bounds"
                )
        total = sum(self._bits([f]) for f in self.fields)
        words = max(1, -(-total // word_bits))
        while (bins := self._assign(words, word_bits)) is None:
            words += 1
        self.words = words
        self.slots: dict[str, Slot] = {}
        self.groups: list[Group] = []
        for word, members in enumerate(bins):
            self._place(word, members)

    # ---------------------------------------------------------------- packing
    def count(self, sort: type[Sort] | None) -> int:
        """Return how many elements fields over this sort have."""
        return 1 if sort is None else self.scope.size(sort)

    def cardinality(self, t: Type) -> int:
        """Return how many codes values of this type have; a reference has one more, for none."""
        if is_sort(t):
            return self.scope.size(t) + 1
        if is_enum(t):
            return len(self._members(t))
        return self.scope.limit(t) + 1 if isinstance(t, Nat) else 2

    def _width(self, f: Field) -> int:
        return max(1, self.highest(f).bit_length())

    def highest(self, f: Field) -> int:
        """Return the largest code the field ever holds."""
        starts = [v for place, v in self.initial.items() if place.field is f]
        return max([self.cardinality(f.type) - 1, *(self.code(f.type, v) for v in starts)])

    def _bits(self, fields: Sequence[Field]) -> int:
        return sum(self.widths[f.name] * self.count(f.over) for f in fields)

    def _assign(self, words: int, word_bits: int) -> list[list[Field]] | None:
        """Return the fields of each word, all fields of a sort in one word where that can be."""
        room = [word_bits] * words
        bins: list[list[Field]] = [[] for _ in range(words)]

        def put(fields: list[Field]) -> bool:
            for word in range(words):
                if self._bits(fields) <= room[word]:
                    room[word] -= self._bits(fields)
                    bins[word] += fields
                    return True
            return False

        sorts = {f.over: [g for g in self.fields if g.over is f.over] for f in self.fields}
        for fields in sorted(sorts.values(), key=self._bits, reverse=True):
            if put(fields):
                continue
            for f in sorted(fields, key=lambda f: self._bits([f]), reverse=True):
                if not put([f]):
                    return None
        return bins

    def _place(self, word: int, members: list[Field]) -> None:
        base = 0
        for sort in dict.fromkeys(f.over for f in members):
            fields = tuple(f for f in members if f.over is sort)
            stride = sum(self.widths[f.name] for f in fields)
            self.groups.append(Group(sort, word, base, stride, fields))
            offset = base
            for f in fields:
                self.slots[f.name] = Slot(word, offset, stride, self.widths[f.name])
                offset += self.widths[f.name]
            base += stride * self.count(sort)

    # ---------------------------------------------------------------- values
    def _members(self, enum: type[Enum]) -> list[str]:
        if enum not in self._enums:
            self._enums[enum] = list(self.scope.spec.members(enum))
        return self._enums[enum]

    def code(self, t: Type, value: Value) -> int:
        """Return the number that stands for a value: enum members and elements by position, none as
        0.
        """
        if is_sort(t):
            return 0 if value is None else int(value) + 1
        if is_enum(t):
            return self._members(t).index(str(value))
        return int(value or 0)

    def constant(self, e: Expr) -> int | None:
        """Return the code of an expression that is a constant of the scope, else None."""
        match e:
            case Const():
                return self.code(e.type, e.value)
            case NoneOf():
                return 0
            case Bound():
                return self.scope.bounds[e.name]
        return None

    def pack(self, state: State) -> tuple[int, ...]:
        """Return the words of a state laid out as `Scope.places`."""
        words = [0] * self.words
        for place, value in zip(self.scope.places, state, strict=True):
            slot = self.slots[place.field.name]
            at = slot.base + (place.element or 0) * slot.stride
            words[slot.word] |= self.code(place.field.type, value) << at
        return tuple(words)

    def unpack(self, words: Sequence[int]) -> State:
        """Return the state that is packed into these words."""
        state: list[Value] = []
        for place in self.scope.places:
            slot = self.slots[place.field.name]
            at = slot.base + (place.element or 0) * slot.stride
            state.append(self.value(place.field.type, words[slot.word] >> at & slot.mask))
        return tuple(state)

    def value(self, t: Type, code: int) -> Value:
        """Return the value that a number stands for."""
        if is_sort(t):
            return None if code == 0 else code - 1
        if is_enum(t):
            return self._members(t)[code]
        return code if isinstance(t, Nat) else bool(code)
