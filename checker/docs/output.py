"""What commands print, as pages show it: the real output, without times and colours."""

from __future__ import annotations

import io
import re
from collections.abc import Callable

from rich.console import Console

from checker.docs.model.spec_index import Index
from checker.runs.exploration import Report
from checker.runs.story import Story, render
from checker.shown import checks
from checker.verdicts import check
from spec.failures.edits import Edits
from spec.language.scope import Scope

WIDTH = 96
_TIMES = re.compile(r", [\d.,]+ s(, [\d,]+ states/s)?(?=[:\n]|$)")


def evidence(index: Index, watch: Callable[[Scope], Report | None]) -> str:
    """Print what `ffq check` prints."""
    scopes = tuple(s for s in index.scopes if s.name in index.default)
    results = list(check.run(check.CheckPlan(scopes), watch))
    text = io.StringIO()
    out = Console(file=text, width=WIDTH, highlight=False, markup=False, emoji=False)
    for result in results:
        checks.show_line(out, result, max(len(s.name) for s in scopes))
    checks.show_verdicts(out, results, full=False)
    out.print(checks.summary(results))
    return _shown("ffq check", without_times(text.getvalue()).strip("\n"))


def story(index: Index, watch: Callable[[Scope], Report | None], scope: str, guard: str) -> str:
    """Print the story of the shortest run in which a scope breaks without a guard."""
    told = "\n".join(line.rstrip() for line in render(_shortest(index, watch, scope, guard), WIDTH))
    return _shown(f"ffq check --scope {scope} --without {guard}", told)


def sentences(index: Index, watch: Callable[[Scope], Report | None], scope: str, guard: str) -> str:
    """Print the same run, a sentence for each step."""
    told = _shortest(index, watch, scope, guard)
    actions = index.actions
    steps = [
        f"{line.n}. `{line.actor}` {line.call}: {actions[line.action].doc}" for line in told.lines
    ]
    broken = told.broken
    last = f"Broken: {broken.id} `{broken.name}`. {broken.doc}"
    shown = "\n".join(steps)
    return f"{shown}\n\n{last}\n\n_Found by `ffq check --scope {scope} --without {guard}`._"


def _shortest(
    index: Index, watch: Callable[[Scope], Report | None], scope: str, guard: str
) -> Story:
    chosen = {s.name: s for s in index.scopes}
    if scope not in chosen:
        raise ValueError(f"no scope '{scope}'; write one of: {', '.join(chosen)}")
    if guard not in chosen[scope].spec.guard_names():
        raise ValueError(f"no guard '{guard}' in scope {scope}; `ffq scopes {scope}` lists them")
    results = list(check.run(check.CheckPlan((chosen[scope],), Edits((guard,))), watch))
    worst = check.shortest(results)
    if worst is None:
        raise ValueError(f"nothing breaks in {scope} without {guard}")
    return check.story(*worst)


def without_times(text: str) -> str:
    """Return what a command printed, without what another machine would print otherwise."""
    return _TIMES.sub("", text)


def _shown(command: str, text: str) -> str:
    fence = "```"
    assert fence not in text
    lines = [fence + "text", text.strip("\n"), fence]
    return "\n".join(lines) + f"\n\n_Printed by `{command}`; times are left out._"
