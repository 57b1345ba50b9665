"""A wrong word gets one line and exit 2; sizes are read as people write them."""

import pytest

from checker.commands.options import memory, whole_number
from checker.shown.streams import printable
from tests.commands.processes.two_managers import Ffq


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--scope", "tow"), "there is no scope 'tow'; write one of: two"),
        (("--scope", "[b]"), "there is no scope '[b]'; `ffq scopes` lists them"),
        (
            ("--without", "decide_commit.all_prepard"),
            "there is no guard 'decide_commit.all_prepard'; write one of: "
            "decide_commit.all_prepared, ",
        ),
        (("--without", "split x y"), "there is no action 'x'; "),
        (("--without", "do as you like"), "'do as you like' is not an edit; "),
        (("--property", "all_agre"), "there is no property 'all_agre'; write one of: all_agree"),
        (("--max-states", "many"), "'many' is no size; write it as "),
        (("--max-memory", "0GiB"), "'0GiB' is less than 1; "),
        (("--engine", "steam"), "Invalid value for "),
        (("--max-memory", "8XB"), "'8XB' is no size; "),
        (("--bogus",), "No such option"),
        (("--save", "a" * 256), f"{'a' * 256}: cannot be looked at: File name too long; "),
        (("--save", "/dev/null/a"), "/dev/null/a: cannot be written: Not a directory; "),
        (("--save", "."), ".: is not a regular file; "),
        (("--save", "a", "--no-save"), "--save and --no-save exclude each other; "),
        (("--threads", "0"), "Invalid value for "),
        (("--threads", "100000"), "Invalid value for "),
        (("--max-seconds", "nan"), "nan is no number of seconds; "),
        (("--max-seconds", "inf"), "inf is no number of seconds; "),
        (("--max-states", "9e99"), "'9e99' is too much; "),
        (("--max-memory", "9" * 400), f"'{'9' * 400}' is too much; "),
    ],
)
def test_a_wrong_word_gets_one_line_and_exit_2(
    ffq: Ffq, arguments: tuple[str, ...], message: str
) -> None:
    status, out, err = ffq("check", "--engine", "plain", *arguments)
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert err.startswith(f"ffq: {message}")
    assert "Traceback" not in err and ".py" not in err
    status, answer = ffq.json("check", "--engine", "plain", *arguments)
    assert (status, answer["ok"]) == (2, False)
    assert printable(answer["error"]).startswith(message)


@pytest.mark.parametrize(
    ("text", "size"),
    [("7", 7), ("200_000", 200_000), ("2e8", 2 * 10**8), ("10M", 10**7), ("1.5k", 1500)],
)
def test_counts_are_read_as_people_write_them(text: str, size: int) -> None:
    assert whole_number(text) == size


@pytest.mark.parametrize(
    ("text", "size"),
    [("8GiB", 2**33), ("8 GiB", 2**33), ("512MB", 512 * 10**6), ("8G", 8 * 10**9), ("100", 100)],
)
def test_memory_is_read_as_people_write_it(text: str, size: int) -> None:
    assert memory(text) == size
