"""The command `ffq`: results on stdout, diagnostics on stderr, and an exit status that says which.

0 as expected, 1 a property fails or a result differs, 2 bad usage, 3 not finished, 70 a fault of
ours. Each command is a module of its own that loads what it needs when it runs: `--help` is quick.
"""

from __future__ import annotations

import contextlib
import os
import sys
import traceback
from collections.abc import Sequence
from importlib import metadata
from typing import Annotated, TextIO

import typer

from checker import (
    cli_ablate,
    cli_bench,
    cli_browse,
    cli_diff,
    cli_docs,
    cli_failures,
    cli_fairness,
    cli_lemmas,
    cli_profiles,
    cli_queue_show,
    cli_queue_work,
    cli_trace_files,
    cli_trace_lens,
    cli_trace_notes,
    cli_trace_search,
    cli_why,
    replay_beside_cli,
    replay_cli,
)
from checker.cli_check import check
from checker.cli_export import exports
from checker.cli_prove import prove
from checker.cli_queue import queue
from checker.cli_scopes import scopes
from checker.cli_trace import traces
from checker.conformance import cli as conformance_cli
from checker.crashlab import cli as crashlab_cli

USAGE, INTERRUPTED, BROKEN_PIPE, FAULT = 2, 130, 141, 70

# Plain help: rich's takes as long to load as all the rest, and reads [brackets] as markup.
app = typer.Typer(
    name="ffq",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        try:
            version = metadata.version("failure-first-job-queue")
        except metadata.PackageNotFoundError:  # a checkout that nobody installed
            version = "of a checkout, not installed"
        typer.echo(f"ffq {version}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
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


app.command()(check)
app.command()(prove)
app.command()(scopes)
for module in (
    cli_why, cli_diff, cli_trace_lens, replay_beside_cli, cli_trace_search, cli_trace_notes,
    cli_trace_files,
):  # fmt: skip
    module.register(traces)
app.add_typer(traces, name="trace")
app.add_typer(exports, name="export")

app.add_typer(queue, name="queue")
for module in (cli_queue_work, cli_queue_show):
    module.register(queue)

for module in (
    cli_ablate, cli_failures, cli_profiles, replay_cli, conformance_cli, crashlab_cli,
    cli_fairness, cli_docs, cli_bench, cli_lemmas, cli_browse,
):  # fmt: skip
    module.register(app)


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
        status = app(given, prog_name="ffq", standalone_mode=False)
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
