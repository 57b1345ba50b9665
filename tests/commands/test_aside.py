"""Questions asked of another process: answers, faults, an end in the middle, and who gives up."""

import asyncio
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from checker.evidence.work import Background, Check, Failed
from checker.process.ask import Aside, Fault
from checker.prove.obligations import Prover
from checker.prove.portfolio import solvers
from checker.runs.trace import BadTrace
from checker.search.compiled import prepare_ahead
from tests.specs.lamps import SHOP


@pytest.fixture
def aside() -> Iterator[Aside]:
    made = Aside()
    yield made
    made.close()


def whoami() -> int:
    return os.getpid()


def divide(a: int, b: int) -> float:
    print("what is printed goes nowhere")
    return a / b


def compile_ahead() -> int:
    prepare_ahead([SHOP])
    return 1


def prove_much() -> int:
    prover = Prover(SHOP.spec)
    obligations = [prover.obligation(name) for name in prover.names()]
    with solvers(every=True) as both:
        return len(both.decide(obligations + obligations)) - 2 * len(obligations)


def refuse() -> None:
    raise BadTrace("a", "is no trace", "name another")


def touch(file: Path) -> None:
    file.touch()


def give_up() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def test_another_process_answers_one_question_after_the_other(aside: Aside) -> None:
    async def asked() -> tuple[float, float, int, int]:
        halves = await asyncio.gather(aside.ask(divide, 1, 2), aside.ask(divide, 3, 2))
        return *halves, await aside.ask(whoami), await aside.ask(whoami)

    half, more, once, again = asyncio.run(asked())
    assert (half, more) == (0.5, 1.5)
    assert once == again != os.getpid()


def test_a_question_that_fails_says_why_and_the_next_is_answered(aside: Aside) -> None:
    with pytest.raises(Fault, match=r"^ZeroDivisionError") as fault:
        asyncio.run(aside.ask(divide, 1, 0))
    written = Path(str(fault.value).split(" is in ")[1]).read_text("utf-8")
    assert "in divide\n    return a / b\n" in written
    assert written.endswith("ZeroDivisionError: division by zero\n")
    assert asyncio.run(aside.ask(divide, 1, 1)) == 1


def test_what_has_helpers_elsewhere_is_done_here_without(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("FFQ_CACHE_DIR", str(tmp_path))
    aside = Aside()
    try:
        assert asyncio.run(aside.ask(compile_ahead)) == 1
        assert asyncio.run(aside.ask(prove_much)) == 0
    finally:
        aside.close()


def test_what_is_refused_with_a_message_of_ours_has_no_traceback(aside: Aside) -> None:
    with pytest.raises(Fault, match=r"^BadTrace: a: is no trace; name another$"):
        asyncio.run(aside.ask(refuse))


def test_where_the_process_has_ended_another_is_started(aside: Aside) -> None:
    first = asyncio.run(aside.ask(whoami))
    with pytest.raises(Fault, match="the process that computes has ended"):
        asyncio.run(aside.ask(give_up))
    assert asyncio.run(aside.ask(whoami)) != first


def test_who_gives_up_before_his_turn_is_not_asked_for(aside: Aside, tmp_path: Path) -> None:
    async def asked() -> None:
        slow = asyncio.create_task(aside.ask(time.sleep, 0.5))
        await asyncio.sleep(0.1)
        late = asyncio.create_task(aside.ask(touch, tmp_path / "late"))
        await asyncio.sleep(0.1)
        late.cancel()
        await slow
        await aside.ask(touch, tmp_path / "after")

    asyncio.run(asked())
    assert [file.name for file in tmp_path.iterdir()] == ["after"]


def test_work_that_meets_a_fault_of_ours_says_where_its_traceback_is() -> None:
    (end,) = Background(Check("no such scope")).records()
    assert isinstance(end, Failed)
    assert end.why.startswith("KeyError: 'no such scope'; this is a fault of ffq")
    written = Path(end.why.split(" is in ")[1]).read_text("utf-8")
    assert "in _check\n    scope = load(job.project).scopes[job.scope]\n" in written


def test_what_is_closed_answers_no_more(aside: Aside) -> None:
    asyncio.run(aside.ask(whoami))
    aside.close()
    with pytest.raises(Fault, match="nobody waits for the answer"):
        asyncio.run(aside.ask(whoami))


def test_an_answer_that_comes_when_nobody_is_there_any_more_is_dropped() -> None:
    there = [True]
    aside = Aside(lambda: bool(there))

    async def ask() -> int:
        asked = asyncio.create_task(aside.ask(int, "7"))
        await asyncio.sleep(0)
        there.clear()
        return await asked

    try:
        with pytest.raises(asyncio.CancelledError):
            asyncio.run(ask())
    finally:
        aside.close()
