"""Faults on purpose: crash a worker at a named step, stop it, lose an answer, skew a clock.

Nothing here sleeps or guesses. A fault happens at a step of the spec, the n-th time that it is
reached, so that a script which breaks a queue today breaks it in the same way tomorrow.
"""

from impl.inject.by_hand import ByHand
from impl.inject.clocks import HandClock, SkewedClock
from impl.inject.deliveries import delivered_again
from impl.inject.faults import Crash, Faults, Moment

__all__ = ["ByHand", "Crash", "Faults", "HandClock", "Moment", "SkewedClock", "delivered_again"]
