"""A made-up spec with fields of every type, and seeded random expressions over them."""

from random import Random
from typing import Any

from spec.language import Enum, Nat, Sort, Spec, ite, require
from spec.language.declared.tracing import State
from spec.language.scope import Scope
from spec.language.terms.expr import Var, lift

boxes = Spec("boxes", doc="Fields of every type, for expressions to read.")
Size = boxes.constant("Size", 1, "a constant")


class Box(Sort):
    """A row."""


class Hand(Sort):
    """A process."""


class Colour(Enum):
    """A value of three."""

    red = "red"
    green = "green"
    order = "a word that SQL has for itself"


boxes.durable("colour", Box, Colour, Colour.red, "an enum")
boxes.durable("select", Box, Nat(3), 0, "a number, by a name that SQL has for itself")
boxes.durable("shut", Box, bool, False, "a truth value")
boxes.durable("owner", Box, Hand, None, "a reference")
boxes.volatile("paint", Hand, Colour, Colour.red, "an enum, in memory")
boxes.volatile("count", Hand, Nat(3), 0, "a number, in memory")
boxes.volatile("glove", Hand, bool, False, "a truth value, in memory")
boxes.volatile("other", Hand, Hand, None, "a reference, in memory")


@boxes.action()
def grab(s: Any, h: Hand, b: Box) -> None:
    """A hand takes a box that nobody has, and paints it."""
    require(free=s.owner[b] == None)  # noqa: E711  # builds a node
    s.owner[b] = h
    s.colour[b] = s.paint[h]
    s.count[h] = s.select[b]


@boxes.action()
def hand_on(s: Any, h: Hand, b: Box) -> None:
    """A hand gives its box to the one it thinks of, if any."""
    require(mine=s.owner[b] == h)
    s.owner[b] = s.other[h]
    s.select[b] = ite(s.select[b] < 3, s.select[b] + 1, 0)


@boxes.action()
def think(s: Any, h: Hand, g: Hand, c: Colour) -> None:
    """A hand thinks of a hand, and of a colour."""
    s.other[h] = g
    s.paint[h] = c


@boxes.action()
def swap(s: Any, h: Hand, b: Box) -> None:
    """A box is shut or opened, with a glove on or off."""
    require(safe=s.glove[h] | ~s.shut[b] | (s.select[b] == s.Size))
    s.shut[b] = ~s.shut[b]
    s.glove[h] = s.shut[b]


BOXES = Scope("boxes", boxes, {"Box": 2, "Hand": 2, "Size": 2})
BOX, HAND = Var("b", Box), Var("h", Hand)


def random_expression(random: Random, kind: Any, depth: int) -> Any:
    """Return an expression of this type, at most so deep."""

    def inner(of: Any) -> Any:
        return random_expression(random, of, depth - 1)

    if depth == 0 or random.random() < 0.1:
        return random.choice(leaves(kind))
    if random.random() < 0.15:
        return ite(inner(bool), inner(kind), inner(kind))
    if kind is bool:
        left, right = inner(bool), inner(bool)
        of = random.choice([Colour, Hand, bool])
        a, b, m, n = inner(of), inner(of), inner(Size.type), inner(Size.type)
        return random.choice(
            [~left, left & right, left | right, left >> right, a == b, a != b, m < n, m <= n]
        )
    if kind is Size.type:
        m, n = inner(kind), inner(kind)
        return random.choice([m + n, m - n])
    return random.choice(leaves(kind))


def leaves(kind: Any) -> list[Any]:
    s: Any = State(boxes, None, False)
    if kind is bool:
        return [s.shut[BOX], s.glove[HAND], lift(True, bool), lift(False, bool)]
    if kind is Colour:
        return [s.colour[BOX], s.paint[HAND], Colour.green, Colour.order]
    if kind is Hand:
        return [s.owner[BOX], s.other[HAND], HAND, lift(None, Hand)]
    return [s.select[BOX], s.count[HAND], s.Size, lift(1, Size.type), lift(0, Size.type)]
