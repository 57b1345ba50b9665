"""Cards that are torn up: rows that go, some of them by another name."""

from spec.language import Nat, Sort, Spec, erase, require
from spec.language.scope import Scope


class Card(Sort):
    """A card."""


cards = Spec("cards", doc="Cards with numbers that are copied.")
cards.durable("number", Card, Nat(2), 1, "what is on the card")
cards.durable("link", Card, Card, None, "the card that it names")
cards.volatile("seen", Card, bool, False, "somebody looked at it")
cards.ghost("copies", Card, Nat(2), 0, "how often it was copied")


@cards.action()
def copy(s, a: Card, b: Card):
    """A card is torn up when the next number is on the other one, which it may be itself."""
    require(few=s.copies[a] < 2, low=s.number[a] < 2)
    s.number[b] = s.number[a] + 1
    s.copies[a] = s.copies[a] + 1
    s.seen[a] = True
    erase(a)


@cards.action()
def point(s, a: Card, b: Card):
    """A card names another."""
    s.link[a] = b


@cards.action()
def tear(s, a: Card):
    """The card that is named is torn up; the one that names it then names none."""
    was = s.link[a]
    s.link[a] = None
    erase(was)


later = Spec("later", cards, doc="Cards have colours too.")
later.durable("red", Card, bool, False, "it is red")


@later.action()
def paint(s, a: Card):
    """A card is painted."""
    s.red[a] = True


TWO = Scope("two", later, {"Card": 2}, "Two cards.")
