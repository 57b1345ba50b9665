"""Derived designs with one fault, which spec and store must be seen to differ by."""

from dataclasses import replace

from impl.derive.design import Design
from impl.derive.statements import Assignment
from impl.derive.transition import Transition


def replaced(design: Design, t: Transition) -> Design:
    return replace(design, transitions={**design.transitions, t.action.name: t})


def setting(design: Design, action: str, column: str, text: str) -> Design:
    """Return the design whose step sets a column to something else."""
    t = design.transitions[action]
    assert t.statement is not None
    sets = tuple(Assignment(column, text) if a.column == column else a for a in t.statement.sets)
    assert sets != t.statement.sets
    return replaced(design, replace(t, statement=replace(t.statement, sets=sets)))


def unasked(design: Design, guard: str) -> Design:
    """Return the design whose SQL leaves out a guard that is a line of WHERE."""
    action, name = guard.split(".")
    t = design.transitions[action]
    assert t.statement is not None
    kept = tuple(c for c in t.statement.where if c.guard != name)
    assert kept != t.statement.where
    return replaced(design, replace(t, statement=replace(t.statement, where=kept)))
