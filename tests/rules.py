"""Rules of shape: each is a function from text to messages `path:line: what is wrong`."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from functools import cache

import pytest

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
    "psycopg": ("impl/postgresql/", None),
    "distributed": ("checker/process/", 1),
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
    """Say which imports of this file the map does not allow."""
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


ELSEWHERE = ("checker/exam/subjects/", "checker/bench/peers.py")
"""What runs in environments of its own, with the libraries of other products."""


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
            if not path.startswith((room, *ELSEWHERE)):
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
