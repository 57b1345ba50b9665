"""Pausing: nothing of a kind is claimed for a while, because somebody has said so.

Whoever has a job of that kind goes on with it. Left out: why a kind is paused, and by whom.
"""

from spec.language import Spec, require
from spec.queue.deadlines import claims_are_overdue, deadlines
from spec.queue.job import Job, Status, terminal
from spec.queue.lease import claim

pausing = Spec("pausing", deadlines, doc="Kinds are paused and resumed.")

pausing.world("paused", Job, bool, False, "its kind is paused")


# ------------------------------------------------------------------ who pauses
@pausing.action(finite=True)
def pause(s, j: Job):
    """Somebody wants no job of the kind to be begun for now."""
    s.paused[j] = True


@pausing.action(fair="weak")
def resume(s, j: Job):
    """Jobs of the kind may be begun again."""
    s.paused[j] = False


# ------------------------------------------------------------------ a job's life
@pausing.also(claim)
def claim_what_is_not_paused(s, j: Job):
    """A worker leaves jobs alone whose kind is paused."""
    require(unpaused=~s.paused[j])


# ------------------------------------------------------------------ what must hold
@pausing.step("INV-026")
def paused_kinds_are_not_claimed(s, t, j: Job):
    """While its kind is paused, no job is claimed."""
    claimed = (s.status[j] != Status.claimed) & (t.status[j] == Status.claimed)
    return claimed >> ~s.paused[j]


@pausing.step("INV-004")
def a_pause_takes_no_job_away(s, t, j: Job):
    """Pausing and resuming change no job, and take none from whoever has it."""
    changed = s.paused[j] != t.paused[j]
    return changed >> ((s.status[j] == t.status[j]) & (s.token[j] == t.token[j]))


# ------------------------------------------------------------------ why it comes to be
@pausing.stays(by=resume, before=claims_are_overdue)
def kinds_go_on(s, j: Job):
    """A kind that is paused only so often goes on in the end."""
    return ~s.paused[j]


# ------------------------------------------------------------------ what must be reachable
@pausing.sometimes("INV-026")
def a_job_waits_for_a_resume(s, j: Job):
    """A job can wait while its kind is paused."""
    return (s.status[j] == Status.ready) & s.paused[j]


@pausing.sometimes("INV-004")
def a_job_ends_while_its_kind_is_paused(s, j: Job):
    """A job that was claimed before the pause can still end."""
    return terminal(s, j) & s.paused[j] & (s.token[j] > 0)
