"""Notices: somebody is told of every death, whatever caused it.

The notice is written in the step that buries the job, and delivered later; delivery may be repeated
by a crash that this module does not show, so the reader of notices must expect one twice.
"""

from spec.language import Enum, Spec, require
from spec.queue.job import Job, Status, dies
from spec.queue.recovery import recovery

notices = Spec("notices", recovery, doc="Every death is announced.")


class Notice(Enum):
    """What has been said of a job's death."""

    none = "there is nothing to say"
    due = "it is written down, to be delivered"
    sent = "it has been delivered"


notices.durable("notice", Job, Notice, Notice.none, "what has been said of its death")


@notices.on(dies)
def deaths_are_written_down(s, j: Job):
    """The notice is written in the step that buries the job."""
    s.notice[j] = Notice.due


@notices.action(fair="weak")
def notify(s, j: Job):
    """The notice is delivered."""
    require(due=s.notice[j] == Notice.due)
    s.notice[j] = Notice.sent


# ------------------------------------------------------------------ what must hold
@notices.invariant("INV-025")
def deaths_are_announced(s, j: Job):
    """There is a notice exactly for each job that is dead."""
    return (s.status[j] == Status.dead) == (s.notice[j] != Notice.none)


@notices.step("INV-025")
def a_notice_is_final(s, t, j: Job):
    """A notice stays until it is delivered, and stays delivered."""
    there = (s.notice[j] != Notice.none) >> (t.notice[j] != Notice.none)
    return there & ((s.notice[j] == Notice.sent) >> (t.notice[j] == Notice.sent))


# ------------------------------------------------------------------ what must come to be
@notices.leads_to("LIVE-09")
def death_is_noticed(s, j: Job):
    """Somebody is told of a job that is dead."""
    return s.status[j] == Status.dead, s.notice[j] == Notice.sent


# ------------------------------------------------------------------ why it comes to be
@notices.stays(by=notify)
def deaths_are_told(s, j: Job):
    """A notice that is due is delivered in the end."""
    return (s.status[j] == Status.dead) >> (s.notice[j] == Notice.sent)


# ------------------------------------------------------------------ what must be reachable
@notices.sometimes("INV-025")
def a_recovered_death_is_told(s, j: Job):
    """A death that no worker saw can be delivered."""
    return (s.notice[j] == Notice.sent) & (s.fails[j] == 0)
