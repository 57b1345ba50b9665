"""What may go wrong without ending the work, where no test of the work itself shows it."""

import io
import json
import os
import pty
import signal
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NoReturn

import pytest

from checker.bench.explorer import _drain
from checker.commands.main import main
from checker.commands.spec.prove import _show_counterexample
from checker.conformance.beside_spec import Divergence, Replay
from checker.evidence import replayed, traces
from checker.evidence.work import Background, Check, Checked
from checker.explain.fate import explored
from checker.explain.fate.enabling import _in_graph
from checker.explain.fate.fate import fates
from checker.export import itf, itf_reading
from checker.process.ask import Aside
from checker.runs.exploration import Interrupted
from checker.runs.reading import read
from checker.runs.sources import _stamp
from checker.runs.trace import BadTrace, Diverged
from checker.search import fair_cycles, plain
from checker.search.compiled import TooWide, explore, memory, prepare_ahead
from checker.search.compiled.search import Search
from checker.search.variants import switched
from checker.shown.console import console
from checker.shown.streams import OutputLost, _Results
from spec.failures import FAILURES
from spec.language import Nat, Sort, Spec
from spec.language.edited.edits import without
from spec.language.evaluate import Evaluator, instances
from spec.language.scope import Scope
from spec.language.terms.expr import Const
from spec.queue import SCOPES
from tests.sample_runs import ALL, leaving, windy
from tests.specs.lamps import SHOP

MODE = FAILURES["FM-013"]


class Dial(Sort):
    """A dial."""


wide = Spec("wide", doc="A dial with too many marks for the compiled explorer.")
most = wide.constant("Most", 1, "the last mark")
wide.durable("shown", Dial, Nat(most), 0, "the mark it shows")


@wide.action()
def turn(s: Any, d: Dial) -> None:
    """It goes on by one mark."""
    s.shown[d] = s.shown[d] + 1


@wide.invariant("W-1")
def it_shows_a_mark(s: Any, d: Dial) -> Any:
    """It shows one of its marks."""
    return s.shown[d] <= most


WIDE = Scope("wide", wide, {"Dial": 1, "Most": 1 << 64}, "Far too wide.")
NARROW = Scope("narrow", wide, {"Dial": 1, "Most": 1}, "Two marks.")


def no_memory(*given: object, **named: object) -> NoReturn:
    raise MemoryError


def fail(error: BaseException) -> Callable[..., NoReturn]:
    def failing(*given: object, **named: object) -> NoReturn:
        raise error

    return failing


# ---------------------------------------------------------------- other processes


@pytest.mark.parametrize("how", ["left", "interrupted"])
def test_a_process_that_answers_ends_in_order_when_nobody_asks_any_more(how: str) -> None:
    import asyncio

    aside = Aside()
    asyncio.run(aside.ask(os.getpid))
    process, connection = aside._process, aside._connection
    assert process is not None and process.pid is not None and connection is not None
    if how == "left":
        connection.close()
    else:
        os.kill(process.pid, signal.SIGINT)
    process.join(10)
    assert process.exitcode == 0


def test_work_of_which_nobody_hears_any_more_ends_in_order() -> None:
    work = Background(Check("no such scope"))
    work._receives.close()
    work._process.join(20)
    assert work._process.exitcode == 0


def test_work_that_has_just_ended_can_be_cancelled(monkeypatch: pytest.MonkeyPatch) -> None:
    work = Background(Check("no such scope"))
    list(work.records())
    assert not work._process.is_alive()
    monkeypatch.setattr(work._process, "is_alive", iter([True, False]).__next__)
    monkeypatch.setattr(os, "kill", fail(ProcessLookupError()))
    work.cancel()


@pytest.mark.deep
def test_a_trace_that_cannot_be_saved_here_is_saved_in_the_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FFQ_CACHE_DIR", str(tmp_path / "cache"))
    (tmp_path / ".ffq").write_text("mine", "utf-8")
    *_, end = Background(Check("one-job", ("settle_done.fenced",))).records()
    assert isinstance(end, Checked)
    assert Path(end.trace).is_relative_to(tmp_path / "cache")
    assert Path(end.trace).is_file()


# ---------------------------------------------------------------- memory and words


def test_where_memory_is_refused_an_exploration_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Search, "explore", no_memory)
    assert explore(SHOP).stopped_by == "max-memory"


def test_where_memory_is_refused_no_promise_is_decided(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fair_cycles, "build", no_memory)
    (decision,) = fair_cycles.decide(SHOP).values()
    assert decision.verdict == "unfinished"


def test_where_memory_is_refused_there_is_no_graph(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(explored, "build", no_memory)
    monkeypatch.setattr(explored, "_kept", {})
    assert explored.explored(SHOP) == (
        "not every state was visited: the limit on memory was reached"
    )


def test_less_is_reserved_where_the_system_grants_less(monkeypatch: pytest.MonkeyPatch) -> None:
    array, words = memory.reserve(1 << 62)
    assert (1 << 20) <= words < 1 << 62
    assert len(array) == words
    for refusal in (OSError(), MemoryError(), OverflowError(), ValueError()):
        monkeypatch.setattr(memory, "_map", fail(refusal))
        with pytest.raises(MemoryError, match="no room to reserve"):
            memory.reserve(1 << 22)


def test_a_field_that_is_too_wide_is_refused_when_its_turn_comes() -> None:
    prepare_ahead([WIDE])
    with pytest.raises(TooWide, match="shown"):
        explore(WIDE)


def test_of_a_field_that_is_too_wide_no_fate_is_known() -> None:
    assert "shown" in fates(WIDE, "it_shows_a_mark").why


# ---------------------------------------------------------------- the store and the spec


@pytest.mark.parametrize("prove", [replayed.replayed, replayed.prevented])
def test_a_store_that_differs_is_no_proof(prove: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    differs = Divergence(3, "claim(worker1)", "token[job1]", 1, 2, "")
    monkeypatch.setattr(replayed, "replay_trace", fail(differs))
    mark = prove(MODE, MODE.loss)
    assert (mark.ok, mark.missing) == (False, "")
    assert mark.says == "step 3, claim(worker1): token[job1]: the spec says 1, the store 2"


def test_a_number_that_leaves_its_range_is_refused_by_both() -> None:
    from impl.derive.design import derive

    run = Replay(derive(NARROW))
    (step,) = instances(Evaluator(NARROW))
    assert run.step(step) is None
    assert run.step(step) == "range_shown"


# ---------------------------------------------------------------- commands


def test_a_loss_that_breaks_nothing_keeps_no_trace(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(traces, "FOLDER", tmp_path)
    monkeypatch.setattr(traces, "shortest", fail(traces.NotReproduced("it holds")))
    assert main(["failures", MODE.id, "--write"]) == 1
    assert f"ffq: {MODE.id}: it holds\n" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_counterexample_that_cannot_be_saved_is_shown_all_the_same(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".ffq").write_text("mine", "utf-8")
    proof: Any = SimpleNamespace(spec=without(SCOPES["whole"].spec, "write_first.fenced"))
    _show_counterexample(console(), proof, "write_first/writes_never_go_back")
    out, err = capsys.readouterr()
    assert "ffq: the counterexample was not saved: " in err
    assert "writes_never_go_back" in out
    assert "See it again" not in out


def test_a_page_that_is_no_text_is_bad_usage(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "page.md").write_bytes(b"\xff\xfe")
    assert main(["docs", str(tmp_path / "page.md")]) == 2
    assert "page.md:1: this is no UTF-8 text; name a page of Markdown" in capsys.readouterr().err


def test_a_checkout_that_nobody_installed_has_a_version_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(metadata, "version", fail(metadata.PackageNotFoundError()))
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == "ffq of a checkout, not installed\n"


def test_a_terminal_that_is_gone_is_read_to_its_end() -> None:
    ours, theirs = pty.openpty()
    os.write(theirs, b"the last words")
    os.close(theirs)
    _drain(ours, 5)
    with pytest.raises(OSError):
        os.read(ours, 1)
    os.close(ours)


def test_a_draft_of_an_editor_that_is_gone_has_a_stamp_of_its_own(tmp_path: Path) -> None:
    draft = tmp_path / ".#lasso.py"
    draft.symlink_to("somebody@somewhere.1234")
    assert _stamp(str(draft)) == (str(draft), 0, 0)


# ---------------------------------------------------------------- numbers that leave their range


def test_a_run_that_leaves_its_range_is_one_of_the_edited_spec_too() -> None:
    switch = switched(NARROW, [])
    walk = plain.explore(switch.scope).walk("range_shown")
    assert switch.walk(walk, ()) == walk


def test_of_a_field_that_is_too_wide_it_is_not_said_what_enables_a_step() -> None:
    evaluator = Evaluator(WIDE)
    told = _in_graph(evaluator, evaluator.initial(), Const(True, bool), {}, None)
    assert "shown" in str(told)


def test_an_interrupt_of_the_plain_explorer_ends_it_with_what_was_covered() -> None:
    with pytest.raises(Interrupted) as interrupted:
        plain.explore(NARROW, report=fail(KeyboardInterrupt()))
    assert interrupted.value.found.states > 0


# ---------------------------------------------------------------- files of others


def test_half_a_letter_in_a_trace_is_refused(tmp_path: Path) -> None:
    kept = traces.file_of(MODE, MODE.loss).read_text("utf-8")
    (tmp_path / "half.jsonl").write_text(kept.replace("worker1", "\\ud800", 1), "utf-8")
    with pytest.raises(BadTrace, match="holds half a letter"):
        read(tmp_path / "half.jsonl", SCOPES)


def test_a_loop_that_keeps_one_promise_may_break_another(tmp_path: Path) -> None:
    document = itf.document(windy())
    del document["#meta"]["ffq"]["property"]
    (tmp_path / "windy.itf.json").write_text(json.dumps(document), "utf-8")
    trace, _ = itf_reading.read(tmp_path / "windy.itf.json", ALL, itf_reading.Asked())
    assert trace.violated == windy().trace.violated


def test_a_step_that_would_leave_its_range_leads_to_no_state_of_a_file(tmp_path: Path) -> None:
    run = leaving()
    document = itf.document(run)
    del document["#meta"]["ffq"]["leaves"], document["#meta"]["ffq"]["property"]
    again = json.loads(json.dumps(document["states"][-1]))
    last = run.lines[-1]
    again |= {"mbt::actionTaken": last.action}
    again["mbt::nondetPicks"] = {n: {"tag": "Some", "value": v} for n, v in last.params.items()}
    document["states"].append(again)
    (tmp_path / "leaving.itf.json").write_text(json.dumps(document), "utf-8")
    with pytest.raises(Diverged, match="out of its range"):
        itf_reading.read(tmp_path / "leaving.itf.json", ALL, itf_reading.Asked())


def test_a_stream_that_is_no_file_can_be_full_too() -> None:
    class Full(io.StringIO):
        def write(self, text: str) -> int:
            raise OSError(28, "No space left on device")

    with pytest.raises(OutputLost, match="No space left"):
        _Results(Full()).write("a line")
