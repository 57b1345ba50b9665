"""Where the run of a violation is saved, unless a user names another place."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from checker.runs.verdict import Judged
    from checker.verdicts.check import Result

FOLDER = Path(".ffq", "traces")


def file_name(result: Result, judged: Judged) -> str:
    """Return scope, property and edits as a name: `core-one_holder-without-settle.fenced.jsonl`."""
    words = "-".join([result.base.name, judged.name, *result.edits.titles])
    # File systems allow 255 bytes; a long list of edits is cut.
    return re.sub(r"[^A-Za-z0-9_.]+", "-", words)[:150] + ".jsonl"
