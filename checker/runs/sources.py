"""Which sources decide an answer: a module with all that it imports, as it was when this process
began.

Modules are imported when they are needed, so a source that is edited meanwhile may be half in force
and half not: what was found with one that has changed is not remembered.
"""

from __future__ import annotations

import hashlib
import os
import re
import sqlite3
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[2]
_PACKAGES = ("spec", "impl", "checker")
_SPECS = ("spec.queue", "spec.designs", "spec.failures")

# What types alone need is not imported.
_TYPES = re.compile(r"^if TYPE_CHECKING:\n(?:(?: {4}.*)?\n)+", re.MULTILINE)
_IMPORT = re.compile(r"^[ \t]*(?:from ([\w.]+) )?import ([^\n(#]*(?:\([^)]*\))?)", re.MULTILINE)
_Stamp = tuple[str, int, int]
_CALLED = {"z3": "z3-solver"}
"""Libraries that are installed under another name than they are imported by."""


@dataclass(frozen=True)
class Sources:
    """All that decides what a module answers; `data` are files that it reads.

    What is asked about, the specs, is among them only if `specs`: a key that holds the content of a
    spec is not moved by its prose.
    """

    module: str
    specs: bool = False
    data: tuple[Path, ...] = ()

    @property
    def hash(self) -> str:
        """Return a hash of the sources and the data, and of the versions of the libraries."""
        digest = hashlib.sha256(_code(self.module, self.specs).encode())
        for file in self.data:
            content = file.read_bytes() if file.is_file() else b"missing"
            digest.update(f"\0{file.name}\0".encode() + content)
        return digest.hexdigest()

    @property
    def unchanged(self) -> bool:
        """Whether all sources are those that this process began with."""
        decides, _ = modules(self.module, self.specs)
        return all(_AT_START[m] == _stamp(_AT_START[m][0]) for m in decides)


@cache
def modules(module: str, specs: bool = False) -> tuple[frozenset[str], frozenset[str]]:
    """Return the modules of this project that a module imports, at any depth and itself among them,
    and the libraries.
    """
    found, libraries, left = set[str](), set[str](), [module]
    while left:
        name = left.pop()
        first, *rest = name.split(".")
        if first not in _PACKAGES:
            libraries.add(first)
        elif name in _AT_START and name not in found and (specs or not name.startswith(_SPECS)):
            found.add(name)
            # From here SQLite is only asked for its version.
            left += () if name == __name__ else _imported(name)
            if rest:
                left.append(name.rpartition(".")[0])  # to import a module runs its packages too
    return frozenset(found), frozenset(libraries - (sys.stdlib_module_names - {"sqlite3"}))


def imported(source: str) -> Iterator[str]:
    """Yield what a source imports, inside functions too: modules, and names that may be some."""
    for home, names in _IMPORT.findall(_TYPES.sub("", source)):
        if home:
            yield home
        for name in re.findall(r"[\w.]+", re.sub(r" as \w+", "", names)):
            yield f"{home}.{name}" if home else name


@cache
def _imported(module: str) -> tuple[str, ...]:
    return tuple(imported(text(module)))


@cache
def text(module: str) -> str:
    """Return the source of a module."""
    return Path(_AT_START[module][0]).read_text("utf-8")


@cache
def version(library: str) -> str:
    """Return the version of a library without loading it, or that it is missing."""
    if library == "sqlite3":
        return sqlite3.sqlite_version
    try:
        return metadata.version(_CALLED.get(library, library))
    except metadata.PackageNotFoundError:
        return "missing"


@cache
def _code(module: str, specs: bool) -> str:
    names, libraries = modules(module, specs)
    digest = hashlib.sha256(repr(sys.version_info).encode())
    for name in sorted(names):
        digest.update(f"\0{name}\0{text(name)}".encode())
    for library in sorted(libraries):
        digest.update(f"\0{library} {version(library)}".encode())
    return digest.hexdigest()


def _stamps() -> dict[str, _Stamp]:
    """Return the stamp of each module."""
    found = {}
    for package in _PACKAGES:
        for folder, _, files in os.walk(_ROOT / package):
            home = ".".join(Path(folder).relative_to(_ROOT).parts)
            for file in files:
                name, ending = os.path.splitext(file)
                if ending == ".py":
                    module = home if name == "__init__" else f"{home}.{name}"
                    found[module] = _stamp(os.path.join(folder, file))
    return found


def _stamp(file: str) -> _Stamp:
    """Return a file with the time when it was written (in ns) and its size in bytes."""
    try:
        known = os.stat(file)
    except OSError:
        return file, 0, 0  # an editor's draft comes and goes
    return file, known.st_mtime_ns, known.st_size


_AT_START = _stamps()
