"""Steps of workers that sleep, as they are often written: `instead ACTION NAME`."""

from spec.language import require
from spec.queue.job import Pc, Worker


def subscribe_after_the_look(s, w: Worker):
    """A worker that has found nothing subscribes, to sleep until it is told of a job."""
    require(up_and_about=(s.pc[w] == Pc.idle) & ~s.asleep[w])
    s.listens[w] = True


def lose_connection_unawares(s, w: Worker):
    """The connection of a worker breaks, and the worker does not notice."""
    s.listens[w] = False


STEPS = (subscribe_after_the_look, lose_connection_unawares)
