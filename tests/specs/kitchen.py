"""A kitchen: eggs are boiled by a timer, with the elapse that the language gives it and by hand."""

from typing import Any

from spec.language import Enum, Sort, Spec, Timer, erase, forget, ite, require
from spec.language.scope import Scope

SIZES = {"Egg": 2, "Cook": 1}


class Egg(Sort):
    """What is boiled."""


class Cook(Sort):
    """Who boils it."""


class Clock(Timer):
    """How the timer of an egg stands."""

    off = "nobody has set it"
    ticking = "it runs"
    rung = "its time is over"


class Hands(Enum):
    """The same as words that nobody takes for a timer."""

    off = "nobody has set it"
    ticking = "it runs"
    rung = "its time is over"


def kitchen_of(name: str, clock: Any) -> Spec:
    """Return a kitchen whose eggs have this kind of timer, and no step by which it runs out."""
    kitchen = Spec(name, doc="Eggs are boiled, and eaten when their timer has rung.")
    kitchen.durable("clock", Egg, clock, clock.off, "how its timer stands")
    kitchen.durable("eaten", Egg, bool, False, "it is gone")
    kitchen.volatile("pan", Cook, Egg, None, "the egg that the cook looks after")

    @kitchen.action()
    def boil(s, c: Cook, e: Egg, soft: bool):
        """A cook sets the timer of an egg; that of a soft one rings at once."""
        require(free=s.pan[c] == None, still=s.clock[e] != clock.ticking, there=~s.eaten[e])
        s.clock[e] = ite(soft, clock.rung, clock.ticking)
        s.pan[c] = e

    @kitchen.action()
    def wind(s, c: Cook):
        """The cook wants it harder, and winds the timer up once more, rung or not."""
        e = s.pan[c]
        require(set=s.clock[e] != clock.off)
        s.clock[e] = clock.ticking

    @kitchen.action()
    def turn_away(s, c: Cook):
        """The cook forgets about it, though not while it rings."""
        e = s.pan[c]
        require(quiet=(s.clock[e] != clock.rung) | s.eaten[e])
        forget(c)

    @kitchen.action()
    def eat(s, c: Cook):
        """The cook eats it when the timer has rung; one that is eaten already keeps its timer."""
        e = s.pan[c]
        require(done=s.clock[e].is_in(clock.rung, clock.off))
        s.clock[e] = ite(s.eaten[e], s.clock[e], clock.off)
        s.eaten[e] = True

    @kitchen.action()
    def buy(s, e: Egg):
        """Another egg takes the place of one that is eaten."""
        require(gone=s.eaten[e])
        erase(e)

    @kitchen.invariant("K-1")
    def what_is_eaten_has_no_timer(s, e: Egg):
        """Nobody waits for an egg that is eaten."""
        return s.eaten[e] >> (s.clock[e] == clock.off)

    return kitchen


kitchen = kitchen_of("kitchen", Clock)


@kitchen.elapse("clock")
def ring(s, e: Egg):
    """The timer rings."""


by_hand = kitchen_of("by_hand", Hands)


@by_hand.action(fair="weak", fault=True)
def ring_by_hand(s, e: Egg):
    """The timer rings."""
    require(ticking=s.clock[e] == Hands.ticking)
    s.clock[e] = Hands.rung


TWO = Scope("two eggs", kitchen, SIZES)
PLAIN = Scope("two eggs by hand", by_hand, SIZES)
