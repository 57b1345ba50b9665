"""Batches: another design, whose guards read more than the row that their step writes.

Tasks begin in a batch that is open, and no more of them run at once than may; a batch is closed
when nothing of it runs. That is how one would write it, and what a database with weak isolation
makes wrong. In this queue no guard is of this kind. Left out: crashes.
"""

from spec.language import Sort, Spec, count, forall, forget, require
from spec.language.scope import Scope

batches = Spec("batches", doc="Another design: a limit that is counted, a batch that is asked.")


class Task(Sort):
    """What runs."""


class Batch(Sort):
    """What a task belongs to, while it runs."""


class Worker(Sort):
    """A process that runs one task at a time."""


batches.constant("Limit", 1, "how many tasks may run at once")

batches.durable("batch", Task, Batch, None, "the batch in which it runs")
batches.durable("known", Batch, bool, False, "it has been announced")
batches.durable("closed", Batch, bool, False, "nothing begins in it any more")
batches.volatile("task", Worker, Task, None, "the task that it runs")


@batches.action()
def announce(s, b: Batch):
    """A batch is announced, for good."""
    require(new=~s.known[b])
    s.known[b] = True


@batches.action()
def begin(s, w: Worker, t: Task, b: Batch):
    """A worker begins a task in a batch that is open, if one more may run."""
    require(
        idle=s.task[w] == None,
        waits=s.batch[t] == None,
        known=s.known[b],
        open=~s.closed[b],
        room=count(Task, lambda o: s.batch[o] != None) < s.Limit,
    )
    s.batch[t] = b
    s.task[w] = t


@batches.action()
def end(s, w: Worker):
    """A task is over."""
    require(runs=s.batch[s.task[w]] != None)
    s.batch[s.task[w]] = None
    forget(w)


@batches.action()
def close(s, b: Batch):
    """A batch in which nothing runs is closed."""
    require(announced=s.known[b], empty=forall(Task, lambda o: s.batch[o] != b))
    s.closed[b] = True


@batches.invariant("BATCH-1")
def no_more_run_than_may(s):
    """No more tasks run at once than may."""
    return count(Task, lambda o: s.batch[o] != None) <= s.Limit


@batches.invariant("BATCH-2")
def nothing_runs_in_a_closed_batch(s, t: Task):
    """What runs is of a batch that is open."""
    return (s.batch[t] != None) >> ~s.closed[s.batch[t]]


@batches.invariant("BATCH-3")
def what_runs_was_announced(s, t: Task):
    """What runs is of a batch that has been announced."""
    return (s.batch[t] != None) >> s.known[s.batch[t]]


@batches.sometimes("BATCH-1")
def all_run_that_may(s):
    """The limit is reached."""
    return count(Task, lambda o: s.batch[o] != None) == s.Limit


@batches.sometimes("BATCH-2")
def a_batch_is_closed(s, b: Batch):
    """A batch can be closed."""
    return s.closed[b]


BATCHES = Scope(
    "batches", batches, {"Task": 2, "Batch": 1, "Worker": 2, "Limit": 1}, "Two tasks of one batch."
)
