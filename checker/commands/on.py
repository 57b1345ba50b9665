"""`--on`: what is many goes to the machines of a cluster, and not to the processors of this one."""

from __future__ import annotations

from typing import Any

from typer.core import TyperCommand, TyperOption

TAKERS = frozenset({"prove", "ablate", "crashlab"})
"""The commands that have many tasks, none of which needs this machine."""


def offer(command: Any) -> None:
    """Give a command the option `--on`."""
    if isinstance(command, TyperCommand):
        command.params.append(
            TyperOption(
                param_decls=["--on"],
                metavar="dask://HOST:PORT",
                help="Do the work on this Dask cluster; default: on the processors here.",
                expose_value=False,
                callback=_chosen,
            )
        )


def _chosen(_context: Any, _option: Any, where: str | None) -> None:
    from checker.process.elsewhere import choose

    choose(where or "")
