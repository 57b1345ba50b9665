"""What users import: the language that specs are written in; `ffq.queue` is the job queue.

    from ffq import Sort, Spec, require

The command `ffq` checks, proves and shows what is written in it.
"""

from spec.language import (
    Enum,
    Misuse,
    Nat,
    Project,
    Scope,
    Sort,
    Spec,
    Timer,
    count,
    erase,
    exists,
    forall,
    forget,
    ite,
    require,
)

__all__ = [
    "Enum",
    "Misuse",
    "Nat",
    "Project",
    "Scope",
    "Sort",
    "Spec",
    "Timer",
    "count",
    "erase",
    "exists",
    "forall",
    "forget",
    "ite",
    "require",
]
