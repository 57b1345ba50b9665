"""The command `ffq`: results on stdout, diagnostics on stderr, and an exit status that says which.

0 as expected, 1 a property fails or a result differs, 2 bad usage, 3 not finished, 70 a fault of
ours, 74 stdout is full or closed, 130 interrupted, 141 the reader of stdout has gone, 143 ended by
SIGTERM. Each command is a module of its own that loads what it needs when it runs: `--help` is
quick.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import traceback
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from importlib import import_module
from types import FrameType
from typing import Annotated

import typer
from typer.core import TyperGroup
from typer.main import get_group

from checker.commands import on, own
from checker.commands.completion import VARIABLE
from checker.commands.options import SPEC, Group, listed
from checker.commands.refusals import diverged, refusal
from checker.commands.statuses import (
    BROKEN_PIPE,
    ENDED,
    FAILED,
    FAULT,
    INTERRUPTED,
    UNWRITABLE,
    USAGE,
)
from checker.shown.streams import OutputLost, emit, guarded, printable, say

MODULES = {
    "check": "spec.check",
    "prove": "spec.prove",
    "scopes": "spec.scopes",
    "ablate": "spec.ablate",
    "failures": "spec.failures",
    "profiles": "spec.profiles",
    "design": "spec.design",
    "sql": "store.sql",
    "replay": "store.replay",
    "validate": "store.validate",
    "detect": "store.detect",
    "judge": "store.judge",
    "exam": "store.exam",
    "torture": "store.torture",
    "crashlab": "store.crashlab",
    "fairness": "spec.ablate",
    "docs": "docs",
    "bench": "bench",
    "lemmas": "spec.lemmas",
    "browse": "browse",
    "trace": "trace.group",
    "export": "spec.export",
    "new": "spec.new",
    "queue": "queue.group",
    "completion": "completion",
}
"""Where each command is, in the order of the help: a function of its name, or a group of them."""


def _version(wanted: bool) -> None:
    if wanted:
        from importlib import metadata

        try:
            version = metadata.version("failure-first-job-queue")
        except metadata.PackageNotFoundError:  # a checkout that nobody installed
            version = "of a checkout, not installed"
        typer.echo(f"ffq {version}")
        raise typer.Exit


def ffq(
    context: typer.Context,
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Print the version."),
    ] = False,
) -> None:
    """A job queue under failure: its specification, checked in every state."""
    listed(context)


def command_line(names: Iterable[str] = MODULES) -> typer.Typer:
    """Return the command line, with these commands."""
    # Plain help: rich's takes as long to load as all the rest, and reads [brackets] as markup.
    app = typer.Typer(
        name="ffq",
        cls=Group,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback(invoke_without_command=True)(ffq)
    for name in names:
        found = getattr(import_module(f"checker.commands.{MODULES[name]}"), name)
        if isinstance(found, typer.Typer):
            app.add_typer(found, name=name)
        else:
            app.command(name)(found)
    return app


@cache
def _command(first: str) -> TyperGroup:
    """Return what runs a line that begins with this word; no command waits for the modules of the
    others.
    """
    found = get_group(command_line([first]) if first in MODULES else command_line())
    for option in (own, on):
        for name in option.TAKERS & found.commands.keys():
            option.offer(found.commands[name])
    _say_whole_sentences(found)
    return found


def _say_whole_sentences(group: TyperGroup) -> None:
    """Let lists of commands have the first sentence of each, not as much as fits on a line."""
    for command in group.commands.values():
        command.short_help = " ".join((command.help or "").split("\n\n")[0].split())
        if isinstance(command, TyperGroup):
            _say_whole_sentences(command)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if VARIABLE in os.environ:  # a shell asks
        from typer._completion_classes import completion_init

        completion_init()
    if given[:1] == ["help"]:
        given = [*given[1:], "--help"]
    with guarded(), _ended_in_order():
        try:
            status = _run(given)
            sys.stdout.flush()
            return status
        except OutputLost as lost:
            if lost.gone:
                return BROKEN_PIPE
            say(str(lost))
            return UNWRITABLE


def _run(given: list[str]) -> int:
    SPEC.set("")
    try:
        status = _command(given[0] if given else "")(given, prog_name="ffq", standalone_mode=False)
        if status == INTERRUPTED:  # typer has caught it
            return _complain(given, "interrupted", INTERRUPTED)
        return status if isinstance(status, int) else 0
    except typer.TyperException as wrong:
        message = " ".join(wrong.format_message().split())
        context = getattr(wrong, "ctx", None)
        if context:  # typer's own: it names no remedy
            message = f"{message.rstrip('.')}; `{context.command_path} --help` says more"
        return _complain(given, message, USAGE)
    except (KeyboardInterrupt, typer.Abort):
        return _complain(given, "interrupted", INTERRUPTED)
    except _Terminated:
        return _complain(given, "ended by SIGTERM", ENDED)
    except OutputLost:
        raise
    except Exception as fault:
        if (told := refusal(fault)) is not None:
            return _complain(given, told, USAGE)
        if diverged(fault):
            return _complain(given, str(fault), FAILED)
        for line in traceback.format_exc().splitlines():
            sys.stderr.write(printable(line) + "\n")
        return _complain(given, f"this is a fault of ffq: {type(fault).__name__}", FAULT)


def _complain(given: list[str], message: str, status: int) -> int:
    say(message)
    if "--json" in given:
        emit({"ok": False, "error": message})
    return status


class _Terminated(BaseException):
    """The system asks this process to end: what it has begun is put in order on the way out."""


@contextlib.contextmanager
def _ended_in_order() -> Iterator[None]:
    """Let SIGTERM end the command as Ctrl-C does: with its processes and its drafts."""

    ours = os.getpid()

    def terminate(number: int, _: FrameType | None) -> None:
        if os.getpid() != ours:  # what is forked here has nothing to put in order
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)
        signal.signal(number, signal.SIG_IGN)  # once is enough
        raise _Terminated

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, terminate)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
