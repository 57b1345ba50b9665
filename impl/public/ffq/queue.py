"""The job queue, and the worker that runs its jobs: `from ffq.queue import Queue, Worker`."""

from impl.parts.asking import Enqueued
from impl.parts.outbox import Message
from impl.queue import Queue
from impl.terms.outcomes import OutcomeUnknown, Refused
from impl.terms.requests import BadRequest
from impl.terms.unusable import StoreError
from impl.worker import Worker
from impl.working.attempt import Attempt, LostClaim

__all__ = [
    "Attempt",
    "BadRequest",
    "Enqueued",
    "LostClaim",
    "Message",
    "OutcomeUnknown",
    "Queue",
    "Refused",
    "StoreError",
    "Worker",
]
