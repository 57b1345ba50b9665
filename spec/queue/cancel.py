"""Cancelling: a client wants a job no more, while it waits or while a worker has it.

Nobody tells the worker. Its claim is over as if it had been taken away, so whatever it asks of the
row next is refused, and it lets go. What it had written by then stays written. Left out: the
client's request, which may be lost or come again and then changes nothing.
"""

from spec.language import Spec, forall, ite, require
from spec.queue.job import Job, Pc, Reason, Status, Worker, dies, end_claim, has, leased
from spec.queue.lease import a_live_claim_ends_by_its_holder, only_legal_transitions
from spec.queue.recovery import Recoverer, recovery

cancelling = Spec("cancelling", recovery, doc="Clients cancel jobs, claimed or not.")

Cancelled = cancelling.member(Reason, "cancelled", "its client wants it no more")


@cancelling.action()
def cancel(s, j: Job):
    """The client gives the job up; a claim that this cuts short counts as an interruption."""
    require(open=s.status[j].is_in(Status.ready, Status.claimed))
    s.interrupts[j] = s.interrupts[j] + ite(leased(s, j), 1, 0)
    end_claim(s, j, Status.dead, Cancelled)
    dies(s, j)


# ------------------------------------------------------------------ what must hold
@cancelling.unless(a_live_claim_ends_by_its_holder, only_legal_transitions)
def cancelled(s, t, j: Job):
    """Its client gives the job up, waiting or claimed."""
    open = s.status[j].is_in(Status.ready, Status.claimed)
    return open & (t.status[j] == Status.dead) & (t.reason[j] == Cancelled)


@cancelling.step("INV-013")
def only_clients_cancel(s, t, j: Job):
    """A job is cancelled by its client alone: no worker and no recoverer lets go in that step."""
    cancelled = (s.reason[j] != Cancelled) & (t.reason[j] == Cancelled)
    workers = forall(Worker, lambda w: t.job[w] == s.job[w])
    return cancelled >> (workers & forall(Recoverer, lambda r: t.seen[r] == s.seen[r]))


# ------------------------------------------------------------------ what must be reachable
@cancelling.sometimes("INV-013")
def a_job_is_cancelled_while_it_runs(s, w: Worker):
    """A worker can be inside the handler, under the last claim, when its job is cancelled."""
    running = (s.pc[w] == Pc.running) & has(s, w, s.job[w])
    return running & (s.reason[s.job[w]] == Cancelled)


@cancelling.sometimes("INV-013")
def a_job_is_cancelled_unclaimed(s, j: Job):
    """A job can be cancelled before any worker had it."""
    return (s.reason[j] == Cancelled) & (s.token[j] == 0)
