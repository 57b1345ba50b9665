"""How long a job waits after a failure: longer each time, not all at once, and within a budget.

Jobs that fail together would come back together, and a failure that hits all of them would be
answered with all the load there is.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from impl.requests import BadRequest


@dataclass(frozen=True)
class Backoff:
    """Waits of `first_ms`, doubled with each failure up to `most_ms`, half of it by chance.

    `budget` retries may be under way in `window_ms`; any more wait a whole window longer.
    """

    first_ms: int = 1_000
    most_ms: int = 3_600_000
    budget: int = 100
    window_ms: int = 60_000

    def __post_init__(self) -> None:
        """Raise `BadRequest` where there is nothing to wait for."""
        for name, least in (("first_ms", 0), ("most_ms", 0), ("budget", 1), ("window_ms", 0)):
            if getattr(self, name) < least:
                raise BadRequest(f"{name}: is {getattr(self, name)}; choose at least {least}")

    def wait_ms(self, fails: int, lately: int, chance: random.Random) -> int:
        """Return the wait after this many failures of the job, with so many of all jobs lately."""
        whole = min(self.most_ms, self.first_ms << min(fails - 1, 40))
        paced = whole // 2 + chance.randrange(whole // 2 + 1)
        return paced + self.window_ms * (lately // self.budget)
