"""A function whose call does not run it is refused, and is never taken for work that was done."""

import functools
import re
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from impl.queue import Queue
from impl.terms.requests import BadRequest
from impl.worker import Worker
from impl.working.attempt import Attempt
from tests.queue.file.looking import rows
from tests.worker.looking import enter, notes

ON_BOTH = True


async def waits(*_: Any) -> None:
    raise AssertionError("nobody awaits it")


def yields(*_: Any) -> Iterator[int]:
    yield 1


async def waits_and_yields(*_: Any) -> AsyncIterator[int]:
    yield 1


class Waits:
    async def __call__(self, *_: Any) -> None:
        raise AssertionError("nobody awaits it")

    async def method(self, *_: Any) -> None:
        raise AssertionError("nobody awaits it")


DEFERRED: list[tuple[Callable[..., Any], str]] = [
    (waits, "an async function"),
    (yields, "a generator function"),
    (waits_and_yields, "a generator function"),
    (Waits(), "an async function"),
    (Waits().method, "an async function"),
    (functools.partial(waits, 1), "an async function"),
    (functools.partial(functools.partial(Waits(), 1), 2), "an async function"),
]


@pytest.mark.parametrize(("function", "kind"), DEFERRED)
def test_a_function_that_would_not_run_is_refused_with_its_table(
    queue: Queue, file: Path, function: Callable[..., Any], kind: str
) -> None:
    def fine(*_: Any) -> None:
        pass

    given: list[tuple[str, dict[str, Any]]] = [
        ("receiver of 'mail'", {"handlers": {}, "receivers": {"mail": function}}),
        ("on_death", {"handlers": {}, "on_death": function}),
        ("on_step", {"handlers": {}, "on_step": function}),
    ]
    if kind != "an async function":
        given.append(("handler of 'k'", {"handlers": {"fine": fine, "k": function}}))
    for subject, tables in given:
        why = f"{subject}: is {kind}, which returns before it has run; give a plain function"
        with pytest.raises(BadRequest, match=re.escape(why)):
            Worker(queue, **tables)
    assert rows(file, "SELECT count(*) FROM process") == [(0,)]  # nobody has joined


def wrapped(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return the function as a decorator gives it back, which looks like a plain one."""
    return lambda attempt: function(attempt)


@pytest.mark.filterwarnings("error")  # Python's own complaint that something was not awaited
@pytest.mark.parametrize(
    ("function", "kind"),
    [(waits, "coroutine"), (yields, "generator"), (waits_and_yields, "async_generator")],
)
def test_an_attempt_that_was_not_run_has_failed(
    queue: Queue, file: Path, function: Callable[..., Any], kind: str
) -> None:
    queue.enqueue("k", max_attempts=1)
    assert Worker(queue, {"k": wrapped(function)}).run(until_empty=True) == {"failed": 1}
    why = f"NotRun: returned a {kind}, which nobody runs; do the work before returning"
    assert notes(file) == [("settle_failed", why)]


def test_what_else_a_handler_returns_is_of_no_interest(queue: Queue, file: Path) -> None:
    queue.enqueue("k")

    def returns(attempt: Attempt) -> Any:
        enter(attempt, "entry")
        return [1], "text"

    assert Worker(queue, {"k": returns}).run(until_empty=True) == {"done": 1}
    assert rows(file, "SELECT what FROM ledger") == [("entry",)]
