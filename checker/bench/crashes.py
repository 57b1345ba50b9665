"""How many images the crash laboratory opens."""

from __future__ import annotations

import time
from collections.abc import Iterator

from checker.bench.measure import Figure, median
from checker.crashlab.campaign import Crew
from checker.crashlab.plan import path_tasks

_LENGTH = 4
_CORES = 2


def crashes(times: int) -> Iterator[Figure]:
    """Measure the distinct images of every short path, made, opened and judged on two cores."""

    def rate() -> float:
        with Crew(_CORES) as crew:
            tasks = path_tasks(crew.bench, _LENGTH, 1)
            crew.work("begin", tasks[:_CORES])  # so that the processes are there
            began = time.perf_counter()
            found = crew.work("paths", tasks[_CORES:]).found
            return len(found.images) / (time.perf_counter() - began)

    (images,) = median(times, rate)
    yield Figure("crash images opened and judged, 2 cores", images, "images/s", 1000)
