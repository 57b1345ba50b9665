"""What is many, done by the workers of a cluster: the answers are the same."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from contextvars import copy_context
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from checker.commands import main as cli
from checker.crashlab.campaign import Crew
from checker.crashlab.images.settings import SETTINGS
from checker.crashlab.plan import path_tasks
from checker.process import elsewhere
from checker.process.elsewhere import Away, cluster
from checker.prove.obligations import Prover
from checker.prove.portfolio import Solvers
from checker.runs.sources import Sources
from spec.queue.scopes import requests
from tests.checkout import ROOT


@pytest.fixture
def on(tmp_path: Path) -> Iterator[str]:
    """Give the address of a scheduler with two workers on this machine."""
    if find_spec("distributed") is None and os.environ.get("CI") != "true":
        pytest.skip("needs the extra `distributed`")
    file = tmp_path / "scheduler.json"
    given = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'impl/public'}"}
    where = ["--scheduler-file", str(file)]

    def started(kind: str, *options: str) -> subprocess.Popen[bytes]:
        line = [sys.executable, "-m", f"distributed.cli.dask_{kind}", *where, *options]
        log = (tmp_path / f"{kind}.log").open("ab")
        return subprocess.Popen(line, cwd=tmp_path, env=given, stdout=log, stderr=log)

    here = ["--host", "127.0.0.1", "--no-dashboard"]
    one = [*here, "--nthreads", "1", "--no-nanny"]
    with ExitStack() as ends:
        for kind, options in (
            ("scheduler", [*here, "--port", "0"]),
            ("worker", one),
            ("worker", one),
        ):
            process = started(kind, *options)
            ends.callback(process.wait)
            ends.callback(process.kill)
        distributed: Any = import_module("distributed")

        until = time.monotonic() + 60
        while not file.exists() and time.monotonic() < until:
            time.sleep(0.1)
        with distributed.Client(scheduler_file=str(file), set_as_default=False) as client:
            client.wait_for_workers(2, timeout=60)
            yield client.scheduler.address.replace("tcp://", "dask://")


def done_by(executor: Any) -> list[int]:
    """Return how many tasks each worker has done."""
    counted = executor._client.run(lambda dask_worker: dask_worker.state.executed_count)
    return list(counted.values())


@pytest.mark.deep
def test_two_workers_of_a_cluster_decide_and_crash_as_this_process_does(
    on: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = [o for o in Prover(requests).all() if not o.framed][:60]
    with cluster(on) as (executor, workers):
        assert workers == 2
        theirs = Solvers(executor, every=True).decide(left)
        done = done_by(executor)
        assert sum(done) == len(left) and min(done) > 0, done
    with Crew(processes=1) as alone:
        ours = Solvers(executor, every=True).decide(left[:20])  # so few are decided here
        assert [d.verdict for d in theirs[:20]] == [d.verdict for d in ours]
        tasks = path_tasks(alone.bench, 3, 1, SETTINGS["wal-normal"])
        one = alone.work("", tasks).found
    token = elsewhere.ON.set(on)
    try:
        with Crew() as many:
            two = many.work("", tasks).found
    finally:
        elsewhere.ON.reset(token)
    assert (one.crashes, one.images, one.worst) == (two.crashes, two.images, two.worst)

    monkeypatch.setattr(Sources, "hash", "another")
    with pytest.raises(Away, match="has another ffq, Python or solver"), cluster(on):
        pass


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ("127.0.0.1:8786", "127.0.0.1:8786: is no cluster; write dask://HOST:PORT"),
        ("dask://127.0.0.1:1", "dask://127.0.0.1:1: no scheduler answers within"),
    ],
)
def test_what_is_no_cluster_is_refused_in_one_line(
    where: str, said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    if where.startswith("dask:") and find_spec("distributed") is None:
        said = "the library distributed is missing"
    monkeypatch.setattr(elsewhere, "SECONDS", 1)
    assert copy_context().run(cli.main, ["crashlab", "--on", where]) == 2
    err = capsys.readouterr().err
    assert said in err
    assert err.count("\n") == 1


def test_a_wrong_address_is_refused_where_nothing_is_left_to_be_done(
    capsys: pytest.CaptureFixture[str],
) -> None:
    asked = ["prove", "--spec", "tests.prove.agreed:agreed"]
    assert cli.main(asked) == 0  # and all of it is remembered
    capsys.readouterr()
    assert copy_context().run(cli.main, [*asked, "--on", "nowhere"]) == 2
    assert "nowhere: is no cluster" in capsys.readouterr().err
