"""Stages: the steps of an argument that something comes to be, for any number of everything.

They stand beside what they support, in the order of the argument. Each speaks of a fair run from
some point on, where all stages before it hold; the prover turns each into obligations of one step.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from spec.language.declared import tracing
from spec.language.declared.signature import first_sentence, names, parameters
from spec.language.misuse import Misuse
from spec.language.terms.expr import Expr, Var, number, truth

if TYPE_CHECKING:
    from spec.language.declared.model import Action, Spec

Kind = Literal["settles", "stays", "recurs"]


@dataclass(frozen=True)
class Stage:
    """One step of the argument, true of all parameters from some point on.

    settles: `body` is a number that no step raises, so that in the end none changes it.
    stays: `body` holds for good, because no step ends it and the action `by` brings it about.
    recurs: `body` holds again and again, because the action `by` brings it about.
    `after` is the recurring stage at whose return `by` is enabled, if it is not enabled all along.
    """

    name: str
    doc: str
    kind: Kind
    params: tuple[Var, ...]
    body: Expr
    by: str | None = None
    after: str | None = None


def declare(
    spec: Spec, kind: Kind, by: Action | None, after: Stage | None
) -> Callable[[Callable[..., Any]], Stage]:
    """Decorate a function `(s, parameters...)`; `by` takes parameters of the same names."""

    def decorate(function: Callable[..., Any]) -> Stage:
        name = function.__name__
        params = parameters(function, 1)
        if by is not None:
            _refuse_unbound(name, by.name, by.params, params)
        if after is not None:
            _refuse_unbound(name, after.name, after.params, params)
        with names(params):
            said = function(*tracing.states(spec, 1), *params)
        body = number(said) if kind == "settles" else truth(said)
        tracing.refuse_unbound(spec, [body], params, name)
        helper = None if by is None else by.name
        returning = None if after is None else after.name
        stage = Stage(name, first_sentence(function), kind, params, body, helper, returning)
        if by is not None:
            refuse_unfair(stage, by)
        return stage

    return decorate


def placed(known: dict[str, Stage], stage: Stage, before: Stage | None) -> dict[str, Stage]:
    """Return the stages with one more: at the end, or before the one that leans on it."""
    if before is not None and before not in known.values():
        raise Misuse(f"{stage.name} stands before a stage of another spec", "extend that spec")
    names = list(known)
    at = len(names) if before is None else names.index(before.name)
    return {n: {**known, stage.name: stage}[n] for n in (*names[:at], stage.name, *names[at:])}


def order(mine: Iterable[str], other: Iterable[str]) -> list[str]:
    """Return the order of the stages of two specs: what stands before another one in the second
    spec does so with those of the first.
    """
    names, following = list(mine), None
    for name in reversed(list(other)):
        if name not in names:
            names.insert(len(names) if following is None else names.index(following), name)
        following = name
    return names


def refuse_unfair(stage: Stage, by: Action) -> None:
    """Raise `Misuse` unless the action must be taken in the end, given when the stage enables
    it.
    """
    if by.fair is None:
        raise Misuse(
            f"{stage.name} relies on {by.name}, which need never be taken", "rely on a fair action"
        )
    if stage.kind == "stays" and stage.after and by.fair != "strong":
        raise Misuse(
            f"{stage.name} relies on {by.name}, which is enabled only now and then",
            "rely on a strongly fair action",
        )


def _refuse_unbound(
    name: str, other: str, wanted: tuple[Var, ...], params: tuple[Var, ...]
) -> None:
    known = {p.name: p.type for p in params}
    for p in wanted:
        if known.get(p.name) is not p.type:
            raise Misuse(
                f"{name} does not say for which {p.name} it relies on {other}",
                f"give it the parameter {p.name}",
            )
