"""A wire is cut at the call that was named, once the job has been spoken of."""

import socket
import threading
from contextlib import suppress
from pathlib import Path

import pytest

from checker.exam.cut import Cut


class Store(threading.Thread):
    """Stands for a store: it answers each call with the same, and remembers it."""

    def __init__(self, at: Path) -> None:
        super().__init__(daemon=True)
        self.heard: list[bytes] = []
        self.server = socket.socket(socket.AF_UNIX)
        self.server.bind(str(at))
        self.server.listen()
        self.start()

    def run(self) -> None:
        connection, _ = self.server.accept()
        while piece := connection.recv(100):
            self.heard.append(piece)
            connection.sendall(piece)


@pytest.mark.parametrize(("answer", "heard"), [(False, 3), (True, 4)])
def test_a_wire_is_cut_at_its_call(answer: bool, heard: int, tmp_path: Path) -> None:
    acts: list[str] = []
    store = Store(tmp_path / "store")
    at = str(tmp_path / "cut")
    cut = Cut(str(tmp_path / "store"), at, "job", 2, lambda: acts.append("act"), answer)
    calls = socket.socket(socket.AF_UNIX)
    calls.connect(at)
    calls.settimeout(5)
    for call in (b"other", b"another", b"of job"):  # the last one is the first that counts
        calls.sendall(call)
        assert calls.recv(100) == call
    assert acts == []
    calls.sendall(b"two")
    assert calls.recv(100) == b""
    assert cut.fired.wait(5)
    assert acts == ["act"]
    assert len(store.heard) == heard
    cut.close()


def test_whoever_calls_while_the_store_is_away_is_let_through_later(tmp_path: Path) -> None:
    at = str(tmp_path / "cut")
    cut = Cut(str(tmp_path / "store"), at, "job", 9, lambda: None, False)
    for away in (True, False):
        if not away:
            Store(tmp_path / "store")
        with socket.socket(socket.AF_UNIX) as calls:
            calls.settimeout(5)
            calls.connect(at)
            if away:  # and whoever has spoken meanwhile hears that nobody listened
                with suppress(ConnectionError):
                    calls.sendall(b"call")
                    assert calls.recv(100) == b""
                continue
            calls.sendall(b"call")
            assert calls.recv(100) == b"call"
    cut.close()
