"""Keeping: what is deleted, what is given up, and how long a key is remembered.

A key is taken for as long as its row is there, so deleting the row makes room for the same request
once more. The deployed workers know some kinds of jobs and not others, and that may change. There
is no clock: a row grows old at some moment, and the horizon promises that by then its client asks
no more.

Left out: claims and leases. A job is run, or fails, in one step.
"""

from spec.language import Nat, Spec, erase, require
from spec.queue.job import Job, Status, jobs, terminal

keeping = Spec("keeping", jobs, doc="Rows grow old and are deleted; workers do not know all kinds.")

keeping.durable("old", Job, bool, False, "its row is older than the horizon")
keeping.volatile("content", Job, bool, False, "its client will not ask for it again")
keeping.volatile("known", Job, bool, False, "the workers that are deployed know its kind")
keeping.ghost("runs", Job, Nat(2), 0, "how often it was done")


# ------------------------------------------------------------------ who asks, who is deployed
@keeping.action()
def ask(s, j: Job):
    """The client asks for the job, or asks again, and it is inserted unless its key is taken."""
    require(asking=~s.content[j], key_is_free=s.status[j] == Status.absent)
    s.status[j] = Status.ready
    s.fails[j] = 0
    s.old[j] = False


@keeping.action()
def be_content(s, j: Job):
    """The client has its answer, or has given up: it asks no more."""
    s.content[j] = True


@keeping.action()
def deploy(s, j: Job):
    """Workers are deployed that know the kind."""
    s.known[j] = True


@keeping.action(fault=True)
def roll_back(s, j: Job):
    """Workers are deployed that do not know the kind, or not yet."""
    s.known[j] = False


# ------------------------------------------------------------------ a job's life
@keeping.action()
def run(s, j: Job):
    """A worker runs the job, with its effect."""
    require(waits=s.status[j] == Status.ready, known=s.known[j])
    s.status[j] = Status.done
    s.runs[j] = s.runs[j] + 1


@keeping.action()
def fail_once(s, j: Job):
    """A worker runs the job, and its handler fails."""
    require(waits=s.status[j] == Status.ready, known=s.known[j], left=s.fails[j] < s.MaxFails)
    s.fails[j] = s.fails[j] + 1


@keeping.action()
def give_up(s, j: Job):
    """A job that has used up its attempts is dead; how long it has waited does not matter."""
    require(waits=s.status[j] == Status.ready, spent=s.fails[j] == s.MaxFails)
    s.status[j] = Status.dead


# ------------------------------------------------------------------ forgetting
@keeping.action(fault=True)
def grow_old(s, j: Job):
    """The row becomes older than the horizon, which is longer than any client goes on asking."""
    require(outlives=s.content[j])
    s.old[j] = True


@keeping.action()
def prune(s, j: Job):
    """The row of a job that is over is deleted, and with it the key."""
    require(over=terminal(s, j), old=s.old[j])
    erase(j)


# ------------------------------------------------------------------ what must hold
@keeping.step("INV-001")
def unfinished_jobs_are_kept(s, t, j: Job):
    """A job that waits stays in the queue until it is over."""
    return (s.status[j] == Status.ready) >> (t.status[j] != Status.absent)


@keeping.step("INV-001")
def jobs_come_from_clients(s, t, j: Job):
    """A job comes into the queue only while its client may ask for it."""
    return ((s.status[j] == Status.absent) & (t.status[j] != Status.absent)) >> ~s.content[j]


@keeping.invariant("INV-006")
def a_key_is_run_once(s, j: Job):
    """However often a client asks with the same key, the job is done at most once."""
    return s.runs[j] <= 1


@keeping.step("INV-010")
def ends_last_until_they_are_forgotten(s, t, j: Job):
    """A job that is over stays so until its row is deleted."""
    return terminal(s, j) >> ((t.status[j] == s.status[j]) | (t.status[j] == Status.absent))


@keeping.invariant("INV-012")
def failures_are_bounded(s, j: Job):
    """No more failures are counted than the budget allows."""
    return s.fails[j] <= s.MaxFails


@keeping.step("INV-022")
def only_what_is_over_is_forgotten(s, t, j: Job):
    """A row is deleted only if its job is over and older than the horizon."""
    gone = (s.status[j] != Status.absent) & (t.status[j] == Status.absent)
    return gone >> (terminal(s, j) & s.old[j])


@keeping.step("INV-022")
def a_key_outlives_its_requests(s, t, j: Job):
    """A key is forgotten only when no request that bears it can come any more."""
    gone = (s.status[j] != Status.absent) & (t.status[j] == Status.absent)
    return gone >> s.content[j]


@keeping.invariant("INV-022")
def nothing_is_given_up_untried(s, j: Job):
    """A job is dead only if its attempts are used up: age alone gives up nothing."""
    return (s.status[j] == Status.dead) >> (s.fails[j] == s.MaxFails)


@keeping.step("INV-025")
def verdicts_are_of_those_who_know(s, t, j: Job):
    """A job is done, or charged with a failure, while it waits, by a worker that knows its kind."""
    done = (s.status[j] != Status.done) & (t.status[j] == Status.done)
    charged = s.fails[j] < t.fails[j]
    return (done | charged) >> (s.known[j] & (s.status[j] == Status.ready))


# ------------------------------------------------------------------ what the proofs lean on
@keeping.lemma("INV-022")
def what_is_old_is_asked_for_no_more(s, j: Job):
    """The client of a row that is older than the horizon asks no more."""
    return s.old[j] >> s.content[j]


@keeping.lemma("INV-006")
def a_run_is_remembered(s, j: Job):
    """A job that was done has its row, or nobody asks for it."""
    over = (s.status[j] == Status.done) | ((s.status[j] == Status.absent) & s.content[j])
    return (s.runs[j] > 0) >> over


# ------------------------------------------------------------------ what must be reachable
@keeping.sometimes("INV-022")
def a_job_is_done_and_forgotten(s, j: Job):
    """A job can be done and its row be gone."""
    return (s.runs[j] == 1) & (s.status[j] == Status.absent)


@keeping.sometimes("INV-025")
def a_job_waits_for_a_deployment(s, j: Job):
    """A job can wait, and be old, while nobody knows its kind."""
    return (s.status[j] == Status.ready) & s.old[j] & ~s.known[j]
