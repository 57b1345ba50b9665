"""The lease core: a job's life, and the workers that claim, run and settle it.

Left out here: who puts a claim right after its worker has died (`recovery`), what the handler does
to shared state (`effects`), who asks for jobs (`producers`). There is no clock: a lease may run out
at any moment, which covers every speed a worker can have. A handler need never return: nothing here
is promised about what goes on inside it. Nothing in the store is lost by a crash; a worker's memory
is.
"""

from spec.language import Spec, exists, forget, ite, require
from spec.queue.job import (
    Job,
    Lease,
    Pc,
    Reason,
    Status,
    Worker,
    current,
    fail,
    fenced,
    has,
    holds,
    interrupt,
    jobs,
    leased,
    succeed,
    terminal,
)

lease = Spec(
    "lease", jobs, doc="Jobs are claimed under a lease, run and settled by workers that may crash."
)


# ------------------------------------------------------------------ in the order of a job's life
@lease.action()
def enqueue(s, j: Job):
    """The job is inserted under its key; a request that comes again finds the key taken."""
    require(new_key=s.status[j] == Status.absent)
    s.token[j] = 0
    s.fails[j] = 0
    s.interrupts[j] = 0
    s.status[j] = Status.ready
    s.reason[j] = Reason.none
    s.lease[j] = Lease.none


@lease.action(fair="strong", loose=True)
def claim(s, w: Worker, j: Job):
    """A worker takes a job that is ready: the row, the lease and the token change in one step,
    which waits for no disk.
    """
    require(idle=s.pc[w] == Pc.idle, ready=s.status[j] == Status.ready)
    s.status[j] = Status.claimed
    s.lease[j] = Lease.live
    s.token[j] = s.token[j] + 1
    s.entered[j] = False
    s.pc[w] = Pc.claimed
    s.job[w] = j
    s.held[w] = s.token[j]
    s.held_epoch[w] = s.epoch[j]


@lease.action()
def start(s, w: Worker):
    """The worker enters the handler; it looks at the row again, for it may have waited long."""
    j = s.job[w]
    require(leased=leased(s, j), fenced=fenced(s, w))
    s.pc[w] = Pc.running
    s.entered[j] = True


@lease.action()
def heartbeat(s, w: Worker):
    """The worker renews its lease, even late, as long as nobody has taken the job away."""
    j = s.job[w]
    require(leased=leased(s, j), fenced=fenced(s, w))
    s.lease[j] = Lease.live


@lease.elapse("lease")
def expire(s, j: Job):
    """The lease runs out. Nobody tells the worker: it may still be running."""


@lease.action()
def settle_done(s, w: Worker):
    """The handler has returned and the worker reports success."""
    j = s.job[w]
    require(running=s.pc[w] == Pc.running, leased=leased(s, j), fenced=fenced(s, w))
    succeed(s, j)
    forget(w)


@lease.action()
def settle_failed(s, w: Worker):
    """The handler has failed and the worker reports it."""
    j = s.job[w]
    require(leased=leased(s, j), fenced=fenced(s, w))
    fail(s, j)
    forget(w)


@lease.action()
def settle_released(s, w: Worker):
    """The worker gives the job back unfinished, as when it is told to shut down."""
    j = s.job[w]
    require(leased=leased(s, j), fenced=fenced(s, w))
    interrupt(s, j)
    forget(w)


@lease.action(fair="weak")
def abandon(s, w: Worker):
    """The worker learns that the job is no longer its own and drops it."""
    j = s.job[w]
    require(lost=~(leased(s, j) & fenced(s, w)))
    forget(w)


@lease.action(fault=True)
def crash(s, w: Worker):
    """The worker dies, at any point, and forgets everything."""
    forget(w)
    s.pc[w] = Pc.down


@lease.action(fair="weak")
def restart(s, w: Worker):
    """The worker comes back as a new incarnation that knows of no job."""
    require(down=s.pc[w] == Pc.down)
    s.pc[w] = Pc.idle


# ------------------------------------------------------------------ what must hold
@lease.step("INV-001")
def rows_are_kept(s, t, j: Job):
    """A job that is in the queue stays in it."""
    return (s.status[j] != Status.absent) >> (t.status[j] != Status.absent)


@lease.invariant("INV-002")
def a_claim_is_one_record(s, j: Job):
    """A job is claimed exactly while it has a lease."""
    return (s.status[j] == Status.claimed) == (s.lease[j] != Lease.none)


@lease.invariant("INV-003")
def one_worker_per_token(s, v: Worker, w: Worker):
    """No two workers were given the same token of the same job, in the same history."""
    same = (s.job[v] == s.job[w]) & (s.held[v] == s.held[w]) & (s.held_epoch[v] == s.held_epoch[w])
    return ((s.job[v] != None) & same) >> (v == w)


@lease.step("INV-003")
def each_claim_has_a_new_token(s, t, j: Job):
    """A claim raises the token, and nothing ever lowers it."""
    claimed = (s.status[j] == Status.ready) & (t.status[j] == Status.claimed)
    return (s.token[j] <= t.token[j]) & (claimed >> (s.token[j] < t.token[j]))


@lease.step("INV-003")
def handlers_are_entered_under_a_claim(s, t, w: Worker):
    """A worker enters the handler only while the row names its claim."""
    return ((s.pc[w] != Pc.running) & (t.pc[w] == Pc.running)) >> holds(s, w)


@lease.step("INV-004")
def only_the_holder_settles(s, t, w: Worker):
    """A worker that lets go of a job and changes its row held the claim that the row named."""
    j = s.job[w]
    settled = (j != None) & (t.job[w] == None) & (t.status[j] != s.status[j])
    return settled >> holds(s, w)


@lease.step("INV-004")
def a_live_claim_ends_by_its_holder(s, t, j: Job):
    """While its lease is live, a claim is ended only by the worker that holds it."""
    ended = (s.lease[j] == Lease.live) & (t.status[j] != Status.claimed)
    settled = exists(Worker, lambda w: has(s, w, j) & (t.job[w] == None))
    return ended >> settled


@lease.step("INV-004")
def workers_settle_what_they_hold(s, t, w: Worker):
    """A worker that still holds a claim lets go of it only by settling it, or by dying."""
    let_go = (t.job[w] != s.job[w]) | (t.pc[w] == Pc.idle)
    return (holds(s, w) & let_go & (t.pc[w] != Pc.down)) >> (t.status[s.job[w]] != Status.claimed)


@lease.step("INV-004")
def leases_are_renewed_for_their_holder(s, t, j: Job):
    """An expired lease is made live again only while a worker holds the claim."""
    renewed = (s.lease[j] == Lease.expired) & (t.lease[j] == Lease.live)
    return renewed >> exists(Worker, lambda w: has(s, w, j))


@lease.invariant("INV-006")
def a_job_is_done_once(s, j: Job):
    """However often a job is asked for and claimed, it is done at most once."""
    return s.successes[j] <= 1


@lease.invariant("INV-007")
def done_was_run(s, j: Job):
    """A job that is done was run, under the claim that was settled."""
    return (s.status[j] == Status.done) >> s.entered[j]


@lease.step("INV-010")
def terminal_is_absorbing(s, t, j: Job):
    """A job that is done or dead stays so, for the reason that it had."""
    kept = (t.status[j] == s.status[j]) & (t.reason[j] == s.reason[j])
    return terminal(s, j) >> kept


@lease.step("INV-011")
def only_legal_transitions(s, t, j: Job):
    """A job moves only along the arrows of its life, and comes back to ready only from a claim."""
    before, after = s.status[j], t.status[j]
    arrows = (
        ((before == Status.absent) & (after == Status.ready))
        | ((before == Status.ready) & (after == Status.claimed))
        | ((before == Status.claimed) & after.is_in(Status.ready, Status.done, Status.dead))
    )
    return (before != after) >> arrows


@lease.invariant("INV-012")
def deliveries_are_bounded(s, j: Job):
    """A job is claimed fewer times than both budgets together, and at the end of one it is dead."""
    spent = (s.fails[j] >= s.MaxFails) | (s.interrupts[j] >= s.MaxInterrupts)
    return (s.token[j] < s.MaxFails + s.MaxInterrupts) & (spent >> (s.status[j] == Status.dead))


@lease.step("INV-012")
def counts_only_grow(s, t, j: Job):
    """Failures and interruptions are never forgotten."""
    return (s.fails[j] <= t.fails[j]) & (s.interrupts[j] <= t.interrupts[j])


@lease.invariant("INV-013")
def verdicts_are_just(s, j: Job):
    """A job that is dead of a budget has used it up."""
    return ((s.reason[j] == Reason.failures) >> (s.fails[j] == s.MaxFails)) & (
        (s.reason[j] == Reason.interruptions) >> (s.interrupts[j] == s.MaxInterrupts)
    )


@lease.step("INV-023")
def one_outcome_per_claim(s, t, j: Job):
    """Only an open claim is charged with a failure or an interruption, and the charge closes it."""
    charged = (s.fails[j] < t.fails[j]) | (s.interrupts[j] < t.interrupts[j])
    return charged >> ((s.status[j] == Status.claimed) & (t.status[j] != Status.claimed))


@lease.invariant("INV-025")
def every_claim_has_an_outcome(s, j: Job):
    """Each claim is open, or is counted as done, failed or interrupted: none ends in silence."""
    open_or_done = s.status[j].is_in(Status.claimed, Status.done)
    return s.token[j] == s.fails[j] + s.interrupts[j] + ite(open_or_done, 1, 0)


@lease.invariant("INV-025")
def every_death_has_a_reason(s, j: Job):
    """A job is dead exactly if the row says why."""
    return (s.status[j] == Status.dead) == (s.reason[j] != Reason.none)


# ------------------------------------------------------------------ what the proofs lean on
@lease.lemma("INV-003")
def absent_jobs_are_untouched(s, j: Job):
    """A job that is not in the queue has never been claimed."""
    return (s.status[j] == Status.absent) >> (s.token[j] == 0)


@lease.lemma("INV-003")
def tokens_come_from_the_row(s, w: Worker):
    """A worker was given its token by a claim, and in that history the row has only gone on."""
    j = s.job[w]
    later = current(s, w, j) >> (s.held[w] <= s.token[j])
    return (j != None) >> ((s.held[w] > 0) & (s.held_epoch[w] <= s.epoch[j]) & later)


@lease.lemma("INV-004")
def only_the_busy_have_a_job(s, w: Worker):
    """A worker has a job exactly while it is neither idle nor down."""
    return (s.job[w] == None) == s.pc[w].is_in(Pc.idle, Pc.down)


@lease.lemma("INV-006")
def success_is_remembered(s, j: Job):
    """A job of which a success was accepted is done."""
    return (s.successes[j] > 0) >> (s.status[j] == Status.done)


@lease.lemma("INV-007")
def the_holder_has_entered(s, w: Worker):
    """A worker inside the handler that holds the last claim has entered under it."""
    return ((s.pc[w] == Pc.running) & fenced(s, w)) >> s.entered[s.job[w]]


# ------------------------------------------------------------------ what must be reachable
@lease.sometimes("INV-002")
def a_lease_expires(s, j: Job):
    """A claim can outlive its lease."""
    return (s.status[j] == Status.claimed) & (s.lease[j] == Lease.expired)


@lease.sometimes("INV-003")
def two_workers_run_one_job(s, v: Worker, w: Worker):
    """A worker can still be inside the handler when the next one enters it: the fence is not
    idle.
    """
    both = (s.pc[v] == Pc.running) & (s.pc[w] == Pc.running)
    return both & (s.job[v] == s.job[w]) & (s.held[v] < s.held[w])


@lease.sometimes("INV-007")
def a_job_is_done_by_a_later_claim(s, j: Job):
    """A job whose first claim came to nothing can still be done."""
    return (s.status[j] == Status.done) & (s.token[j] > 1)


@lease.sometimes("INV-013")
def a_job_dies_of_failures(s, j: Job):
    """A job can use up its failures while interruptions are left."""
    return (s.reason[j] == Reason.failures) & (s.interrupts[j] < s.MaxInterrupts)


@lease.sometimes("INV-013")
def a_job_dies_of_interruptions(s, j: Job):
    """A job can use up its interruptions while failures are left."""
    return (s.reason[j] == Reason.interruptions) & (s.fails[j] < s.MaxFails)


@lease.sometimes("INV-012")
def a_job_is_claimed_as_often_as_allowed(s, j: Job):
    """The last delivery that the budgets allow can happen."""
    return s.token[j] + 1 == s.MaxFails + s.MaxInterrupts
