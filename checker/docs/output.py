"""What commands print, as pages show it: the real output, without times and colours."""

from __future__ import annotations

import io
import re
from collections.abc import Callable

from rich.console import Console

from checker import check, console
from checker.docs.spec_index import Index
from checker.exploration import Report
from checker.story import render
from spec.language.scope import Scope

WIDTH = 96
_HEAD, _TAIL = 11, 12
"""The lines that the README shows of what `ffq check` prints: the first scopes, the last claims."""

_TIMES = re.compile(r", [\d.,]+ s(, [\d,]+ states/s)?(?=[:\n]|$)")


def evidence(index: Index, watch: Callable[[Scope], Report | None]) -> str:
    """Print the beginning and the end of what `ffq check` prints."""
    scopes = tuple(s for s in index.scopes if s.name in index.default)
    results = list(check.run(check.Plan(scopes), watch))
    text = io.StringIO()
    out = Console(file=text, width=WIDTH, highlight=False, markup=False, emoji=False)
    for result in results:
        console.show_result(out, result)
    console.show_verdicts(out, results)
    out.print(console.summary(results))
    lines = without_times(text.getvalue()).strip("\n").splitlines()
    left_out = f"(... {len(lines) - _HEAD - _TAIL} lines more ...)"
    lines[_HEAD:-_TAIL] = ["", left_out, ""]
    return _shown("ffq check", "\n".join(lines))


def story(index: Index, watch: Callable[[Scope], Report | None], scope: str, guard: str) -> str:
    """Print the story of the shortest run in which a scope breaks without a guard."""
    chosen = {s.name: s for s in index.scopes}
    if scope not in chosen:
        raise ValueError(f"no scope '{scope}'; write one of: {', '.join(chosen)}")
    if guard not in chosen[scope].spec.guard_names():
        raise ValueError(f"no guard '{guard}' in scope {scope}; `ffq scopes {scope}` lists them")
    results = list(check.run(check.Plan((chosen[scope],), off=(guard,)), watch))
    worst = check.shortest(results)
    if worst is None:
        raise ValueError(f"nothing breaks in {scope} without {guard}")
    told = "\n".join(line.rstrip() for line in render(check.story(*worst), WIDTH))
    return _shown(f"ffq check --scope {scope} --without {guard}", told)


def without_times(text: str) -> str:
    """Return what a command printed, without what another machine would print otherwise."""
    return _TIMES.sub("", text)


def _shown(command: str, text: str) -> str:
    fence = "```"
    assert fence not in text
    lines = [fence + "text", text.strip("\n"), fence]
    return "\n".join(lines) + f"\n\n_Printed by `{command}`; times are left out._"
