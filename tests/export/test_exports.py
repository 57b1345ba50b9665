"""Every export is read by others: an XML parser, pytest, the rules of Mermaid and of ShiViz."""

import ast
import html
import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from xml.etree import ElementTree

import pytest

from checker.evidence.traces import FOLDER
from checker.explain.run import Run
from checker.export import markdown, mermaid, pytest_file, shiviz, svg
from checker.export.formats import FORMATS, write
from checker.export.lanes import lanes
from checker.runs.story import render
from checker.runs.trace import BadTrace
from spec.language.evaluate import Instance, OutOfRange
from spec.language.scope import Scope, State, Value
from spec.language.types import Nat, Type, is_sort
from tests.checkout import ROOT
from tests.sample_runs import KEPT, kept, leaving, still, windy

EVERY = [*(kept(name) for name in KEPT), windy(), still(), leaving()]
RUNS = pytest.mark.parametrize("run", EVERY, ids=lambda run: run.name)

HOSTILE = (
    "a; b # c %% d -->> e: end\nnext <script>x</script> &amp; \"q\" 'r' `s` ``t`` [u](v) *w* _x_"
    ' \\y | z ~~a~~ @b #1 $c$ \x1b[2J \x00 ‮ 😀 ]]> --> """ {} {{}} title:#d;'
)


def hostile(run: Run) -> Run:
    """Return the run with a property of which name, text and clause are hostile."""
    broken = replace(
        run.story.broken, id=HOSTILE, name=HOSTILE, doc=HOSTILE, when=HOSTILE, clause=HOSTILE,
        reasons=(HOSTILE, "```"),
    )  # fmt: skip
    return replace(run, name=HOSTILE, story=replace(run.story, broken=broken))


# ---------------------------------------------------------------- Mermaid

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


def written(run: Run) -> list[set[str]]:
    """Return whose lane each step must reach beside its actor's, as its changes are told."""
    found = []
    for line in run.lines:
        owners = {change.place.partition("[")[2].rstrip("]") for change in line.changes}
        found.append({name for name in owners if name in run.actors and name != line.actor})
    return found


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


# ---------------------------------------------------------------- ShiViz


def events(log: str) -> list[tuple[str, dict[str, int], str]]:
    """Read a log as ShiViz does: its first line is the regex, in JavaScript's words."""
    regex, delimiter, rest = log.split("\n", 2)
    assert delimiter == ""
    found = re.finditer(regex.replace("(?<", "(?P<"), rest)
    return [(m["host"], json.loads(m["clock"]), m["event"]) for m in found]


@RUNS
def test_a_log_is_read_by_its_own_regex_and_its_clocks_are_clocks(run: Run) -> None:
    if not run.lines:
        assert events(shiviz.text(run)) == []
        return
    seen: dict[str, int] = {}
    found = events(shiviz.text(run))
    assert len(found) == len(run.lines)
    for (host, clock, event), line in zip(found, run.lines, strict=True):
        assert event.startswith(f"{line.n} {line.call}: ")
        seen[host] = seen.get(host, 0) + 1
        # One's own time goes up by one, and nobody knows of what has not happened yet.
        assert clock[host] == seen[host]
        assert all(0 < time <= seen[other] for other, time in clock.items())


@RUNS
def test_a_step_knows_of_whoever_wrote_last_what_it_reads(run: Run) -> None:
    clocks, wrote = shiviz.clocks(run), dict[int, int]()
    for k, instance in enumerate(run.steps):
        for place in shiviz.reads(run, k) & wrote.keys():
            known = clocks[wrote[place]]
            assert all(clocks[k].get(host, 0) >= time for host, time in known.items())
        wrote |= {write.position(run.states[k]): k for write in instance.writes}


def test_steps_that_do_not_know_of_each_other_may_come_in_any_order() -> None:
    """Two steps in a row of which neither knows the other are exchanged: the end is the same."""
    run, clocks = kept("FM-017"), shiviz.clocks(kept("FM-017"))
    exchanged = 0
    for k in range(len(run.steps) - 1):
        one, two = run.steps[k], run.steps[k + 1]
        host = run.lines[k].actor
        if clocks[k + 1].get(host, 0) >= clocks[k][host]:
            continue  # the second knows of the first
        before = run.states[k]
        assert two.refusal(before) is None
        middle = two.after(before)
        if one.refusal(middle) is None and shiviz.reads(run, k).isdisjoint(
            at for at, (x, y) in enumerate(zip(before, middle, strict=True)) if x != y
        ):
            assert one.after(middle) == run.states[k + 2]
            exchanged += 1
    assert exchanged >= 2


@pytest.mark.parametrize("name", ["FM-010", "FM-021"])
def test_a_step_reads_every_place_that_decides_what_it_does(name: str) -> None:
    """Each place is given each other value: where the step then does otherwise, it is read."""
    run = kept(name)
    for k, instance in enumerate(run.steps):
        for at, place in enumerate(run.scope.places):
            if at not in shiviz.reads(run, k):
                for other in values_of(run.scope, place.field.type):
                    changed = (*run.states[k][:at], other, *run.states[k][at + 1 :])
                    assert done(instance, changed) == done(instance, run.states[k]), place.name


def values_of(scope: Scope, kind: Type) -> list[Value]:
    if isinstance(kind, Nat):
        return [*range(scope.limit(kind) + 1)]
    return [*scope.choices(kind), *([None] if is_sort(kind) else [])]


def done(instance: Instance, state: State) -> object:
    """Return whether a step is refused, or else what it writes where."""
    refusal = instance.refusal(state)
    try:
        return refusal or {w.position(state): w.value(state) for w in instance.writes}
    except OutOfRange:
        return "out of range"


# ---------------------------------------------------------------- pytest

WITH_TEST = [run for run in EVERY if run.trace.loop is None and run.trace.scope.name != "lock"]


def loaded(text: str) -> ModuleType:
    module = ModuleType("made")
    module.__file__ = "made.py"
    exec(compile(text, "made.py", "exec"), module.__dict__)
    return module


@pytest.mark.parametrize("run", WITH_TEST, ids=lambda run: run.name)
def test_a_test_passes_with_the_protection_and_fails_without(run: Run) -> None:
    module = loaded(pytest_file.text(run))
    (name,) = [name for name in vars(module) if name.startswith("test_")]
    vars(module)[name]()
    module.WITHOUT[:] = [*run.trace.edits, *run.trace.off]
    with pytest.raises(AssertionError, match=f"{run.trace.violated} is broken in the store after"):
        vars(module)[name]()


@pytest.mark.deep
def test_a_test_is_run_by_pytest(tmp_path: Path) -> None:
    text = pytest_file.text(kept("FM-010"))
    passes, fails = tmp_path / "test_passes.py", tmp_path / "test_fails.py"
    passes.write_text(text, "utf-8")
    fails.write_text(text.replace("] = []", "] = ['settle_done.fenced']"), "utf-8")
    for file, status in ((passes, 0), (fails, 1)):
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(file)]
        ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        assert ran.returncode == status, ran.stdout


@pytest.mark.parametrize(
    ("run", "complaint"),
    [
        (windy(), "it is unfair, which no store refuses; export it as itf"),
        (still(), "it is unfair, which no store refuses"),
        (
            replace(
                kept("FM-010"), trace=replace(kept("FM-010").trace, start=kept("FM-010").states[0])
            ),
            "it begins where no run may ever lead",
        ),
    ],
)
def test_what_no_store_can_show_is_no_test(run: Run, complaint: str) -> None:
    with pytest.raises(pytest_file.NoTest, match=complaint):
        pytest_file.text(run)


def test_what_has_no_sql_is_said_to_have_none() -> None:
    with pytest.raises(pytest_file.NoTest, match=r"it cannot be replayed .*`holder`"):
        FORMATS["pytest"].text(leaving(), Path("leaving.jsonl"))
    told = FORMATS["md"].text(leaving(), Path("leaving.jsonl"))
    assert re.search(r"^- It was not tried: .*holder", told, re.MULTILINE)
    assert "There is no test to be made of it: it cannot be replayed" in told


def test_hostile_text_in_a_test_stays_in_its_strings() -> None:
    made = ast.parse(pytest_file.text(hostile(kept("FM-010"))))
    plain = ast.parse(pytest_file.text(kept("FM-010")))
    assert [type(node) for node in made.body] == [type(node) for node in plain.body]


# ---------------------------------------------------------------- Markdown


def page(run: Run, **facts: object) -> str:
    made = markdown.Facts("a trace.jsonl", **facts)  # type: ignore[arg-type]  # by name
    return markdown.text(run, made)


def outside(text: str) -> list[str]:
    """Return the lines of a page that no fence encloses."""
    lines, fence = [], ""
    for line in text.splitlines():
        mark = re.match(r"(`{3,})", line)
        if fence:
            fence = "" if line == fence else fence
        elif mark:
            fence = mark[1]
        else:
            lines.append(line)
    assert not fence
    return lines


HEADINGS = ["What broke", "What happened", "Timeline", "What stops it", "Evidence and bounds"]


@RUNS
def test_a_postmortem_tells_each_step_in_a_sentence(run: Run) -> None:
    lines = outside(page(run))
    assert [line[3:] for line in lines if line.startswith("## ")] == [*HEADINGS, "See it again"]
    assert sum(line.startswith("# ") for line in lines) == 1
    steps = [line for line in lines if re.match(r"\d+\. \*\*", line)]
    assert len(steps) == len(run.lines)
    for told, line in zip(steps, run.lines, strict=True):
        assert f"`{line.call}`" in told
        assert html.unescape(told.replace("\\", "")).count(
            run.steps[line.n - 1].step.action.doc.replace("*", "")
        )


def test_a_postmortem_says_what_broke_what_stops_it_and_how_to_see_it() -> None:
    run = kept("FM-010")
    told = page(
        run, sqlite=["It agrees."], proved=True, test="x = 1", turning={4: "armed"},
        notes={7: "here\nand here"},
    )  # fmt: skip
    assert "**INV-004** `only_the_holder_settles`" in told
    assert (
        "false: token[job[worker1]] == held[worker1], job[worker1] = job1, token[job1] = 2" in told
    )
    assert "With every protection: step 8, `settle_done` of worker1, is refused" in told
    assert "false since step 7 (worker2 claim(job1))" in told
    assert "proved for any number of everything" in told
    assert "ffq check --scope one-job --without settle_done.fenced --property" in told
    assert "ffq trace replay 'a trace.jsonl' --off settle_done.fenced" in told
    assert "- Step 4: armed" in told and "Note over p1: armed" in told
    assert "   > here\n   > and here" in told
    assert "- It agrees." in told and "```python\nx = 1\n```" in told


def test_hostile_text_in_a_postmortem_is_text() -> None:
    run = hostile(kept("FM-010"))
    notes = {3: HOSTILE + "\n# no title\n```\n- no list\n===\n1. no number"}
    lines = outside(page(run, notes=notes, sqlite=[HOSTILE], no_test=HOSTILE))
    # Nothing in it opens markup, a link, a heading or a list of its own, or ends its line.
    for line in lines:
        text = re.sub(r"(`+) ?(.*?) ?\1(?!`)", "", re.sub(r"\\.", "", line))
        assert not re.search(r"<(?!!-- Made by)|\[|\$|@|~|\||\x1b|\x00|‮", text), line
    quoted = [line[5:] for line in lines if line.startswith("   > ")]
    assert quoted[-5:] == [
        r"\# no title", r"\`\`\`", r"\- no list", r"\=== ".strip(), r"1\. no number",
    ]  # fmt: skip
    assert [line[3:] for line in lines if line.startswith("## ")] == [
        *HEADINGS, "SQLite", "See it again",
    ]  # fmt: skip


# ---------------------------------------------------------------- files


@pytest.mark.parametrize("name", FORMATS)
def test_a_file_is_overwritten_only_by_its_own_kind(name: str, tmp_path: Path) -> None:
    source = FOLDER / "FM-010.jsonl"
    known, file = FORMATS[name], tmp_path / "deep" / "out"
    text = known.text(kept("FM-010"), source)
    write(file, text, known)
    assert file.read_text("utf-8") == text
    write(file, known.text(kept("FM-007"), source), known)
    for other in FORMATS.values():
        if other is not known:
            with pytest.raises(BadTrace, match="it was left alone; name another file"):
                write(file, text, other)
    file.write_bytes(b"dear diary \xff")
    with pytest.raises(BadTrace, match="it was left alone"):
        write(file, text, known)
    assert file.read_bytes() == b"dear diary \xff"
    with pytest.raises(BadTrace, match="is not a regular file"):
        write(tmp_path, text, known)


def test_a_postmortem_from_the_catalogue_agrees_with_sqlite() -> None:
    source = FOLDER / "FM-010.jsonl"
    told = FORMATS["md"].text(kept("FM-010"), source)
    assert "8 of 8 steps agree with the spec in every column and all memory" in told
    assert r"is refused, as by the spec: settle\_done.fenced." in told
    (test,) = re.findall(r"```python\n(.*?)```", told, re.DOTALL)
    assert test == pytest_file.text(kept("FM-010"))
