"""Steps of a store and of those who use it as they are often written: `instead ACTION NAME`."""

from spec.language import forget, require
from spec.queue.job import Job, Status, Worker


def acknowledge_what_is_written(s, j: Job):
    """The sender is told that the job is stored as soon as it is written."""
    require(written=s.status[j] != Status.absent)
    s.told[j] = True


def release_what_is_written(s, j: Job):
    """The sender gives up its copy as soon as the job is written elsewhere."""
    require(written=s.status[j] != Status.absent)
    s.released[j] = True


def hear_what_is_written(s, w: Worker):
    """The worker is told that the job is done as soon as that is written."""
    j = s.job[w]
    require(written=s.status[j] == Status.done)
    s.told_done[j] = True
    forget(w)


def come_back_as_if_nothing_had_been(s, j: Job):
    """What was not synced is gone, and the store goes on in the same history."""
    s.status[j] = s.kept_status[j]
    s.token[j] = s.kept_token[j]


def restore_in_the_same_history(s, j: Job):
    """The copy takes the place of the store, which goes on in the same history."""
    require(copied=s.saved_status[j] != Status.absent)
    s.status[j] = s.saved_status[j]
    s.token[j] = s.saved_token[j]
    s.kept_status[j] = s.saved_status[j]
    s.kept_token[j] = s.saved_token[j]
    s.told_done[j] = False


STEPS = (
    acknowledge_what_is_written,
    release_what_is_written,
    hear_what_is_written,
    come_back_as_if_nothing_had_been,
    restore_in_the_same_history,
)
