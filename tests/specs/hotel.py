"""A hotel: a made-up spec in which steps of rows, and of guests, read a value that no row has.

A room is locked for the night in which it was taken, and a guest's card opens it in that night.
"""

from spec.language import Enum, Nat, Sort, Spec, forget, ite, require
from spec.language.scope import Scope

hotel = Spec("hotel", doc="Rooms, guests with cards, and one night after the other.")
nights = hotel.constant("Nights", 1, "how many nights pass at the most")
Night = Nat(nights)


class Room(Sort):
    """A room."""


class Guest(Sort):
    """Somebody with a card."""


class Status(Enum):
    """How a room stands."""

    absent = "not built yet"
    free = "nobody has it"
    taken = "somebody has it"


hotel.durable("night", None, Night, 0, "which night it is")
hotel.durable("manager", None, Guest, None, "who has the keys of the house")
hotel.durable("status", Room, Status, Status.absent, "how it stands")
hotel.durable("since", Room, Night, 0, "in which night it was built, or taken last")
hotel.volatile("card", Guest, Night, 0, "the night that the card is for")
hotel.volatile("room", Guest, Room, None, "the room that the guest believes to have")
hotel.volatile("heard", Guest, Night, 0, "the night that the guest believes it is")


@hotel.action()
def build(s, g: Guest, r: Room):
    """A room is built, and the builder remembers when."""
    require(new=s.status[r] == Status.absent, early=s.night + 1 < nights)
    s.status[r] = Status.free
    s.since[r] = s.night
    s.heard[g] = s.night


@hotel.action()
def check_in(s, g: Guest, r: Room):
    """A guest takes a room, and the card is for this night."""
    require(free=s.status[r] == Status.free, alone=s.room[g] == None, dark=s.night > 0)
    s.status[r] = Status.taken
    s.since[r] = ite(s.manager == g, s.since[r], s.night)
    s.room[g] = r
    s.card[g] = s.night


@hotel.action()
def check_out(s, g: Guest):
    """A guest leaves; the desk takes the card of this night alone."""
    require(mine=s.since[s.room[g]] == s.card[g], tonight=s.card[g] == s.night)
    s.status[s.room[g]] = Status.free
    forget(g)


@hotel.action()
def listen(s, g: Guest):
    """A guest hears the clock."""
    require(later=s.heard[g] < s.night)
    s.heard[g] = s.night


@hotel.action(finite=True)
def pass_night(s):
    """The night is over."""
    require(more=s.night < nights)
    s.night += 1


@hotel.action()
def hand_over(s, g: Guest):
    """Another guest becomes the manager, if awake."""
    require(another=s.manager != g, awake=s.heard[g] == s.night)
    s.manager = g
    s.heard[g] = 0


@hotel.invariant("HOTEL-1")
def the_first_night_has_no_manager_but_one_who_is_awake(s):
    """The night is within the calendar."""
    return s.night <= nights


@hotel.invariant("HOTEL-2")
def nobody_hears_of_tomorrow(s, g: Guest):
    """A guest knows of no night that has not come."""
    return (s.heard[g] <= s.night) & (s.card[g] <= s.night)


@hotel.step("HOTEL-3")
def nights_pass_one_by_one(s, t):
    """After a night comes the next."""
    return t.night == s.night + 1


@hotel.sometimes("HOTEL-2")
def somebody_sleeps_late(s, g: Guest):
    """A guest can believe that it is last night still."""
    return (s.heard[g] < s.night) & (s.heard[g] > 0)


INN = Scope("inn", hotel, {"Room": 1, "Guest": 2, "Nights": 2}, "One room, two guests.")
