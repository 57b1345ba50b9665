"""The story of a shortest run that violates one property, found by the compiled explorer."""

from __future__ import annotations

from dataclasses import replace

from checker.runs.exploration import Limits
from checker.runs.story import NotBroken, Story, tell, tell_lasso
from checker.runs.walk import follow
from spec.language.evaluate import Evaluator
from spec.language.model import Spec
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

    # One thread finds the same run every time; what is not asked takes long to compile.
    found = compiled.explore(
        asked.on(_asking(asked.spec, violated)), until=frozenset({violated}), threads=1
    )
    if violated not in found.violations:
        raise NotBroken(f"{violated} holds in {whole.name}")
    walk = found.walk(violated)
    if asked is not whole:  # it may count its steps besides: the run is one of the whole spec
        steps = (replace(s, action=whole.spec.actions[s.action.name]) for s in walk.steps)
        walk = follow(Evaluator(whole), steps).walk
    return tell(whole, walk, violated)


def _endless(whole: Scope, violated: str) -> Story:
    from checker.search.fair_cycles import decide

    lasso = decide(whole.on(_asking(whole.spec, violated)), (), Limits(), 1)[violated].lasso
    if lasso is None:
        raise NotBroken(f"{violated} holds in {whole.name}")
    actions = whole.spec.actions
    stem, loop = (
        tuple(replace(step, action=actions[step.action.name]) for step in part)
        for part in (lasso.stem, lasso.loop)
    )
    return tell_lasso(whole, replace(lasso, stem=stem, loop=loop), violated)


def _asking(spec: Spec, violated: str) -> Spec:
    """Return the spec with one property and no other; a number out of its range needs none."""
    asked = {violated: spec.properties[violated]} if violated in spec.properties else {}
    return spec.edited(f"{violated} alone", properties=asked)
