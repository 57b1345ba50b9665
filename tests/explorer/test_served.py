"""The explorer in a browser: what its page is sent is what a terminal would draw."""

import asyncio
import os
import socket
import subprocess
import sys
import time
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from checker.commands import main as cli
from tests.checkout import ROOT


async def sent(port: int, wanted: bytes) -> bytes:
    """Return what the page is sent until the text has come, or half a minute is over."""
    aiohttp: Any = import_module("aiohttp")
    found = b""
    async with aiohttp.ClientSession() as session:
        address = f"ws://localhost:{port}/ws?width=100&height=30"
        async with session.ws_connect(address) as page:
            until = time.monotonic() + 30
            while wanted not in found and time.monotonic() < until:
                message = await page.receive(timeout=30)
                found += message.data if isinstance(message.data, bytes) else b""
    return found


@pytest.mark.deep
def test_a_page_on_this_machine_is_drawn_on(tmp_path: Path) -> None:
    if find_spec("textual_serve") is None and os.environ.get("CI") != "true":
        pytest.skip("needs the extra `serve`")
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
    line = [sys.executable, "-m", "checker.commands", "browse", "FM-010", "--step", "3"]
    given = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'impl/public'}"}
    server = subprocess.Popen(
        [*line, "--serve", str(port)], cwd=tmp_path, env=given, stdout=subprocess.DEVNULL
    )
    try:
        until = time.monotonic() + 30
        while time.monotonic() < until:
            with socket.socket() as door:
                if door.connect_ex(("localhost", port)) == 0:
                    break
            time.sleep(0.1)
        found = asyncio.run(sent(port, b"a_late_worker_is_believed"))
        assert b"a_late_worker_is_believed" in found
        assert b" 3/8 " in found, "the step that the command line names"
    finally:
        server.terminate()
        server.wait()


def test_a_server_that_cannot_be_had_is_said_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "textual_serve.server", None)
    assert cli.main(["browse", "--serve", "8000"]) == 2
    err = capsys.readouterr().err
    assert err == "ffq: --serve: the library textual-serve is missing; pip install textual-serve\n"
