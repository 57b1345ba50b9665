"""What the commands share: scopes and their names, files, numbers as people write them, completion.

An option that is a number has a range, and one that is a file is looked at before any work begins.
"""

from __future__ import annotations

import contextlib
import difflib
import errno
import math
import os
import re
import shlex
from collections.abc import Callable, Collection, Iterable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer
from typer.core import TyperGroup

if TYPE_CHECKING:
    from spec.language.declared.model import Property, Spec
    from spec.language.scope import Scope

NUMBER_MAX = 2**63 - 1
"""The largest number that SQLite and compiled code have."""

THREADS_MAX = 1024

_POWERS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9}
_BYTES = {
    unit + mark: (base**power)
    for power, letter in enumerate(("", "k", "m", "g", "t"))
    for unit, base in ((letter, 1000), (letter + "i" if letter else "", 1024))
    for mark in ("", "b")
}
_NUMBER = re.compile(r"(\d[\d_]*(?:\.\d+)?(?:e\d{1,2})?)\s*([a-z]*)", re.IGNORECASE)


class Wrong(typer.TyperException):
    """The command line asks for something that cannot be done: subject, fact, remedy; exit 2."""

    exit_code = 2


class Group(TyperGroup):
    """Commands, listed with the whole sentence that opens the help of each."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the list; what a line does not hold goes on in the next."""
        found = {name: self.get_command(ctx, name) for name in self.list_commands(ctx)}
        rows = [(name, c.get_short_help_str(10_000)) for name, c in found.items() if c is not None]
        with formatter.section("Commands"):
            formatter.write_dl(rows)


def group(help: str, commands: dict[str, Callable[..., None]]) -> typer.Typer:
    """Return these commands as one, which lists them if it is called without any."""
    found = typer.Typer(cls=Group, help=help)
    found.callback(invoke_without_command=True)(listed)
    for name, command in commands.items():
        found.command(name)(command)
    return found


def listed(context: typer.Context) -> None:
    """Print the commands of a group that is called without one; exit 2."""
    if context.invoked_subcommand is None:
        typer.echo(context.get_help(), err=True)
        raise typer.Exit(2)


AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


# ---------------------------------------------------------------- files
Named = TypeVar("Named", Path, Path | None)


def reachable(file: Named) -> Named:
    """Return a file that the command line names, there or not; raises `Wrong` if the system will
    not even look.
    """
    try:
        if file is not None:
            os.stat(file)
    except (FileNotFoundError, NotADirectoryError):
        pass  # what that means the command knows
    except OSError as failed:
        raise Wrong(f"{file}: cannot be looked at: {failed.strerror}; name another") from None
    return file


def for_sqlite(file: Named) -> Named:
    """Return a file that the command line names, if SQLite can be told its name."""
    if str(file).startswith(("postgresql:/", "postgres:/")):
        raise Wrong(f"{file}: is on a server, and this is for files; use the server's own means")
    try:
        str(file).encode()
    except UnicodeEncodeError:
        raise Wrong(f"{file}: the name is not UTF-8; name it so") from None
    return reachable(file)


TraceFile = Annotated[
    Path, typer.Argument(help="A trace that ffq check has saved.", callback=reachable)
]


@contextlib.contextmanager
def writing(file: Path | None, remedy: str) -> Iterator[None]:
    """Say in one line why a file could not be written, and exit with 2."""
    try:
        yield
    except OSError as failed:
        fact = f"cannot be written: {failed.strerror or failed}"
        raise Wrong(f"{file}: {fact}; {remedy}") from None


def check_out(file: Path, kind: str) -> None:
    """Raise `Wrong` if a file of this kind cannot be saved here: before the work, not after it. The
    folders that are missing are made when it is saved.
    """
    from checker.runs.trace import check_destination

    with writing(file, "name another file"):
        check_destination(file, kind)
        _check_folder(file.resolve().parent)


def writable(folder: Path | None) -> Path | None:
    """Return a folder that the command line names, if files can be put there once it is made."""
    if folder is not None:
        with writing(folder, "name another folder"):
            _check_folder(folder.resolve())
    return folder


def _check_folder(folder: Path) -> None:
    there = next(p for p in (folder, *folder.parents) if p.exists())
    if not there.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
    if not os.access(there, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))


@dataclass(frozen=True)
class Catalogue:
    """The scopes of the queue, or of what `--spec` names, and which of them a check runs."""

    scopes: dict[str, Scope]
    default: tuple[str, ...]
    deep: tuple[str, ...]
    where: str = ""
    """What `--spec` says; nothing of the queue."""

    def scope(self, name: str) -> Scope:
        """Return the scope of this name, or raise `Wrong`."""
        among(name, self.scopes, "scope", "ffq scopes")
        return self.scopes[name]

    def or_usual(self, name: str | None, usual: str) -> Scope:
        """Return the scope of this name; without one the usual of the queue, or the first."""
        return self.scope(name or (self.default[0] if self.where else usual))

    @property
    def traced(self) -> dict[str, Scope]:
        """Every scope that a trace may be of: those of whole histories are not checked."""
        if self.where:
            return self.scopes
        return {**getattr(import_module("spec.queue"), "TRACED", {}), **self.scopes}

    def specs(self) -> dict[str, Spec]:
        """Return the specs of the scopes by name, each once."""
        return {scope.spec.name: scope.spec for scope in self.scopes.values()}

    def guards(self) -> list[str]:
        """Return every guard and exemption of every scope."""
        names = (n for scope in self.scopes.values() for n in scope.spec.removable())
        return list(dict.fromkeys(names))


SPEC: ContextVar[str] = ContextVar("SPEC", default="")
"""What `--spec` of the command that runs says."""


def catalogue() -> Catalogue:
    """Load the queue, or what `--spec` names; not before a command needs it, so that `--help` is
    quick.
    """
    where = SPEC.get()
    if where:
        from checker.runs.projects import load

        found = load(where)
        default, deep = (tuple(s.name for s in few) for few in (found.default, found.deep))
        return Catalogue(dict(found.scopes), default, deep, where)
    from spec.queue import DEEP, DEFAULT, SCOPES

    return Catalogue(SCOPES, DEFAULT, DEEP)


def with_spec(command: str) -> str:
    """Return a command as it has to be said of what `--spec` names."""
    where = SPEC.get()
    return f"{command} --spec {shlex.quote(where)}" if where else command


def close(name: str, known: Iterable[str], listing: str) -> str:
    """Return a remedy: the names nearest to a misspelt one, or the command that lists all."""
    near = difflib.get_close_matches(name, list(known), 3, 0.5)
    return f"write one of: {', '.join(near)}" if near else f"`{listing}` lists them"


def among(name: str, known: Collection[str], what: str, listing: str) -> None:
    """Raise `Wrong` for a name that is none of those that are known."""
    if name not in known:
        raise Wrong(f"there is no {what} '{name}'; {close(name, known, listing)}")


def claimed(
    known: Collection[Property], wanted: str, what: str = "property",
    listing: str = "ffq scopes SCOPE",
) -> frozenset[str]:  # fmt: skip
    """Return the names of the properties that are called so, by name or ID; raises `Wrong`."""
    among(wanted, dict.fromkeys(t for p in known for t in (p.name, p.id)), what, listing)
    return frozenset(p.name for p in known if wanted in (p.name, p.id))


def whole_number(text: str) -> int:
    """Return a count as people write it: 200000, 200_000, 2e5, 200k, 10M."""
    return _quantity(text, _POWERS, "write it as 200000, 2e5, 200k or 10M")


def memory(text: str) -> int:
    """Return bytes as people write them: 8GiB, 512MB, 8G, 8589934592."""
    return _quantity(text, _BYTES, "write it as 8GiB, 512MB or a number of bytes")


def finite(seconds: float | None) -> float | None:
    """Return seconds that are a number, or raise `Wrong`: `nan` is in every range."""
    if seconds is not None and not math.isfinite(seconds):
        raise Wrong(f"{seconds} is no number of seconds; write it as 90 or 0.5")
    return seconds


def _quantity(text: str, units: dict[str, int], remedy: str) -> int:
    found = _NUMBER.fullmatch(text.strip())
    unit = found[2].lower() if found else ""
    if not found or unit not in units:
        raise Wrong(f"'{text}' is no size; {remedy}")
    value = float(found[1].replace("_", "")) * units[unit]
    if not 1 <= value < NUMBER_MAX:
        raise Wrong(f"'{text}' is {'less than 1' if value < 1 else 'too much'}; {remedy}")
    return int(value)


def complete_scope(incomplete: str) -> list[tuple[str, str]]:
    """Return the scopes that begin so, for the shell."""
    found = catalogue().scopes.items()
    return [(name, s.doc) for name, s in found if name.startswith(incomplete)]


def complete_guard(incomplete: str) -> list[str]:
    """Return the guards and exemptions that begin so, for the shell."""
    return [guard for guard in catalogue().guards() if guard.startswith(incomplete)]


def complete_property(incomplete: str) -> list[tuple[str, str]]:
    """Return the properties that begin so, for the shell."""
    found = {p.name: p for s in catalogue().scopes.values() for p in s.spec.properties.values()}
    return [(n, f"{p.id}: {p.doc}") for n, p in found.items() if n.startswith(incomplete)]


def kept_image(what: str | Path) -> Path | None:
    """Return the folder of an image of the crash laboratory, named by its ID or by its folder."""
    for place in (Path(what), Path(".ffq", "crashlab", what)):
        if os.path.isfile(place / "about.json"):  # False, too, for what is no file name
            return place
    return None
