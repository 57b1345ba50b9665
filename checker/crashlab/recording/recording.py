"""A path of the spec taken by the unchanged store, with every call of the file system written down.

Each process of the path has a connection of its own. Beside the calls stands what may be in the
store: from when a step is begun the state after it, from when it is answered that alone.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from checker.conformance.beside_spec import Steps
from checker.crashlab.images.disk import Image
from checker.crashlab.images.judge import NAME, Key, TraceRow, trace_row, write
from checker.crashlab.images.settings import SHIPPED, Habit, Setting
from checker.crashlab.recording.mutants import Mutant
from checker.crashlab.recording.paths import Workload, written
from impl.derive.design import Design
from impl.derive.mapping import Memories, abstract
from impl.lab import Event, Fault, Log, recorded
from impl.lab.connections import leave, set_up
from impl.sqlite.store import Store
from impl.terms.outcomes import Done, Outcome, OutcomeUnknown, Unknown
from impl.terms.unusable import StoreError
from spec.language.evaluate import Instance
from spec.language.scope import State, element_name
from spec.language.terms.types import Sort

_TRIES = 4
_CHECKPOINT_AT = 4
"""Pages in the log, where the habit is to put it away soon."""


FILES = (NAME, f"{NAME}-wal", f"{NAME}-journal")
"""What SQLite keeps on the disk; shared memory and locks end with their processes."""


@dataclass(frozen=True)
class Expected:
    """What may be in the store from here on, as numbers of `Recording.keys`; `what` was done or
    said, and of whom; what may be there if only the process dies, where that is less.
    """

    keys: frozenset[int]
    what: str
    process: frozenset[int] | None = None
    actor: str = "queue"


@dataclass
class Recording:
    """A run: the files that it began with, its events, and what could be durable, oldest first; how
    often the store refused or did not know; whether it got to the end; the files at the end.
    """

    files: dict[str, bytes]
    log: Log = field(default_factory=Log)
    keys: list[Key] = field(default_factory=list)
    refused: int = 0
    unknown: int = 0
    surviving: bool = True
    left: Image = field(default_factory=dict)

    @property
    def events(self) -> list[Event]:
        """What was done, call by call."""
        return self.log.events

    def number(self, key: Key) -> int:
        """Return the number of what may be durable."""
        if key not in self.keys:
            self.keys.append(key)
        return self.keys.index(key)


def files_in(folder: Path) -> Image:
    """Return what SQLite keeps in a folder."""
    return {name: (folder / name).read_bytes() for name in FILES if (folder / name).exists()}


class Laboratory:
    """A design, its steps, and a folder in which runs are made; one process has one."""

    def __init__(self, design: Design, folder: Path) -> None:
        """Make the store that every run begins with."""
        self.design, self.folder, self.steps = design, folder, Steps(design.scope)
        self.blank = self.steps.initial
        self._first = folder / "first.db"
        Store(design, str(self._first)).close()

    def record(
        self,
        path: Workload,
        setting: Setting,
        habit: Habit = "stays",
        fault: Fault | None = None,
        mutant: Mutant | None = None,
    ) -> Recording:
        """Take the path on a fresh store, as far as the fault lets it."""
        first = {NAME: self._first.read_bytes()}
        return self._record(first, self.blank, (), path, setting, habit, fault, mutant)

    def resume(self, image: Image, found: Key) -> Recording:
        """Open what a crash has left, in which this is found, and take a step there."""
        writing = self.design.transitions
        possible = (
            i
            for i in self.steps.every
            if writing[i.step.action.name].writes and i.refusal(found.state) is None
        )
        path = Workload(tuple(islice(possible, 1)), ())
        return self._record(image, found.state, found.trace, path, SHIPPED, "stays", None, None)

    def _record(
        self,
        files: Image,
        state: State,
        trace: tuple[TraceRow, ...],
        path: Workload,
        setting: Setting,
        habit: Habit,
        fault: Fault | None,
        mutant: Mutant | None,
    ) -> Recording:
        where = self.folder / "run"
        where.mkdir(exist_ok=True)
        write(files, str(where))
        made = Recording(dict(files))
        with recorded(made.log, fault, setting.powersafe) as recorder:
            run = _Run(self, str(where / NAME), made, setting, habit, mutant)
            try:
                run.begin(state, trace)
                run.take(path)
                run.leave()
            finally:
                made.left = files_in(where)
                recorder.ended = True
                run.leave()
        return made

    def durable(self, state: State) -> State:
        """Return the state with only what a store has of it."""
        pairs = zip(self.design.scope.places, state, self.blank, strict=True)
        return tuple(now if p.field.survival == "durable" else blank for p, now, blank in pairs)


_Owner = tuple[type[Sort] | None, int]


class _Run:
    """A run that is going on: the connections, the memories, and where the spec says we are."""

    def __init__(
        self,
        laboratory: Laboratory,
        path: str,
        made: Recording,
        setting: Setting,
        habit: Habit,
        mutant: Mutant | None,
    ) -> None:
        self.lab, self.path, self.made = laboratory, path, made
        self.setting, self.habit, self.mutant = setting, habit, mutant
        self.stores: dict[_Owner, Store] = {}
        self.set_up: dict[_Owner, object] = {}
        self.memories = Memories(laboratory.design)
        self.possible: set[int] = set()
        self.actor = "queue"

    def begin(self, state: State, trace: tuple[TraceRow, ...]) -> None:
        """Say what the files hold."""
        self.state, self.key = state, Key(state, trace)
        self.possible = {self.made.number(self.key)}
        self.expect("the store is there")

    def expect(self, what: str) -> None:
        """Write down what may be durable from here on."""
        self.made.log.mark(Expected(frozenset(self.possible), what, actor=self.actor))

    # ------------------------------------------------------------ steps
    def take(self, path: Workload) -> None:
        """Take every step, as often as it needs; stop where a fault lasts."""
        for instance in path.steps:
            if not self._step(instance):
                self.made.surviving = False
                return

    def _step(self, instance: Instance) -> bool:
        """Take a step until it is answered; return whether it was."""
        action, owner = instance.step.action, self._owner(instance)
        self.actor = "queue" if owner[0] is None else element_name(owner[0], owner[1])
        after, following = instance.after(self.state), self.key
        if self.lab.design.transitions[action.name].writes:
            row = written(self.lab.design, instance, self.state, after)
            following = Key(self.lab.durable(after), (*self.key.trace, row))
        begun = self.made.number(following)
        for _ in range(_TRIES):
            if not self._attempt(owner, instance, begun):
                continue
            self._remember(instance, after)
            self.state, self.key = after, following
            if self.habit == "leaves" or action.name == "crash":
                self._leave(owner)
            return True
        return False

    def _attempt(self, owner: _Owner, instance: Instance, begun: int) -> bool:
        """Try the step; return whether it is done, as far as its process can know."""
        before = set(self.possible)
        if len(before) > 1 and begun in before and self._live() == self.made.keys[begun]:
            return True  # what was unknown has taken place
        self.possible.add(begun)
        self.expect(f"{instance.step.call} is begun")
        outcome = self._try(owner, instance, begun)
        match outcome:
            case None:
                self.made.refused += 1
                self.possible = before
                self.expect(f"{instance.step.call} is not taken")
                return False
            case Unknown():
                self.made.unknown += 1
                self.expect(f"{instance.step.call} is answered: unknown")
                return False
        assert isinstance(outcome, Done), f"{instance.step.call}: {outcome}"
        self.possible = {begun}
        self.expect(f"{instance.step.call} is answered")
        return True

    def _try(self, owner: _Owner, instance: Instance, begun: int) -> Outcome | None:
        """Return the outcome; None if the store could not be used, which changes nothing."""
        try:
            store = self._store(owner)
            with self._changed(begun, instance):
                return self.memories.take(store.take, instance.step, self.state)
        except StoreError:
            return None

    def _changed(self, begun: int, instance: Instance) -> contextlib.AbstractContextManager[None]:
        if self.mutant is None:
            return contextlib.nullcontext()

        def answer() -> None:
            self.possible = {begun}
            self.expect(f"{instance.step.call} is answered")

        return self.mutant.at_work(answer)

    def _remember(self, instance: Instance, after: State) -> None:
        """Let the process remember what the spec says it does."""
        for place, value in zip(self.lab.design.scope.places, after, strict=True):
            f, element = place.field, place.element
            if f.survival == "volatile" and f.over is not None and element is not None:
                self.memories[f.over][element][f.name] = value

    def _live(self) -> Key | None:
        """Return what a new connection sees, as far as it sees anything."""
        try:
            store = self._store((None, 0))
            with store.transaction(writes=False):
                state = abstract(store, Memories(self.lab.design), self.lab.blank)
                rows = [(t.action, t.params, t.before, t.after) for t in store.trace()]
        except (StoreError, OutcomeUnknown):
            return None
        return Key(state, tuple(trace_row(*row) for row in rows))

    # ------------------------------------------------------------ connections
    def _owner(self, instance: Instance) -> _Owner:
        seen = self.lab.design.transitions[instance.step.action.name].seen
        return seen.owner(instance.step.binding) or (None, 0)

    def _store(self, owner: _Owner) -> Store:
        """Return the connection of a process; a journal in place of a log is for one alone."""
        place = owner if self.setting.journal == "wal" else (None, 0)
        if place not in self.stores:
            self.stores[place] = Store(self.lab.design, self.path, busy_ms=5)
        store = self.stores[place]
        connection = store.connection
        if self.set_up.get(place) is not connection:
            soon = {"wal_autocheckpoint": _CHECKPOINT_AT} if self.habit == "checkpoints" else {}
            set_up(store, {**self.setting.pragmas, **soon})
            self.set_up[place] = connection
        return store

    def _leave(self, owner: _Owner) -> None:
        if (store := self.stores.pop(owner, None)) is not None:
            self.set_up.pop(owner, None)
            leave(store)

    def leave(self) -> None:
        """Close every connection; the last one puts the log away."""
        for owner in list(self.stores):
            self._leave(owner)
