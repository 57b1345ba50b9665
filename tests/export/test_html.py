"""A run as a page of HTML: what is in it, and what a browser makes of it."""

import json
import os
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import pytest

from checker.explain.run import Run
from checker.export import html
from tests.export.hostile import RUNS, hostile
from tests.sample_runs import kept

BROWSER = ("--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=2000")
PRESS = """<script>
for (const key of KEYS) document.dispatchEvent(new KeyboardEvent("keydown", {key}));
</script></html>"""


class Scripts(HTMLParser):
    """Collects the text of each script, and whatever a page would load from elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.inside = False
        self.scripts: list[str] = []
        self.loads: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.inside = tag == "script"
        if self.inside:
            self.scripts.append("")
        self.loads += [f"{tag} {name}" for name, _ in attrs if name in ("src", "href")]

    def handle_endtag(self, tag: str) -> None:
        self.inside = False

    def handle_data(self, data: str) -> None:
        if self.inside:
            self.scripts[-1] += data


@RUNS
def test_the_page_holds_the_run_and_loads_nothing(run: Run) -> None:
    page = Scripts()
    page.feed(html.text(run))
    data, program = page.scripts
    found = json.loads(data)
    assert [step["call"] for step in found["steps"]] == [line.call for line in run.lines]
    assert len(found["states"]) == len(found["moves"]) == len(run.states)
    assert all(len(state) == len(found["places"]) for state in found["states"])
    assert page.loads == []
    assert "http" not in program


def test_a_name_cannot_end_the_script_that_holds_it() -> None:
    page = Scripts()
    run = hostile(kept("FM-010"))
    page.feed(html.text(run))
    assert len(page.scripts) == 2
    assert json.loads(page.scripts[0])["claim"] == run.story.broken.doc


def seen(folder: Path, text: str, anchor: str) -> str:
    """Return what a browser has made of a page."""
    browser = shutil.which("chromium")
    if browser is None and not os.environ.get("CI"):
        pytest.skip("chromium is missing")
    assert browser is not None
    file = folder / "page.html"
    file.write_text(text, "utf-8")
    command = [browser, *BROWSER, "--dump-dom", f"{file.as_uri()}{anchor}"]
    return subprocess.run(
        command, capture_output=True, text=True, check=True, timeout=60, cwd=folder
    ).stdout


@pytest.mark.deep
@pytest.mark.parametrize(
    ("anchor", "keys", "at"),
    [
        ("", [], 8),
        ("#3", [], 3),
        ("#3", ["j", "ArrowDown"], 5),
        ("#3", ["k"], 2),
        ("#3", ["Home", "k"], 0),
        ("#1", ["End", "j"], 8),
    ],
)
def test_a_browser_steps_through_the_run(
    tmp_path: Path, anchor: str, keys: list[str], at: int
) -> None:
    run = kept("FM-010")
    page = html.text(run).replace("</html>", PRESS.replace("KEYS", json.dumps(keys)))
    found = seen(tmp_path, page, anchor)
    assert f">step {at} of 8<" in found
    (row,) = re.findall(r"<li [^>]*aria-current[^>]*>(.*?)</li>", found)
    call = run.lines[at - 1].call if at else "the beginning"
    assert f">{call}<" in row
    changed = set(re.findall(r'<tr class="changed"><td>([^<]*)</td>', found))
    assert changed == ({c.place for c in run.lines[at - 1].changes} if at else set())
    assert ("broken" in re.findall(r'<div id="(broken)" hidden', found)) == (at < 8)
