"""The lines that reproduce a failure mode by hand: a script made of its trace, and its output."""

from __future__ import annotations

import contextlib
import io
import tempfile

from checker.evidence import found
from checker.story import Line
from spec.failures import FailureMode


def script(mode: FailureMode) -> str:
    """Return the script: the run of the trace on the queue without the protection and with it."""
    trace, claim = found.kept(mode, mode.loss), found.claim_of(mode.loss)
    lines = ["from impl.inject import ByHand", "", 'run = """']
    lines += [_step(line) for line in trace.lines]
    missing = ", ".join(f'"{text}"' for text in mode.loss.edits)
    lines += ['"""', f"missing = [{missing}]"]
    told = []
    if claim.kind != "leads_to":
        lines.append(f'claim = "{claim.name}"')
        told = ['    print(f"{claim} holds: {queue.holds(claim)}")']
    lines += [
        'for file, without in ("broken.db", missing), ("whole.db", []):',
        f'    queue = ByHand(file, "{mode.loss.scope}", without)',
        '    print(f"{file}: {queue.run(run)}")',
        "    print(queue.rows())",
        *told,
    ]
    return "\n".join(lines)


def _step(line: Line) -> str:
    return " ".join([line.action, *map(str, line.params.values())])


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
    if found.claim_of(mode.loss).kind == "leads_to":
        said += "\n\nNo one state is to blame: what is left there stays for ever."
    return said + f"\n\n_Made of `postmortems/traces/{found.file_of(mode, mode.loss).name}`._"
