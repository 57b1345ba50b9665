"""A witness is a shortest run to what it was asked for: held against the plain explorer."""

import json
import re
from pathlib import Path

import pytest
from ffq.textbook.two_phase_commit import commit_protocol

from checker.commands.main import main
from checker.explain.witness import NoTarget, targets, witness
from checker.runs.exploration import Exploration, Limits, antecedent
from checker.search import compiled
from checker.search.plain import explore
from spec.language.evaluate import Evaluator, Instance, instances
from spec.language.scope import Scope, State
from spec.language.terms.expr import Const
from spec.queue import SCOPES
from tests.explain.toys import TEA
from tests.explain.walked import Walked
from tests.specs.doors import DOOR

TWO = Scope("two", commit_protocol, {"Manager": 2})


def levels(scope: Scope) -> list[set[State]]:
    """Return every state by how many steps it is away, found in the plainest way."""
    evaluator = Evaluator(scope)
    steps, found = instances(evaluator), [{evaluator.initial()}]
    seen = set(found[0])
    while found[-1]:
        following = {s.after(b) for b in found[-1] for s in steps if s.refusal(b) is None} - seen
        seen |= following
        found.append(following)
    assert len(seen) == explore(scope).states
    return found[:-1]


@pytest.fixture
def plainly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask the plain explorer, which need not compile each question."""

    def explored(
        scope: Scope, limits: Limits | None, until: frozenset[str], **_: object
    ) -> Exploration:
        return explore(scope, limits, until=until)

    monkeypatch.setattr(compiled, "explore", explored)


@pytest.mark.usefixtures("plainly")
@pytest.mark.parametrize("scope", [TWO, DOOR], ids=lambda scope: scope.name)
def test_the_run_to_an_action_or_a_refusal_is_a_shortest_one(scope: Scope) -> None:
    every, away = instances(Evaluator(scope)), levels(scope)
    for name in targets(scope):
        action, _, guard = name.partition(".")
        if action not in scope.spec.actions:
            continue

        def met(state: State, action: str = action, guard: str = guard) -> bool:
            mine = [i for i in every if i.step.action.name == action]
            return any(i.refusal(state) == (guard or None) for i in mine)

        found = witness(scope, name)
        wanted = next((n for n, level in enumerate(away) if any(map(met, level))), None)
        if wanted is None:
            assert (found.end, found.stopped_by) == (None, None)
            assert found.states > 0
        else:
            assert len(found.lines) == wanted + (not guard)


@pytest.mark.usefixtures("plainly")
def test_a_witness_is_a_run_of_the_spec() -> None:
    scope = SCOPES["one-job"]
    found = witness(scope, "status=done")
    evaluator = Evaluator(scope)
    state = evaluator.initial()
    for step in found.steps:
        instance = Instance(evaluator, step.action, step.binding)
        assert instance.refusal(state) is None
        state = instance.after(state)
    assert state == found.end
    assert [line.action for line in found.lines] == ["enqueue", "claim", "start", "settle_done"]
    assert found.lines[-1].changes[0].after == "done"


@pytest.mark.usefixtures("plainly")
@pytest.mark.parametrize(
    ("wanted", "steps"),
    [
        ("open=true", 1),
        ("locked=true", 1),
        ("open=false", 0),
        ("open_doors_are_shut", 1),  # a hope, of open doors
    ],
)
def test_a_value_and_what_a_property_speaks_of_can_be_asked_for(wanted: str, steps: int) -> None:
    assert len(witness(DOOR, wanted).lines) == steps


@pytest.mark.usefixtures("plainly")
def test_a_claim_on_steps_is_about_something_where_the_state_before_has_it() -> None:
    """That rows are kept is asked of every row: one is there after the first job."""
    found = witness(SCOPES["one-job"], "rows_are_kept")
    assert [line.action for line in found.lines] == ["enqueue"]
    for scope in (TEA, SCOPES["one-job"]):
        evaluator = Evaluator(scope)
        walked = Walked(scope, "range_none")
        for claim in (p for p in scope.spec.properties.values() if p.kind == "step"):
            asked = antecedent(claim)
            if isinstance(asked, Const):
                continue
            meanings = [evaluator.meaning(asked, b) for b in scope.bindings(claim.params)]
            pairs = [(s, t) for s, t, _, _ in walked.edges if t is not None]
            ever = any(holds(s, t) for s, t in pairs for holds in meanings)
            assert (witness(scope, claim.name).end is not None) == ever, claim.name


@pytest.mark.usefixtures("plainly")
def test_a_claim_can_be_asked_for_by_its_id_if_one_has_it() -> None:
    assert witness(TEA, "tea-2").lines == witness(TEA, "nobody_waits_in_vain").lines
    with pytest.raises(NoTarget, match=r"have this ID; write one of: one_worker_per_token, "):
        witness(SCOPES["one-job"], "INV-003")


@pytest.mark.parametrize(
    ("wanted", "complaint"),
    [
        ("opne=true", "nothing is called so; write one of: open"),
        ("open=yes", "open=yes: it cannot be that; write true or false"),
        ("", "nothing is called so"),
        ("zzzz", "zzzz: nothing is called so; `ffq scopes [a-z-]+` lists what there is"),
        ("open=true shut", "shut: beside others it can only be field=value; write it so"),
    ],
)
def test_what_cannot_happen_by_name_is_refused(wanted: str, complaint: str) -> None:
    with pytest.raises(NoTarget, match=complaint):
        witness(DOOR, wanted)


@pytest.mark.usefixtures("plainly")
def test_several_conditions_hold_at_once_of_one_element() -> None:
    """A job that is ready has no holder, and a claim that ran out has one: no job is both."""
    one = SCOPES["one-job"]
    found = witness(one, "status=ready token=1 lease=none")
    assert [line.action for line in found.lines][:2] == ["enqueue", "claim"]
    place = {p.name: v for p, v in zip(one.places, found.end or (), strict=True)}
    wanted = ("ready", 1, "none")
    assert (place["status[job1]"], place["token[job1]"], place["lease[job1]"]) == wanted
    assert witness(one, "status=ready lease=expired").end is None


@pytest.mark.usefixtures("plainly")
def test_ffq_says_that_what_is_wanted_is_so_from_the_beginning(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["trace", "witness", "one-job", "lease=none", "token=0"]) == 0
    assert capsys.readouterr() == ("lease=none token=0: it is so from the beginning\n", "")


@pytest.mark.usefixtures("plainly")
def test_ffq_prints_a_witness_and_saves_it_for_replay(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked, file = ["trace", "witness", "one-job", "settle_done"], tmp_path / "run.jsonl"
    assert main([*asked, "--save", str(file)]) == 0
    out, err = capsys.readouterr()
    assert out.splitlines()[-1].startswith("4  worker1  settle_done  status[job1] claimed -> done")
    assert err == f"ffq: Replay it: ffq replay {file}\n"
    assert main(["replay", str(file), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["steps"] == 4
    assert main([*asked, "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert (answer["ok"], len(answer["steps"])) == (True, 4)
    (tmp_path / "diary").write_text("dear diary\n")
    assert main([*asked, "--save", str(tmp_path / "diary")]) == 2
    assert "exists and is not a run; it was left alone" in capsys.readouterr().err


def test_ffq_says_that_there_is_no_witness(capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["trace", "witness", "one-job"]
    assert main([*asked, "fails=9"]) == 1
    assert re.search("fails=9: in none of [0-9,]+ states of one-job", capsys.readouterr().err)
    assert main([*asked, "status=gone"]) == 2
    assert "it cannot be that; write absent" in capsys.readouterr().err
    assert main([*asked, "start", "--without", "claim.nothing"]) == 2
    assert "there is no guard 'claim.nothing'" in capsys.readouterr().err
