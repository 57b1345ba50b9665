"""The story of a shortest run that violates one property, found by the compiled explorer."""

from __future__ import annotations

from dataclasses import replace

from checker.runs.story import NotBroken, Story, tell, tell_lasso
from checker.runs.walk import follow
from spec.language.evaluate import Evaluator
from spec.language.scope import Scope


def shortest_story(whole: Scope, violated: str, narrow: Scope | None = None) -> Story:
    """Return the story of a shortest run that violates the property; raises `NotBroken` if none
    does. The scope has every edit made. `narrow`: the same one where only some of its runs are
    left, of which the run that ends is to be one.
    """
    claim = whole.spec.properties.get(violated)
    if claim is not None and claim.kind == "leads_to":
        return _endless(whole, violated)
    return _ended(whole, violated, narrow or whole)


def _ended(whole: Scope, violated: str, asked: Scope) -> Story:
    from checker.search import compiled

    # One thread finds the same run every time. Nothing is asked of the scope but what a check asks
    # of it: an action that was not edited has been compiled then.
    found = compiled.explore(asked, until=frozenset({violated}), threads=1)
    if violated not in found.violations:
        raise NotBroken(f"{violated} holds in {whole.name}")
    walk = found.walk(violated)
    if asked is not whole:  # it may count its steps besides: the run is one of the whole spec
        steps = (replace(s, action=whole.spec.actions[s.action.name]) for s in walk.steps)
        walk = follow(Evaluator(whole), steps).walk
    return tell(whole, walk, violated)


def _endless(whole: Scope, violated: str) -> Story:
    from checker.search.fair_cycles import decide

    lasso = decide(whole)[violated].lasso
    if lasso is None:
        raise NotBroken(f"{violated} holds in {whole.name}")
    return tell_lasso(whole, lasso, violated)
