"""The tree keeps its shape: imports run one way, files stay small, nothing names a machine.

Each rule is a function from text to messages `path:line: what is wrong`, and each has a test on
made-up input that shows it can fail.
"""

import ast
import re
import subprocess
import sys
import warnings
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import pytest

import spec
from tests.checkout import ROOT

PACKAGES = ("spec", "impl", "checker", "tui")

MAY_IMPORT = {
    "spec": {"spec"},
    "impl": {"impl", "spec"},
    "checker": {"checker", "spec", "impl", "tui"},  # as the map allows: see `out_of_bounds`
    "tui": {"tui", "checker", "spec"},
}
# Where a heavy library may be imported, and in how many files at the most.
ROOMS = {
    "llvmlite": ("checker/search/compiled/", None),
    "z3": ("checker/", 1),
    "cvc5": ("checker/", 1),
    "textual": ("tui/", None),
    "apsw": ("impl/", None),
}

FILE_LINES, FILE_LINES_MAX, FUNCTION_LINES_MAX = 300, 350, 60

# Written so that neither pattern matches its own source.
MACHINE_PATH = re.compile(r"(?<![\w.~-])/(?:work|root|opt)/|(?<![\w.~-])/tmp/(?:lab)")
REGISTRY_HOST = re.compile(
    r"\b(?:pypi\.org|pythonhosted\.org|anaconda\.org|registry\.npmjs\.org|crates\.io)\b"
)
LOCK_LINE = re.compile(
    r"#.*|    # via [\w, .()-]+"
    r"|(?P<pin>[a-z0-9][a-z0-9-]*==[\w.]+(?: ; [\w .<>='!()]+)? \\)"
    r"|    (?P<hash>--hash=sha256:[0-9a-f]{64})(?: \\)?"
)


@cache
def imports(source: str) -> tuple[tuple[int, str], ...]:
    """Return every absolute import as (line, dotted name), those inside functions included."""
    return tuple(_imports(source))


def _imports(source: str) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import():
                yield from ((node.lineno, alias.name) for alias in node.names)
            case ast.ImportFrom(level=0, module=str(module)):
                yield node.lineno, module
            case ast.Call(
                func=ast.Name(id="import_module" | "__import__")
                | ast.Attribute(attr="import_module"),
                args=[ast.Constant(value=str(name)), *_],
            ) if not name.startswith("."):
                yield node.lineno, name


def wrong_way(path: str, source: str) -> list[str]:
    """Say which imports of this file run against the arrow spec <- impl <- checker <- tui."""
    home = path.split("/")[0]
    found = []
    for line, name in imports(source):
        top = name.split(".")[0]
        if top in {*PACKAGES, "tests"} - MAY_IMPORT[home]:
            found.append(f"{path}:{line}: {home} imports {name}")
        elif home == "spec" and top not in MAY_IMPORT[home] | sys.stdlib_module_names:
            found.append(f"{path}:{line}: spec imports {name}, which is no standard library")
    return found


def the_map(page: str) -> dict[str, set[str]]:
    """Return the rooms, and what each may import, as CONTRIBUTING says; those of the checker are
    called without it.
    """
    rows = re.findall(r"^- `([a-z_/]+)`: .* Imports (.+)\.$", page, re.MULTILINE)
    return {room: set(re.findall(r"`([a-z_/]+)`", given)) for room, given in rows}


def room_of(module: str, rooms: Iterable[str]) -> str:
    """Return the room that a module is in: `search/compiled`, `impl/sqlite`."""
    path = module.replace(".", "/").removeprefix("checker/")
    inside = [room for room in rooms if path == room or path.startswith(f"{room}/")]
    return max(inside, key=len, default="")


def out_of_bounds(path: str, source: str, rooms: dict[str, set[str]]) -> list[str]:
    """Say which imports of this file of the checker or of `impl` the map does not allow."""
    own = room_of(path.removesuffix(".py").replace("/", "."), rooms)
    if not own:
        whole = path in {"checker/__init__.py", "impl/__init__.py"}
        return [] if whole else [f"{path}:1: is in no room of the map"]
    home = path.split("/")[0]
    found = []
    for line, name in imports(source):
        top = name.split(".")[0]
        other = room_of(name, rooms) if top == home else top
        if other != own and other not in rooms[own] and top in {"checker", "impl", "tui"}:
            found.append(f"{path}:{line}: {own} imports {name}, of {other or 'no room'}")
    return found


def circles(rooms: dict[str, set[str]]) -> list[str]:
    """Say which rooms can be reached from themselves."""

    def reached(room: str, seen: set[str]) -> set[str]:
        for other in rooms.get(room, set()) - seen:
            seen |= {other} | reached(other, seen | {other})
        return seen

    return [room for room in rooms if room in reached(room, set())]


def out_of_its_room(files: dict[str, str]) -> list[str]:
    """Say which heavy libraries are imported outside the files that may."""
    found = []
    for library, (room, files_max) in ROOMS.items():
        uses: dict[str, int] = {}
        for path, source in files.items():
            for line, name in imports(source):
                if name.split(".")[0] == library:
                    uses.setdefault(path, line)
        for path, line in uses.items():
            if not path.startswith(room):
                found.append(f"{path}:{line}: {library} belongs in {room}")
            elif files_max is not None and len(uses) > files_max:
                where = ", ".join(uses)
                found.append(f"{path}:{line}: {library} belongs in one file, and is in {where}")
    return found


def too_long(path: str, source: str, lines_max: int) -> list[str]:
    """Say so when the file has more lines than this."""
    count = len(source.splitlines())
    return [f"{path}:{count}: {count} lines, {lines_max} at most"] if count > lines_max else []


def long_functions(path: str, source: str) -> list[str]:
    """Say which functions do not fit on a screen, counted from `def` to the last line."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            count = (node.end_lineno or node.lineno) - node.lineno + 1
            if count > FUNCTION_LINES_MAX:
                found.append(
                    f"{path}:{node.lineno}: {node.name} has {count} lines, "
                    f"{FUNCTION_LINES_MAX} at most"
                )
    return found


def titles(path: str, text: str) -> list[str]:
    """Say so when a Markdown page has not exactly one first-level heading outside its fences."""
    lines, fence = [], ""
    for number, line in enumerate(text.splitlines(), 1):
        if mark := re.match(r" {0,3}(`{3,}|~{3,})(.*)", line):
            if not fence:
                fence = mark[1]
            elif mark[1].startswith(fence) and not mark[2].strip():
                fence = ""
        elif not fence and re.match(r"#\s", line):
            lines.append(number)
    if len(lines) == 1:
        return []
    return [f"{path}:{(lines or [0, 1])[1]}: {len(lines)} first-level headings, one is wanted"]


def names_a_machine(path: str, text: str) -> list[str]:
    """Say which lines name a path of one machine or the host of a package registry."""
    return [
        f"{path}:{number}: names {hit[0]}"
        for number, line in enumerate(text.splitlines(), 1)
        if (hit := MACHINE_PATH.search(line) or REGISTRY_HOST.search(line))
    ]


def unpinned(path: str, text: str) -> list[str]:
    """Say which lines of the lock are neither a pin, a hash nor a remark; each pin has a hash."""
    found, bare = [], None
    for number, line in enumerate([*text.splitlines(), "# end"], 1):
        known = LOCK_LINE.fullmatch(line)
        if not known:
            found.append(f"{path}:{number}: not a pin, a hash or a remark: {line.strip()}")
        elif known["hash"]:
            bare = None
        elif bare:
            found.append(f"{path}:{bare}: a pin without a hash")
            bare = None
        if known and known["pin"]:
            bare = number
    return found


def sources() -> dict[str, str]:
    """Return the Python files of the four packages, by path."""
    files = (file for package in PACKAGES for file in sorted((ROOT / package).rglob("*.py")))
    return {file.relative_to(ROOT).as_posix(): file.read_text("utf-8") for file in files}


def texts() -> dict[str, str]:
    """Return every text file git tracks, or would track if all were added, by path."""
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    ask = ["git", "-c", f"safe.directory={ROOT}", "ls-files", "-z"]
    listed = subprocess.run(
        [*ask, "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
    ).stdout
    found = {}
    for path in sorted(set(listed.split("\0")) - {""}):
        data = (ROOT / path).read_bytes() if (ROOT / path).is_file() else b"\0"
        if b"\0" not in data:
            found[path] = data.decode("utf-8", errors="replace")
    return found


def report(found: list[str]) -> None:
    """Fail with the messages and nothing around them."""
    if found:
        pytest.fail("\n" + "\n".join(found), pytrace=False)


# What holds of this tree.


def test_imports_run_one_way() -> None:
    report([line for path, source in sources().items() for line in wrong_way(path, source)])


def test_rooms_import_as_the_map_allows() -> None:
    rooms = the_map((ROOT / "CONTRIBUTING.md").read_text("utf-8"))
    both = ("checker/", "impl/")
    inside = {path: text for path, text in sources().items() if path.startswith(both)}
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
def test_the_wheel_holds_the_four_packages(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, capture_output=True, check=True)
    (wheel,) = tmp_path.glob("*.whl")
    listing = [sys.executable, "-m", "zipfile", "-l", str(wheel)]
    listed = subprocess.run(listing, capture_output=True, check=True, text=True).stdout
    tops = set(re.findall(r"^([\w.-]+)/", listed, re.MULTILINE))
    assert {top for top in tops if not top.endswith(".dist-info")} == set(PACKAGES)


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
    for line in ("rich>=15", "--index-url elsewhere", "-e .", "rich @ ./x.whl"):
        (message,) = unpinned("lock", line)
        assert message == f"lock:1: not a pin, a hash or a remark: {line}"
