"""Which system a command is about: the job queue, or what a user's own file says."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType
from typing import Any, cast

from spec.language.declared.model import Spec
from spec.language.misuse import Misuse
from spec.language.project import Project
from spec.language.scope import Scope

OURS = ("spec", "impl", "checker", "tui", "ffq")
"""What Python finds first, whatever stands in the user's folder."""

_FEWEST = 2
"""Of a spec without a scope: the fewest that can get in each other's way."""


def load(where: str = "") -> Project:
    """Return the project that `file.py:NAME` or `module:NAME` names, or the queue if nothing does.

    NAME is a `Project`, a `Scope` or a `Spec`; it may be left out where the file has one alone.
    Runs what the user has written. Raises `Misuse`.
    """
    if not where:
        from spec.queue import PROJECT

        return PROJECT
    place, named, name = where.rpartition(":")
    place, name = (place, name) if named else (name, "")
    module = _module(place)
    thing = _named(module, place, name) if name else _only(module, place)
    if isinstance(thing, Project):
        return thing
    if isinstance(thing, Scope):
        return Project(thing.name, (thing,))
    return Project(thing.name, (_small(thing),))


def _module(place: str) -> ModuleType:
    """Import the user's module by the name by which another process finds it, too."""
    name = place
    if place.endswith(".py"):
        file = Path(place).resolve()
        name = file.stem
        if not file.is_file():
            raise Misuse(f"there is no file {place}", "name the file that holds the spec")
        if not name.isidentifier():
            raise Misuse(f"{place} cannot be imported", "give it the name of a Python module")
        if name in sys.stdlib_module_names or name in OURS:
            fact = f"{place} has the name of a module that Python finds first"
            raise Misuse(fact, "give it another")
        _find_in(str(file.parent))
    else:
        _find_in(str(Path.cwd()))  # as `python -m` does
    try:
        found = importlib.import_module(name)
    except KeyboardInterrupt:
        raise
    except Misuse as wrong:
        where = f"{wrong.path}:{wrong.line}: {wrong.fact}"
        raise Misuse(where, wrong.remedy) from None
    except BaseException as failed:  # it runs what the user has written
        fact = f"{place} cannot be imported: {type(failed).__name__}: {said(failed)}"
        raise Misuse(fact, "see that Python can import it") from None
    if place.endswith(".py") and Path(found.__file__ or "").resolve() != Path(place).resolve():
        raise Misuse(f"{place}: Python finds {found.__file__} by its name", "give it another")
    return found


def _find_in(folder: str) -> None:
    if folder not in sys.path:
        sys.path.append(folder)  # last: a file of the user's takes the place of nothing


def said(failed: BaseException) -> str:
    """Return what an exception of the user's own says."""
    try:
        return str(failed)
    except Exception:  # so is this
        return "it does not say why"


def _named(module: ModuleType, place: str, name: str) -> Project | Scope | Spec:
    found = getattr(module, name, None)
    if isinstance(found, (Project, Scope, Spec)):
        return found
    fact = f"'{name}' in {place} is no Project, Scope or Spec"
    known = [n for kind in (Project, Scope, Spec) for n in _those(module, kind)]
    raise Misuse(fact, f"write one of: {', '.join(known)}" if known else "write one")


def _only(module: ModuleType, place: str) -> Project | Scope | Spec:
    """Return the one project of a module; without any, its scopes; else its one spec that no other
    extends.
    """
    found = _those(module, Project)
    if not found and (scopes := _those(module, Scope)):
        return Project(module.__name__, tuple(scopes.values()))
    if not found:
        found = _those(module, Spec)
        below = [other for spec in found.values() for other in spec.extends]
        found = {name: spec for name, spec in found.items() if spec not in below}
    if not found:
        raise Misuse(f"{place} has no Project, Scope or Spec", "write one; `ffq new` shows how")
    if len(found) > 1:
        fact = f"{place} has several: {', '.join(found)}"
        raise Misuse(fact, f"name one: {place}:{next(iter(found))}")
    (one,) = found.values()
    return cast("Project | Spec", one)


def _those(module: ModuleType, kind: type) -> dict[str, Any]:
    """Return what a module declares itself, once each, by its first name there."""
    found = {id(v): (n, v) for n, v in reversed(vars(module).items()) if isinstance(v, kind)}
    return {n: v for n, v in reversed(found.values()) if not n.startswith("_")}


def _small(spec: Spec) -> Scope:
    """Return a spec with two of each sort, and constants of two at least."""
    bounds = {sort.__name__: _FEWEST for sort in spec.sorts}
    bounds |= {name: max(_FEWEST, bound.least) for name, bound in spec.constants.items()}
    return Scope(spec.name, spec, bounds, spec.doc)
