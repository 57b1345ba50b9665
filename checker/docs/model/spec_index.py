"""The modules of the queue: what each declares, in which file, and what it adds to others."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterable
from dataclasses import dataclass

from spec.language.declared.events import Event, Hook
from spec.language.declared.model import Action, Exemption, Field, Member, Part, Property, Spec
from spec.language.scope import Scope
from spec.language.terms.types import Sort, Type, is_enum, is_sort

PACKAGES = ("spec.queue", "spec.designs")
"""Where the modules of the queue are, and the designs that are held against it."""


@dataclass(frozen=True)
class Module:
    """One spec that declares something of its own, and what that is."""

    spec: Spec
    file: str
    constants: tuple[str, ...]
    fields: tuple[Field, ...]
    actions: tuple[Action, ...]
    additions: tuple[tuple[Action, Part], ...]
    properties: tuple[Property, ...]
    exemptions: tuple[tuple[Property, Exemption], ...]
    hooks: tuple[Hook, ...]
    members: tuple[Member, ...]

    @property
    def name(self) -> str:
        """The name of the spec."""
        return self.spec.name


@dataclass(frozen=True)
class Index:
    """The scopes, the specs of those scopes, and the modules they are made of."""

    scopes: tuple[Scope, ...]
    default: tuple[str, ...]
    modules: tuple[Module, ...]

    @property
    def largest(self) -> Scope:
        """The scope whose spec says the most: its order is the order of the pages."""
        return max(self.scopes, key=lambda s: (len(s.spec.actions), len(s.spec.properties)))

    def module(self, name: str) -> Module:
        """Return the module of this name; raises `ValueError` if there is none."""
        for module in self.modules:
            if module.name == name:
                return module
        raise ValueError(
            f"no module '{name}'; write one of: {', '.join(m.name for m in self.modules)}"
        )

    def modules_of(self, spec: Spec) -> list[str]:
        """Return the modules that a spec is made of."""
        parts = [id(s) for s in _closure([spec])]
        return [m.name for m in self.modules if id(m.spec) in parts]

    @property
    def fields(self) -> dict[str, Field]:
        """Every field, by name."""
        return {f.name: f for m in self.modules for f in m.fields}

    @property
    def actions(self) -> dict[str, Action]:
        """Every action with the additions of all modules, by name, in order."""
        found = dict(self.largest.spec.actions)
        for scope in self.scopes:
            for name, action in scope.spec.actions.items():
                found.setdefault(name, action)
        return found

    @property
    def properties(self) -> dict[str, Property]:
        """Every property, by name."""
        return {p.name: p for m in self.modules for p in m.properties}

    def exemptions(self, claim: Property) -> list[tuple[Module, Exemption]]:
        """Return what modules except from a property, each with the module."""
        return [(m, e) for m in self.modules for p, e in m.exemptions if p.name == claim.name]

    def raising(self, event: Event) -> list[str]:
        """Return the actions that raise an event."""
        every = self.actions.values()
        return [a.name for a in every if any(r.event is event for p in a.parts for r in p.raises)]

    @property
    def guards(self) -> list[str]:
        """Every guard, as `action.guard`."""
        return list(dict.fromkeys(g for s in self.scopes for g in s.spec.guard_names()))

    @property
    def types(self) -> tuple[Type, ...]:
        """Every sort and enum, in the order in which fields and parameters use them."""
        used: dict[Type, None] = {}
        for module in self.modules:
            for f in module.fields:
                used |= dict.fromkeys(t for t in (f.over, f.type) if t is not None)
            params = [p for a in module.actions for p in a.params]
            params += [p for claim in module.properties for p in claim.params]
            used |= dict.fromkeys(p.type for p in params)
        return tuple(t for t in used if is_enum(t) or is_sort(t))

    @property
    def sorts(self) -> tuple[type[Sort], ...]:
        """Every sort."""
        return tuple(t for t in self.types if is_sort(t))


def index(scopes: Iterable[Scope], default: Iterable[str], packages: Iterable[str]) -> Index:
    """Return what the scopes are made of; `packages` hold the files of the modules."""
    chosen = tuple(scopes)
    specs = _closure(s.spec for s in chosen)
    files = {id: file for package in packages for id, file in _files(package).items()}
    found = (_module(spec, files.get(id(spec), "")) for spec in specs)
    return Index(chosen, tuple(default), tuple(m for m in found if _says_something(m)))


def _closure(specs: Iterable[Spec]) -> list[Spec]:
    """Return the specs and all they extend, each once, what is extended first."""
    found: dict[int, Spec] = {}
    for spec in specs:
        found |= {id(s): s for s in _closure(spec.extends)}
        found[id(spec)] = spec
    return list(found.values())


def _module(spec: Spec, file: str) -> Module:
    old = spec.extends
    known_parts = {id(p) for s in old for a in s.actions.values() for p in a.parts}
    known_exemptions = {id(e) for s in old for p in s.properties.values() for e in p.exemptions}
    return Module(
        spec,
        file,
        tuple(c for c in spec.constants if not any(c in s.constants for s in old)),
        tuple(f for n, f in spec.fields.items() if not any(n in s.fields for s in old)),
        tuple(a for n, a in spec.actions.items() if not any(n in s.actions for s in old)),
        tuple(
            (a, part)
            for n, a in spec.actions.items()
            if any(n in s.actions for s in old)
            for part in a.parts
            if id(part) not in known_parts and part.origin is None
        ),
        tuple(p for n, p in spec.properties.items() if not any(n in s.properties for s in old)),
        tuple(
            (p, e)
            for p in spec.properties.values()
            for e in p.exemptions
            if id(e) not in known_exemptions
        ),
        tuple(
            hook
            for name, hooks in spec.hooks.items()
            for hook in hooks
            if not any(hook in s.hooks.get(name, ()) for s in old)
        ),
        tuple(m for n, m in spec.added.items() if not any(n in s.added for s in old)),
    )


def _says_something(module: Module) -> bool:
    return any(
        (
            module.constants,
            module.fields,
            module.actions,
            module.additions,
            module.properties,
            module.exemptions,
            module.hooks,
            module.members,
        )
    )


def _files(package: str) -> dict[int, str]:
    """Return the file that declares each spec of a package, by the identity of the spec."""
    found: dict[int, str] = {}
    home = importlib.import_module(package)
    for info in pkgutil.walk_packages(home.__path__, f"{package}."):
        module = importlib.import_module(info.name)
        source = inspect.getsource(module)
        for name, value in vars(module).items():
            # Imported specs are there too; the file that declares one assigns it.
            if isinstance(value, Spec) and re.search(rf"^{name} = \w+\(", source, re.MULTILINE):
                found[id(value)] = f"{info.name.replace('.', '/')}.py"
    return found
