"""The tree keeps its shape: imports run one way, files stay small, nothing names a machine.

Each rule is a function from text to messages `path:line: what is wrong`, and each has a test on
made-up input that shows it can fail.
"""

import re
import subprocess
import sys
import warnings
from pathlib import Path

import pytest

import spec
from tests.checkout import ROOT
from tests.rules import (
    FILE_LINES,
    FILE_LINES_MAX,
    PACKAGES,
    circles,
    long_functions,
    names_a_machine,
    out_of_bounds,
    out_of_its_room,
    report,
    room_of,
    sources,
    texts,
    the_map,
    titles,
    too_long,
    unpinned,
    wrong_way,
)


def test_imports_run_one_way() -> None:
    report([line for path, source in sources().items() for line in wrong_way(path, source)])


def test_rooms_import_as_the_map_allows() -> None:
    rooms = the_map((ROOT / "CONTRIBUTING.md").read_text("utf-8"))
    mapped = ("checker/", "impl/", "tui/")
    inside = {path: text for path, text in sources().items() if path.startswith(mapped)}
    assert {room_of(path[:-3].replace("/", "."), rooms) for path in inside} == {*rooms, ""}
    report([line for path, text in inside.items() for line in out_of_bounds(path, text, rooms)])


def test_no_room_can_be_reached_from_itself() -> None:
    assert circles(the_map((ROOT / "CONTRIBUTING.md").read_text("utf-8"))) == []


def test_an_import_that_the_map_does_not_allow_is_named() -> None:
    rooms = the_map("- `runs`: A run. Imports none.\n- `search`: States. Imports `runs`.\n")
    assert rooms == {"runs": set(), "search": {"runs"}}
    assert out_of_bounds("checker/search/a.py", "from checker.runs import b", rooms) == []
    assert out_of_bounds("checker/runs/b.py", "from checker.search import a", rooms) == [
        "checker/runs/b.py:1: runs imports checker.search, of search"
    ]
    assert out_of_bounds("checker/runs/b.py", "import impl.queue", rooms) == [
        "checker/runs/b.py:1: runs imports impl.queue, of impl"
    ]
    assert out_of_bounds("checker/c.py", "", rooms) == ["checker/c.py:1: is in no room of the map"]
    assert circles({"a": {"b"}, "b": {"a"}, "c": {"a"}}) == ["a", "b"]


def test_heavy_libraries_stay_in_their_rooms() -> None:
    report(out_of_its_room(sources()))


def test_no_file_is_longer_than_350_lines() -> None:
    for path, source in sources().items():
        for line in too_long(path, source, FILE_LINES):
            warnings.warn(line, stacklevel=1)
    report(
        [line for path, text in sources().items() for line in too_long(path, text, FILE_LINES_MAX)]
    )


def test_no_function_is_longer_than_60_lines() -> None:
    report([line for path, source in sources().items() for line in long_functions(path, source)])


def test_every_page_has_one_title() -> None:
    pages = [page for folder in ("docs", "postmortems") for page in (ROOT / folder).rglob("*.md")]
    report(
        [
            line
            for page in sorted(pages)
            for line in titles(page.relative_to(ROOT).as_posix(), page.read_text("utf-8"))
        ]
    )


def test_nothing_names_a_machine_or_a_registry() -> None:
    report([line for path, text in texts().items() for line in names_a_machine(path, text)])


def test_the_lock_is_pins_and_hashes() -> None:
    lock = ROOT / "requirements.lock"
    report(unpinned(lock.name, lock.read_text("utf-8")))


def test_spec_is_the_one_in_this_repository() -> None:
    assert spec.__file__ is not None
    assert Path(spec.__file__).resolve().is_relative_to(ROOT / "spec")


@pytest.mark.deep
def test_the_wheel_has_no_folder_but_that_of_its_name(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, capture_output=True, check=True)
    (wheel,) = tmp_path.glob("*.whl")
    listing = [sys.executable, "-m", "zipfile", "-l", str(wheel)]
    listed = subprocess.run(listing, capture_output=True, check=True, text=True).stdout
    tops = set(re.findall(r"^([\w.-]+)/", listed, re.MULTILINE))
    assert {top for top in tops if not top.endswith(".dist-info")} == {"ffq"}
    parts = set(re.findall(r"^ffq/_parts/(\w+)/", listed, re.MULTILINE))
    assert parts == {*PACKAGES, "postmortems"}


# That each rule can fail.


@pytest.mark.parametrize(
    ("path", "source", "complaint"),
    [
        (
            "spec/a.py",
            "import os\nimport impl.derive.sql",
            "spec/a.py:2: spec imports impl.derive.sql",
        ),
        ("spec/a.py", "import z3", "spec/a.py:1: spec imports z3, which is no standard library"),
        ("impl/a.py", "from checker import explore", "impl/a.py:1: impl imports checker"),
        ("tui/a.py", "def f():\n    import impl", "tui/a.py:2: tui imports impl"),
        ("impl/a.py", "import_module('tests.x')", "impl/a.py:1: impl imports tests.x"),
    ],
)
def test_an_import_against_the_arrow_is_named(path: str, source: str, complaint: str) -> None:
    assert wrong_way(path, source) == [complaint]


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("spec/a.py", "import ast\nfrom spec.language import expr\nfrom . import b"),
        ("impl/a.py", "import apsw, spec"),
        ("checker/conformance/beside_spec.py", "import impl"),
        ("checker/replay/run.py", "import impl"),
        ("checker/conformance_run.py", "from impl import queue"),
        ("checker/evidence/proofs.py", "from impl import queue"),
        ("checker/commands/browse.py", "def f():\n    import tui.app"),
        ("tui/a.py", "import textual, checker, spec"),
    ],
)
def test_an_import_along_the_arrow_is_not(path: str, source: str) -> None:
    assert wrong_way(path, source) == []


def test_a_library_outside_its_room_is_named() -> None:
    files = {
        "checker/explore.py": "def f():\n    import llvmlite.ir",
        "checker/search/compiled/code/kernel.py": "import llvmlite",
        "checker/prove.py": "from z3 import Int",
        "checker/bounded.py": "import z3",
        "checker/cvc.py": "import cvc5",
        "impl/derive/view.py": "import textual",
        "checker/store.py": "import apsw",
        "checker/exam/subjects/some/adapter.py": "import psycopg",
    }
    one = "z3 belongs in one file, and is in checker/prove.py, checker/bounded.py"
    assert out_of_its_room(files) == [
        "checker/explore.py:2: llvmlite belongs in checker/search/compiled/",
        f"checker/prove.py:1: {one}",
        f"checker/bounded.py:1: {one}",
        "impl/derive/view.py:1: textual belongs in tui/",
        "checker/store.py:1: apsw belongs in impl/",
    ]


def test_a_long_file_is_named() -> None:
    assert too_long("a.py", "x = 1\n" * 3, 3) == []
    assert too_long("a.py", "x = 1\n" * 4, 3) == ["a.py:4: 4 lines, 3 at most"]


def test_a_long_function_is_named() -> None:
    body = "\n@cache\ndef f():\n" + "    x = 1\n" * 59
    assert long_functions("a.py", body) == []
    assert long_functions("a.py", body + "    x = 1\n") == ["a.py:3: f has 61 lines, 60 at most"]


def test_a_page_without_one_title_is_named() -> None:
    assert titles("a.md", "# One\n\n```sh\n# a remark\n```\n## Two\n") == []
    assert titles("a.md", "## Two\n") == ["a.md:1: 0 first-level headings, one is wanted"]
    assert titles("a.md", "# One\n\n# Two\n") == ["a.md:3: 2 first-level headings, one is wanted"]


def test_a_machine_and_a_registry_are_named() -> None:
    for path in ("work/main", "root/.cache", "opt/wheels", "tmp/lab-3"):
        (message,) = names_a_machine("a.md", f"see\nfile:///{path}")
        assert message.startswith("a.md:2: names /")
    host = "files.python" + "hosted.org"
    assert names_a_machine("a.lock", f"https://{host}/x") == ["a.lock:1: names " + host[6:]]
    assert names_a_machine("a.md", "docs/work/plan, a/root/b and /tmp/x are fine") == []


def test_a_line_that_is_no_pin_is_named() -> None:
    pin, digest = "rich==15.0.0 \\", "    --hash=sha256:" + "0" * 64
    assert unpinned("lock", f"# remark\n{pin}\n{digest}\n    # via typer\n") == []
    assert unpinned("lock", f"{pin}\n{pin}\n{digest}\n") == ["lock:1: a pin without a hash"]
    for line in ("rich>=15", "--pre", "-e .", "./x.whl"):
        (message,) = unpinned("lock", line)
        assert message == f"lock:1: not a pin, a hash or a remark: {line}"
