"""Joins: a job waits for two others, its children, and is claimed when both are over.

How the children stand and how many of them the parent waits for are written by one step, for all
of them are in the same store; so the row of the parent has them here. The elder is put in together
with the parent. The younger comes later, as children do that are made one by one; the parent waits
for it from the beginning. A child is over however it ended: done, dead or cancelled. Left out: the
life of a child, which is a job like any other, and what the parent makes of how they ended.
"""

from spec.language import Enum, Nat, Spec, ite, require
from spec.queue.job import Job, Status, Worker
from spec.queue.lease import claim, enqueue
from spec.queue.recovery import recovery

joins = Spec("joins", recovery, doc="A job waits for its children, and is claimed after them.")


class Child(Enum):
    """How a child of a job stands."""

    none = "there is none"
    coming = "it is to be put in"
    open = "it waits, or is at work"
    over = "it is done, dead or cancelled"


joins.durable("elder", Job, Child, Child.none, "how its first child stands")
joins.durable("younger", Job, Child, Child.none, "how its second child stands")
joins.durable("left", Job, Nat(2), 0, "how many children it waits for")


def unfinished(child):
    """The child is there and not over, or is still to come."""
    return child.is_in(Child.coming, Child.open)


def children_left(s, j):
    """How many children of the job are not over."""
    return ite(unfinished(s.elder[j]), 1, 0) + ite(unfinished(s.younger[j]), 1, 0)


def fewer(s, j):
    """One child fewer; nobody counts below nothing."""
    return ite(s.left[j] > 0, s.left[j] - 1, 0)


# ------------------------------------------------------------------ children come, and end
@joins.also(enqueue)
def enqueue_to_wait_for_both(s, j: Job):
    """A parent is put in with its first child, and waits for the second as well."""
    s.elder[j] = Child.open
    s.younger[j] = Child.coming
    s.left[j] = 2


@joins.action(fair="weak")
def put_in_younger(s, j: Job):
    """The second child is put in, by whoever comes next if it must be."""
    require(coming=s.younger[j] == Child.coming)
    s.younger[j] = Child.open


@joins.action(fair="weak")
def end_elder(s, j: Job):
    """The first child is over, however it ended, and its parent waits for one fewer."""
    require(first_end=s.elder[j] == Child.open)
    s.elder[j] = Child.over
    s.left[j] = fewer(s, j)


@joins.action(fair="weak")
def end_younger(s, j: Job):
    """The second child is over, however it ended, and its parent waits for one fewer."""
    require(first_end=s.younger[j] == Child.open)
    s.younger[j] = Child.over
    s.left[j] = fewer(s, j)


@joins.also(claim)
def claim_after_the_children(s, w: Worker, j: Job):
    """A parent is claimed when it waits for no child."""
    require(complete=s.left[j] == 0)


# ------------------------------------------------------------------ what must hold
@joins.invariant("INV-018")
def parents_wait_for_their_children(s, j: Job):
    """A parent is at work, or done, only when all of its children are over."""
    begun = s.status[j].is_in(Status.claimed, Status.done)
    return begun >> ((s.elder[j] == Child.over) & (s.younger[j] == Child.over))


@joins.invariant("INV-018")
def parents_count_their_children(s, j: Job):
    """A parent waits for as many children as are not over, each of them once."""
    return s.left[j] == children_left(s, j)


# ------------------------------------------------------------------ what the proofs lean on
@joins.lemma("INV-018")
def parents_have_children(s, j: Job):
    """A job that is in the queue has both of its children, of which the first never is to come."""
    both = (s.elder[j] != Child.none) & (s.younger[j] != Child.none)
    return (s.elder[j] != Child.coming) & ((s.status[j] != Status.absent) >> both)


# ------------------------------------------------------------------ what must come to be
@joins.leads_to("LIVE-04")
def parents_are_resumed(s, j: Job):
    """A parent waits no more in the end, however its children end."""
    return s.left[j] > 0, s.left[j] == 0


# ------------------------------------------------------------------ why it comes to be
@joins.settles
def way_of_the_family(s, j: Job):
    """Children come once and end once."""
    to_come = ite(s.younger[j] == Child.coming, 1, 0)
    return ite(s.status[j] == Status.absent, 4, s.left[j] + to_come)


@joins.stays(by=put_in_younger)
def children_are_there(s, j: Job):
    """A child that is to come is put in."""
    return s.younger[j] != Child.coming


@joins.stays(by=end_elder)
def the_elder_is_over(s, j: Job):
    """The first child ends, as every job does."""
    return s.elder[j] != Child.open


@joins.stays(by=end_younger)
def the_younger_is_over(s, j: Job):
    """The second child ends, as every job does."""
    return s.younger[j] != Child.open


# ------------------------------------------------------------------ what must be reachable
@joins.sometimes("INV-018")
def the_elder_ends_before_the_younger_is_there(s, j: Job):
    """The first child can be over before the second is put in."""
    return (s.elder[j] == Child.over) & (s.younger[j] == Child.coming)


@joins.sometimes("INV-018")
def a_parent_is_done(s, j: Job):
    """A parent can be done, after all of its children."""
    return (s.status[j] == Status.done) & (s.younger[j] == Child.over)
