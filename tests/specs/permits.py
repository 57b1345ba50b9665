"""Permits: of each kind at most so many tasks run at once, counted where one begins."""

from spec.language import Nat, Sort, Spec, count, erase, require
from spec.language.scope import Scope

permits = Spec("permits", doc="Tasks of a kind run while there are permits.")

Limit = permits.constant("Limit", 1, "how many tasks of a kind may run at once")


class Task(Sort):
    """What runs."""


class Kind(Sort):
    """What a task is of."""


permits.durable("kind", Task, Kind, None, "its kind, once it is known")
permits.durable("running", Task, bool, False, "it has a permit")
permits.ghost("most", Kind, Nat(Limit + 1), 0, "how many have run at once, at most")


def running(s, k):
    """How many tasks of the kind run."""
    return count(Task, lambda o: s.running[o] & (s.kind[o] == k))


@permits.action()
def come(s, a: Task, k: Kind):
    """A task comes, of a kind."""
    require(new=s.kind[a] == None)
    s.kind[a] = k


@permits.action()
def begin(s, a: Task, k: Kind):
    """A task takes a permit, if one is left."""
    require(waits=~s.running[a], own=s.kind[a] == k, left=running(s, k) < s.Limit)
    s.most[k] = running(s, k) + 1
    s.running[a] = True


@permits.action()
def hand_over(s, a: Task, b: Task):
    """A task gives its permit to another one of its kind."""
    require(runs=s.running[a], waits=~s.running[b], same=s.kind[a] == s.kind[b])
    s.running[a] = False
    s.running[b] = True


@permits.action()
def end(s, a: Task):
    """A task is over and forgotten."""
    require(runs=s.running[a])
    erase(a)


@permits.invariant("PER-1")
def no_more_run_than_may(s, c: Kind):
    """Of each kind at most so many run as there are permits."""
    return count(Task, lambda i: s.running[i] & (s.kind[i] == c)) <= s.Limit


@permits.step("PER-2")
def permits_are_taken_one_by_one(s, t, k: Kind):
    """No step lets two more run."""
    return running(t, k) <= running(s, k) + 1


@permits.invariant("PER-3")
def who_runs_is_of_a_kind(s, a: Task):
    """A task that runs has a kind."""
    return s.running[a] >> (s.kind[a] != None)


@permits.sometimes("PER-1")
def all_permits_are_taken(s, k: Kind):
    """A task can wait while all permits of its kind are taken."""
    waits = count(Task, lambda o: ~s.running[o] & (s.kind[o] == k)) > 0
    return (running(s, k) == s.Limit) & waits


PERMITS = Scope("permits", permits, {"Task": 3, "Kind": 2, "Limit": 2}, "Three tasks, two kinds.")

crowded = Spec("crowded", permits, doc="Somebody looks at tasks beside a task.")


@crowded.invariant("PER-4")
def no_task_has_more_beside_it_than_may_run(s, a: Task):
    """Of the kind of a task that runs no more run than may."""
    beside = count(Task, lambda o: s.running[o] & (s.kind[o] == s.kind[a]))
    return s.running[a] >> (beside <= s.Limit)
