"""The job queue, and the workers that run its jobs: `from ffq.queue import Queue, Worker`."""

from impl.parts.asking import Enqueued
from impl.parts.outbox import Message
from impl.parts.redriving import Redriven
from impl.pool import Pool
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
    "Pool",
    "Queue",
    "Redriven",
    "Refused",
    "StoreError",
    "Worker",
]
