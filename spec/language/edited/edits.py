"""The five ways to take a protection away from a spec; a failure mode is one of them.

Three are here; `split` has the two that make two steps of one. And the three ways to take away what
is assumed of fair runs: `unfair`, `weakly`, `endless`; and the two of `narrowed`, which take
nothing away. Each edit has a name, by which the command line, traces and documents call it; `find`
reads such a name.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from spec.language.declared import claims, tracing
from spec.language.declared.events import expanded
from spec.language.declared.model import Spec
from spec.language.declared.signature import first_sentence, parameters
from spec.language.edited import narrowed
from spec.language.edited.split import action_named, split, stale, with_actions
from spec.language.misuse import Misuse, near


def without(spec: Spec, guard: str) -> Spec:
    """Return the spec with one guard, named `action.guard`, removed; or one exemption, named
    `property.exemption`.
    """
    if guard not in spec.removable():
        raise Misuse(f"there is no guard '{guard}'", near(guard, spec.removable()))
    action_name, guard_name = guard.split(".")
    if guard in spec.exemption_names():
        claim = claims.without(spec.properties[action_name], guard_name)
        return spec.edited(f"without {guard}", properties={**spec.properties, claim.name: claim})
    action = spec.actions[action_name]
    parts = tuple(
        replace(p, guards=tuple(g for g in p.guards if g.name != guard_name)) for p in action.parts
    )
    return with_actions(spec, f"without {guard}", {action_name: replace(action, parts=parts)})


def instead(spec: Spec, name: str, other: Callable[..., Any]) -> Spec:
    """Return the spec with the action `name` replaced by the function `other`, in every part: the
    naive fix. An event that it raises is one, with what goes with it.
    """
    action = action_named(spec, name)
    part = tracing.trace_action(spec, other, parameters(other, 1))
    naive = expanded(replace(action, doc=first_sentence(other), parts=(part,)), spec.hooks)
    return with_actions(spec, f"instead {name} {other.__name__}", {name: naive})


def weaken(spec: Spec, name: str) -> Spec:
    """Return the spec with the action no longer waiting for the disk: a loss of power may take back
    what it wrote.
    """
    action = action_named(spec, name)
    waits = [a.name for a in spec.actions.values() if spec.disk and spec.disk.awaits(a, spec)]
    if name not in waits:
        raise Misuse(f"{name} waits for no disk", near(name, waits))
    return with_actions(spec, f"weaken {name}", {name: replace(action, loose=True)})


def assume_less(spec: Spec, how: str, name: str) -> Spec:
    """Return the spec with one assumption about fair runs dropped: the action may be left out for
    ever (`unfair`) or wherever it is not possible all the time (`weakly`), or happen for ever
    (`endless`).
    """
    action = action_named(spec, name)
    match how:
        case "unfair" if action.fair:
            less = replace(action, fair=None)
        case "weakly" if action.fair == "strong":
            less = replace(action, fair="weak")
        case "endless" if action.finite:
            less = replace(action, finite=False)
        case _:
            able = [text for text in assumptions(spec) if text.startswith(how)]
            raise Misuse(f"'{how} {name}' takes nothing away", near(f"{how} {name}", able))
    return with_actions(spec, f"{how} {name}", {name: less})


def assumptions(spec: Spec) -> list[str]:
    """Return the edits that each drop one assumption about fair runs, in the order declared."""
    found = []
    for action in spec.actions.values():
        found += [f"unfair {action.name}"] if action.fair else []
        found += [f"weakly {action.name}"] if action.fair == "strong" else []
        found += [f"endless {action.name}"] if action.finite else []
    return found


def find(spec: Spec, text: str) -> Spec:
    """Return the spec edited as `text` says: `action.guard`, `without action.guard`,
    `without property.exemption`, `split action`, `split action field`, `stale action.guard`,
    `weaken action`, `unfair action`, `weakly action`, `endless action`; or narrowed:
    `never action`, `via action then action`.
    """
    words = text.split()
    match words:
        case [guard] | ["without", guard]:
            return without(spec, guard)
        case ["split", name]:
            return split(spec, name)
        case ["split", name, at]:
            return split(spec, name, at)
        case ["stale", guard]:
            return stale(spec, guard)
        case ["weaken", name]:
            return weaken(spec, name)
        case ["unfair" | "weakly" | "endless" as how, name]:
            return assume_less(spec, how, name)
        case ["never", name]:
            return narrowed.never(spec, name)
        case ["via", *names] if set(names[1::2]) <= {"then"} and len(names) % 2:
            return narrowed.via(spec, names[::2])
    raise Misuse(
        f"'{text}' is not an edit",
        "`ffq check --help` names every kind",
    )
