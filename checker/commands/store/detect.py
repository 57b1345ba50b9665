"""`ffq detect`: which failures have left their damage in a queue."""

from __future__ import annotations

import typer

from checker.commands.options import AsJson
from checker.commands.queue.shared import Place


def detect(
    database: Place,
    as_json: AsJson = False,
) -> None:
    """Say which failures of the catalogue have left their damage in a queue, by asking each
    detector; workers go on.

    Exit status: 0 none has, 1 one has, 2 bad usage, or a file that is no queue of this spec.
    """
    from checker.evidence.detection.alarms import alarms, detectors
    from checker.shown import console

    found, asked = alarms(database), len(detectors())
    if as_json:
        console.emit(
            {
                "ok": not found,
                "detectors": asked,
                "alarms": [alarm.as_json() for alarm in found],
            }
        )
    else:
        for alarm in found:
            console.line(f"{alarm}; `ffq failures {alarm.mode.id}` tells more")
        if not found:
            console.line(f"{asked} detectors of the catalogue asked: all silent")
    raise typer.Exit(1 if found else 0)
