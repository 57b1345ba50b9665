"""The catalogue of failure modes: each is the queue with one protection taken away.

`handing_out`, `holding`, `settling`, `recovering` and `working` hold them, in the order of a job's
life, `storing` and `keeping` those of the store and of what it keeps, `limiting` those of how much
there may be at once, `scheduling` those of schedules, `handing_on` those around insertions that are
not committed, `relating` those between jobs that have to do with each other, `batching` those of
several items under one claim, `operating` those of people who act from a screen, and `deploying`
those of versions side by side; `incidents` says where each happened; `naive` holds steps as they
are often written, and `repairs` what mends a row. `guards` says which guard of the spec belongs to
which failure mode, and why the others belong to none.
"""

from spec.failures.failure import FailureMode, Loss
from spec.failures.modes import (
    batching,
    deploying,
    handing_on,
    handing_out,
    holding,
    keeping,
    limiting,
    operating,
    recovering,
    relating,
    scheduling,
    settling,
    storing,
    working,
)

_MODES = (
    *handing_out.MODES,
    *holding.MODES,
    *settling.MODES,
    *recovering.MODES,
    *working.MODES,
    *storing.MODES,
    *keeping.MODES,
    *limiting.MODES,
    *scheduling.MODES,
    *handing_on.MODES,
    *relating.MODES,
    *batching.MODES,
    *operating.MODES,
    *deploying.MODES,
)

FAILURES = {mode.id: mode for mode in sorted(_MODES, key=lambda mode: mode.id)}

__all__ = ["FAILURES", "FailureMode", "Loss"]
