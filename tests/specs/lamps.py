"""Lamps: a made-up spec with one guard of every kind that an ablation tells apart."""

from spec.language import Sort, Spec, require
from spec.language.scope import Scope

lamps = Spec("lamps", doc="Lamps that are sold, and that break and are mended.")


class Lamp(Sort):
    """A lamp."""


lamps.durable("lit", Lamp, bool, False, "it burns")
lamps.durable("sold", Lamp, bool, False, "it belongs to a customer")
lamps.durable("broken", Lamp, bool, False, "it does not work")
lamps.volatile("noted", Lamp, bool, False, "it is on the list of what is to be mended")


@lamps.action()
def switch_on(s, lamp: Lamp):
    """The lamp burns; two guards say the same of it, so either can be spared."""
    require(unsold=~s.sold[lamp], whole=~s.broken[lamp], works=~s.broken[lamp])
    s.lit[lamp] = True


@lamps.action()
def sell(s, lamp: Lamp):
    """The lamp is sold."""
    require(dark=~s.lit[lamp])
    s.sold[lamp] = True


@lamps.action(fault=True, finite=True)
def smash(s, lamp: Lamp):
    """The lamp falls."""
    s.broken[lamp] = True
    s.lit[lamp] = False


@lamps.action(fair="weak")
def note(s, lamp: Lamp):
    """Somebody writes down that the lamp is broken."""
    require(broken=s.broken[lamp])
    s.noted[lamp] = True


@lamps.action(fair="weak")
def mend(s, lamp: Lamp):
    """What is on the list is mended."""
    require(noted=s.noted[lamp])
    s.broken[lamp] = False


@lamps.action(fair="weak")
def strike_out(s, lamp: Lamp):
    """What is mended is struck out; only liveness misses the guard."""
    require(mended=~s.broken[lamp])
    s.noted[lamp] = False


@lamps.invariant("LAMP-1")
def sold_lamps_are_dark(s, lamp: Lamp):
    """A lamp that is sold is not lit."""
    return s.sold[lamp] >> ~s.lit[lamp]


@lamps.invariant("LAMP-2")
def broken_lamps_are_dark(s, lamp: Lamp):
    """A lamp that is broken is not lit."""
    return s.broken[lamp] >> ~s.lit[lamp]


@lamps.sometimes("LAMP-2")
def a_broken_lamp_is_sold(s, lamp: Lamp):
    """A lamp can be sold that does not work."""
    return s.broken[lamp] & s.sold[lamp]


@lamps.leads_to("LAMP-3")
def broken_lamps_are_mended(s, lamp: Lamp):
    """A broken lamp is mended."""
    return s.broken[lamp], ~s.broken[lamp]


SHOP = Scope("shop", lamps, {"Lamp": 1}, "One lamp.")
STREET = Scope("street", lamps, {"Lamp": 2}, "Two lamps.")
