"""The command `ffq`: results on stdout, diagnostics on stderr, and an exit status that says which.

0 as expected, 1 a property fails or a result differs, 2 bad usage, 3 not finished, 70 a fault of
ours. Each command is a module of its own that loads what it needs when it runs: `--help` is quick.
"""

from __future__ import annotations

import contextlib
import os
import sys
import traceback
from collections.abc import Iterable, Sequence
from functools import cache
from importlib import import_module
from typing import Annotated, TextIO

import typer
from typer.core import TyperGroup
from typer.main import get_group

USAGE, INTERRUPTED, BROKEN_PIPE, FAULT = 2, 130, 141, 70

# The module that adds a command, in the order of the help.
MODULES = {
    "check": "checker.cli_check",
    "prove": "checker.cli_prove",
    "scopes": "checker.cli_scopes",
    "ablate": "checker.cli_ablate",
    "failures": "checker.cli_failures",
    "profiles": "checker.cli_profiles",
    "sql": "checker.replay_cli",
    "replay": "checker.replay_cli",
    "validate": "checker.conformance.cli",
    "torture": "checker.conformance.cli",
    "crashlab": "checker.crashlab.cli",
    "fairness": "checker.cli_fairness",
    "docs": "checker.cli_docs",
    "bench": "checker.cli_bench",
    "lemmas": "checker.cli_lemmas",
    "browse": "checker.cli_browse",
    "trace": "checker.cli_trace",
    "export": "checker.cli_export",
    "queue": "checker.cli_queue",
}


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
    if context.invoked_subcommand is None:
        typer.echo(context.get_help(), err=True)
        raise typer.Exit(USAGE)


def command_line(modules: Iterable[str] = MODULES.values()) -> typer.Typer:
    """Return the command line, with the commands of these modules."""
    # Plain help: rich's takes as long to load as all the rest, and reads [brackets] as markup.
    app = typer.Typer(
        name="ffq",
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback(invoke_without_command=True)(ffq)
    for module in dict.fromkeys(modules):
        import_module(module).register(app)
    return app


@cache
def _command(first: str) -> TyperGroup:
    """Return what runs a line that begins with this word; no command waits for the modules of the
    others.
    """
    return get_group(command_line([MODULES[first]]) if first in MODULES else command_line())


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    for stream in (sys.stdout, sys.stderr):
        # A terminal that cannot show ✗ gets a ? in its place, not a traceback.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    try:
        status = _run(given)
        sys.stdout.flush()
        return status
    except BrokenPipeError:
        # The reader has gone, as `| head` does. Python would complain once more at exit.
        _silence(sys.stdout)
        return BROKEN_PIPE


def _run(given: list[str]) -> int:
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
    except BrokenPipeError:
        raise
    except Exception as fault:
        traceback.print_exc()
        return _complain(given, f"this is a fault of ffq: {type(fault).__name__}", FAULT)


def _complain(given: list[str], message: str, status: int) -> int:
    from checker.console import emit, say

    say(message)
    if "--json" in given:
        emit({"ok": False, "error": message})
    return status


def _silence(stream: TextIO) -> None:
    # A test's stream is no file.
    with contextlib.suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


if __name__ == "__main__":
    sys.exit(main())
