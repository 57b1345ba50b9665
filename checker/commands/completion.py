"""`ffq completion`: what a shell needs to complete commands, scopes, guards and IDs."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

VARIABLE = "_FFQ_COMPLETE"
"""Where a shell says that it asks for completions."""


class Shell(StrEnum):
    """The shells that can be served."""

    bash = "bash"
    zsh = "zsh"
    fish = "fish"


def completion(shell: Annotated[Shell, typer.Argument(help="For this shell.")]) -> None:
    """Print what a shell needs to complete commands, scopes, guards and IDs.

    For bash or zsh: eval "$(ffq completion bash)"; for fish: ffq completion fish | source.
    """
    from typer._completion_shared import get_completion_script

    from checker.shown import console

    script = get_completion_script(prog_name="ffq", complete_var=VARIABLE, shell=shell.value)
    for line in script.splitlines():
        console.line(line)
