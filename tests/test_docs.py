"""The pages say what the spec says, and a page that does not is reported where it is wrong."""

import os
import re
from dataclasses import replace
from pathlib import Path

import pytest

from checker import cache, plain, remembered
from checker.cli import command_line, main
from checker.cli_docs import commands
from checker.docs import failures, output, pages
from checker.docs.blocks import Block, Trouble, difference, fill, find
from checker.docs.diagrams import Steps, diagram, small
from checker.docs.pages import Printers, all_pages, unknown_names
from checker.docs.spec_index import Index, index
from checker.docs.tables import coverage, table
from spec.language.scope import Scope
from spec.queue import DEFAULT, SCOPES
from tests.specs.lamps import SHOP, STREET

ROOT = pages.ROOT
QUEUE = index(SCOPES.values(), DEFAULT, "spec.queue")
LAMPS = index([SHOP, STREET], ["shop"], None)


def unwatched(scope: Scope, what: str) -> None:
    return None


def written() -> str:
    return "\n".join(page.read_text("utf-8") for page in all_pages())


# ---------------------------------------------------------------- this repository's pages


# A minute of work, where it is not remembered; each block of a failure mode wants all its proofs.
SLOW = {"ablation", "fairness", "designs", "failures", "recoveries", "pairs", *failures.PRINTERS}
SLOW -= {"entry", "incidents", "by-hand"}
SLOW |= {"crash-settings", "crash-round", "crash-faults"}
BLOCKS = [
    pytest.param(
        page,
        block,
        id=" ".join([page.name, block.name, *block.arguments[:1]]),
        marks=pytest.mark.deep if block.name in SLOW else (),
    )
    for page in all_pages()
    for block in find(page.name, page.read_text("utf-8"))
]


@pytest.fixture(scope="module")
def queue_printers() -> Printers:
    return Printers(QUEUE, unwatched, commands(command_line()))


@pytest.mark.parametrize(("page", "block"), BLOCKS)
def test_every_block_says_what_the_spec_says(
    page: Path, block: Block, queue_printers: Printers
) -> None:
    lines = page.read_text("utf-8").splitlines(keepends=True)
    before = "".join(lines[block.begin : block.end + 1])
    after = fill(page.name, before, queue_printers)
    if stale := difference(page.name, before, after):
        pytest.fail(f"\n{stale}\n`ffq docs --write` mends it", pytrace=False)


@pytest.mark.parametrize("page", all_pages(), ids=lambda page: page.name)
def test_no_page_names_what_is_not_in_the_spec(page: Path) -> None:
    path = page.relative_to(ROOT).as_posix()
    unknown = list(unknown_names(path, page.read_text("utf-8"), QUEUE, commands(command_line())))
    if unknown:
        pytest.fail("\n" + "\n".join(unknown), pytrace=False)


@pytest.mark.parametrize(
    ("what", "names"),
    [
        ("module", [m.name for m in QUEUE.modules]),
        ("scope", list(SCOPES)),
        ("field", list(QUEUE.fields)),
        ("action", list(QUEUE.actions)),
        ("property", list(QUEUE.properties)),
        ("guard", [g.split(".")[1] for g in QUEUE.guards]),
    ],
)
def test_everything_in_the_spec_is_named_in_a_page(what: str, names: list[str]) -> None:
    named = set(re.findall(r"[\w.-]+", written()))
    assert [name for name in names if name not in named] == []


def test_every_command_is_named_in_a_page() -> None:
    text = written()
    assert [verb for verb in commands(command_line()) if f"ffq {verb}" not in text] == []


def test_every_module_of_the_queue_is_found_with_its_file() -> None:
    for module in QUEUE.modules:
        assert (ROOT / module.file).is_file(), module.name


# ---------------------------------------------------------------- blocks

PRINTERS = {
    "answer": lambda given: f"| {' '.join(given) or 42} |",
    "picky": lambda given: _refuse(),
}


def _refuse() -> str:
    raise ValueError("name one module")


def page_of(*lines: str) -> str:
    return "\n".join(lines) + "\n"


def test_a_block_is_filled_and_every_other_line_is_left_alone() -> None:
    before = page_of(
        "# One ", "<!-- generated: answer -->", "old", "<!-- end -->", "", "  two\t",
        "<!--generated: answer a b-->", "<!--end-->", "three",
    )  # fmt: skip
    after = fill("a.md", before, PRINTERS)
    assert after == page_of(
        "# One ", "<!-- generated: answer -->", "", "| 42 |", "", "<!-- end -->", "", "  two\t",
        "<!--generated: answer a b-->", "", "| a b |", "", "<!--end-->", "three",
    )  # fmt: skip
    assert fill("a.md", after, PRINTERS) == after


def test_marks_inside_a_fence_are_text() -> None:
    text = page_of("```md", "<!-- generated: nonsense -->", "```", "~~~", "<!-- end -->", "~~~")
    assert find("a.md", text) == []
    assert fill("a.md", text, PRINTERS) == text


@pytest.mark.parametrize(
    ("lines", "complaint"),
    [
        (["x", "<!-- generated: answr -->", "<!-- end -->"], "a.md:2: there is no block 'answr'"),
        (["<!-- generated: answer -->", "x"], "a.md:1: this block is not closed"),
        (
            ["<!-- generated: answer -->", "<!-- generated: answer -->", "<!-- end -->"],
            "a.md:1: this block is not closed",
        ),
        (["x", "x", "<!-- end -->"], "a.md:3: an <!-- end --> without a block"),
        (["<!-- generated: -->", "<!-- end -->"], "a.md:1: this block has no name"),
        (["<!-- generated: picky -->", "<!-- end -->"], "a.md:1: picky: name one module"),
    ],
)
def test_a_block_that_cannot_be_printed_is_reported_with_its_line(
    lines: list[str], complaint: str
) -> None:
    with pytest.raises(Trouble) as trouble:
        fill("a.md", page_of(*lines), PRINTERS)
    assert str(trouble.value).startswith(complaint)


def test_an_unknown_block_is_told_the_nearest_names() -> None:
    with pytest.raises(Trouble, match="write one of: answer"):
        fill("a.md", "<!-- generated: answr -->\n<!-- end -->\n", PRINTERS)


def test_what_is_stale_is_shown_as_a_diff() -> None:
    assert difference("a.md", "a\nb\n", "a\nc\n").splitlines()[-2:] == ["-b", "+c"]
    assert difference("a.md", "a\n", "a\n") == ""


# ---------------------------------------------------------------- names in the prose


def complaints(text: str, path: str = "docs/03-made-up.md") -> list[str]:
    return list(unknown_names(path, text, QUEUE, ["check"]))


def test_a_renamed_guard_breaks_the_page_that_speaks_of_it() -> None:
    assert complaints("The guard `settle_done.fenced` compares tokens.\n") == []
    (line,) = complaints("one\n\nThe guard `settle_done.fence` compares tokens.\n")
    assert line.startswith(
        "docs/03-made-up.md:3: nothing in the spec is called 'settle_done.fence'"
    )
    assert "settle_done.fenced" in line


def test_a_renamed_property_breaks_the_page_that_speaks_of_it() -> None:
    assert complaints("see `one_effect_per_job`\n") == []
    (line,) = complaints("see `one_effect_for_each_job`\n")
    assert "one_effect_per_job" in line


@pytest.mark.parametrize(
    "text",
    [
        "`spec/queue/lease.py`, `checker.cli`, `README.md`, `ffq check --without claim.idle`",
        "```\n`claim.idel`\n```",
        "<!-- generated: claims -->\n`claim.idel`\n<!-- end -->",
        "plain claim.idel is prose",
    ],
)
def test_what_is_no_name_of_the_spec_is_left_alone(text: str) -> None:
    assert complaints(text + "\n") == []


def test_pages_about_other_things_may_use_any_name() -> None:
    assert complaints("`some_function`", "docs/decisions/0001-some.md") == []


# ---------------------------------------------------------------- what is printed


def test_a_diagram_shows_the_arrows_that_are_taken() -> None:
    assert diagram(LAMPS, Steps(SHOP), "broken").splitlines() == [
        "```mermaid",
        "stateDiagram-v2",
        "    [*] --> false",
        "    false --> true: smash",
        "    true --> false: mend",
        "```",
    ]


def test_what_is_never_left_is_drawn_as_an_end() -> None:
    assert "    true --> [*]" in diagram(LAMPS, Steps(SHOP), "sold").splitlines()


@pytest.mark.parametrize("name", ["status", "pc", "lease", "progress", "request", "notice"])
def test_diagrams_of_the_queue_are_mermaid(name: str, queue_steps: Steps) -> None:
    lines = diagram(QUEUE, queue_steps, name).splitlines()
    assert lines[:2] == ["```mermaid", "stateDiagram-v2"]
    assert lines[-1] == "```"
    arrow = re.compile(r"    (\[\*\]|\w+) --> (\[\*\]|\w+)(: \w+(, \w+)*)?")
    assert [line for line in lines[2:-1] if not arrow.fullmatch(line)] == []
    named = set(re.findall(r"\w+", "\n".join(lines)))
    members = QUEUE.fields[name].type.members  # type: ignore[union-attr]  # an enum
    assert [member for member in members if member not in named] == []


@pytest.fixture(scope="module")
def queue_steps() -> Steps:
    return Steps(small(QUEUE.largest))


@pytest.mark.parametrize("name", ["nothing", "token"])
def test_a_field_that_cannot_be_drawn_is_refused(name: str, queue_steps: Steps) -> None:
    with pytest.raises(ValueError, match=name):
        diagram(QUEUE, queue_steps, name)


def test_the_taxonomy_leaves_no_claim_out() -> None:
    with pytest.raises(ValueError, match="LAMP-9"):
        coverage(LAMPS, ["LAMP-1", "LAMP-2", "LAMP-3", "LAMP-9"])
    with pytest.raises(ValueError, match="LAMP-3, which are not listed"):
        coverage(LAMPS, ["LAMP-1", "LAMP-2"])
    rows = coverage(LAMPS, ["LAMP-1", "LAMP-2", "LAMP-3"]).splitlines()
    assert rows[3] == "| LAMP-2 | `broken_lamps_are_dark` |"


def test_a_table_survives_what_its_cells_hold() -> None:
    assert table(["a"], [["`x | y`"], [""]]).splitlines()[2:] == ["| `x \\| y` |", "| – |"]


@pytest.mark.parametrize(("known", "but"), [(QUEUE, SLOW), (LAMPS, {"ablation"})])
def test_each_block_that_takes_no_exploring_prints(known: Index, but: set[str]) -> None:
    printers = Printers(known, unwatched, {})
    module = known.modules[0].name
    explores = {"scopes", "diagram", "refusals", "story", "readme-trace", "readme-check"}
    explores |= {"designs", "failures", "recoveries", "pairs", *failures.PRINTERS}
    explores |= {name for name in printers if name.startswith("crash-")}
    for name in set(printers) - explores - but:
        given = [module] if name in ("fields", "actions", "formulas") else []
        given += list(known.largest.spec.actions)[:1] if name == "sql" else []
        assert printers[name](given).strip(), name


@pytest.mark.parametrize(
    ("block", "given", "complaint"),
    [
        ("sorts", ["x"], "it takes no arguments"),
        ("scopes", ["x"], "it takes no arguments"),
        ("fields", [], "name one module"),
        ("sql", [], "name one action"),
        ("sql", ["clam"], "no action 'clam'"),
        ("fields", ["nowhere"], "no module 'nowhere'"),
        ("diagram", [], "name one field"),
        ("story", ["life"], "name a scope and a guard"),
        ("story", ["nowhere", "claim.idle"], "no scope 'nowhere'"),
        ("story", ["life", "claim.idel"], "no guard 'claim.idel' in scope life"),
    ],
)
def test_wrong_arguments_are_refused(block: str, given: list[str], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        Printers(QUEUE, unwatched, {})[block](given)


def test_what_is_printed_names_no_time() -> None:
    said = "  9 states, depth 7, 0.05 s, 1,234 states/s\n1 scope, 9 states, 0.1 s: 1 holds"
    left = "  9 states, depth 7\n1 scope, 9 states: 1 holds"
    assert output.without_times(said) == left


def test_a_story_is_printed_with_the_command_that_tells_it() -> None:
    text = Printers(QUEUE, unwatched, {})["story"](["one-job", "settle_done.fenced"])
    assert "INV-004 only_the_holder_settles is broken" in text
    assert "`ffq check --scope one-job --without settle_done.fenced`" in text
    assert max(map(len, text.splitlines())) <= output.WIDTH


# ---------------------------------------------------------------- the command line

FRESH = "# A page\n\n<!-- generated: sorts -->\n<!-- end -->\nBy hand.\n"


def test_a_stale_page_is_shown_and_mended(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "page.md"
    page.write_text(FRESH, "utf-8")
    page.chmod(0o640)
    assert main(["docs", str(page)]) == 1
    said = capsys.readouterr()
    assert "+| `Job` | A unit of work" in said.out
    assert "ffq docs --write" in said.err
    assert page.read_text("utf-8") == FRESH

    assert main(["docs", "--write", str(page)]) == 0
    assert page.read_text("utf-8").endswith("<!-- end -->\nBy hand.\n")
    assert page.stat().st_mode & 0o777 == 0o640
    assert main(["docs", str(page)]) == 0
    assert os.listdir(tmp_path) == ["page.md"]


def test_a_page_with_a_bad_block_is_bad_usage_and_nothing_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good, bad, gone = (tmp_path / name for name in ("good.md", "bad.md", "gone.md"))
    good.write_text(FRESH, "utf-8")
    bad.write_text("<!-- generated: sorst -->\n<!-- end -->\n", "utf-8")
    assert main(["docs", "--write", str(good), str(bad), str(gone)]) == 2
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 2
    assert f"{bad}:1: there is no block 'sorst'; write one of: sorts" in said[0]
    assert f"{gone}:1: No such file or directory" in said[1]
    assert good.read_text("utf-8") == FRESH


def test_a_failed_write_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = tmp_path / "page.md"
    page.write_text(FRESH, "utf-8")

    def fail(source: object, target: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", fail)
    assert main(["docs", "--write", str(page)]) == 2
    assert page.read_text("utf-8") == FRESH
    assert os.listdir(tmp_path) == ["page.md"]


# ---------------------------------------------------------------- what is remembered


@pytest.fixture
def memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    def at(scope: Scope, off: tuple[str, ...], engine: str) -> Path:
        return tmp_path / "found" / f"{scope.name}.json"

    monkeypatch.setattr(remembered, "_file", at)
    return tmp_path / "found" / "shop.json"


def test_an_exploration_is_remembered(memory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = remembered.look(SHOP, engine="plain")
    monkeypatch.setattr(remembered, "_explore", lambda *given: pytest.fail("explored again"))
    assert remembered.look(SHOP, engine="plain") == first


def test_an_interrupt_ends_all_the_work(memory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stopped = replace(plain.explore(SHOP), stopped_by="interrupt")
    monkeypatch.setattr(plain, "explore", lambda *given: stopped)
    with pytest.raises(KeyboardInterrupt):
        remembered.look(SHOP, engine="plain")
    assert not memory.exists()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"states": "many"}', '{"states": 1}'])
def test_a_damaged_memory_counts_as_forgotten(memory: Path, text: str) -> None:
    first = remembered.look(SHOP, engine="plain")
    memory.write_text(text, "utf-8")
    assert remembered.look(SHOP, engine="plain") == first


def test_what_is_remembered_depends_on_scope_guards_and_engine(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(cache, "cache_folder", lambda: tmp_path)
    asked = [
        (SHOP, (), "plain"),
        (STREET, (), "plain"),
        (SHOP, ("sell.dark",), "plain"),
        (SHOP, (), "compiled"),
    ]
    assert len({remembered._file(*one) for one in asked}) == len(asked)
