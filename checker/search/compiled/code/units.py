"""The generated text in units, each of which is compiled by itself and kept under its own hash.

The function of an action is a unit with the small functions that it calls, and all the rest is
another. An edit of one action so compiles one action, not the scope.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

INLINED_LINES_MAX = 12
"""So short a function stands wherever it is called, and has no place of its own."""

_NAME = re.compile(r"[A-Za-z_]\w*")
"""A name may stand in prose as well: then the unit knows of a function that it does not call."""

ACTION = "act_"
"""Begins the name of an action's function."""


@dataclass(frozen=True)
class Unit:
    """Functions that are compiled together, and those of other units that they call.

    `exported` are those that others call. `constants` are the numbers that the functions call by
    name.
    """

    functions: tuple[str, ...]
    called: tuple[str, ...]
    exported: tuple[str, ...]
    constants: tuple[tuple[str, int], ...]


def inlined(function: ast.FunctionDef) -> bool:
    """Return whether a function is written wherever it is called."""
    return (function.end_lineno or 0) - function.lineno <= INLINED_LINES_MAX


def units(text: str, constants: Mapping[str, int], entry: str) -> Iterator[Unit]:
    """Yield the units of a text whose way in is the function `entry`, that of the rest last."""
    functions = {n.name: n for n in ast.parse(text).body if isinstance(n, ast.FunctionDef)}
    lines = text.splitlines()
    source = {n: "\n".join(lines[f.lineno - 1 : f.end_lineno]) for n, f in functions.items()}
    named = {name: set(_NAME.findall(own)) for name, own in source.items()}
    called = {name: names & functions.keys() for name, names in named.items()}
    small = {name for name, node in functions.items() if name != entry and inlined(node)}
    actions = [name for name in functions if name.startswith(ACTION) and name not in small]
    rest = [name for name in functions if name not in small and name not in actions]
    for roots in (*([name] for name in actions), rest):
        inside = _with_small(roots, called, small)
        outside = {name for own in inside for name in called[own]} - inside
        used = {name for own in inside for name in named[own]}
        yield Unit(
            tuple(source[name] for name in functions if name in inside),
            tuple(_head(functions[name]) for name in functions if name in outside),
            tuple(roots),
            tuple((name, constants[name]) for name in sorted(used & constants.keys())),
        )


def _with_small(roots: list[str], called: Mapping[str, set[str]], small: set[str]) -> set[str]:
    """Return the functions and all the small ones that they call, directly or not."""
    found, left = set(roots), list(roots)
    while left:
        new = (called[left.pop()] & small) - found
        found |= new
        left += new
    return found


def _head(function: ast.FunctionDef) -> str:
    """Return the function without what it does."""
    head = ast.FunctionDef(
        function.name, function.args, [ast.Pass()], [], function.returns, type_params=[]
    )  # type: ignore[call-arg]  # since Python 3.12 there are parameters of types
    return ast.unparse(ast.fix_missing_locations(head))
