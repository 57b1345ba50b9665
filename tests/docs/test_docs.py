"""The pages say what the spec says, and a page that does not is reported where it is wrong."""

import re
from pathlib import Path

import pytest

from checker.commands.docs import commands
from checker.commands.main import command_line
from checker.docs import output, pages
from checker.docs.blocks import Block, difference, fill, find
from checker.docs.evidence import failures
from checker.docs.model.diagrams import Taken, diagram, one_of_each
from checker.docs.model.spec_index import PACKAGES, Index, index
from checker.docs.model.tables import table
from checker.docs.pages import Printers, all_pages, unknown_names
from spec.language.scope import Scope
from spec.queue import DEFAULT, SCOPES
from tests.specs.lamps import SHOP, STREET

ROOT = pages.ROOT
QUEUE = index(SCOPES.values(), DEFAULT, PACKAGES)
LAMPS = index([SHOP, STREET], ["shop"], ())
VERBS = commands(command_line())


def unwatched(scope: Scope, what: str) -> None:
    return None


def written() -> str:
    return "\n".join(page.read_text("utf-8") for page in all_pages())


# ---------------------------------------------------------------- this repository's pages


# A minute of work, where it is not remembered; each block of a failure mode wants all its proofs.
SLOW = {"ablation", "fairness", "designs", "failures", "recoveries", "pairs", *failures.PRINTERS}
SLOW -= {"entry", "incidents", "by-hand"}
SLOW |= {"crash-settings", "crash-round", "crash-faults", "isolation-levels"}
SLOW |= {"failover-runs", "failover-facts"}
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
    return Printers(QUEUE, unwatched, VERBS)


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
    unknown = list(unknown_names(path, page.read_text("utf-8"), QUEUE, VERBS))
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
    assert [verb for verb in VERBS if f"ffq {verb}" not in text] == []


def test_every_module_of_the_queue_is_found_with_its_file() -> None:
    for module in QUEUE.modules:
        assert (ROOT / module.file).is_file(), module.name


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
        "`spec/queue/lease.py`, `checker.runs`, `README.md`, `ffq check --without claim.idle`",
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
    assert diagram(LAMPS, Taken(SHOP), "broken").splitlines() == [
        "```mermaid",
        "stateDiagram-v2",
        "    [*] --> false",
        "    false --> true: smash",
        "    true --> false: mend",
        "```",
    ]


def test_what_is_never_left_is_drawn_as_an_end() -> None:
    assert "    true --> [*]" in diagram(LAMPS, Taken(SHOP), "sold").splitlines()


@pytest.mark.parametrize("name", ["status", "pc", "lease", "progress", "request", "notice"])
def test_diagrams_of_the_queue_are_mermaid(name: str, queue_steps: Taken) -> None:
    lines = diagram(QUEUE, queue_steps, name).splitlines()
    assert lines[:2] == ["```mermaid", "stateDiagram-v2"]
    assert lines[-1] == "```"
    arrow = re.compile(r"    (\[\*\]|\w+) --> (\[\*\]|\w+)(: \w+(, \w+)*)?")
    assert [line for line in lines[2:-1] if not arrow.fullmatch(line)] == []
    named = set(re.findall(r"\w+", "\n".join(lines)))
    members = queue_steps.values(QUEUE.fields[name])
    assert [member for member in members if member not in named] == []


@pytest.fixture(scope="module")
def queue_steps() -> Taken:
    return Taken(one_of_each(QUEUE.largest))


@pytest.mark.parametrize("name", ["nothing", "token", "status_kept"])
def test_a_field_that_cannot_be_drawn_is_refused(name: str, queue_steps: Taken) -> None:
    with pytest.raises(ValueError, match=name):
        diagram(QUEUE, queue_steps, name)


def test_a_table_survives_what_its_cells_hold() -> None:
    assert table(["a"], [["`x | y`"], [""]]).splitlines()[2:] == ["| `x \\| y` |", "| – |"]


@pytest.mark.parametrize(("known", "but"), [(QUEUE, SLOW), (LAMPS, {"ablation"})])
def test_each_block_that_takes_no_exploring_prints(known: Index, but: set[str]) -> None:
    printers = Printers(known, unwatched, {})
    module = known.modules[0].name
    explores = {"scopes", "diagram", "refusals", "story", "readme-trace", "readme-check"}
    explores |= {"designs", "failures", "recoveries", "pairs", *failures.PRINTERS}
    explores |= {
        name
        for name in printers
        if name.startswith(("crash-", "isolation-", "failover-", "contention"))
    }
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
