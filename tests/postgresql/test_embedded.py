"""The server of one's own: it comes, is alone in its folder, and leaves nothing."""

import os
import tempfile
from pathlib import Path

import pytest

from checker.docs.isolation import PRINTERS
from impl.postgresql import embedded
from impl.postgresql.embedded import NoServer, Server


def test_a_server_comes_and_goes_with_its_folder() -> None:
    with Server() as server:
        with server.connect():
            pid = int((server.folder / "data" / "postmaster.pid").read_text().split()[0])
        assert int(server.version.split(".")[0]) >= 18
        os.kill(pid, 0)
    assert not server.folder.exists()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_server_that_does_not_come_up_says_why_and_leaves_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)  # the server may be somebody else
        monkeypatch.setattr(tempfile, "tempdir", folder)
        monkeypatch.setitem(embedded._SETTINGS, "shared_buffers", "'none'")
        with pytest.raises(NoServer, match="shared_buffers"):
            Server()
        assert os.listdir(folder) == []


def test_a_server_that_nobody_may_run_is_one_clear_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "_BIN", Path("/nowhere"))
    with pytest.raises(NoServer) as refused:
        Server()
    said = str(refused.value)
    assert said.startswith("/nowhere/initdb cannot be used by ")
    assert said.endswith(": No such file or directory; keep it where everybody may read")
    with pytest.raises(ValueError, match="it is tried on a server, and /nowhere/initdb"):
        PRINTERS["isolation-claims"]()
