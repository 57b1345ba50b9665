"""What explorations count, as tables of Markdown: the scopes, and who misses which guard."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from checker.docs.model.spec_index import Index
from checker.docs.model.tables import NOTHING, code, listed, table
from checker.prove.necessity import Necessity
from checker.prove.portfolio import solvers
from checker.runs.exploration import Report
from checker.search.memo import look
from checker.search.targets import ways
from checker.verdicts import ablate
from spec.language.scope import Scope


def bounds(scope: Scope) -> str:
    """Return the bounds of a scope: `Job=2, Worker=2`."""
    return ", ".join(f"{name}={value}" for name, value in scope.bounds.items())


def default_scopes(index: Index) -> tuple[Scope, ...]:
    """Return the scopes that are checked by default."""
    return tuple(s for s in index.scopes if s.name in index.default)


def scopes(index: Index, watch: ablate.Watch, engine: str) -> str:
    """Print the default scopes with what an exhaustive search counts, and the larger ones."""
    rows = []
    for s in default_scopes(index):
        found = look(s, (), engine, None, ablate.told(watch, s))
        counts = [f"{n:,}" for n in (found.states, found.generated, found.depth)]
        # In order of declaration: an engine may list them in any.
        merged = [sort.__name__ for sort in index.sorts if sort.__name__ in found.symmetry]
        rows.append([code(s.name), s.doc, bounds(s), *counts, listed(merged)])
    head = ["scope", "what it is for", "bounds", "states", "steps", "depth", "interchangeable"]
    text = [table(head, rows)]
    large = [s for s in index.scopes if s.name not in index.default]
    if large:
        text.append("Larger, by `ffq check --deep`:")
        rows = [[code(s.name), s.doc, bounds(s), listed(index.modules_of(s.spec))] for s in large]
        text.append(table(["scope", "what it is for", "bounds", "modules"], rows))
    text.append(
        "_Counted by `ffq check`. Steps are transitions taken, repeated states included; depth is "
        "the number of steps to the farthest state. States that differ only in which of several "
        "interchangeable things is which count once._"
    )
    return "\n\n".join(text)


def composition(index: Index) -> str:
    """Print which modules each scope puts together."""
    names = [m.name for m in index.modules]
    rows = []
    for s in index.scopes:
        inside = index.modules_of(s.spec)
        rows.append([code(s.name), *("yes" if n in inside else NOTHING for n in names)])
    return table(["scope", *map(code, names)], rows)


def ablation(index: Index, watch: ablate.Watch, engine: str) -> str:
    """Print for each guard the scope that misses it and every property that breaks there."""
    scopes = default_scopes(index)
    plan = ablate.plan(scopes, watch, engine=engine)
    rows = list(ablate.ablate(plan, ablate.guards(scopes), watch))
    with solvers() as both:
        needs = {row.edit: ablate.need(plan, row, both) for row in rows}
    text = [
        table(
            ["without", "in scope", "steps", "breaks", "more later", "induction"],
            (_row(row, needs[row.edit]) for row in rows),
        )
    ]
    text.append(
        "_Found by `ffq ablate`; `ffq ablate --guard GUARD` names what breaks later. A `range_` is "
        f"a number that leaves the range of its field. {_order(plan.scopes, 'misses a guard')} "
        "Induction is decided by both solvers without the guard, for any number of everything._"
    )
    return "\n\n".join(text)


def _order(scopes: Sequence[Scope], does: str) -> str:
    """Say in which order scopes are asked, with a link to their bounds."""
    names = ", ".join(code(s.name) for s in scopes)
    return (
        "[Scopes](00-scope.md#what-a-verdict-means) are asked in this order, and the first one "
        f"that {does} is shown: {names}."
    )


def _row(row: ablate.GuardVerdict, need: Necessity) -> list[str]:
    guard, induction = code(row.edit), row.for_any_size(need)
    if need.lost and not row.unsafe:
        # The claims name the lemma that is missing.
        induction += f": {', '.join(map(code, need.lost))}"
    if not row.missed:
        return [guard, NOTHING, NOTHING, row.says, NOTHING, induction]
    first, *rest = row.missed
    steps = NOTHING if first.steps is None else str(first.steps)
    scope = f"{row.scope}, least bounds" if first.steps is None else str(row.scope)
    later = str(len(rest)) if rest else NOTHING
    return [guard, scope, steps, f"{first.id} `{first.property}`", later, induction]


def fairness(index: Index, watch: ablate.Watch) -> str:
    """Print for each assumption about fair runs what breaks without it."""
    scopes = ablate.hoping(default_scopes(index))
    plan = ablate.plan(scopes, watch)
    if broken := plan.broken(fair=True):
        raise ValueError(broken[0])
    rows = list(ablate.ablate(plan, ablate.assumed(scopes), watch))
    return "\n\n".join(
        [
            table(["assume less", "and", "breaks", "in scope"], map(_assumed, rows)),
            "_Found by `ffq fairness`. The numbers count the steps to the loop, and those of the "
            "loop; none means that nothing happens any more. "
            f"{_order(plan.scopes, 'breaks a claim')}_",
        ]
    )


def _assumed(row: ablate.GuardVerdict) -> list[str]:
    lassos = [(m.id, m.lasso) for m in row.missed if m.lasso is not None]
    breaks = [f"{id} in {len(lasso.stem)} + {len(lasso.loop)}" for id, lasso in lassos]
    told = ", ".join(breaks) or "nothing: it is assumed in vain"
    how, action = row.edit.split()
    return [code(row.edit), f"{code(action)} is {_LESS[how]}", told, row.scope or NOTHING]


_LESS = {"unfair": "not fair", "weakly": "only weakly fair", "endless": "no longer finite"}


def refusals(index: Index, watch: Callable[[Scope], Report | None]) -> str:
    """Print how far it is to each action of the largest scope, and to each refusal."""
    scope = index.largest
    found = ways(scope, watch(scope))
    far = {way.target: len(way.steps) for way in found.found}
    rows = []
    for name in scope.spec.actions:
        mine = {t.guard: n for t, n in far.items() if t.action == name}
        refused = [f"{code(guard)} {n}" for guard, n in mine.items() if guard is not None]
        rows.append([code(name), str(mine.get(None, NOTHING)), ", ".join(refused)])
    text = [table(["action", "possible after", "refused by, after"], rows)]
    if found.unreachable:
        names = listed([t.name for t in found.unreachable])
        text.append(f"In none of the {found.states:,} states: {names}.")
    text.append(
        f"_Steps of the shortest run, in scope {code(scope.name)} ({bounds(scope)}): to where the "
        "action is possible, and to where the guard is the first that is false. "
        "`ffq replay --generate 0` goes each way on the store._"
    )
    return "\n\n".join(text)
