"""A project: the scopes of one system, and which of them a check visits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from spec.language.misuse import Misuse
from spec.language.scope import Scope


@dataclass(frozen=True)
class Project:
    """What `ffq` knows of a system: scopes that every check visits, and `deep` ones, which it
    visits when it is told to. The job queue is one.
    """

    name: str
    default: tuple[Scope, ...]
    deep: tuple[Scope, ...] = ()

    def __post_init__(self) -> None:
        names = [scope.name for scope in (*self.default, *self.deep)]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise Misuse(f"two scopes are called '{twice}'", "give each a name of its own")
        if not self.default:
            raise Misuse(f"project {self.name} has no scope to check", "name one in `default`")

    @cached_property
    def scopes(self) -> Mapping[str, Scope]:
        """Every scope by its name."""
        return {scope.name: scope for scope in (*self.default, *self.deep)}
