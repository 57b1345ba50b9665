"""What is no history is refused line by line, with what is wrong and what to do."""

from io import BytesIO, TextIOWrapper
from pathlib import Path

import pytest

from checker.judge.history import read
from checker.judge.jobs import job_of
from checker.judge.verdict import Judge
from checker.runs.trace import BadTrace

HEAD = b'{"format": "ffq history", "version": 1, "seen": ["up", "start", "ended"]}\n'
UP = b'{"event": "up", "worker": "w"}\n'


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (b"", ": is empty;"),
        (b"\x7fELF\x02\x01\n", ":1: is not JSON"),
        (b"\xff\xfe\n", ":1: byte 1 is not UTF-8"),
        (b"[1, 2]\n", ":1: [1, 2] is not an object"),
        (UP, ':1: is not the header of a history; put this line first: {"format": '),
        (HEAD[:38] + b"}\n", ":1: 'seen' is missing; list the kinds of event you log"),
        (HEAD.replace(b": 1,", b": 9,"), ":1: has version 9"),
        (HEAD.replace(b'"up"', b'"pu"'), ":1: 'seen' has 'pu', which is no kind of event"),
        (HEAD + b'{"event": "begun"}\n', ":2: 'begun' is no kind of event"),
        (HEAD + b'{"event": "start", "job": "j"}\n', ":2: 'worker' is missing"),
        (HEAD + b'{"event": "died", "worker": "w"}\n', ":2: 'died' is not among what the header"),
        (HEAD + UP + b'{"event": "status", "job": "j", "is": "ok"}\n', ":3: status is 'ok'; write"),
        (HEAD + UP + b'{"event": "up", "worker": []}\n', ":3: 'worker' is [], not text"),
        (
            HEAD + UP + b'{"event": "up", "worker": "w", "who": 1}\n',
            ":3: 'who' does not belong here; beside up stand worker, at, note; leave",
        ),
        (HEAD + UP + b'{"event": "up", "wor', ":3: the history is cut off inside this line"),
        (HEAD + b" " * 70_000 + b"\n", ":2: the line is longer than 65,536 bytes"),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, text: bytes, says: str) -> None:
    file = tmp_path / "h.jsonl"
    file.write_bytes(text)
    with pytest.raises(BadTrace) as wrong:
        read(file)
    assert says in str(wrong.value)
    assert "\n" not in str(wrong.value)


def test_a_worker_that_was_never_up_is_named(tmp_path: Path) -> None:
    file = tmp_path / "h.jsonl"
    file.write_bytes(HEAD + b'{"event": "start", "worker": "w", "job": "j"}\n')
    with pytest.raises(BadTrace, match=r":2: start names 'w', and no up of it was seen; write"):
        job_of(read(file), "j", str(file))


def test_what_happens_to_a_process_happens_to_its_threads(tmp_path: Path) -> None:
    file = tmp_path / "h.jsonl"
    file.write_bytes(
        HEAD.replace(b'"ended"', b'"ended", "died"')
        + b'{"event": "up", "worker": "p"}\n'
        + b'{"event": "start", "worker": "p/2", "job": "j"}\n'
        + b'{"event": "died", "worker": "p"}\n'
        + b'{"event": "status", "job": "j", "is": "ready"}\n'
    )
    seen = job_of(read(file), "j")
    assert [str(e) for e in seen.events] == ["up p/2", "start p/2", "died p/2", "status ready"]


def test_the_store_is_away_for_every_job(tmp_path: Path) -> None:
    file = tmp_path / "h.jsonl"
    file.write_bytes(
        HEAD.replace(b'"ended"', b'"ended", "outage", "back"')
        + b'{"event": "outage"}\n{"event": "back"}\n{"event": "outage"}\n'
        + b'{"event": "status", "job": 7, "is": "ready"}\n'
    )
    (verdict,) = Judge(read(file)).verdicts()
    assert [str(e) for e in verdict.seen.events] == ["outage", "status ready"]
    assert str(verdict.event) == "status ready"  # nobody can have read it


def test_a_history_is_read_from_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    said = HEAD + UP + b'{"event": "start", "worker": "w", "job": 7}\n'
    monkeypatch.setattr("sys.stdin", TextIOWrapper(BytesIO(said)))
    assert list(read(Path("-")).jobs) == ["7"]
