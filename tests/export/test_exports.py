"""A run as a postmortem in Markdown, and the files that exports are written to."""

import html
import re
from pathlib import Path

import pytest

from checker.evidence.traces import FOLDER
from checker.explain.run import Run
from checker.export import markdown, pytest_file
from checker.export.formats import FORMATS, write
from checker.runs.trace import BadTrace
from tests.export.hostile import HOSTILE, RUNS, hostile
from tests.sample_runs import kept

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
    assert "ffq trace replay 'a trace.jsonl' --without settle_done.fenced" in told
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
