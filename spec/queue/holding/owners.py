"""Owners: what a row says of the process that has the job, besides the token.

The row bears the worker's name, and the store knows whether the connection over which the job was
claimed still stands. Both are for people to look at, and no step is decided by them: a name is worn
again by the next process, and a connection may break while its worker works on.
"""

from spec.language import Spec, require
from spec.queue.job import Job, Pc, Worker, has, leased
from spec.queue.lease import claim
from spec.queue.recovery import recovery

owners = Spec("owners", recovery, doc="The row names its worker, and knows of its connection.")

owners.durable("owner", Job, Worker, None, "the name of the worker that claimed it last")
owners.durable("connected", Job, bool, False, "the connection of that claim still stands")


@owners.also(claim)
def claim_by_name(s, w: Worker, j: Job):
    """The worker writes its name into the row."""
    s.owner[j] = w
    s.connected[j] = True


@owners.action(fault=True)
def disconnect(s, j: Job):
    """The connection breaks, or the store is restarted; the worker may run on."""
    require(claimed=leased(s, j))
    s.connected[j] = False


# ------------------------------------------------------------------ what must hold
@owners.invariant("INV-002")
def claims_bear_a_name(s, j: Job):
    """A job that is claimed bears the name of a worker."""
    return leased(s, j) >> (s.owner[j] != None)


@owners.invariant("INV-003")
def rows_name_their_holder(s, w: Worker, j: Job):
    """A claim that somebody holds bears the name of the holder."""
    return (leased(s, j) & has(s, w, j)) >> (s.owner[j] == w)


@owners.step("INV-004")
def connections_decide_nothing(s, t, j: Job):
    """The connection of a claim may break, and the job stays where it is, under the same claim."""
    broken = s.connected[j] & ~t.connected[j]
    kept = (t.status[j] == s.status[j]) & (t.token[j] == s.token[j]) & (t.lease[j] == s.lease[j])
    return broken >> (leased(s, j) & kept)


# ------------------------------------------------------------------ what must be reachable
@owners.sometimes("INV-003")
def a_name_is_worn_again(s, w: Worker, j: Job):
    """A worker can be up again while a claim of its predecessor bears its name."""
    return leased(s, j) & (s.owner[j] == w) & (s.pc[w] == Pc.idle)


@owners.sometimes("INV-004")
def a_claim_outlives_its_connection(s, w: Worker, j: Job):
    """A worker can be inside the handler, and hold the claim, after its connection broke."""
    return leased(s, j) & has(s, w, j) & (s.pc[w] == Pc.running) & ~s.connected[j]
