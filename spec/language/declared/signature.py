"""What the signature and docstring of a traced function say: its parameters and its sentence."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from typing import Any

from spec.language.misuse import Misuse, author_frame
from spec.language.terms.expr import Var, names_in_use
from spec.language.terms.types import is_enum, is_sort


class names:
    """Marks parameter names as in use while a function is traced."""

    def __init__(self, params: Iterable[Var]) -> None:
        self.params = [p.name for p in params]

    def __enter__(self) -> None:
        names_in_use.extend(self.params)

    def __exit__(self, *_: object) -> None:
        del names_in_use[len(names_in_use) - len(self.params) :]


def parameters(function: Callable[..., Any], states: int) -> tuple[Var, ...]:
    """Return the parameters after the states as variables of the types they are annotated with."""
    found = []
    names = list(inspect.signature(function).parameters.values())
    if len(names) < states:
        raise Misuse(
            f"{function.__name__} takes no state", "begin its parameters with s (and t in a step)"
        )
    for p in names[states:]:
        kind: Any = p.annotation
        if isinstance(kind, str):
            # `from __future__ import annotations`: the name is looked up where the function was
            # written.
            known = {**function.__globals__, **inspect.getclosurevars(function).nonlocals}
            kind = known.get(kind) or author_frame().f_locals.get(kind)
        if not (is_sort(kind) or is_enum(kind) or kind is bool):
            raise Misuse(
                f"parameter '{p.name}' of {function.__name__} is unbound",
                "annotate it with a sort, an enum or bool: its choices must be finite",
            )
        found.append(Var(p.name, kind))
    return tuple(found)


def first_sentence(function: Callable[..., Any]) -> str:
    """Return the sentence that opens the docstring; every action and property must have one."""
    doc = inspect.getdoc(function)
    if not doc:
        raise Misuse(
            f"{function.__name__} says nothing", "open it with one plain sentence in a docstring"
        )
    return " ".join(doc.split("\n\n")[0].split())
