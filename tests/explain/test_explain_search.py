"""Search, alignment and notes: each against the plainest way to say the same."""

import json
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from checker.evidence.traces import FOLDER
from checker.explain import align as align_module
from checker.explain.align import align
from checker.explain.bookmarks import Notes, beside, load, note
from checker.explain.queries.expressions import BadQuery
from checker.explain.queries.search import find, parse
from checker.explain.run import Run
from checker.runs.trace import BadTrace
from tests.sample_runs import KEPT, kept, leaving

# ---------------------------------------------------------------- search


@pytest.mark.parametrize(
    ("query", "steps"),
    [
        # FM-010: 1 job1 enqueue, 2 worker1 claim, 3 worker1 start, 4 job1 expire (a fault),
        # 5 recoverer1 look, 6 recoverer1 recover, 7 worker2 claim, 8 worker1 settle_done
        ("actor:worker1", [2, 3, 8]),
        ("actor:WORKER*", [2, 3, 7, 8]),
        ("action:claim", [2, 7]),
        ("action:claim actor:worker2", [7]),
        ("fault", [4]),
        ("changed:token", [2, 7]),
        ("changed:token[job1]", [2, 7]),
        ("changed:token[job2]", []),
        ("field:status=claimed", [2, 3, 4, 5, 7]),
        ("field:held[worker2]=2", [7, 8]),
        ("field:job=none", [1, 2, 3, 4, 5, 6, 8]),
        ("settle", [8]),
        ("claim", [2, 7]),  # and no step that says `claimed`
        ("claime", [2, 3, 6, 7, 8]),
        ("ready claimed", [2, 6, 7]),
        ("fault then action:claim", [4, 7]),
        ("action:claim then action:claim", [2, 7]),
        ("action:claim then fault then actor:worker1", [2, 4, 8]),
        ("action:settle_done then fault", []),
        ("field:nothing=1", []),
        ("actor:*", [1, 2, 3, 4, 5, 6, 7, 8]),
        ("actor:.*", []),
    ],
)
def test_a_query_finds_the_steps_it_says(query: str, steps: list[int]) -> None:
    assert find(kept("FM-010"), parse(query)) == steps


@pytest.mark.parametrize(
    ("query", "complaint"),
    [
        ("", "nothing to look for"),
        ("then fault", "nothing to look for"),
        ("fault then", "nothing to look for"),
        ("worker:1", "there is no 'worker:'; write one of: actor, action, changed, field"),
        ("actor:", "actor:: says not what to look for; write actor:NAME"),
        ("field:status", "field:status: says not what to look for; write field:status=done"),
        ("field:=done", "write field:status=done"),
    ],
)
def test_what_is_no_query_is_refused(query: str, complaint: str) -> None:
    with pytest.raises(BadQuery, match=complaint):
        parse(query)


def test_after_a_step_that_leaves_its_range_no_field_has_a_value() -> None:
    run = leaving()
    assert find(run, parse("field:*=*")) == [line.n for line in run.lines][:-1]


# ---------------------------------------------------------------- two runs


def with_lines(run: Run, order: list[int]) -> Run:
    lines = tuple(run.lines[i] for i in order)
    return replace(run, story=replace(run.story, lines=lines))


@pytest.mark.parametrize("exact_max", [0, align_module.EXACT_MAX])
@pytest.mark.parametrize("seed", range(20))
def test_aligned_runs_are_the_runs(
    seed: int, exact_max: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(align_module, "EXACT_MAX", exact_max)
    chance, run = Random(seed), kept("FM-021")
    every = range(len(run.lines))
    a, b = (with_lines(run, [i for i in every if chance.random() < 0.7]) for _ in "ab")
    pairs = align(a, b)
    assert [n for n, _ in pairs if n is not None] == [*range(1, len(a.lines) + 1)]
    assert [n for _, n in pairs if n is not None] == [*range(1, len(b.lines) + 1)]
    for n, m in pairs:
        if n is not None and m is not None:
            assert a.lines[n - 1].call == b.lines[m - 1].call
    # What both have kept of the run is shared, in the one order.
    both = {line.n for line in a.lines} & {line.n for line in b.lines}
    if exact_max:
        assert sum(None not in pair for pair in pairs) >= len(both)


def test_runs_part_where_one_does_otherwise() -> None:
    run = kept("FM-010")
    other = with_lines(run, [0, 1, 3, 4])
    assert align(run, other) == [
        (1, 1), (2, 2), (3, None), (4, 3), (5, 4), (6, None), (7, None), (8, None),
    ]  # fmt: skip


# ---------------------------------------------------------------- notes


@pytest.fixture
def trace(tmp_path: Path) -> Path:
    file = tmp_path / "a run.jsonl"
    file.write_bytes((FOLDER / "FM-010.jsonl").read_bytes())
    return file


HOSTILE = "[red]no[/] \x1b[2J ‮ 'quoted' \"; \n second line ```\n# title 😀"


def test_notes_are_kept_beside_the_trace_in_the_order_of_its_steps(trace: Path) -> None:
    before = trace.read_bytes()
    assert load(trace) == Notes({})
    note(trace, 7, HOSTILE)
    assert note(trace, 0, "it begins").notes == {0: "it begins", 7: HOSTILE}
    assert load(trace) == Notes({0: "it begins", 7: HOSTILE})
    assert [*load(trace).notes] == [0, 7]
    assert note(trace, 7, " ") == load(trace) == Notes({0: "it begins"})
    assert trace.read_bytes() == before
    assert beside(trace).name == "a run.notes.jsonl"


def test_notes_on_a_trace_that_has_changed_say_so(trace: Path) -> None:
    note(trace, 3, "here")
    trace.write_bytes((FOLDER / "FM-007.jsonl").read_bytes())
    assert load(trace) == Notes({3: "here"}, stale=True)
    both = Notes({3: "here", 4: "there"}, stale=True)
    assert note(trace, 4, "there") == load(trace) == both
    assert note(trace, 3, "").stale
    assert note(trace, 4, "here it is") == load(trace) == Notes({4: "here it is"})


def header(**changes: object) -> str:
    made = {"format": "ffq notes", "version": 1, "trace": "0"}
    return json.dumps(made | changes) + "\n"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "holds no notes on a trace; take it away, or rename it"),
        ("dear diary\n", "is not JSON"),
        (header(format="ffq trace"), "holds no notes on a trace"),
        (header(version=9), "has version 9, and this ffq reads version 1"),
        (header() + '{"step": -1, "note": "x"}\n', "step -1 cannot be noted here"),
        (header() + '{"step": 1, "note": "x"}\n' * 2, ":3: step 1 cannot be noted here"),
        (header() + '{"step": true, "note": "x"}\n', "'step' is true, not a whole number"),
        (header() + '{"step": 1, "note": 2}\n', "'note' is 2, not text"),
        (header() + '{"step": 1, "no', "cut off"),
    ],
)
def test_a_file_that_holds_no_notes_is_left_alone(text: str, complaint: str, trace: Path) -> None:
    beside(trace).write_text(text)
    with pytest.raises(BadTrace, match=complaint):
        load(trace)
    with pytest.raises(BadTrace, match=complaint):
        note(trace, 1, "mine")
    assert beside(trace).read_text() == text


def test_a_note_that_cannot_be_written_leaves_the_others_alone(trace: Path) -> None:
    note(trace, 1, "mine")
    with pytest.raises(BadTrace, match="the note is not UTF-8, and is not kept"):
        note(trace, 2, "from a terminal in another encoding: \udcff")
    assert load(trace) == Notes({1: "mine"})


def test_a_note_is_no_book(trace: Path) -> None:
    with pytest.raises(BadTrace, match="has 5,000 letters, and 4,000 are kept"):
        note(trace, 1, "x" * 5000)
    assert not beside(trace).exists()


@pytest.mark.parametrize("name", KEPT)
def test_a_run_is_aligned_with_itself(name: str) -> None:
    run = kept(name)
    assert align(run, run) == [(line.n, line.n) for line in run.lines]
