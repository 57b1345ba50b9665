"""Machine code, kept under the hash of all that decides it, and compiled on every core."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from functools import cache
from multiprocessing import current_process
from pathlib import Path

from checker.process.children import workers
from checker.runs.cache import cache_folder, write
from checker.search.compiled.code.native import Loaded, object_code, processor
from checker.search.compiled.code.units import Unit

_DIGEST_BYTES = 32

_FEW = 4
"""So few units are compiled sooner than other processes begin."""

_coming: dict[str, Future[bytes]] = {}
_loaded: dict[tuple[str, ...], Loaded] = {}


def loaded(units: Sequence[Unit], entry: str, arrays: int) -> Loaded:
    """Return the machine code of the units, ready to be called; compiled if it was not before."""
    digests = tuple(map(_digest, units))
    if digests not in _loaded:
        codes = [_code(d, unit) for d, unit in zip(digests, units, strict=True)]
        _loaded[digests] = Loaded(codes, entry, arrays)
    return _loaded[digests]


def ahead(units: Sequence[Unit]) -> None:
    """Let other processes compile what is not there yet, in this order."""
    missing = {
        digest: unit
        for digest, unit in zip(map(_digest, units), units, strict=True)
        if digest not in _coming and not _place(digest).exists()
    }
    if len(missing) > _FEW and not current_process().daemon:  # which may have no children
        for digest, unit in missing.items():
            _coming[digest] = _processes().submit(object_code, unit)


def _code(digest: str, unit: Unit) -> bytes:
    code = _read(_place(digest))
    if code is None:
        coming = _coming.pop(digest, None)
        code = object_code(unit) if coming is None else coming.result()
        write(_place(digest), hashlib.sha256(code).digest() + code)
    return code


@cache
def _processes() -> ProcessPoolExecutor:
    # LLVM is called by one thread at a time, so these have to be processes.
    return workers(len(os.sched_getaffinity(0)))


# ---------------------------------------------------------------- the files
def _digest(unit: Unit) -> str:
    return hashlib.sha256(f"{unit} {_compiler_text()} {processor()}".encode()).hexdigest()[:24]


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
