"""Doors: a made-up spec whose hopes need each kind of fairness, and an end of the wind."""

from dataclasses import replace

from spec.language import Sort, Spec, require
from spec.language.scope import Scope


class Door(Sort):
    """A door."""


doors = Spec("doors", doc="A door that the wind opens and shuts, and that somebody may lock.")
doors.durable("open", Door, bool, False, "it is open")
doors.durable("locked", Door, bool, False, "it is locked")


@doors.action(fault=True, finite=True)
def blow_open(s, d: Door):
    """The wind opens the door."""
    require(shut=~s.open[d], unlocked=~s.locked[d])
    s.open[d] = True


@doors.action()
def shut(s, d: Door):
    """The door falls shut."""
    require(open=s.open[d])
    s.open[d] = False


@doors.action(fair="strong")
def lock(s, d: Door):
    """Somebody locks the door when it is shut."""
    require(shut=~s.open[d], unlocked=~s.locked[d])
    s.locked[d] = True


@doors.leads_to("D-1")
def open_doors_are_shut(s, d: Door):
    """An open door is shut in the end."""
    return s.open[d], ~s.open[d]


@doors.leads_to("D-2")
def shut_doors_are_locked(s, d: Door):
    """A shut door is locked in the end, or stands open."""
    return ~s.open[d], s.locked[d] | s.open[d]


@doors.leads_to("D-3")
def doors_are_locked(s, d: Door):
    """A door that was open is locked in the end."""
    return s.open[d], s.locked[d]


FALLING = doors.edited(
    "shutting is fair", actions={**doors.actions, "shut": replace(shut, fair="weak")}
)
"""The same doors, but they fall shut in the end."""

DOOR = Scope("door", FALLING, {"Door": 1}, "One door.")
