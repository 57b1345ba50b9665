"""What a subject stands on: a store of its own, and an agent in the environment of the product."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from checker.exam.sessions import Client, Failed
from checker.exam.stores import served
from checker.exam.subject import SUBJECTS


@pytest.mark.skipif(shutil.which("redis-server") is None, reason="there is no redis-server")
def test_a_redis_of_its_own_comes_and_goes(tmp_path: Path) -> None:
    with served("redis", tmp_path) as address:
        assert Path(address).is_socket()
    assert subprocess.run(["pgrep", "-f", str(tmp_path)], check=False).returncode == 1


def test_a_client_says_what_the_product_raises(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(SUBJECTS.parent), "EXAM_FOLDER": str(tmp_path)}
    command = [sys.executable, "-m", "subjects.agent", "litequeue", "client"]
    client = Client(command, tmp_path / "log", env=environment, cwd=tmp_path)
    client.call("setup")
    assert client.call("status", "a") == ["absent"]
    client.call("enqueue", "a")
    assert client.call("status", "a") == ["ready"]
    with pytest.raises(Failed, match="enqueue: TypeError: enqueue"):
        client.call("enqueue", "a", "b")
    client.close()
