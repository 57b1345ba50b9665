"""Queues of this process without some of their protections."""

from __future__ import annotations

from collections.abc import Sequence

import impl.queue
from impl.derive.reference import design, stepping_as
from spec.failures.edits import Edits


def leave_out(without: Sequence[str]) -> None:
    """Let queues that this process opens have no such guards in their SQL."""
    if without:
        faulty = stepping_as(Edits(without).on(design().scope).spec)
        setattr(impl.queue, "design", lambda: faulty)  # noqa: B010  # mypy knows it as a cached one
