"""A run as a test for pytest: the reference implementation refuses it, or nothing breaks.

The steps stand in the test by name. They are taken in whatever spec the checkout has, so that the
test fails as soon as the protection is lost, and not because a trace has become stale.
"""

from __future__ import annotations

import re
import textwrap

from checker.explain.lens import Lens, under
from checker.explain.run import Run

MARK = "# Made by `ffq trace export --as pytest`."

_TEXT = '''\
{mark}
"""{title}

{doc}
"""

from checker.conformance.watched import replay_trace
from checker.runs.story import Line
from checker.runs.trace import Trace
from spec.failures.edits import NONE, Edits
from spec.language.scope import Scope
from spec.queue import SCOPES

SCOPE = {scope}
BOUNDS = {bounds}
BREAKS = {breaks}

# Put in {without} to see the test fail.
WITHOUT: list[str] = []

STEPS = [
{steps}]


def test_{name}() -> None:
    known = SCOPES[SCOPE]
    scope = Scope(SCOPE, known.spec, BOUNDS, known.doc)
    lines = tuple(Line(n, "-", action, params, ()) for n, (action, params) in enumerate(STEPS, 1))
    trace = Trace(scope, NONE, "pytest", BREAKS, lines, where=__file__{loop})
    found = replay_trace(trace, Edits(WITHOUT))
    assert not found.broken, f"{{BREAKS}} is broken in the store after {{found.taken}} steps"
'''


class NoTest(Exception):
    """No test of the implementation can be made of the run: `subject: fact; remedy`."""

    def __init__(self, run: Run, fact: str) -> None:
        self.fact = fact
        super().__init__(f"{run.name}: {fact}; export it as itf")


def text(run: Run) -> str:
    """Return the run as the text of a test module; raises `NoTest`."""
    if run.trace.start is not None:
        fact = "it begins where no run may ever lead, and a store begins at the beginning"
        raise NoTest(run, fact)
    lens = under(run)
    if lens.broken:
        fact = f"{run.trace.violated} is broken with every protection in place"
        raise NoTest(run, f"{fact}, and no guard refuses it")
    if run.trace.loop is not None and lens.refused_by is None:
        fact = "every step of it is possible; it is unfair, which no store refuses"
        raise NoTest(run, fact)
    broken = run.story.broken
    filled = _TEXT.format(
        title=_prose(f"{broken.id} {broken.name} holds although somebody takes these steps."),
        doc=_prose(_says(run, lens)),
        mark=MARK,
        scope=_literal(run.trace.scope.name),
        bounds=_literal(dict(run.trace.scope.bounds)),
        breaks=_literal(run.trace.violated),
        without=_literal(list(run.trace.edits)),
        steps="".join(f"    {_literal((line.action, line.params))},\n" for line in run.lines),
        name=re.sub(r"\W+", "_", f"{broken.name}_holds_after_{run.name}").lower(),
        loop="" if run.trace.loop is None else f", loop={run.trace.loop}",
    )
    if lens.refused_at is None:
        return filled
    refusal = _literal((lens.refused_at - 1, lens.refused_by))
    return filled + f"    assert (found.taken, found.refused) == {refusal}\n"


def _says(run: Run, lens: Lens) -> str:
    without = ", ".join(run.trace.edits) or "nothing left out"
    if lens.refused_at is None:
        return f"Without {without} they break it. With every protection they do no harm."
    line = run.lines[lens.refused_at - 1]
    at = f"step {line.n}, {line.call} of {line.actor}"
    return f"Without {without} they break it. With every protection, {at}, is refused."


def _prose(text: str) -> str:
    """Return text that may stand between triple quotes."""
    return "\n".join(textwrap.wrap(_escaped(" ".join(text.split())), 96, break_on_hyphens=False))


def _literal(value: object) -> str:
    """Return a value as Python is written here: texts in double quotes."""
    match value:
        case str():
            return f'"{_escaped(value)}"'
        case tuple():
            return f"({', '.join(map(_literal, value))})"
        case list():
            return f"[{', '.join(map(_literal, value))}]"
        case dict():
            return f"{{{', '.join(f'{_literal(k)}: {_literal(v)}' for k, v in value.items())}}}"
    return repr(value)


def _escaped(text: str) -> str:
    return text.encode("unicode_escape").decode("ascii").replace('"', '\\"')
