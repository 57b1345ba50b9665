"""A step that looks at a timer goes by the clock, though it writes nothing and asks no guard."""

import time

from impl.derive.design import derive
from impl.postgresql.clock import ServerClock
from impl.postgresql.trial.embedded import Server
from impl.postgresql.trial.stored import Stored
from impl.terms.outcomes import Done
from spec.language import Scope, Sort, Spec, Timer, require


class Egg(Sort):
    """What is boiled."""


class Cook(Sort):
    """Who boils it."""


class Clock(Timer):
    """How the timer of an egg stands."""

    off = "nobody has set it"
    ticking = "it runs"
    rung = "its time is over"


kitchen = Spec("kitchen", doc="A cook looks at a timer.")
kitchen.durable("clock", Egg, Clock, Clock.off, "how its timer stands")
kitchen.volatile("calls", Cook, bool, False, "it has heard it ring")


@kitchen.action()
def boil(s, e: Egg):  # type: ignore[no-untyped-def]  # traced
    """Somebody sets the timer of an egg."""
    require(still=s.clock[e] == Clock.off)
    s.clock[e] = Clock.ticking


@kitchen.action()
def listen(s, c: Cook, e: Egg):  # type: ignore[no-untyped-def]  # traced
    """A cook listens whether it rings."""
    s.calls[c] = s.clock[e] == Clock.rung


@kitchen.elapse("clock")
def ring(s, e: Egg):  # type: ignore[no-untyped-def]  # traced
    """The timer of an egg rings."""


def test_what_is_remembered_of_a_timer_is_how_it_stands_now(server: Server) -> None:
    stored = Stored(derive(Scope("one", kitchen, {"Egg": 1, "Cook": 1})), server)
    stored._clock = ServerClock(stored.run, None)  # not the one that stands
    try:
        assert isinstance(stored.take("boil", {"e": 0}, {}, {}), Done)
        time.sleep(0.05)  # it was set for a millisecond
        heard = stored.take("listen", {"c": 0, "e": 0}, {"calls": False}, {})
        assert isinstance(heard, Done)
        assert heard.memory == {"calls": (False, True)}
        assert heard.row == {"clock": "rung"}
    finally:
        stored.close()
