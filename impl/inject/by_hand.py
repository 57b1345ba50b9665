"""A queue in a file, some protections left out of its SQL, whose steps are taken one by one.

Faults are steps of the spec like any other: `crash worker1`, `expire job1`, `lose_reply worker1`.
So a run that somebody has written down can be done by hand, and the same run on the whole queue.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

from impl.derive.design import derive
from impl.derive.mapping import Memories, abstract
from impl.derive.view import Global
from impl.sqlite.store import Store
from impl.terms.outcomes import CheckFailed, Done, Refused
from impl.terms.unusable import StoreError
from spec.failures.edits import Edits
from spec.language.declared.model import Action
from spec.language.evaluate import Claim, Evaluator, Instance
from spec.language.misuse import Misuse, near
from spec.language.scope import State, Value, element_name, value_name
from spec.language.terms.types import type_name
from spec.queue import SCOPES


class ByHand:
    """The queue of a scope in a new file, with edits made; `ByHand("a.db", "one-job")` has none."""

    def __init__(
        self, path: str | os.PathLike[str], scope: str, without: Sequence[str] = ()
    ) -> None:
        """Derive the queue from the edited spec; raises `Misuse`, `StoreError`."""
        if scope not in SCOPES:
            raise Misuse(f"there is no scope '{scope}'", near(scope, SCOPES))
        self.scope = Edits.parse(without).on(SCOPES[scope])
        self.store = Store(derive(self.scope, checks=not without), os.fspath(path))
        if next(self.store.trace(), None) is not None:
            self.store.close()
            raise StoreError(os.fspath(path), "is in use: it has rows already", "name another file")
        self._evaluator = Evaluator(self.scope)
        self._memories = Memories(self.store.design)
        # Ghosts are in no store: whoever watches from the beginning knows them.
        self._now = self._evaluator.initial()
        self._steps: list[tuple[State, State]] = []

    def step(self, text: str) -> str:
        """Take a step such as `claim worker1 job1`; return "done", or the guard that refuses it."""
        name, *given = text.split() or [""]
        actions = self.scope.spec.actions
        if name not in actions:
            return "there is no such step"
        if len(given) != len(actions[name].params):  # an edit may give a step to somebody else
            return f"is no step: {name} is of {', '.join(p.name for p in actions[name].params)}"
        instance = Instance(self._evaluator, actions[name], self._binding(actions[name], given))
        try:
            outcome = self._memories.take(self.store.take, instance.step, self._now)
        except CheckFailed as failed:
            return f"taken back: {failed.name} would be broken"
        if isinstance(outcome, Refused):
            return f"refused: {outcome.guard}"
        if not isinstance(outcome, Done):
            return f"unknown: {outcome.error}"
        ghosts = instance.after(self._now)
        before, self._now = self._now, abstract(self.store, self._memories, ghosts)
        self._steps.append((before, self._now))
        return "done"

    def run(self, text: str) -> str:
        """Take steps, a comma between two, up to the first that is not done; return what came."""
        wanted = [" ".join(step.split()) for step in text.split(",")]
        for n, step in enumerate(wanted, 1):
            said = self.step(step)
            if said != "done":
                return f"step {n} of {len(wanted)}, {step}, {said}"
        return f"all {len(wanted)} steps are done"

    def holds(self, claim: str) -> bool:
        """Return whether a claim holds of what is in the file, or of every step taken."""
        properties = self.scope.spec.properties
        if claim not in properties:
            raise Misuse(f"there is no claim '{claim}'", near(claim, properties))
        asked = Claim(self._evaluator, properties[claim])
        pairs = self._steps if properties[claim].kind == "step" else [(self._now, self._now)]
        return all(asked.holds(*pair) is None for pair in pairs)

    def rows(self) -> str:
        """Return what the file says of each job, one a line; what is as at first is left out."""
        lines = []
        for table in self.store.design.tables:
            for element, row in sorted(self.store.rows()[table.sort].items()):
                told = [
                    f"{f.name} {value_name(f.type, row[f.name])}"
                    for f in table.columns
                    if row[f.name] != table.initial[f.name]
                ]
                if told or table.sort is not Global:
                    lines.append(f"{element_name(table.sort, element)}: {', '.join(told)}")
        return "\n".join(lines) or "no job has a row"

    def _binding(self, action: Action, given: Sequence[str]) -> dict[str, Value]:
        found: dict[str, Value] = {}
        for p, word in zip(action.params, given, strict=True):
            kind = type_name(p.type).lower()
            choices = {value_name(p.type, v): v for v in self.scope.choices(p.type)}
            if word not in choices:
                raise Misuse(f"{action.name}: '{word}' is no {kind}", near(word, choices))
            found[p.name] = choices[word]
        return found
