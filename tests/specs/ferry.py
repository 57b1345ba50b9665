"""A ferry: a made-up spec whose steps ask the world, which no crash changes and no store has.

Tickets are rows, and sailors remember what they hold. Whether the tide is high, how many seats are
free and whether a passenger has come is asked when it is needed.
"""

from spec.language import Enum, Nat, Sort, Spec, forget, require
from spec.language.scope import Scope

ferry = Spec("ferry", doc="Tickets, the sailors who look at them, and the sea.")
seats = ferry.constant("Seats", 1, "how many passengers the ferry takes")


class Ticket(Sort):
    """A ticket, and whoever bought it."""


class Sailor(Sort):
    """Somebody at work on the ferry."""


class Boat(Sort):
    """A ferry."""


class Status(Enum):
    """How a ticket stands."""

    absent = "not sold"
    sold = "its passenger may board"
    used = "its passenger is on board"


ferry.durable("status", Ticket, Status, Status.absent, "how it stands")
ferry.volatile("ticket", Sailor, Ticket, None, "the ticket in hand")
ferry.volatile("waits", Sailor, bool, False, "the sailor has seen that the tide is low")
ferry.world("tide", None, bool, False, "the water is high")
ferry.world("free", Boat, Nat(seats), seats, "seats that nobody sits on")
ferry.world("here", Ticket, bool, False, "its passenger has come")


@ferry.action()
def sell(s, k: Ticket):
    """Whoever comes buys a ticket."""
    require(new=s.status[k] == Status.absent, here=s.here[k])
    s.status[k] = Status.sold


@ferry.action()
def take(s, w: Sailor, k: Ticket):
    """A sailor takes a ticket in hand while the tide is high."""
    require(idle=s.ticket[w] == None, high=s.tide, sold=s.status[k] == Status.sold)
    s.ticket[w] = k


@ferry.action()
def look_up(s, w: Sailor):
    """A sailor sees that the tide is low, and remembers it."""
    require(low=~s.tide, awake=~s.waits[w])
    s.waits[w] = True


@ferry.action()
def seat(s, w: Sailor, b: Boat):
    """The passenger of the ticket in hand sits down, if present and if there is a seat."""
    require(
        sold=s.status[s.ticket[w]] == Status.sold,
        present=s.here[s.ticket[w]],
        seats=(s.free[b] > 0) & s.tide,
    )
    s.status[s.ticket[w]] = Status.used
    s.free[b] -= 1
    s.ticket[w] = None


@ferry.action(finite=True, fault=True)
def crash(s, w: Sailor):
    """A sailor forgets everything; the sea does not."""
    forget(w)


@ferry.action()
def come(s, k: Ticket):
    """A passenger comes, with a ticket or without."""
    require(away=~s.here[k])
    s.here[k] = True


@ferry.action(finite=True, fault=True)
def turn(s):
    """The tide turns."""
    s.tide = ~s.tide


@ferry.invariant("FERRY-1")
def only_who_has_come_sits(s, k: Ticket):
    """Whoever is on board has come."""
    return (s.status[k] == Status.used) >> s.here[k]


@ferry.invariant("FERRY-2")
def a_full_boat_has_a_passenger(s, b: Boat, k: Ticket, m: Ticket):
    """A seat is taken by somebody."""
    return ((k != m) & (s.free[b] < seats)) >> (
        (s.status[k] == Status.used) | (s.status[m] == Status.used)
    )


@ferry.sometimes("FERRY-1")
def somebody_sits(s, k: Ticket):
    """A passenger can be on board."""
    return s.status[k] == Status.used


HARBOUR = Scope("harbour", ferry, {"Ticket": 2, "Sailor": 1, "Boat": 1, "Seats": 1}, "One boat.")
