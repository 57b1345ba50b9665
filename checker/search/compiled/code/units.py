"""The generated text in units, each of which is compiled by itself and kept under its own hash.

The function of each action is a unit, and all the rest is another. An edit of one action so
compiles one action, not the scope.

Nothing is parsed to cut the text: whether its units were compiled before is asked far more often
than they are compiled.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

INLINED_LINES_MAX = 12
"""So short a function stands wherever it is called, and has no place of its own."""

_FUNCTION = re.compile(r"^(def (\w+)\((?s:.*?)\)(?: -> \w+)?:)$(?:\n(?: .*)?)*", re.MULTILINE)
"""A function of the text with its head and its name: all else begins at the start of a line."""

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


def inlined(function: str) -> bool:
    """Return whether a function is written wherever it is called."""
    return function.count("\n") <= INLINED_LINES_MAX


def units(text: str, constants: Mapping[str, int], entry: str) -> Iterator[Unit]:
    """Yield the units of a text whose way in is the function `entry`, that of the rest last."""
    heads, source = dict[str, str](), dict[str, str]()
    for function in _FUNCTION.finditer(text):
        source[function[2]], heads[function[2]] = function[0].rstrip(), f"{function[1]} pass"
    named = {name: set(_NAME.findall(own)) for name, own in source.items()}
    rest = {name for name in source if not name.startswith(ACTION)}
    for inside in (*({name} for name in source if name not in rest), rest):
        used = {name for own in inside for name in named[own]}
        outside = source.keys() - inside
        wanted = {name for own in outside for name in named[own]} | {entry}
        yield Unit(
            tuple(source[name] for name in source if name in inside),
            tuple(heads[name] for name in source if name in used & outside),
            tuple(name for name in source if name in inside & wanted),
            tuple((name, constants[name]) for name in sorted(used & constants.keys())),
        )
