"""A run as a diagram: by the rules of Mermaid, and as a picture by an XML parser."""

import re
from xml.etree import ElementTree

from checker.explain.run import Run
from checker.export import markdown, mermaid, shiviz, svg
from checker.export.lanes import lanes
from checker.runs.story import render
from tests.export.hostile import HOSTILE, RUNS, hostile, written
from tests.sample_runs import kept, leaving, still, windy

# As in the lexer of Mermaid's sequence diagrams: a text ends at a line's end, at ; and at #, where
# #NUMBER; is taken out before and put back as the character.
TEXT = r"(?:[^#;\n]|#\d+;)*"
PART = r"p\d+"
STATEMENTS = [
    rf"participant {PART} as {TEXT}",
    rf"{PART}(?:->>|--x){PART}: {TEXT}",
    rf"Note over {PART}(?:,{PART})?: {TEXT}",
    "loop again and again",
    "end",
]


def as_drawn(text: str) -> str:
    return re.sub(r"#(\d+);", lambda number: chr(int(number[1])), text)


@RUNS
def test_a_diagram_has_a_message_for_each_step_and_known_participants(run: Run) -> None:
    first, *rest = mermaid.diagram(run).splitlines()
    assert first == "sequenceDiagram"
    for line in rest:
        assert any(re.fullmatch(statement, line) for statement in STATEMENTS), line
    messages = [as_drawn(m[1]) for line in rest if (m := re.match(r"p\d+-[^:]*: (.*)", line))]
    assert list(dict.fromkeys(messages)) == [f"{line.n} {line.call}" for line in run.lines]
    declared = {m[1] for line in rest if (m := re.match(r"participant (p\d+)", line))}
    used = {name for line in rest for name in re.findall(r"\bp\d+\b", line.split(":")[0])}
    assert used <= declared
    assert rest.count("end") == sum(line.startswith("loop") for line in rest)


@RUNS
def test_a_diagram_has_an_arrow_to_everybody_whose_row_a_step_writes(run: Run) -> None:
    lines = mermaid.diagram(run).splitlines()
    declared = (re.fullmatch(r"participant (p\d+) as (.*)", line) for line in lines)
    names = {m[1]: as_drawn(m[2]) for m in declared if m}
    drawn: dict[int, set[str]] = {}
    for line in lines:
        if m := re.match(r"(p\d+)(?:->>|--x)(p\d+): (\d+) ", line):
            drawn.setdefault(int(m[3]), set()).update({names[m[2]]} - {names[m[1]]})
    assert [drawn[line.n] for line in run.lines] == written(run)


def test_the_step_that_breaks_anothers_claim_is_drawn_to_the_job() -> None:
    lines = mermaid.diagram(kept("FM-010")).splitlines()
    names = {m[2]: m[1] for line in lines if (m := re.match(r"participant (p\d+) as (.*)", line))}
    assert f"{names['worker1']}->>{names['job1']}: 8 settle_done" in lines
    assert f"{names['recoverer1']}->>{names['job1']}: 6 recover" in lines


def test_a_diagram_draws_faults_with_a_cross_and_the_loop_as_one() -> None:
    assert mermaid.diagram(windy()).splitlines() == [
        "sequenceDiagram",
        "participant p1 as door1",
        "p1--xp1: 1 blow_open",
        "loop again and again",
        "p1->>p1: 2 shut",
        "p1--xp1: 3 blow_open",
        "end",
        "Note over p1: D-3 doors_are_locked is broken",
    ]
    assert "and nothing more, for ever" in mermaid.text(still())


def test_hostile_text_is_drawn_as_it_is() -> None:
    notes = {0: HOSTILE, 4: HOSTILE}
    lines = mermaid.diagram(hostile(kept("FM-010")), notes).splitlines()
    noted = [as_drawn(line.split(": ", 1)[1]) for line in lines if line.startswith("Note")]
    flat = " ".join(HOSTILE.split())
    assert noted == [flat, flat, f"{flat} {flat} is broken"]
    for line in lines[1:]:
        assert any(re.fullmatch(statement, line) for statement in STATEMENTS), line
        assert "<" not in line and "%" not in line


# ---------------------------------------------------------------- SVG

NAME = "{http://www.w3.org/2000/svg}"


@RUNS
def test_a_picture_is_xml_with_a_lane_for_each_actor_and_a_row_for_each_step(run: Run) -> None:
    root = ElementTree.fromstring(svg.text(run))
    assert len([e for e in root.iter(f"{NAME}line") if e.get("class") == "lane"]) == len(lanes(run))
    rows = root.findall(f"{NAME}g")
    assert [row.findall(f"{NAME}text")[1].text for row in rows] == [x.call for x in run.lines]
    for row, line in zip(rows, run.lines, strict=True):
        told = row.findtext(f"{NAME}title")
        assert told is not None and all(str(change) in told for change in line.changes)


@RUNS
def test_a_picture_has_an_arrow_to_everybody_whose_row_a_step_writes(run: Run) -> None:
    root = ElementTree.fromstring(svg.text(run))
    x_of = {e.text: e.get("x") for e in root.findall(f"{NAME}text") if e.get("text-anchor")}
    for row, others in zip(root.findall(f"{NAME}g"), written(run), strict=True):
        ends = {e.get("x2") for e in row.findall(f"{NAME}line")}
        assert ends == {x_of[name] for name in others}


def test_the_step_that_leaves_a_range_says_so_in_every_telling() -> None:
    run = leaving()
    said = "last_token would leave its range"
    for told in (svg.text(run), shiviz.text(run), markdown.text(run, markdown.Facts("x.jsonl"))):
        assert said in told.replace("\\", "") and "nothing changes" not in told
    assert any(said in line for line in render(run.story))


@RUNS
def test_nothing_is_drawn_outside_the_picture(run: Run) -> None:
    root = ElementTree.fromstring(svg.text(run))
    width, height = (float(root.get(side) or 0) for side in ("width", "height"))
    for e in root.iter(f"{NAME}text"):
        x, y, text = float(e.get("x") or 0), float(e.get("y") or 0), e.text or ""
        span = {"middle": len(text) * 3.7, "end": 0}.get(
            e.get("text-anchor") or "", len(text) * 7.3
        )
        assert x >= 0 and x + span <= width
        assert 0 <= y <= height


def test_hostile_text_in_a_picture_is_text() -> None:
    root = ElementTree.fromstring(svg.text(hostile(kept("FM-010"))))
    shown = [e.text or "" for e in root.iter() if e.text]
    wanted = HOSTILE.replace("\x1b", "\ufffd").replace("\x00", "\ufffd")
    assert any(f"{wanted} {wanted} is broken" in text for text in shown)
    assert {e.tag.removeprefix(NAME) for e in root.iter()} <= {
        "svg", "title", "desc", "style", "rect", "line", "text", "g", "polygon", "path", "circle",
    }  # fmt: skip
