"""Paxos: acceptors agree on one value, although messages are lost and ballots overtake each other.

The same steps as Lamport's module `Paxos`, with the two ballots that its model has: a first and a
second. Messages are never lost once sent, for one that nobody reads is as good as lost. Each is a
field that is written once. The examples of TLA+ publish 25 states for one acceptor and one value.
Left out: more ballots, learners (what is chosen follows from what is accepted), and crashes, since
all an acceptor knows is on its disk.
"""

from ffq import Nat, Scope, Sort, Spec, count, exists, require

paxos = Spec("paxos", doc="One decision, two ballots.")


class Acceptor(Sort):
    """One that promises and accepts; a majority of them decides."""


class Value(Sort):
    """What may be decided."""


majority = paxos.constant("Majority", 1, "how many acceptors decide: any two such sets must meet")

paxos.durable("promised", Acceptor, Nat(2), 0, "it takes part in no ballot before this; 0 is none")
paxos.durable("voted_in", Acceptor, Nat(2), 0, "the ballot of its last vote; 0 is none")
paxos.durable("voted_for", Acceptor, Value, None, "the value of its last vote")
# What was sent.
paxos.durable("first_asked", None, bool, False, "who leads ballot 1 asks for promises")
paxos.durable("second_asked", None, bool, False, "who leads ballot 2 asks for promises")
paxos.durable("first_promise", Acceptor, bool, False, "it promised ballot 1")
paxos.durable("second_promise", Acceptor, bool, False, "it promised ballot 2")
paxos.durable("told", Acceptor, Value, None, "the vote it told with that; none: it had none")
paxos.durable("first_proposal", None, Value, None, "what ballot 1 is to decide")
paxos.durable("second_proposal", None, Value, None, "what ballot 2 is to decide")
paxos.durable("first_vote", Acceptor, Value, None, "it says that it voted in ballot 1")
paxos.durable("second_vote", Acceptor, Value, None, "it says that it voted in ballot 2")


# ------------------------------------------------------------------ the first ballot
@paxos.action()
def ask_first(s):
    """Who leads ballot 1 asks for promises."""
    require(unasked=~s.first_asked)
    s.first_asked = True


@paxos.action()
def promise_first(s, a: Acceptor):
    """An acceptor that has promised no later ballot promises ballot 1."""
    require(asked=s.first_asked, later=s.promised[a] < 1)
    s.promised[a] = 1
    s.first_promise[a] = True


@paxos.action()
def propose_first(s, v: Value):
    """With a majority of promises, ballot 1 proposes any value."""
    require(
        unproposed=s.first_proposal == None,
        promised=count(Acceptor, lambda a: s.first_promise[a]) >= majority,
    )
    s.first_proposal = v


@paxos.action()
def vote_first(s, a: Acceptor):
    """An acceptor votes in ballot 1, unless it has promised a later one."""
    require(
        proposed=s.first_proposal != None,
        promise_kept=s.promised[a] <= 1,
        news=s.first_vote[a] == None,
    )
    s.promised[a] = 1
    s.voted_in[a] = 1
    s.voted_for[a] = s.first_proposal
    s.first_vote[a] = s.first_proposal


# ------------------------------------------------------------------ the second ballot
@paxos.action()
def ask_second(s):
    """Who leads ballot 2 asks for promises."""
    require(unasked=~s.second_asked)
    s.second_asked = True


@paxos.action()
def promise_second(s, a: Acceptor):
    """An acceptor promises ballot 2, and tells how it voted before."""
    require(asked=s.second_asked, later=s.promised[a] < 2)
    s.promised[a] = 2
    s.second_promise[a] = True
    s.told[a] = s.voted_for[a]


@paxos.action()
def propose_second(s, v: Value):
    """With a majority of promises, ballot 2 proposes what they were told, or any value if none."""
    promised = count(Acceptor, lambda a: s.second_promise[a])
    unbound = count(Acceptor, lambda a: s.second_promise[a] & (s.told[a] == None))
    require(
        unproposed=s.second_proposal == None,
        promised=promised >= majority,
        safe=(unbound >= majority) | exists(Acceptor, lambda a: s.told[a] == v),
    )
    s.second_proposal = v


@paxos.action()
def vote_second(s, a: Acceptor):
    """An acceptor votes in ballot 2."""
    require(proposed=s.second_proposal != None, news=s.second_vote[a] == None)
    s.promised[a] = 2
    s.voted_in[a] = 2
    s.voted_for[a] = s.second_proposal
    s.second_vote[a] = s.second_proposal


# ------------------------------------------------------------------ what must hold
def chosen(s, v):
    """Whether a majority voted for the value in one ballot."""
    first = count(Acceptor, lambda a: s.first_vote[a] == v)
    second = count(Acceptor, lambda a: s.second_vote[a] == v)
    return (first >= majority) | (second >= majority)


@paxos.invariant("PX-1")
def one_value_is_chosen(s, v: Value, w: Value):
    """No two values are chosen."""
    return ~((v != w) & chosen(s, v) & chosen(s, w))


@paxos.sometimes("PX-1")
def a_value_is_chosen_in_the_second_ballot(s, v: Value):
    """A value can be chosen after the first ballot came to nothing."""
    chosen_late = count(Acceptor, lambda a: s.second_vote[a] == v) >= majority
    return chosen_late & (s.first_proposal != None) & (s.first_proposal != v)


three_acceptors = Scope("three acceptors", paxos, {"Acceptor": 3, "Value": 2, "Majority": 2})
