"""The server of one's own: it comes, is alone in its folder, and leaves nothing."""

import os
import tempfile
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from pathlib import Path

import pytest

from checker.docs.evidence.isolation import PRINTERS
from impl.postgresql.trial import embedded
from impl.postgresql.trial.embedded import NoServer, Server


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


def test_a_server_that_is_not_installed_is_one_clear_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "_PACKAGE", "nowhere_at_all")
    with pytest.raises(NoServer) as refused:
        Server()
    said = "there is no package nowhere_at_all; install the extra 'postgresql'"
    assert str(refused.value) == said
    with pytest.raises(ValueError, match=f"it is tried on a server, and {said}"):
        PRINTERS["isolation-claims"]()


def test_a_server_comes_from_a_folder_where_only_its_owner_may_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = find_spec(embedded._PACKAGE)
    assert found is not None and found.origin is not None
    package = Path(found.origin).parent
    for folder in (package, package.with_name(f"{package.name}.libs")):
        (tmp_path / folder.name).symlink_to(folder)
    tmp_path.chmod(0o700)
    private = ModuleSpec(package.name, None, origin=str(tmp_path / package.name / "__init__.py"))
    monkeypatch.setattr(embedded, "find_spec", lambda name: private)
    with Server() as server, server.connect() as connection:
        assert connection.execute("SELECT 1").fetchall() == [(1,)]
