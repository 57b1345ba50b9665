"""Every loss of the catalogue, and every failure mode, to ask of each."""

import pytest

from checker.evidence import traces
from spec.failures import FAILURES, FailureMode

LOSSES = [(mode, loss) for mode in FAILURES.values() for loss in mode.losses]
NAMES = [traces.file_of(mode, loss).stem for mode, loss in LOSSES]
BOTH = pytest.mark.parametrize(("mode", "loss"), LOSSES, ids=NAMES)
MODES = pytest.mark.parametrize("mode", FAILURES.values(), ids=list(FAILURES))
SOME = ("FM-001", "FM-010", "FM-018")
"""What takes seconds a mode is asked of these each time, and of all in the deep tests."""


def depth(mode: FailureMode) -> list[pytest.MarkDecorator]:
    return [] if mode.id in SOME else [pytest.mark.deep]


SOME_LOSSES = pytest.mark.parametrize(
    ("mode", "loss"),
    [
        pytest.param(m, loss, id=n, marks=depth(m))
        for (m, loss), n in zip(LOSSES, NAMES, strict=True)
    ],
)
SOME_MODES = pytest.mark.parametrize(
    "mode", [pytest.param(m, id=m.id, marks=depth(m)) for m in FAILURES.values()]
)
