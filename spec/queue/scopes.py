"""The scopes that are checked: which modules together, and how many of everything."""

from spec.language import Spec
from spec.language.scope import Scope
from spec.queue.deadlines import deadlines
from spec.queue.effects import effects
from spec.queue.notices import notices
from spec.queue.producers import producers
from spec.queue.recovery import recovery

core = Spec(
    "core", recovery, notices, deadlines, doc="A job's life, recovery, deadlines and notices."
)
shared = Spec("shared state", effects, doc="A job's life, recovery and two-step effects.")
whole = Spec("whole", producers, effects, notices, deadlines, doc="All modules at once.")

SCOPES = {
    scope.name: scope
    for scope in (
        Scope(
            "core",
            core,
            {"Job": 2, "Worker": 2, "Recoverer": 1, "MaxFails": 2, "MaxInterrupts": 2},
            "x",
        ),
        Scope(
            "recovery",
            core,
            {"Job": 1, "Worker": 2, "Recoverer": 2, "MaxFails": 2, "MaxInterrupts": 2},
            "x",
        ),
        Scope(
            "effects",
            shared,
            {"Job": 2, "Worker": 2, "Recoverer": 1, "MaxFails": 1, "MaxInterrupts": 2},
            "x",
        ),
        Scope(
            "whole",
            whole,
            {"Job": 1, "Worker": 2, "Recoverer": 2, "MaxFails": 2, "MaxInterrupts": 2},
            "x",
        ),
    )
}
DEFAULT = tuple(SCOPES)
DEEP = ()
