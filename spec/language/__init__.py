"""The language specs are written in: sorts, fields, actions with named guards, properties, edits.

It knows nothing of job queues. `model` is what a spec is made of, `expr` the tree that all readers
fold over, `evaluate` what that tree means, `edits` the ways to take a protection away.
"""

from spec.language.declared.model import Action, Field, Property, Spec
from spec.language.declared.tracing import erase, forget, require
from spec.language.misuse import Misuse
from spec.language.project import Project
from spec.language.scope import Scope
from spec.language.terms.expr import count, exists, forall, ite
from spec.language.terms.types import Enum, Nat, Sort, Timer

__all__ = [
    "Action",
    "Enum",
    "Field",
    "Misuse",
    "Nat",
    "Project",
    "Property",
    "Scope",
    "Sort",
    "Spec",
    "Timer",
    "count",
    "erase",
    "exists",
    "forall",
    "forget",
    "ite",
    "require",
]
