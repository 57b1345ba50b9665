"""Reads what a solver prints: nested lists of words."""

from __future__ import annotations

import re

Tree = str | list["Tree"]
"""A word, or a list in brackets."""

_WORD = re.compile(r'[()]|\|[^|]*\||"(?:[^"]|"")*"|[^\s()]+')


def parse(text: str) -> Tree:
    """Return the one expression that the text holds; raises `ValueError` if it does not."""
    stack: list[list[Tree]] = [[]]
    for word in _WORD.findall(text):
        if word == "(":
            stack.append([])
        elif word == ")":
            if len(stack) == 1:
                raise ValueError(f"a bracket too many: {text[:80]!r}")
            done = stack.pop()
            stack[-1].append(done)
        else:
            stack[-1].append(word)
    if len(stack) != 1 or len(stack[0]) != 1:
        raise ValueError(f"not one expression: {text[:80]!r}")
    return stack[0][0]


def show(tree: Tree) -> str:
    """Return a value as one word: `3`, `-2`, `Status.ready`, `Job!val!1`."""
    if isinstance(tree, str):
        return tree
    if len(tree) == 2 and tree[0] == "-":
        return f"-{show(tree[1])}"
    if len(tree) == 3 and tree[0] == "as":
        return show(tree[1])
    return f"({' '.join(show(part) for part in tree)})"
