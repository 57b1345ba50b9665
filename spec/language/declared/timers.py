"""Timers: a field that is off, runs, or is over, and the one action by which it runs out.

Time is not in the state: a timer that runs may be over at any moment. A store keeps the moment
instead, and compares it with a clock.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from spec.language.declared import tracing
from spec.language.declared.actions import Action, Field, Guard, Part, Update
from spec.language.declared.signature import first_sentence, parameters
from spec.language.misuse import Misuse, near
from spec.language.terms.expr import Const, Read
from spec.language.terms.types import is_timer, phases

if TYPE_CHECKING:
    from spec.language.declared.model import Spec


def require_timer(f: Field) -> None:
    """Raise `Misuse` if a field of a timer's type cannot be one."""
    if f.survival != "durable":
        raise Misuse(f"timer '{f.name}' is {f.survival}", "keep it in the store: durable")
    off = next(iter(f.type.members)) if is_timer(f.type) else ""
    if not (isinstance(f.initial, Const) and f.initial.value == off):
        raise Misuse(
            f"timer '{f.name}' begins at {f.initial}", f"begin it at {off}; let a step start it"
        )


def elapse(spec: Spec, name: str, function: Callable[..., Any]) -> Action:
    """Return the action by which a timer runs out, of which the function says only what that is."""
    timer = spec.fields.get(name)
    timers = [f.name for f in spec.fields.values() if is_timer(f.type) and not f.image]
    if timer is None or timer.name not in timers:
        raise Misuse(f"there is no timer '{name}'", near(name, timers))
    for other in spec.actions.values():
        if other.elapses is timer:
            raise Misuse(f"timer '{name}' runs out by {other.name} already", "add to it by `also`")
    params = parameters(function, 1)
    if [p.type for p in params] != ([] if timer.over is None else [timer.over]):
        of = "no parameter" if timer.over is None else f"one parameter, a {timer.over.__name__}"
        raise Misuse(f"{function.__name__} is not of one timer '{name}'", f"give it {of}")
    said = tracing.trace_action(spec, function, params)
    if said != Part(params, (), ()):
        raise Misuse(
            f"{function.__name__} does more than to run out", "say the rest by `also`, or elsewhere"
        )
    assert is_timer(timer.type)
    _, running, over = phases(timer.type)
    place = Read(timer, params[0] if params else None)
    runs = Guard(running, place == Const(running, timer.type))
    ends = Update(timer, place.index, Const(over, timer.type))
    part = Part(params, (runs,), (ends,))
    doc = first_sentence(function)
    return Action(function.__name__, doc, (part,), "weak", fault=True, elapses=timer)
