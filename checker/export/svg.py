"""A run as a small SVG: a row per step, a lane per actor, and no font that a reader must have."""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.sax.saxutils import escape

from checker.explain.run import Run
from checker.export.lanes import lanes, reached, title
from checker.runs.story import Line

MARK = "<!-- Made by `ffq trace export as svg`. -->"

ROW, LANE, GUTTER, LETTER = 26, 96, 62, 7.3
CHANGES_MAX = 72

_STYLE = """\
text{font:12px monospace;fill:#1f2328}.dim{fill:#656d76}.bad{fill:#b3261e;stroke:#b3261e}
.lane{stroke:#d0d7de}.move{stroke:#1f2328}.dot{fill:#1f2328}.fault{fill:#9a6700}.paper{fill:#fff}
.round{fill:none;stroke:#656d76}text.bad{stroke:none}
@media(prefers-color-scheme:dark){text,.dot{fill:#e6edf3}.dim{fill:#8d96a0}.lane{stroke:#30363d}
.move{stroke:#e6edf3}.bad{fill:#ff7b72;stroke:#ff7b72}.fault{fill:#d29922}.paper{fill:#0d1117}}"""

# What XML 1.0 has no place for, not even escaped.
_NEVER = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def text(run: Run) -> str:
    """Return the picture as the text of a file."""
    known = lanes(run)
    rows = [_changes(run, line) for line in run.lines]
    calls = max((len(line.call) for line in run.lines), default=0)
    broken = run.story.broken
    last = f"{broken.id} {broken.name} is broken"
    first = GUTTER + LANE * len(known)
    width = max(
        first + LETTER * (calls + 3 + max(map(len, rows), default=0)),
        GUTTER + LETTER * len(last),
    )
    height = ROW * (len(run.lines) + 3)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width + 20:.0f}" height="{height}" '
        f'viewBox="0 0 {width + 20:.0f} {height}" role="img">',
        MARK,
        f"<title>{_safe(f'{run.name}: {last}')}</title>",
        f"<desc>{_safe(broken.doc)}</desc>",
        f"<style>{_STYLE}</style>",
        '<rect class="paper" width="100%" height="100%"/>',
    ]
    bottom = ROW * (len(run.lines) + 1) + 8
    for n, name in enumerate(known):
        x = _x(n)
        parts.append(f'<line class="lane" x1="{x}" y1="{ROW}" x2="{x}" y2="{bottom}"/>')
        parts.append(
            f'<text x="{x}" y="{ROW - 8}" text-anchor="middle">{_safe(title(name))}</text>'
        )
    for line, changes in zip(run.lines, rows, strict=True):
        parts += _row(run, line, changes, known, first, first + LETTER * (calls + 2))
    parts += _loop(run)
    parts.append(f'<text class="bad" x="{GUTTER}" y="{bottom + ROW}">{_safe(last)}</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"


def _x(lane: int) -> int:
    return GUTTER + LANE // 2 + LANE * lane


def _row(
    run: Run, line: Line, changes: str, known: list[str], first: int, second: float
) -> Iterator[str]:
    y = ROW * (line.n + 1) - 6
    x, full = _x(known.index(line.actor)), ", ".join(run.told(line))
    said = f"{line.n} {line.actor} {line.call}: {run.steps[line.n - 1].step.action.doc} {full}"
    yield f"<g><title>{_safe(said)}</title>"
    yield f'<text class="dim" x="48" y="{y + 4}" text-anchor="end">{line.n}</text>'
    for other in reached(run, line.n):
        end = _x(known.index(other))
        side = 1 if end > x else -1
        yield f'<line class="move" x1="{x}" y1="{y}" x2="{end}" y2="{y}"/>'
        tip = f"{end},{y} {end - 8 * side},{y - 4} {end - 8 * side},{y + 4}"
        yield f'<polygon class="dot" points="{tip}"/>'
    yield _mark(run, line, x, y)
    yield f'<text x="{first}" y="{y + 4}">{_safe(line.call)}</text>'
    yield f'<text class="dim" x="{second:.0f}" y="{y + 4}">{_safe(changes)}</text></g>'


def _mark(run: Run, line: Line, x: int, y: int) -> str:
    """Return a cross where it breaks, a triangle for a fault, else a dot."""
    if line.n == len(run.lines) and run.story.loop is None:
        cross = f"M{x - 5} {y - 5}L{x + 5} {y + 5}M{x - 5} {y + 5}L{x + 5} {y - 5}"
        return f'<path class="bad" stroke-width="3" d="{cross}"/>'
    if run.is_fault(line.n - 1):
        return f'<polygon class="fault" points="{x},{y - 6} {x - 6},{y + 5} {x + 6},{y + 5}"/>'
    return f'<circle class="dot" cx="{x}" cy="{y}" r="4"/>'


def _loop(run: Run) -> Iterator[str]:
    """Yield a bracket beside the steps that come again and again."""
    if run.story.loop is None:
        return
    if run.story.loop > len(run.lines):
        y = ROW * (len(run.lines) + 2) - 10
        yield f'<text class="dim" x="{GUTTER}" y="{y}">and nothing more, for ever</text>'
        return
    top, bottom = (ROW * (n + 1) - 6 for n in (run.story.loop, len(run.lines)))
    yield f'<path class="round" d="M24 {bottom}H14V{top}H24M20 {top - 4}L24 {top}L20 {top + 4}"/>'


def _changes(run: Run, line: Line) -> str:
    whole = ", ".join(run.told(line)) if line.changes or line.n > run.end else ""
    return whole if len(whole) <= CHANGES_MAX else whole[: CHANGES_MAX - 1] + "…"


def _safe(text: str) -> str:
    return escape(_NEVER.sub("\ufffd", text))
