"""`--spec`: a command is asked about a spec of the user's own, and not about the queue."""

from __future__ import annotations

from typing import Any

from typer.core import TyperCommand, TyperGroup, TyperOption

from checker.commands.options import SPEC

HELP = "A spec, scope or project of your own: lock.py:lock; default: the queue."

TAKERS = frozenset(
    {"check", "scopes", "ablate", "fairness", "sql", "replay", "lemmas", "browse",
     "trace", "export"}
)  # fmt: skip
"""The commands that know no more of the queue than its scopes; `prove` asks by itself, for its
`--spec` names one of the queue's, too.
"""


def offer(command: Any) -> None:
    """Give a command, or each of a group, the option `--spec`."""
    if isinstance(command, TyperGroup):
        for one in command.commands.values():
            offer(one)
    elif isinstance(command, TyperCommand):
        command.params.append(
            TyperOption(
                param_decls=["--spec"],
                metavar="FILE:NAME",
                help=HELP,
                expose_value=False,
                is_eager=True,  # other options name things of it
                callback=_chosen,
            )
        )


def is_place(text: str) -> bool:
    """Return whether a text names something in a file or a module, and not a spec of the queue."""
    return ":" in text or text.endswith(".py")


def _chosen(_context: Any, _option: Any, where: str | None) -> None:
    SPEC.set(where or "")
