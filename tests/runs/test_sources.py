"""What decides an answer is all that is imported to find it: each such source, and no other, makes
it be asked anew.
"""

import ast
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from checker.runs import sources
from checker.runs.sources import Sources
from tests import rules
from tests.checkout import ROOT
from tests.edited import edited, updated

LAMPS = "from tests.specs.lamps import SHOP\n"
MODE = "from spec.failures import FAILURES\nmode = FAILURES['FM-022a']\n"
# Of each kind that is remembered: who answers, and a question.
KINDS = {
    "claims": (
        "checker.verdicts.check",
        "from checker.verdicts.check import CheckPlan, run\nfrom spec.queue import SCOPES\n"
        "list(run(CheckPlan((SCOPES['one-job'],)), lambda _: None))",
    ),
    "failures": (
        "checker.evidence.traces",
        f"{MODE}from checker.evidence.traces import shortest\nshortest(mode.loss)",
    ),
    "fates": (
        "checker.explain.fate.fate",
        f"{LAMPS}from checker.explain.fate.fate import fates\nfates(SHOP, 'sold_lamps_are_dark')",
    ),
    "fives": (
        "checker.evidence.proofs",
        f"{MODE}from checker.evidence import proofs\n"
        "proofs.prove = lambda spec: None\nproofs.remembered(mode)",
    ),
    "found": (
        "checker.search.memo",
        f"{LAMPS}from checker.runs.exploration import Limits\n"
        "from checker.search.memo import hopes, look"
        "\nlook(SHOP)\nlook(SHOP, engine='plain')\nhopes(SHOP, (), Limits(), 1)",
    ),
    "modes": (
        "checker.evidence.proofs",
        f"{MODE}from checker.evidence.proofs import five\nfive(mode)",
    ),
    "necessity": (
        "checker.prove.necessity",
        f"{LAMPS}from checker.prove.portfolio import solvers\n"
        "from checker.prove.necessity import needed\n"
        "with solvers() as both: needed([SHOP.spec], 'sell.dark', both)",
    ),
    "pairs": (
        "checker.evidence.pairs",
        "from checker.evidence.pairs import violations\n"
        "violations('one-job', [('settle_done.fenced',)])",
    ),
    "proofs": (
        "checker.prove.proof",
        f"{LAMPS}from checker.prove.proof import prove\nprove(SHOP.spec)",
    ),
    "sufficient": (
        "checker.prove.portfolio",
        f"{LAMPS}from checker.prove.portfolio import solvers\n"
        "from checker.prove.obligations import Prover\nprover = Prover(SHOP.spec)\n"
        "with solvers() as both: both.decide([prover.obligation(n) for n in prover.names()])",
    ),
    "recovered": (
        "checker.evidence.recovered",
        f"{MODE}from checker.evidence.recovered import recovered\nrecovered(mode)",
    ),
    "silence": (
        "checker.evidence.detection.detected",
        "from spec.failures import FAILURES\n"
        "from checker.evidence.detection.detected import detected\n"
        "detected(FAILURES['FM-010'])",
    ),
}
SECONDS = {"claims", "fives", "modes", "pairs", "recovered", "silence"}
EACH = [
    pytest.param(*asked, id=kind, marks=[pytest.mark.deep] if kind in SECONDS else [])
    for kind, asked in KINDS.items()
]

OPENED = """
import atexit, json, os, sys

opened = set()
def note(event, given):
    if event == "open" and isinstance(given[0], str):
        opened.add(os.path.realpath(given[0]))
sys.addaudithook(note)
atexit.register(lambda: print(json.dumps(sorted(opened))))
"""

AGAIN = """
from checker.runs import cache

def write(file, content):
    raise AssertionError(f"{file} was found a second time")
cache.write = write
"""


def test_every_kind_of_answer_that_is_remembered_is_asked_here() -> None:
    places = (
        node.args[0].value
        for path, text in rules.sources().items()
        if path.startswith("checker/")
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        if node.func.id == "place" and isinstance(node.args[0], ast.Constant)
    )
    assert set(places) == set(KINDS)


@pytest.mark.parametrize(("module", "question"), EACH)
def test_whatever_is_read_to_find_an_answer_decides_it(
    tmp_path: Path, module: str, question: str
) -> None:
    """Python itself tells which files a process opens. Asked again, it is remembered."""
    ran = subprocess.run(
        [sys.executable, "-c", f"{OPENED}{question}\n{AGAIN}{question}"],
        cwd=ROOT,
        env={**os.environ, "FFQ_CACHE_DIR": str(tmp_path)},
        capture_output=True,
        check=True,
        text=True,
    )
    read = {name for path in ast.literal_eval(ran.stdout.splitlines()[-1]) if (name := named(path))}
    assert module in read
    assert read <= sources.modules(module, specs=True)[0]


def named(opened: str) -> str | None:
    """Return which module of the project a file is, as text or compiled."""
    path = Path(opened)
    if path.parent.name == "__pycache__":
        path = path.parents[1] / f"{path.name.split('.')[0]}.py"
    if path.suffix != ".py" or not path.is_relative_to(ROOT):
        return None
    name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    return name if name.split(".")[0] in ("spec", "impl", "checker") else None


@pytest.mark.parametrize("module", dict.fromkeys(module for module, _ in KINDS.values()))
@pytest.mark.parametrize("specs", [False, True])
def test_each_source_that_decides_moves_the_answer_and_no_other_does(
    module: str, specs: bool
) -> None:
    asked = Sources(module, specs)
    before, decides = asked.hash, sources.modules(module, specs)[0]
    for name in decides:
        with edited(name):
            assert asked.hash != before, name
    others = sorted(sources._AT_START.keys() - decides)
    assert {"checker.shown.console", "spec.queue.job" if not specs else "impl.worker"} <= set(
        others
    )
    for name in others:
        with edited(name):
            assert asked.hash == before, name


def test_every_import_is_seen() -> None:
    """Python's own parser finds no import that is not seen; what types need is left out, and what
    runs among a product of somebody else's.
    """
    for path, text in rules.sources().items():
        if path.startswith("checker/exam/subjects/"):
            continue
        tree = ast.parse(text)
        types = [
            inner
            for node in ast.walk(tree)
            if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
            for inner in ast.walk(node)
        ]
        wanted = set()
        for node in ast.walk(tree):
            match node:
                case ast.Import() if node not in types:
                    wanted |= {alias.name for alias in node.names}
                case ast.ImportFrom(module=home, level=0) if node not in types:
                    named = {alias.name for alias in node.names} - {"*"}
                    wanted |= {f"{home}.{name}" for name in named} | {str(home)}
                case ast.ImportFrom(level=level):
                    assert not level, f"{path}:{node.lineno}: an import from a place of its own"
        assert wanted <= set(sources.imported(text)), path


def test_no_source_that_decides_imports_what_it_computes() -> None:
    for module in {module for module, _ in KINDS.values()}:
        for name in sources.modules(module, specs=True)[0]:
            assert not re.search(r"(import_module|__import__)\((?!\")", sources.text(name)), name


def test_a_library_that_decides_moves_the_answer() -> None:
    libraries = {
        "checker.prove.proof": {"z3", "cvc5"},
        "checker.search.memo": {"numpy", "scipy", "llvmlite"},
        "checker.evidence.proofs": {
            "z3", "cvc5", "numpy", "scipy", "llvmlite", "apsw", "sqlite3", "psycopg"
        },
    }  # fmt: skip
    for module, wanted in libraries.items():
        assert sources.modules(module)[1] == wanted, module
        before = Sources(module).hash
        for library in wanted:
            with updated(library):
                assert Sources(module).hash != before


def test_the_versions_are_those_of_what_is_loaded() -> None:
    import cvc5
    import llvmlite
    import numpy
    import z3

    assert sources.version("numpy") == numpy.__version__
    assert sources.version("llvmlite") == llvmlite.__version__
    assert sources.version("cvc5") == cvc5.__version__
    assert sources.version("z3").startswith(z3.get_version_string())
    assert sources.version("no_such_library") == "missing"


def test_a_file_that_is_read_moves_the_answer(tmp_path: Path) -> None:
    asked = Sources("checker.search.memo", data=(tmp_path / "kept.jsonl",))
    found = {asked.hash}
    for text in ("", "one", "two"):
        asked.data[0].write_text(text, "utf-8")
        found.add(asked.hash)
    assert len(found) == 4


CHANGED = """
from checker.runs import sources
from checker.search.memo import look
from tests.specs.lamps import SHOP
from tests.checkout import ROOT
with open(sources._AT_START["{module}"][0], "a") as source:
    print("# new", file=source)
look(SHOP, engine="plain")
"""


@pytest.mark.parametrize(
    ("module", "kept"),
    [("checker.runs.lasso", 0), ("spec.language.terms.show", 0), ("checker.shown.console", 1)],
)
def test_what_is_found_while_its_sources_change_is_not_remembered(
    tmp_path: Path, module: str, kept: int
) -> None:
    """A process of a copied tree edits a source after it began."""
    for package in ("spec", "impl", "checker", "tests/specs"):
        shutil.copytree(ROOT / package, tmp_path / package)
    kept_in = tmp_path / "cache"
    subprocess.run(
        [sys.executable, "-c", CHANGED.format(module=module)],
        cwd=tmp_path,
        env={**os.environ, "FFQ_CACHE_DIR": str(kept_in)},
        check=True,
    )
    assert len(list(kept_in.rglob("*.json"))) == kept
