"""Expressions as text of the generated Numba module.

Every expression is computed without branches: a wrong guess of the processor costs more than the
few instructions that a condition takes. An element is a Python int where it is known (a quantifier,
unrolled) and a name of the generated code where it is not (a parameter, looped over).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from checker.search.compiled.code.layout import Layout, Slot
from spec.language.terms.expr import (
    Add,
    And,
    Bound,
    Const,
    Count,
    Equal,
    Exists,
    Expr,
    ForAll,
    Implies,
    Ite,
    Less,
    LessEqual,
    NoneOf,
    Not,
    Or,
    Quantifier,
    Read,
    Subtract,
    Var,
)
from spec.language.terms.types import is_sort

Element = int | str
Env = Mapping[str, Element]
"""What each variable is: the position of an element, of an enum member, or of a truth value."""


@dataclass(frozen=True)
class Bits:
    """The condition that one field, at a place known before the state is read, has one value."""

    field: str
    index: Element | None
    word: int
    shift: Element
    mask: int
    value: Element
    after: bool


def conjoin(parts: Iterable[str]) -> str:
    """Return the text that all parts hold."""
    kept = [p for p in parts if p != "True"]
    if "False" in kept:
        return "False"
    return f"({' & '.join(kept)})" if len(kept) > 1 else kept[0] if kept else "True"


def disjoin(parts: Iterable[str]) -> str:
    """Return the text that some part holds."""
    kept = [p for p in parts if p != "False"]
    if "True" in kept:
        return "True"
    return f"({' | '.join(kept)})" if len(kept) > 1 else kept[0] if kept else "False"


def negate(text: str) -> str:
    """Return the text that the part does not hold."""
    return {"True": "False", "False": "True"}.get(text, f"(not {text})")


def shifted(amount: Element, base: int) -> Element:
    """Return `base + amount`, as a number where it is one."""
    return base + amount if isinstance(amount, int) else f"({base} + {amount})"


def moved(value: Element, shift: Element) -> Element:
    """Return `value << shift`, as a number where it is one."""
    if isinstance(value, int) and isinstance(shift, int):
        return value << shift
    return f"shl({value}, {shift})"


class Terms:
    """The text of expressions over the words `s0, s1..` of a state and `t0, t1..` of the one
    after.
    """

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.known: dict[str, str] = {}
        """References that are not none here: their text, and the name of the local that holds them.
        """

    # ---------------------------------------------------------------- values
    def number(self, e: Expr, env: Env) -> str:
        """Return the code of the expression's value."""
        constant = self.layout.constant(e)
        if constant is not None:
            return str(constant)
        match e:
            case Var():
                at = env[e.name]
                return str(shifted(at, 1) if is_sort(e.type) else at)
            case Read():
                return self._read(e, env)
            case Add():
                return f"({self.number(e.left, env)} + {self.number(e.right, env)})"
            case Subtract():
                return f"({self.number(e.left, env)} - {self.number(e.right, env)})"
            case Count():
                each = [self.truth(e.body, inner) for inner in self._unrolled(e, env)]
                return f"({' + '.join(f'flag({text})' for text in each)})"
            case Ite() if e.type is not bool:
                condition = self.truth(e.condition, env)
                return f"pick({condition}, {self.number(e.then, env)}, {self.number(e.other, env)})"
        if e.type is bool:
            return f"flag({self.truth(e, env)})"
        raise AssertionError(type(e))

    def _read(self, e: Read, env: Env) -> str:
        slot = self.layout.slots[e.field.name]
        word = f"{'t' if e.after else 's'}{slot.word}"
        if e.index is None or isinstance(e.index, Var):
            at: Element = 0 if e.index is None else env[e.index.name]
            return f"(shr({word}, {self.shift(slot, at)}) & {slot.mask})"
        initial = self.number(e.field.initial, {})
        reference = self.reference(e.index, env)
        if reference == "0":
            return initial
        if reference.isdigit():
            return f"(shr({word}, {self.shift(slot, int(reference) - 1)}) & {slot.mask})"
        value = (
            f"(shr({word}, {slot.base - slot.stride} + {reference} * {slot.stride}) & {slot.mask})"
        )
        if reference in self.known.values():
            return value
        return f"pick({reference} != 0, {value}, {initial})"

    def shift(self, slot: Slot, at: Element) -> Element:
        """Return where the element's bits of a field begin."""
        if isinstance(at, int):
            return slot.base + at * slot.stride
        return f"({slot.base} + {at} * {slot.stride})"

    def reference(self, index: Expr, env: Env) -> str:
        """Return the code of a reference, by the name of its local if it has one."""
        text = self.number(index, env)
        return self.known.get(text, text)

    # ---------------------------------------------------------------- truth
    def truth(self, e: Expr, env: Env) -> str:
        """Return the text of a condition."""
        match e:
            case Const():
                return str(bool(e.value))
            case Var():
                return f"({env[e.name]} != 0)"
            case Not():
                return negate(self.truth(e.body, env))
            case And() | ForAll():
                return self.all_of(self.conjuncts(e, env))
            case Or() | Exists():
                return self._any_of(self.disjuncts(e, env))
            case Implies():
                return disjoin([negate(self.truth(e.left, env)), self.truth(e.right, env)])
            case Read() | Equal():
                bits = self.bits(e, env)
                return self._masked([bits]) if bits else self._compare(e, env)
            case Less():
                return f"({self.number(e.left, env)} < {self.number(e.right, env)})"
            case LessEqual():
                return f"({self.number(e.left, env)} <= {self.number(e.right, env)})"
            case Ite():
                condition, then, other = (
                    self.truth(x, env) for x in (e.condition, e.then, e.other)
                )
                chosen = conjoin([condition, then]), conjoin([negate(condition), other])
                return disjoin(chosen)
        raise AssertionError(type(e))

    def _compare(self, e: Read | Equal, env: Env) -> str:
        if isinstance(e, Read):
            return f"({self._read(e, env)} != 0)"
        if e.left.type is bool:
            return f"({self.truth(e.left, env)} == {self.truth(e.right, env)})"
        left, right = self.number(e.left, env), self.number(e.right, env)
        if left.isdigit() and right.isdigit():
            return str(left == right)
        return f"({left} == {right})"

    def conjuncts(self, e: Expr, env: Env) -> list[tuple[Expr, Env]]:
        """Return the conditions that together make up a conjunction, quantifiers unrolled."""
        match e:
            case And():
                return self.conjuncts(e.left, env) + self.conjuncts(e.right, env)
            case ForAll():
                return [
                    c for inner in self._unrolled(e, env) for c in self.conjuncts(e.body, inner)
                ]
            case Not(Or() as inside):
                return self.conjuncts(Not(inside.left), env) + self.conjuncts(
                    Not(inside.right), env
                )
            case Not(Implies() as inside):
                return self.conjuncts(inside.left, env) + self.conjuncts(Not(inside.right), env)
            case Not(Exists() as inside):
                return self.conjuncts(ForAll(inside.var, Not(inside.body)), env)
            case Not(Not() as inside):
                return self.conjuncts(inside.body, env)
        return [(e, env)]

    def disjuncts(self, e: Expr, env: Env) -> list[tuple[Expr, Env]]:
        """Return the conditions of which a disjunction needs one, quantifiers unrolled."""
        match e:
            case Or():
                return self.disjuncts(e.left, env) + self.disjuncts(e.right, env)
            case Exists():
                return [
                    c for inner in self._unrolled(e, env) for c in self.disjuncts(e.body, inner)
                ]
        return [(e, env)]

    def _unrolled(self, e: Quantifier, env: Env) -> list[Env]:
        count = len(self.layout.scope.choices(e.var.type))
        return [{**env, e.var.name: value} for value in range(count)]

    def all_of(self, conjuncts: list[tuple[Expr, Env]]) -> str:
        """Return the text of a conjunction: fields that must have given values are compared all at
        once.
        """
        fixed, others = self.split(conjuncts)
        at_once = [b for b in fixed if isinstance(b.shift, int) and isinstance(b.value, int)]
        singly = [self._masked([b]) for b in fixed if b not in at_once]
        return conjoin([self._masked(at_once), *singly, *(self.truth(e, env) for e, env in others)])

    def _any_of(self, disjuncts: list[tuple[Expr, Env]]) -> str:
        """Return the text of a disjunction: single bits that may be set are tested all at once."""
        masks: dict[str, int] = {}
        others = []
        for e, env in disjuncts:
            b = self.bits(e, env)
            if b and b.mask == 1 and b.value == 1 and isinstance(b.shift, int):
                name = f"{'t' if b.after else 's'}{b.word}"
                masks[name] = masks.get(name, 0) | 1 << b.shift
            else:
                others.append(self.truth(e, env))
        return disjoin([*(f"(({name} & {mask}) != 0)" for name, mask in masks.items()), *others])

    # ---------------------------------------------------------------- comparisons of bits in place
    def split(self, conjuncts: list[tuple[Expr, Env]]) -> tuple[list[Bits], list[tuple[Expr, Env]]]:
        """Return the conditions that fix the bits of different places, and the others."""
        fixed: list[Bits] = []
        others = []
        for e, env in conjuncts:
            b = self.bits(e, env)
            if b is not None and not any(_may_overlap(b, other) for other in fixed):
                fixed.append(b)
            else:
                others.append((e, env))
        return fixed, others

    def bits(self, e: Expr, env: Env) -> Bits | None:
        """Return the condition as bits in place if it says that one field has one value, else
        None.
        """
        match e:
            case Read() if e.field.type is bool:
                return self._bits(e, 1, env)
            case Not(Read() as inside):
                return self._bits(inside, 0, env)
            case Equal(Read() as read, Const() | NoneOf() | Bound() | Var() as value):
                pass
            case Equal(Const() | NoneOf() | Bound() | Var() as value, Read() as read):
                pass
            case _:
                return None
        text = self.number(value, env)
        return self._bits(read, int(text) if text.lstrip("-").isdigit() else text, env)

    def _bits(self, read: Read, value: Element, env: Env) -> Bits | None:
        if read.index is not None and not isinstance(read.index, Var):
            return None
        at = None if read.index is None else env[read.index.name]
        slot = self.layout.slots[read.field.name]
        if isinstance(value, int) and not 0 <= value <= slot.mask:
            return None
        place = read.field.name, at, slot.word, self.shift(slot, 0 if at is None else at)
        return Bits(*place, slot.mask, value, read.after)

    def _masked(self, parts: list[Bits]) -> str:
        """Return the text that the places, which do not overlap, have their values."""
        words: dict[str, list[Bits]] = {}
        for b in parts:
            words.setdefault(f"{'t' if b.after else 's'}{b.word}", []).append(b)
        return conjoin(
            f"(({word} & {either(moved(b.mask, b.shift) for b in bits)})"
            f" == {either(moved(b.value, b.shift) for b in bits)})"
            for word, bits in words.items()
        )


def either(values: Iterable[Element]) -> str:
    """Return the text of values joined bit by bit, the known ones as one number."""
    whole, texts = 0, []
    for value in values:
        if isinstance(value, int):
            whole |= value
        else:
            texts.append(value)
    parts = [*([str(whole)] if whole or not texts else []), *texts]
    return f"({' | '.join(parts)})" if len(parts) > 1 else parts[0]


def _may_overlap(a: Bits, b: Bits) -> bool:
    if a.field != b.field or a.after != b.after:
        return False
    return not (isinstance(a.index, int) and isinstance(b.index, int) and a.index != b.index)
