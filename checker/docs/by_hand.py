"""The lines that reproduce a failure mode by hand: a script made of its trace, and its output."""

from __future__ import annotations

import contextlib
import io
import tempfile
import textwrap
from collections.abc import Sequence

from checker.evidence import traces
from checker.runs.story import Line, word
from spec.failures import FailureMode

_WIDTH = 92
_KEPT = "\0"  # a space at which no line ends


def script(mode: FailureMode) -> str:
    """Return the script: the run of the trace on the queue without the protection and with it."""
    trace, claim = traces.kept(mode, mode.loss), traces.claim_of(mode.loss)
    lines = ["from impl.inject import ByHand", "", *_run(trace.lines), *_missing(mode.loss.edits)]
    told = []
    if claim.kind != "leads_to":
        lines.append(f'claim = "{claim.name}"')
        told = ['    print(f"{claim} holds: {queue.holds(claim)}")']
    lines += [
        'for file, without in ("broken.db", missing), ("whole.db", []):',
        f'    queue = ByHand(file, "{mode.loss.scope}", without)',
        '    print(f"{file}: {queue.run(run)}", queue.rows(), sep="\\n")',
        *told,
    ]
    return "\n".join(lines)


def _missing(edits: Sequence[str]) -> list[str]:
    """Return the list as the formatter has it."""
    each = [f'"{text}"' for text in edits]
    line = f"missing = [{', '.join(each)}]"
    if len(line) <= 100:  # the width of a line in this project
        return [line]
    return ["missing = [", *(f"    {text}," for text in each), "]"]


def _run(steps: Sequence[Line]) -> list[str]:
    """Return the steps as a text, no step of which goes over the end of a line."""
    told = (" ".join([step.action, *map(word, step.params.values())]) for step in steps)
    text = ", ".join(step.replace(" ", _KEPT) for step in told)
    lines = textwrap.wrap(f'run{_KEPT}={_KEPT}"""{text}"""', _WIDTH)
    return [line.replace(_KEPT, " ") for line in lines]


def printed(text: str) -> str:
    """Return what a script prints, run in a folder of its own."""
    out = io.StringIO()
    with (
        tempfile.TemporaryDirectory(prefix="ffq-") as folder,
        contextlib.chdir(folder),
        contextlib.redirect_stdout(out),
    ):
        exec(compile(text, "by_hand", "exec"), {"__name__": "by_hand"})
    return out.getvalue().rstrip("\n")


def block(mode: FailureMode) -> str:
    """Print the script and its output."""
    text = script(mode)
    said = f"```python\n{text}\n```\n\nprints\n\n```text\n{printed(text)}\n```"
    if traces.claim_of(mode.loss).kind == "leads_to":
        said += "\n\nNo one state is to blame: what is left there stays for ever."
    return said + f"\n\n_Made of `postmortems/traces/{traces.file_of(mode, mode.loss).name}`._"
