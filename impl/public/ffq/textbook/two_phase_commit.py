"""Two-phase commit, as in Lamport's "Consensus on Transaction Commit" (the module TwoPhase).

A transaction manager asks resource managers to prepare, and decides. Messages are never lost once
sent: they are fields that only grow. Known counts: 288 states for 3 resource managers, 8,832 for 5.
"""

from ffq import Enum, Scope, Sort, Spec, forall, require

commit_protocol = Spec("two-phase commit", doc="One transaction, one manager, no crashes.")


class Manager(Sort):
    """A resource manager."""


class Phase(Enum):
    """How far a resource manager is."""

    working = "has not decided"
    prepared = "has promised to follow the transaction manager"
    committed = "has committed"
    aborted = "has aborted"


class Decision(Enum):
    """What the transaction manager has decided."""

    init = "nothing yet"
    committed = "to commit"
    aborted = "to abort"


commit_protocol.durable("phase", Manager, Phase, Phase.working, "how far the manager is")
commit_protocol.durable("decision", None, Decision, Decision.init, "the decision")
commit_protocol.durable("heard", Manager, bool, False, "the transaction manager knows it prepared")
commit_protocol.durable("prepared_sent", Manager, bool, False, "its message 'prepared' is out")
commit_protocol.durable("commit_sent", None, bool, False, "the message 'commit' is out")
commit_protocol.durable("abort_sent", None, bool, False, "the message 'abort' is out")


@commit_protocol.action()
def hear_prepared(s, m: Manager):
    """The transaction manager receives 'prepared' from a resource manager."""
    require(undecided=s.decision == Decision.init, sent=s.prepared_sent[m])
    s.heard[m] = True


@commit_protocol.action()
def decide_commit(s):
    """The transaction manager commits once everybody has prepared."""
    require(
        undecided=s.decision == Decision.init, all_prepared=forall(Manager, lambda m: s.heard[m])
    )
    s.decision = Decision.committed
    s.commit_sent = True


@commit_protocol.action()
def decide_abort(s):
    """The transaction manager may abort at any time before it commits."""
    require(undecided=s.decision == Decision.init)
    s.decision = Decision.aborted
    s.abort_sent = True


@commit_protocol.action()
def prepare(s, m: Manager):
    """A resource manager prepares and says so."""
    require(working=s.phase[m] == Phase.working)
    s.phase[m] = Phase.prepared
    s.prepared_sent[m] = True


@commit_protocol.action()
def choose_abort(s, m: Manager):
    """A resource manager that has not prepared aborts by itself."""
    require(working=s.phase[m] == Phase.working)
    s.phase[m] = Phase.aborted


@commit_protocol.action()
def obey_commit(s, m: Manager):
    """A resource manager is told to commit."""
    require(told=s.commit_sent)
    s.phase[m] = Phase.committed


@commit_protocol.action()
def obey_abort(s, m: Manager):
    """A resource manager is told to abort."""
    require(told=s.abort_sent)
    s.phase[m] = Phase.aborted


@commit_protocol.invariant("TC-1")
def all_agree(s, m: Manager, n: Manager):
    """No resource manager aborts while another commits."""
    return ~((s.phase[m] == Phase.aborted) & (s.phase[n] == Phase.committed))


@commit_protocol.sometimes("TC-1")
def all_commit(s):
    """The transaction can be committed everywhere."""
    return forall(Manager, lambda m: s.phase[m] == Phase.committed)


three_managers = Scope("three managers", commit_protocol, {"Manager": 3})
