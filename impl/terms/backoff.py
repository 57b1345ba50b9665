"""How long a job waits after a failure: longer each time, not all at once, and within a budget.

Jobs that fail together would come back together, and a failure that hits all of them would be
answered with all the load there is.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from impl.terms.requests import BadRequest


@dataclass(frozen=True)
class Backoff:
    """Waits of `first_ms`, doubled with each failure up to `most_ms`, half of it by chance.

    `budget` jobs of a kind may fail in `window_ms`; any more wait a whole window longer, and none
    longer than `most_ms`. The budget makes up for a failure in each `each_ms`.
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

    @property
    def each_ms(self) -> int:
        """How long the budget takes to make up for one failure."""
        return max(1, -(-self.window_ms // self.budget))

    def wait_ms(self, fails: int, lately: int, chance: random.Random) -> int:
        """Return the wait after so many failures of the job; `lately`: failures of its kind for
        which the budget has not made up yet.
        """
        longer = self.window_ms * (lately // self.budget)
        whole = min(self.most_ms, self.first_ms << min(fails - 1, 40))
        if whole + longer > self.most_ms:
            whole, longer = self.most_ms, 0
        return whole // 2 + chance.randrange(whole // 2 + 1) + longer
