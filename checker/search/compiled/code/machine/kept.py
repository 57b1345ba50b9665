"""Machine code, kept under the hash of all that decides it, and compiled on every core.

Most scopes are searched sooner than LLVM optimises the code that searches them. So it is first made
as it stands, and made again, optimised, once many states were found with it.
"""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from functools import cache
from multiprocessing import current_process
from pathlib import Path
from typing import Any

from checker.process.children import workers
from checker.runs.cache import cache_folder, write
from checker.search.compiled.code.machine.native import Loaded, object_code, processor
from checker.search.compiled.code.units import Unit

_DIGEST_BYTES = 32

_FEW = 4
"""So few units are compiled sooner than other processes begin."""

_coming: dict[str, Future[bytes]] = {}
_codes: dict[tuple[str, ...], Code] = {}


class Code:
    """The machine code of some units, ready to be called."""

    def __init__(self, units: Sequence[Unit], entry: str, arrays: int) -> None:
        self._units, self._entry, self._arrays = units, entry, arrays
        self._found = 0
        self._turn = threading.Lock()
        self._asked = False
        self.optimised = all(_place(_digest(unit, True)).exists() for unit in units)
        self._run = self._loaded()

    def __call__(self, mode: int, *arrays: Any) -> int:
        """Call the way in with a number and arrays of words."""
        return self._run(mode, *arrays)

    def optimise(self) -> None:
        """Let all calls from now on be of optimised code."""
        with self._turn:
            if not self.optimised:
                self.optimised = True
                self._run = self._loaded()

    def found(self, states: int, many: int) -> None:
        """Note that so many states more were found. Once there are many, optimised code is begun,
        and taken when it is there: where processes compile already, the search goes on meanwhile.
        """
        self._found += states
        if self.optimised or self._found < many:
            return
        if not self._asked:
            self._asked = True
            # None is begun: a program that calls this as a library may not be fit to be spawned.
            if _processes.cache_info().currsize:
                ahead(self._units, optimised=True)
        coming = (_coming.get(_digest(unit, True)) for unit in self._units)
        if all(one is None or one.done() for one in coming):
            self.optimise()

    def _loaded(self) -> Loaded:
        return Loaded(
            [_code(unit, self.optimised) for unit in self._units], self._entry, self._arrays
        )


def code(units: Sequence[Unit], entry: str, arrays: int) -> Code:
    """Return the machine code of the units, compiled if it was not before: the same one each time
    in this process.
    """
    digests = tuple(_digest(unit, False) for unit in units)
    if digests not in _codes:
        _codes[digests] = Code(units, entry, arrays)
    return _codes[digests]


def ahead(units: Sequence[Unit], optimised: bool = False) -> None:
    """Let other processes compile what is not there yet, in this order."""
    missing = {
        digest: unit
        for digest, unit in ((_digest(unit, optimised), unit) for unit in units)
        if digest not in _coming and not _place(digest).exists()
    }
    if len(missing) > _FEW and not current_process().daemon:  # which may have no children
        for digest, unit in missing.items():
            _coming[digest] = _processes().submit(object_code, unit, optimised)


def _code(unit: Unit, optimised: bool) -> bytes:
    digest = _digest(unit, optimised)
    code = _read(_place(digest))
    if code is None:
        coming = _coming.pop(digest, None)
        code = object_code(unit, optimised) if coming is None else coming.result()
        write(_place(digest), hashlib.sha256(code).digest() + code)
    return code


@cache
def _processes() -> ProcessPoolExecutor:
    # LLVM is called by one thread at a time, so these have to be processes.
    return workers(len(os.sched_getaffinity(0)))


# ---------------------------------------------------------------- the files
def _digest(unit: Unit, optimised: bool) -> str:
    decides = f"{unit} {optimised} {_compiler_text()} {processor()}"
    return hashlib.sha256(decides.encode()).hexdigest()[:24]


@cache
def _compiler_text() -> str:
    """What machine code also depends on, besides its own text."""
    here = Path(__file__).parent
    return "".join((here / name).read_text() for name in ("intrinsics.py", "native.py"))


def _place(digest: str) -> Path:
    return cache_folder() / "code" / f"{digest}.o"


def _read(path: Path) -> bytes | None:
    """Return the code kept in a file, or None if there is none or it was damaged."""
    try:
        kept = path.read_bytes()
    except OSError:
        return None
    code = kept[_DIGEST_BYTES:]
    return code if hashlib.sha256(code).digest() == kept[:_DIGEST_BYTES] else None
