"""The making of the store: whenever it is cut off, there is no store, or a whole one with nothing
in it; and whoever comes next finds it, or makes it anew.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

from checker.crashlab.images.disk import Image
from checker.crashlab.images.judge import NAME, Corrupt, Judge, Key, Reading, write
from checker.crashlab.recording.mutants import Mutant
from checker.crashlab.recording.recording import Expected, Recording
from impl.derive.design import Design
from impl.derive.mapping import abstract
from impl.lab import Fault, recorded
from impl.lab.connections import leave
from impl.lab.making import watched_making
from impl.sqlite.file.making import draft_of
from impl.sqlite.store import Store
from impl.terms.unusable import StoreError
from spec.language.scope import State

ABSENT = Key((), ())
"""What is durable where there is no store."""

_BESIDE = ("-wal", "-journal")


class MakingJudge(Judge):
    """Reads what is there, and then does what the next process does: opens the store, or makes it
    anew, which must leave one with nothing in it.
    """

    def _open(self, image: Image) -> Reading:
        found: Reading = ABSENT if NAME not in image else super()._open(image)
        if isinstance(found, Corrupt):
            return found
        write(image, self.folder)  # as the crash has left it
        try:
            store = Store(self.design, f"{self.folder}/{NAME}")
        except StoreError as failed:
            return Corrupt(f"it cannot be opened, or made anew: {failed}")
        try:
            state, steps = abstract(store, self.memories, self.blank), list(store.trace())
        finally:
            store.close()
        if state != self.blank or steps:
            return Corrupt("whoever opens it next finds something in it")
        return found


class Making:
    """A folder in which stores are made."""

    def __init__(self, design: Design, folder: Path, blank: State) -> None:
        """Make stores of this design, which begin in the state `blank`."""
        self.design, self.folder, self.empty = design, folder / "make", Key(blank, ())
        self.folder.mkdir()
        (folder / "made").mkdir()
        self.judge = MakingJudge(design, folder / "made", blank)

    def record(self, fault: Fault | None = None, mutant: Mutant | None = None) -> Recording:
        """Make a store where there is none, as far as the fault lets it."""
        write({}, str(self.folder))
        made = Recording({})
        nothing, empty = made.number(ABSENT), made.number(self.empty)
        made.log.mark(Expected(frozenset({nothing}), "there is no store"))
        changed = contextlib.nullcontext() if mutant is None else mutant.at_work(lambda: None)
        with recorded(made.log, fault) as recorder, watched_making(recorder), changed:
            made.log.mark(Expected(frozenset({nothing, empty}), "the store is asked for"))
            try:
                store = Store(self.design, str(self.folder / NAME))
            except StoreError:
                made.refused, made.surviving = 1, False
                made.log.mark(Expected(frozenset({nothing, empty}), "the store is refused"))
            else:
                made.log.mark(Expected(frozenset({empty}), "the store is open"))
                leave(store)
            recorder.ended = True
        made.left = self._left()
        return made

    def _left(self) -> Image:
        names = [n + end for n in (NAME, draft_of(NAME)) for end in ("", *_BESIDE)]
        return {n: (self.folder / n).read_bytes() for n in names if (self.folder / n).exists()}
