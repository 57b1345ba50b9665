"""Whatever swallows an exception in `impl` and `checker` names the test that shows what it
may swallow.

`swallowed.txt` has a line for each file, below it one for each handler that does not end in raising
something, and below that the tests. A handler that is not there, a line that nothing stands for any
more, and a test that is not there fail.
"""

import ast
from collections.abc import Iterator
from functools import cache

import pytest

from tests.checkout import ROOT
from tests.rules import report, sources

TABLE = ROOT / "tests" / "swallowed.txt"
Row = tuple[str, str]


def swallowing(path: str, source: str) -> list[Row]:
    """Return the handlers of a file that do not end in raising something, as `function: what`."""
    found: list[Row] = []
    for name, what in _swallowing(ast.parse(source), ()):
        row = path, f"{name}: {what}"
        again = sum(handler.partition(" (")[0] == row[1] for file, handler in found if file == path)
        found.append((path, f"{row[1]} ({again + 1})") if again else row)
    return found


def _swallowing(node: ast.AST, home: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        home = (*home, node.name)
    match node:
        case ast.ExceptHandler(type=kinds, body=[*_, last]) if not isinstance(last, ast.Raise):
            yield ".".join(home), _named(kinds)
        case ast.Call(func=ast.Name("suppress") | ast.Attribute(attr="suppress"), args=kinds):
            yield ".".join(home), ", ".join(map(_named, kinds))
    for child in ast.iter_child_nodes(node):
        yield from _swallowing(child, home)


def _named(kinds: ast.expr | None) -> str:
    if isinstance(kinds, ast.Tuple):
        return ", ".join(map(ast.unparse, kinds.elts))
    return "everything" if kinds is None else ast.unparse(kinds)


def table(text: str) -> dict[Row, list[str]]:
    """Return the tests of each handler."""
    found: dict[Row, list[str]] = {}
    file, tests = "", list[str]()
    for line in text.splitlines():
        if not line.startswith(" "):
            file = line
        elif not line.startswith("    "):
            tests = found.setdefault((file, line.strip()), [])
        else:
            tests.append(line.strip())
    return found


@cache
def _tests_of(file: str) -> frozenset[str]:
    path = ROOT / "tests" / file
    tree = ast.parse(path.read_text("utf-8")) if path.is_file() else ast.Module([], [])
    return frozenset(n.name for n in ast.walk(tree) if isinstance(n, ast.FunctionDef))


def complaints(handlers: list[Row], known: dict[Row, list[str]]) -> list[str]:
    """Say what is missing in the table, and what is there in vain."""
    found = [f"{path}: {what}: swallows, and no test says what" for path, what in handlers
             if not known.get((path, what))]  # fmt: skip
    for row in known.keys() - set(handlers):
        found.append(f"{row[0]}: {row[1]}: is in the table, and not there")
    for path, what in known:
        for test in known[path, what]:
            file, _, name = test.partition("::")
            if not name.startswith("test_") or name not in _tests_of(file):
                found.append(f"{path}: {what}: there is no test {test}")
    return sorted(found)


def test_whatever_swallows_an_exception_names_the_test_that_shows_what() -> None:
    rooms = ("impl/", "checker/")
    handlers = [
        row
        for path, text in sources().items()
        if path.startswith(rooms)
        for row in swallowing(path, text)
    ]
    assert len(handlers) > 100
    report(complaints(handlers, table(TABLE.read_text("utf-8"))))


# ---------------------------------------------------------------- that this can fail
SOURCE = """
class Shop:
    def sell(self):
        with contextlib.suppress(OSError, KeyError):
            try:
                pay()
            except ValueError as wrong:
                raise Refused from wrong
            except (EOFError, TypeError):
                if late():
                    raise
                return None
            except BaseException:
                put_back()
                raise

def count():
    try:
        pass
    except:
        def inner():
            raise KeyError
    try:
        pass
    except:
        pass
"""


def test_what_swallows_is_what_does_not_end_in_raising() -> None:
    assert swallowing("a.py", SOURCE) == [
        ("a.py", "Shop.sell: OSError, KeyError"),
        ("a.py", "Shop.sell: EOFError, TypeError"),
        ("a.py", "count: everything"),
        ("a.py", "count: everything (2)"),
    ]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("a.py\n", "a.py: f: OSError: swallows, and no test says what"),
        ("a.py\n  f: OSError\n", "a.py: f: OSError: swallows, and no test says what"),
        (
            "a.py\n  f: OSError\n    test_tidy.py::test_no_such\n",
            "a.py: f: OSError: there is no test test_tidy.py::test_no_such",
        ),
        (
            "a.py\n  f: OSError\n    test_no_such.py::test_it\n",
            "a.py: f: OSError: there is no test test_no_such.py::test_it",
        ),
        (
            "a.py\n  f: OSError\n    test_tidy.py::test_a_long_file_is_named\n"
            "  g: OSError\n    test_tidy.py::test_a_long_file_is_named\n",
            "a.py: g: OSError: is in the table, and not there",
        ),
    ],
)
def test_a_table_that_is_wrong_is_told_so(text: str, complaint: str) -> None:
    assert complaints([("a.py", "f: OSError")], table(text)) == [complaint]


def test_a_table_that_is_right_is_not() -> None:
    text = "a.py\n  f: OSError\n    test_tidy.py::test_a_long_file_is_named\n"
    assert complaints([("a.py", "f: OSError")], table(text)) == []
