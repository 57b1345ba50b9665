"""Steps as they are often written, each of which lacks a protection: `instead ACTION NAME`.

Each is a whole action, in place of all parts of the one that it replaces.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from spec.failures.naive import (
    coalescing,
    fleet,
    life,
    limits,
    operators,
    outside,
    pacing,
    parts,
    related,
    storing,
    ticks,
    waking,
)

_MODULES = (
    life,
    coalescing,
    fleet,
    limits,
    operators,
    outside,
    pacing,
    parts,
    related,
    storing,
    ticks,
    waking,
)

NAIVE: dict[str, Callable[..., Any]] = {
    step.__name__: step for module in _MODULES for step in module.STEPS
}
