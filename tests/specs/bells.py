"""Bells: an event that steps of two modules raise, and on which two modules hook."""

from spec.language import Nat, Sort, Spec, ite, require
from spec.language.scope import Scope


class Guest(Sort):
    """Who comes to the door."""


house = Spec("house", doc="Guests ring at a door.")
house.durable("presses", Guest, Nat(2), 0, "how often the guest pressed the button")
house.durable("friend", Guest, Guest, None, "whom the guest brings along")


@house.event
def rings(s, g: Guest):
    """The bell rings for a guest."""


@house.action()
def press(s, g: Guest):
    """The guest presses the button, which works the second time."""
    require(few=s.presses[g] < 2)
    s.presses[g] = s.presses[g] + 1
    rings(s, g, when=s.presses[g] == 2)


@house.action()
def meet(s, g: Guest, h: Guest):
    """A guest who pressed in vain brings another one along, who rings."""
    require(other=g != h)
    s.friend[g] = h
    rings(s, s.friend[g], when=s.presses[g] == 1)


@house.action()
def leave(s, g: Guest):
    """A guest goes away."""
    s.friend[g] = None


butler = Spec("butler", house, doc="Somebody hears the bell.")
butler.durable("heard", Guest, Nat(2), 0, "how often it was heard, two being many")
butler.durable("tired", Guest, bool, False, "it was heard too often")


@butler.on(rings)
def bells_are_heard(s, g: Guest):
    """The butler hears it, and is tired of the second time."""
    s.heard[g] = ite(s.heard[g] < 2, s.heard[g] + 1, 2)
    s.tired[g] = s.heard[g] >= 2


dog = Spec("dog", house, doc="A dog hears the bell, and rings it.")
dog.volatile("awake", Guest, bool, False, "it barks at the guest")


@dog.action()
def jump(s, g: Guest):
    """The dog jumps at the button for the friend of a guest, who goes away."""
    require(calm=~s.awake[g])
    friend = s.friend[g]
    s.friend[g] = None
    rings(s, friend)


@dog.on(rings)
def bells_wake(s, g: Guest):
    """The dog barks."""
    s.awake[g] = True


both = Spec("both", butler, dog, doc="A butler and a dog.")

# The same, as one would write it without events.
plainly = Spec("house", doc="Guests ring at a door.")
plainly.fields.update(both.fields)


@plainly.action()
def press_it(s, g: Guest):
    """The guest presses the button, which works the second time."""
    require(few=s.presses[g] < 2)
    s.presses[g] = s.presses[g] + 1
    works = s.presses[g] == 2
    s.heard[g] = ite(works & (s.heard[g] < 2), s.heard[g] + 1, s.heard[g])
    s.tired[g] = ite(works, s.heard[g] >= 2, s.tired[g])
    s.awake[g] = ite(works, True, s.awake[g])


@plainly.action()
def meet_somebody(s, g: Guest, h: Guest):
    """A guest who pressed in vain brings another one along, who rings."""
    require(other=g != h)
    s.friend[g] = h
    vain = s.presses[g] == 1
    s.heard[h] = ite(vain & (s.heard[h] < 2), s.heard[h] + 1, s.heard[h])
    s.tired[h] = ite(vain, s.heard[h] >= 2, s.tired[h])
    s.awake[h] = ite(vain, True, s.awake[h])


@plainly.action()
def go(s, g: Guest):
    """A guest goes away."""
    s.friend[g] = None


@plainly.action()
def jump_up(s, g: Guest):
    """The dog jumps at the button for the friend of a guest, who goes away."""
    require(calm=~s.awake[g])
    friend = s.friend[g]
    s.heard[friend] = ite(s.heard[friend] < 2, s.heard[friend] + 1, 2)
    s.tired[friend] = s.heard[friend] >= 2
    s.awake[friend] = True
    s.friend[g] = None


TWO = Scope("two", both, {"Guest": 2}, "Two guests.")
PLAIN = Scope("two", plainly, {"Guest": 2}, "Two guests.")
