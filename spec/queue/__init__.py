"""The queue, in modules that scopes combine.

Read `lease` first (a job's life), then `recovery` (what happens when a worker dies), `effects`
(shared state changed half-way), `producers` (who asks), `deadlines` (who hangs), `notices` (who is
told) and `cancel` (who asks no more); `due` says when a job may be taken; `owners`, `periods` and
`clocks` look closer at how a claim is held, `busy` at a store that is locked, `storage` at one that
loses what was not waited for or is put back, `deliveries` at effects elsewhere, `intents` at what a
job follows, `versions` at what it is made of; `keeping` says how long it is remembered, and `space`
whether there is room. `reference` is all that the reference queue holds. `scopes` says which of
them are checked together and how large.
"""

from typing import Any

from spec.queue.scopes import DEEP, DEFAULT, PROJECT, SCOPES

__all__ = ["DEEP", "DEFAULT", "PROJECT", "SCOPES", "TRACED"]


def __getattr__(name: str) -> Any:
    """Return `TRACED`, the scopes of `watched` among them, which most have no use for."""
    if name == "TRACED":
        from spec.queue.watched import TRACED

        return TRACED
    raise AttributeError(name)
