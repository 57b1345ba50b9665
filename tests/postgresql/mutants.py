"""Statements for PostgreSQL with one fault, in place of the derived ones."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache

import pytest

from impl.derive.transition import Transition
from impl.postgresql import transaction
from impl.postgresql.text.statements import Statement, statement

Change = Callable[[Statement], Statement]


def mutate(monkeypatch: pytest.MonkeyPatch, action: str, change: Change) -> None:
    """Let this action be said otherwise."""

    @cache
    def said_of(t: Transition, old: bool = True) -> Statement | None:
        said = statement(t, old)
        return change(said) if said is not None and t.action.name == action else said

    monkeypatch.setattr(transaction, "_said_of", said_of)


def rewritten(said: Statement, rewrite: Callable[[str], str]) -> Statement:
    tries = tuple(map(rewrite, said.tries))
    assert tries != said.tries
    return replace(said, tries=tries)
