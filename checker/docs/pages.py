"""The pages of the repository: which there are, what blocks they may hold, what names they use."""

from __future__ import annotations

import difflib
import errno
import os
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from checker.docs import explaining
from checker.docs.blocks import Printer, difference, fill, find, outside_fences
from checker.docs.evidence import designs, failures, figures, partners, proofs
from checker.docs.model import tables
from checker.docs.model.diagrams import Taken, diagram, one_of_each
from checker.docs.model.spec_index import Index, Module
from checker.runs.exploration import Report
from checker.verdicts.ablate import Watch
from spec.language.scope import Scope

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Page:
    """One page: where it is, how it reads, and how it ought to."""

    file: Path
    path: str
    before: str
    after: str
    unknown: tuple[str, ...]

    @property
    def stale(self) -> bool:
        """Whether a block says what is no longer so."""
        return self.before != self.after

    @property
    def difference(self) -> str:
        """What is stale as a unified diff."""
        return difference(self.path, self.before, self.after)


class Printers(Mapping[str, Printer]):
    """The blocks that pages may hold, by name; each is printed when it is asked for."""

    def __init__(
        self,
        index: Index,
        watch: Watch,
        commands: Mapping[str, str],
        engine: str = "compiled",
        count: proofs.Watch = lambda spec: None,
    ) -> None:
        self.index, self.watch, self.commands = index, watch, commands
        self._proofs = proofs.Proofs(index, count)
        whole, of_module = self._whole, self._of_module
        self._known: dict[str, Printer] = {
            "modules": whole(tables.modules),
            "composition": whole(figures.composition),
            "sorts": whole(tables.sorts),
            "constants": whole(tables.constants),
            "enums": whole(tables.enums),
            "fields": of_module(tables.fields),
            "actions": of_module(tables.actions),
            "formulas": of_module(tables.formulas),
            "claims": whole(tables.claims),
            "hopes": whole(tables.hopes),
            "reachable": whole(tables.reachable),
            "diagram": self._diagram,
            "story": self._story,
            "schema": alone(self._schema),
            "sql": self._sql,
            "readme-trace": alone(self._sentences),
            "readme-check": alone(self._evidence),
            "commands": alone(lambda: tables.commands(commands)),
            "times": alone(tables.times),
            "scopes": alone(lambda: figures.scopes(index, watch, engine)),
            "refusals": alone(lambda: figures.refusals(index, self._watched)),
            "fairness": alone(lambda: figures.fairness(index, watch)),
            "ablation": alone(lambda: figures.ablation(index, watch, engine)),
            "obligations": alone(lambda: proofs.obligations(self._proofs)),
            "proved": alone(lambda: proofs.claimed(self._proofs)),
            "lemmas": alone(lambda: proofs.helping(self._proofs)),
            "stages": alone(lambda: proofs.argued(self._proofs)),
            "rules": alone(proofs.enough),
            "assumed": alone(lambda: proofs.assumed(self._proofs)),
            "failures": alone(failures.matrix),
            "recoveries": alone(failures.recoveries),
            "pairs": alone(partners.index),
            "glossary": alone(failures.glossary),
            "queries": alone(explaining.queries),
            "exports": alone(explaining.exports),
            "designs": alone(lambda: designs.designs(self.watch)),
            **{name: _tried(name) for name in _TRIED},
            **failures.PRINTERS,
        }

    def __getitem__(self, name: str) -> Printer:
        return self._known[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known)

    @cached_property
    def _steps(self) -> Taken:
        return Taken(one_of_each(self.index.largest))

    def _whole(self, printer: Callable[[Index], str]) -> Printer:
        return alone(lambda: self._said(printer(self.index)))

    def _of_module(self, printer: Callable[[Index, Module], str]) -> Printer:
        def print_block(given: list[str]) -> str:
            if len(given) != 1:
                raise ValueError("name one module")
            module = self.index.module(given[0])
            return self._said(printer(self.index, module), given[0])

        return print_block

    def _story(self, given: list[str]) -> str:
        if len(given) != 2:
            raise ValueError("name a scope and a guard")
        from checker.docs import output

        return output.story(self.index, self._watched, *given)

    def _sentences(self) -> str:
        from checker.docs import output

        return output.sentences(self.index, self._watched, "life", "settle_done.fenced")

    def _schema(self) -> str:
        from checker.conformance.sql import schema

        return _sql_shown("ffq sql", schema(self.index.largest))

    def _sql(self, given: list[str]) -> str:
        from checker.conformance.sql import statement

        if len(given) != 1:
            raise ValueError("name one action")
        return _sql_shown(f"ffq sql {given[0]}", statement(self.index.largest, given[0]))

    def _evidence(self) -> str:
        from checker.docs import output

        assert self._proofs.all  # so that the verdicts know of them
        return output.evidence(self.index, self._watched)

    def _watched(self, scope: Scope) -> Report | None:
        return self.watch(scope, "checking")

    def _diagram(self, given: list[str]) -> str:
        if len(given) != 1:
            raise ValueError("name one field")
        drawn = diagram(self.index, self._steps, given[0])
        scope = self._steps.scope
        made_of = ", ".join(self.index.modules_of(scope.spec))
        where = f"modules {made_of}; {figures.bounds(scope)}"
        source = f"every step taken in a small scope ({where})"
        return f"{drawn}\n\n_Drawn by `ffq docs --write` from {source}._"

    def _said(self, text: str, module: str | None = None) -> str:
        modules = [self.index.module(module)] if module else self.index.modules
        files = ", ".join(f"`{m.file}`" for m in modules if m.file)
        if not module:
            files = "the modules of the queue"
        return f"{text}\n\n_Printed by `ffq docs --write` from {files}._"


def _sql_shown(command: str, text: str) -> str:
    return f"```sql\n{text.strip()}\n```\n\n_Printed by `{command}`._"


def _tried(name: str) -> Printer:
    def print_block() -> str:
        from checker.docs.evidence import crashes, failover, incidents, isolation, queues

        tried = (crashes, failover, incidents, isolation, queues)
        known: list[dict[str, Callable[[], str]]] = [module.PRINTERS for module in tried]
        return next(printers[name] for printers in known if name in printers)()

    return alone(print_block)


def alone(printer: Callable[[], str]) -> Printer:
    """Return the printer of a block that takes no arguments."""

    def print_block(given: list[str]) -> str:
        if given:
            raise ValueError(f"it takes no arguments, not '{' '.join(given)}'")
        return printer()

    return print_block


# ---------------------------------------------------------------- reading and writing
def all_pages(root: Path = ROOT) -> list[Path]:
    """Return every page of the repository."""
    found = [
        root / "README.md",
        root / "CONTRIBUTING.md",
        *(root / "docs").rglob("*.md"),
        *(root / "postmortems").rglob("*.md"),
    ]
    return sorted(p for p in found if p.is_file())


def read(file: Path, printers: Printers, root: Path = ROOT) -> Page:
    """Return a page as it is and as it ought to be; raises `Trouble` and what reading raises."""
    path = file.resolve()
    if path.exists() and not (path.is_file() or path.is_dir()):
        raise OSError(errno.EINVAL, "Is not a regular file")
    shown = path.relative_to(root).as_posix() if path.is_relative_to(root) else str(file)
    before = file.read_bytes().decode("utf-8")
    after = fill(shown, before, printers)
    unknown = tuple(unknown_names(shown, before, printers.index, printers.commands))
    return Page(path, shown, before, after, unknown)


def write(file: Path, text: str) -> None:
    """Replace the page in one piece: nobody sees half of it, and a failed write loses nothing."""
    file = file.resolve()
    handle, draft = tempfile.mkstemp(prefix=".ffq-", suffix=".md", dir=file.parent)
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(text.encode("utf-8"))
        os.chmod(draft, file.stat().st_mode & 0o777)
        os.replace(draft, file)
    except BaseException:
        os.unlink(draft)
        raise


# ---------------------------------------------------------------- names
_TRIED = (
    "crash-settings", "crash-round", "crash-faults", "contention",
    "isolation-levels", "isolation-rows", "isolation-claims",
    "failover-runs", "failover-facts",
    "queues-examined", "queues-questions", "queues-marks", "queues-findings", "queues-foretold",
    "incidents-told", "incidents-untold",
)  # fmt: skip
_CODE = re.compile(r"`([^`]+)`")
_GUARD = re.compile(r"([a-z][a-z_0-9]*)\.([a-z][a-z_0-9]*)")
_NAME = re.compile(r"[a-z]+(?:_[a-z0-9]+)+")
_ENDINGS = {
    "py",
    "md",
    "toml",
    "jsonl",
    "tla",
    "cfg",
    "lock",
    "json",
    "c",
    "txt",
    "sh",
    "so",
    "pth",
}
_PACKAGES = {"spec", "impl", "checker", "tui", "tests", "docs"}


def unknown_names(path: str, text: str, index: Index, others: Iterable[str]) -> Iterator[str]:
    """Yield a message for each name in hand-written prose that looks like the spec's and is not.

    In the pages about the spec itself: `action.guard`, and `names_with_underscores`.
    """
    if not re.fullmatch(r"README\.md|docs/\d\d-[^/]+\.md", path):
        return
    guards = set(index.guards)
    simple = {*names(index), *others}
    blocks = find(path, text)
    for number, line in outside_fences(text.splitlines()):
        if any(b.begin < number < b.end for b in blocks):
            continue
        for word in _CODE.findall(line):
            dotted = _GUARD.fullmatch(word)
            if dotted and dotted[1] not in _PACKAGES and dotted[2] not in _ENDINGS:
                known: set[str] = guards
            elif _NAME.fullmatch(word):
                known = simple
            else:
                continue
            if word not in known:
                near = difflib.get_close_matches(word, sorted(known), 3, 0.6)
                remedy = f"; write one of: {', '.join(near)}" if near else ""
                yield f"{path}:{number + 1}: nothing in the spec is called '{word}'{remedy}"


def names(index: Index) -> set[str]:
    """Return everything of the spec that has a name without a dot."""
    found = {m.name for m in index.modules} | {s.name for s in index.scopes}
    found |= index.fields.keys() | index.actions.keys() | index.properties.keys()
    found |= {g.split(".")[1] for g in index.guards}
    found |= {stage for s in index.scopes for stage in s.spec.stages}
    return found | {name for m in index.modules for name in m.constants}
