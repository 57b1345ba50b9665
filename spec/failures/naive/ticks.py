"""Steps of a scheduler as they are often written: `instead ACTION NAME`."""

from spec.language import require
from spec.queue.job import Job
from spec.queue.outside.ticks import Moment, Scheduler


def see_in_the_moment(s, n: Scheduler, j: Job):
    """A scheduler reckons from its own start when the next moment comes, and serves no other."""
    require(alive=s.alive[n], come=s.moment[j] == Moment.now, unserved=~s.served[j])
    s.tick[n] = j


def see_and_mark(s, n: Scheduler, j: Job):
    """A scheduler marks a tick as served, so that no other one serves it, and then puts its job
    in.
    """
    require(alive=s.alive[n], come=s.moment[j] != Moment.ahead, unserved=~s.served[j])
    s.served[j] = True
    s.tick[n] = j


STEPS = (see_in_the_moment, see_and_mark)
