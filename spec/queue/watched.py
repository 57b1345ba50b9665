"""Watched: what somebody sees of one job from outside, for whoever judges histories.

Two queues, as what a handler does is promised once or not. Neither is checked: the scopes that are
have all of their steps. With the witness beside them they are what traces of whole histories are
of.
"""

from spec.language import Spec
from spec.language.scope import Scope
from spec.queue.cancel import cancelling
from spec.queue.deadlines import deadlines
from spec.queue.notices import notices
from spec.queue.outside.producers import producers
from spec.queue.outside.witness import watched
from spec.queue.reference import whole
from spec.queue.scopes import SCOPES

asked = Spec(
    "asked",
    producers,
    notices,
    cancelling,
    deadlines,
    doc="A job's life, and what its client says.",
)

WITNESS = "-witness"
WATCHED = {"watched": asked, "watched-effects": whole}
"""By name: effects that the queue promises nothing of, and effects that it promises once."""


def _scope(name: str, spec: Spec) -> Scope:
    bounds = {sort.__name__: 1 for sort in spec.sorts}
    return Scope(name, spec, bounds | {n: max(1, b.least) for n, b in spec.constants.items()})


TRACED = {
    **SCOPES,
    **{name: _scope(name, spec) for name, spec in WATCHED.items()},
    **{f"{name}{WITNESS}": _scope(name, watched(spec)) for name, spec in WATCHED.items()},
}
"""Every scope that a trace may be of."""
