"""Repairs of jobs that operators have tried anew, and of kinds that they have paused."""

from spec.language import ite, require
from spec.queue.job import Job, Reason, Status, ends


def read_what_is_shown(s, j: Job):
    """Workers read of a kind what is shown of it."""
    require(apart=s.read_paused[j] != s.shown_paused[j])
    s.read_paused[j] = s.shown_paused[j]


def forget_what_was_before(s, j: Job):
    """A job is interrupted as often as its claims since the retry say, and goes on if it died of
    those before.
    """
    ended = s.token[j] - ite(s.status[j].is_in(Status.claimed, Status.done), 1, 0)
    unjust = s.reason[j] == Reason.interruptions
    require(too_many=ended < s.fails[j] + s.interrupts[j], known=s.fails[j] <= ended)
    s.interrupts[j] = ended - s.fails[j]
    s.status[j] = ite(unjust, Status.ready, s.status[j])
    s.reason[j] = ite(unjust, Reason.none, s.reason[j])
    s.listed[j] = s.listed[j] & ~unjust
    ends(s, j, True, when=unjust)
