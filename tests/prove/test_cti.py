"""A counterexample to induction is small, the evaluator agrees with it, and it opens as a trace."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from ffq.textbook.two_phase_commit import commit_protocol

from checker.commands.main import main
from checker.prove import cti, obligations
from checker.prove.cti import Divergence
from checker.prove.obligations import START, Prover
from checker.prove.solvers import z3_solver
from checker.prove.solvers.smt import Smt
from checker.runs.reading import read
from checker.runs.trace import BadTrace, replay, save
from spec.language import Spec
from spec.language.declared.model import Action
from spec.language.edited.edits import without
from spec.language.terms.expr import Const, Expr, Read
from spec.queue import SCOPES
from tests.specs.corners import corners
from tests.specs.lamps import lamps
from tests.specs.lease_lock import Client, lease_lock

WHOLE = SCOPES["whole"].spec


# ---------------------------------------------------------------- checked by hand


def test_an_abort_beside_a_commit_needs_a_lemma_about_messages() -> None:
    # obey_abort looks at nothing but the message. Two managers, for one cannot be in two phases;
    # all that is not needed is as it is at first.
    found = cti.find(commit_protocol, "obey_abort/all_agree")
    assert found is not None
    assert found.scope.bounds == {"Manager": 2}
    assert cti.render(found) == [
        "a counterexample to induction: not known to be reachable",
        "obey_abort(manager1)",
        "",
        "  manager1  phase       working -> aborted",
        "  manager2  phase       committed",
        "  -         abort_sent  true",
        "",
        "TC-1 all_agree is broken: No resource manager aborts while another commits.",
        "  ~((phase[m] == aborted) & (phase[n] == committed))   for m = manager1, n = manager2",
        "    true:  phase[manager1] == aborted",
        "    true:  phase[manager2] == committed",
    ]


def test_a_token_from_the_future_is_given_out_again() -> None:
    # Nothing says that the tokens of clients come from the lock: client2 works with token 1 before
    # the lock has given any out, so the first one that it gives is the same.
    found = cti.find(lease_lock, "acquire/tokens_are_not_shared")
    assert found is not None
    assert found.scope.bounds == {"Client": 2, "Tokens": 1}
    answer = cti.as_json(found)
    assert answer["before"] == {
        "holder": None, "last_token": 0, "written": 0,
        "works[client1]": False, "works[client2]": True,
        "token[client1]": 0, "token[client2]": 1, "newest": 0,
    }  # fmt: skip
    assert answer["changed"] == ["holder", "last_token", "works[client1]", "token[client1]"]
    assert answer["after"]["token[client1]"] == answer["after"]["token[client2]"] == 1
    assert answer["step"] == {"action": "acquire", "params": {"c": "client1"}}
    assert answer["broken"]["for"] == "c = client1, d = client2"


def test_the_missing_lemma_leaves_no_counterexample() -> None:
    given = Spec("lease lock with a lemma", lease_lock)

    @given.lemma("LL-2")
    def tokens_come_from_the_lock(s, c: Client):  # type: ignore[no-untyped-def]
        """No client has a token that was not given out."""
        return s.token[c] <= s.last_token

    assert cti.find(given, "acquire/tokens_are_not_shared") is None
    # Without it among the hypotheses, all is as before.
    few = [p for p in Prover(given).hypotheses if p.name != "tokens_come_from_the_lock"]
    assert cti.find(given, "acquire/tokens_are_not_shared", few) is not None


def test_constants_are_as_small_as_the_counterexample_allows() -> None:
    # Who settles without being fenced, and was not the one to enter, holds another token than the
    # row: an older one, for which a budget would have to be two, or one of another history, for
    # which nothing has to be larger than one.
    found = cti.find(without(WHOLE, "settle_done.fenced"), "settle_done/done_was_run")
    assert found is not None
    sizes = {"Job": 1, "Worker": 1, "Recoverer": 1}
    constants = {n: v for n, v in found.scope.bounds.items() if n not in sizes}
    assert found.scope.bounds == {**sizes, **constants}
    assert constants == {"MaxFails": 1, "MaxInterrupts": 1, "Histories": 1}


def test_a_claim_that_is_false_at_first_has_no_step() -> None:
    wet = Spec("wet")
    wet.durable("rain", None, bool, True, "it rains")

    @wet.action()
    def pour(s):  # type: ignore[no-untyped-def]
        """It rains."""
        s.rain = True

    @wet.invariant("W-1")
    def it_is_dry(s):  # type: ignore[no-untyped-def]
        """It does not rain."""
        return ~s.rain

    found = cti.find(wet, f"{START}/it_is_dry")
    assert found is not None and found.step is None
    assert cti.render(found)[:4] == [cti.AT_FIRST, START, "", "  -  rain  true"]
    assert json.loads(cti.as_trace(found, wet).splitlines()[-1])["steps"] == 0


# ---------------------------------------------------------------- the queue


def confirmed(spec: Spec, guard: str) -> int:
    """Find a counterexample to each obligation that fails without the guard, and count them."""
    edited = without(spec, guard)
    prover = Prover(edited)
    count = 0
    for name in prover.names():
        if not name.startswith(guard.split(".")[0] + "/"):
            continue
        if z3_solver.decide(prover.obligation(name).text).verdict == "proved":
            continue
        found = cti.find(edited, name)  # raises if the evaluator denies it
        assert found is not None, name
        assert sum(found.scope.size(sort) for sort in edited.sorts) <= 6, name
        assert cti.UNREACHED in cti.render(found, 80)[0]
        assert json.loads(cti.as_trace(found, spec).splitlines()[0])["start"]
        count += 1
    return count


SMALL = {s.name: s for s in (corners, lamps, lease_lock, commit_protocol)}


@pytest.mark.parametrize("name", SMALL)
def test_the_evaluator_confirms_what_breaks_in_small_specs(name: str) -> None:
    spec = SMALL[name]
    counts = {guard: confirmed(spec, guard) for guard in spec.guard_names()}
    assert sum(counts.values()) >= 1


@pytest.mark.parametrize(
    "guard", ["settle_done.fenced", pytest.param("claim.ready", marks=pytest.mark.deep)]
)
def test_the_evaluator_confirms_what_breaks_without_a_guard(guard: str) -> None:
    assert confirmed(SCOPES["requests"].spec, guard) >= 1


COVERED = ("claim.ready",)
"""Without it `claim.due` refuses the same: a job has a time exactly while it is ready."""


@pytest.mark.deep
@pytest.mark.parametrize("guard", WHOLE.guard_names())
def test_the_evaluator_confirms_whatever_breaks_without_any_guard(guard: str) -> None:
    assert (confirmed(WHOLE, guard) == 0) == (guard in COVERED)


# ---------------------------------------------------------------- seeded faults of the prover


def an_update_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    right = Smt._read

    def wrong(self: Smt, e: Read, *rest: object) -> str:
        lost = Read(e.field, e.index) if e.field.name == "lease" else e
        return right(self, lost, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(Smt, "_read", wrong)


def a_guard_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    right = Prover.enabling

    def wrong(self: Prover, action: Action) -> list[tuple[str, Expr]]:
        return [(name, e) for name, e in right(self, action) if name != "running"]

    monkeypatch.setattr(Prover, "enabling", wrong)


def a_hypothesis_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    right = Smt.closed

    def wrong(self: Smt, params: object, body: Expr, *rest: object) -> str:
        lost = "entered" in str(body)
        return "true" if lost else right(self, params, body, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(Smt, "closed", wrong)


def a_step_is_asked_though_nothing_moves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(obligations, "changes", lambda claim: [Const(True, bool)])


Seed = Callable[[pytest.MonkeyPatch], None]

FAULTS: dict[str, tuple[Seed, Spec, str, str]] = {
    "update": (an_update_is_lost, WHOLE, "settle_done/a_claim_is_one_record", "leaves lease[job1]"),
    "guard": (a_guard_is_lost, WHOLE, "settle_done/done_was_run", "is refused for 'running'"),
    "hypothesis": (a_hypothesis_is_lost, WHOLE, "settle_done/done_was_run", "does not hold before"),
    "claim": (
        a_step_is_asked_though_nothing_moves, lease_lock, "write/leases_are_respected",
        "is not broken",
    ),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_of_the_printer_is_caught_by_the_evaluator(
    fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seed, spec, obligation, complaint = FAULTS[fault]
    assert cti.find(spec, obligation) is None
    seed(monkeypatch)
    with pytest.raises(Divergence, match=complaint.replace("[", r"\[")):
        cti.find(spec, obligation)


# ---------------------------------------------------------------- as a trace


@pytest.fixture(scope="module")
def text() -> str:
    found = cti.find(without(WHOLE, "write_first.fenced"), "write_first/writes_never_go_back")
    assert found is not None
    return cti.as_trace(found, WHOLE)


@pytest.fixture
def file(text: str, tmp_path: Path) -> Path:
    save(tmp_path / "cti.jsonl", text)
    return tmp_path / "cti.jsonl"


def test_it_is_saved_as_a_trace_and_replayed_from_its_own_start(file: Path) -> None:
    trace = read(file, SCOPES)
    assert trace.start is not None
    walk, story = replay(trace)
    assert walk.states[0] == trace.start
    assert [line.call for line in story.lines] == ["write_first"]
    assert story.broken.name == "writes_never_go_back"


def test_ffq_trace_show_says_that_nobody_knows_if_it_can_be_reached(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["trace", "show", str(file)]) == 0
    said = capsys.readouterr().out
    assert "begins in a state that is not known to be reachable" in said
    assert "progress[worker1] begun" in said
    assert main(["trace", "show", str(file), "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["start"]["progress[worker1]"] == "begun"


def test_a_number_out_of_its_range_is_what_the_trace_says(tmp_path: Path) -> None:
    # The failure after the last one leaves no state of a scope; the claim is about that state.
    edited = without(WHOLE, "settle_failed.leased")
    found = cti.find(edited, "settle_failed/verdicts_are_just")
    assert found is not None
    file = tmp_path / "cti.jsonl"
    save(file, cti.as_trace(found, WHOLE))
    _, story = replay(read(file, SCOPES))
    assert story.broken.name == "range_fails"


BAD = {
    "an unknown place": ({"pc[worker9]": "idle"}, "there is no 'pc[worker9]'"),
    "an unknown value": ({"pc[worker1]": "asleep"}, "pc[worker1] cannot be 'asleep'"),
    "none where there is one": ({"pc[worker1]": None}, "pc[worker1] cannot be null"),
    "truth for a number": ({"held[worker1]": True}, "held[worker1] cannot be true"),
    "a number out of range": ({"held[worker1]": 99}, "held[worker1] cannot be 99"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_start_that_cannot_be_is_refused(case: str, file: Path) -> None:
    change, complaint = BAD[case]
    header, *rest = file.read_text().splitlines()
    data = json.loads(header)
    data["start"] |= change
    file.write_text("\n".join([json.dumps(data), *rest]) + "\n")
    with pytest.raises(BadTrace) as bad:
        read(file, SCOPES)
    assert f":1: {complaint}" in str(bad.value)


def test_a_start_that_leaves_something_out_is_refused(file: Path) -> None:
    header, *rest = file.read_text().splitlines()
    data = json.loads(header)
    del data["start"]["pc[worker1]"]
    file.write_text("\n".join([json.dumps(data), *rest]) + "\n")
    with pytest.raises(BadTrace, match=r":1: the start does not say what pc\[worker1\] is"):
        read(file, SCOPES)
