"""The kinds of jobs of a torture: how often each comes, and what may become of it.

Any job may be cancelled, and any may run out of interruptions; what is said here is the rest.
"""

from __future__ import annotations

from dataclasses import dataclass

from impl.derive.reference import MOST


@dataclass(frozen=True)
class Kind:
    """What is right for the jobs of a kind.

    `once`: effects of steps that are done on the way; `maybe`: of such as need not be. A job may
    end `done`, with the effect "done", and may fail too often if it `fails`. `overdue`: its
    attempts outlast any deadline. `main`: only the main thread can be broken off in it.
    """

    weight: int
    once: tuple[str, ...] = ()
    maybe: tuple[str, ...] = ()
    done: bool = True
    fails: bool = False
    overdue: bool = False
    attempts: int = MOST
    interrupts: int = MOST
    main: bool = False


def _hopeless(
    weight: int = 2, overdue: bool = False, interrupts: int = MOST, main: bool = False
) -> Kind:
    return Kind(weight, (), (), False, True, overdue, attempts=2, interrupts=interrupts, main=main)


def _deadly(weight: int = 2) -> Kind:
    """Return a kind whose attempts may end their worker."""
    return Kind(weight, interrupts=6)


KINDS: dict[str, Kind] = {
    # Those that do what they should
    "write": Kind(30),
    "steps": Kind(18, once=("first", "second")),
    "send": Kind(16),
    "flaky": Kind(10),
    "fragile": Kind(4, interrupts=1),
    "deep": Kind(2, fails=True, attempts=2),
    "poison": _hopeless(),
    # Those that do not come to an end
    "hang": _hopeless(overdue=True),
    "spin": _hopeless(overdue=True, main=True),
    "deaf": _hopeless(
        overdue=True, interrupts=3, main=True
    ),  # is let clean up for longer than a lease
    "oversleep": Kind(2, interrupts=6),
    # Those that end what is not theirs to end
    "leave": _hopeless(),
    "vanish": _deadly(),
    "signal": _deadly(),
    "close": _deadly(),
    # Those that make others of themselves
    "fork": Kind(2),
    "return_twice": Kind(2),
    # Those that raise what nobody expects
    "raise": _hopeless(5),
    # Those that go on when they are over
    "keep": Kind(6, maybe=("late", "afterwards")),
    # Those that lay hands on what is around them
    "wander": Kind(2),
    "print": Kind(2),
    "meddle": _hopeless(5),
    "orphan": _hopeless(),
    "promise": _hopeless(),
}
