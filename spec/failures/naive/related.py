"""Steps between jobs that have to do with each other, as they are often written: `instead ACTION
NAME`.
"""

from spec.language import forget, ite, require
from spec.queue.deadlines import Deadline
from spec.queue.job import Job, Lease, Pc, Reason, Status, Worker, fenced, leased, succeed
from spec.queue.related.joins import Child, fewer
from spec.queue.related.lanes import Ahead


def settle_and_follow_again(s, w: Worker):
    """A job that is done already is done once more, and followed once more: both reports are taken
    for the last word.
    """
    j = s.job[w]
    own = leased(s, j) & fenced(s, w)
    require(running=s.pc[w] == Pc.running, claim=own | (s.status[j] == Status.done))
    succeed(s, j)
    s.followed[j] = True
    s.follow_ups[j] = s.follow_ups[j] + 1
    forget(w)


def start_with_its_follow_up(s, w: Worker):
    """The handler puts the follow-up in itself, before it knows that the job will be done."""
    j = s.job[w]
    require(leased=leased(s, j), fenced=fenced(s, w))
    s.pc[w] = Pc.running
    s.entered[j] = True
    s.followed[j] = True
    s.follow_ups[j] = s.follow_ups[j] + 1


def end_and_tell_if_done(s, j: Job, done: bool):
    """A child that is done tells its parent; one that is given up tells nobody."""
    require(first_end=s.younger[j] == Child.open)
    s.younger[j] = Child.over
    s.left[j] = ite(done, fewer(s, j), s.left[j])


def end_elder_by_the_picture(s, j: Job, both: bool):
    """Whoever ends a child has seen how many are left, and writes what that makes."""
    require(first_end=s.elder[j] == Child.open, picture=(s.left[j] == 2) == both)
    s.elder[j] = Child.over
    s.left[j] = ite(both, 1, 0)


def end_younger_by_the_picture(s, j: Job, both: bool):
    """Whoever ends a child has seen how many are left, and writes what that makes."""
    require(first_end=s.younger[j] == Child.open, picture=(s.left[j] == 2) == both)
    s.younger[j] = Child.over
    s.left[j] = ite(both, 1, 0)


def enqueue_to_wait_for_one(s, j: Job):
    """A parent waits for the children that it has been given so far."""
    require(new_key=s.status[j] == Status.absent)
    s.token[j] = 0
    s.fails[j] = 0
    s.interrupts[j] = 0
    s.status[j] = Status.ready
    s.reason[j] = Reason.none
    s.lease[j] = Lease.none
    s.elder[j] = Child.open
    s.younger[j] = Child.coming
    s.left[j] = 1


def put_in_and_count(s, j: Job):
    """A child is put in, and its parent waits for one more."""
    require(coming=s.younger[j] == Child.coming)
    s.younger[j] = Child.open
    s.left[j] = s.left[j] + 1


def claim_past_a_retry(s, w: Worker, j: Job):
    """A worker takes a job when nobody is at work in its lane, and none before it waits."""
    require(
        idle=s.pc[w] == Pc.idle,
        ready=s.status[j] == Status.ready,
        first=s.ahead[j].is_in(Ahead.over, Ahead.backs_off),
    )
    take(s, w, j)


def claim_at_the_front(s, w: Worker, j: Job):
    """A worker looks at the job that stands first, and at no other."""
    require(
        idle=s.pc[w] == Pc.idle,
        ready=s.status[j] == Status.ready,
        first=s.ahead[j] == Ahead.over,
        front=~s.behind[j],
    )
    take(s, w, j)


def take(s, w, j):
    """What every claim writes."""
    s.status[j] = Status.claimed
    s.lease[j] = Lease.live
    s.token[j] = s.token[j] + 1
    s.entered[j] = False
    s.pc[w] = Pc.claimed
    s.job[w] = j
    s.held[w] = s.token[j]
    s.held_epoch[w] = s.epoch[j]
    s.deadline[j] = Deadline.ahead


STEPS = (
    claim_past_a_retry,
    claim_at_the_front,
    settle_and_follow_again,
    start_with_its_follow_up,
    end_and_tell_if_done,
    end_elder_by_the_picture,
    end_younger_by_the_picture,
    enqueue_to_wait_for_one,
    put_in_and_count,
)
