"""Nodes take a lock in turn, and the one that has it writes."""

from ffq import Nat, Sort, Spec, require

leader = Spec("leader", doc="Nodes take a lock in turn, and write.")


class Node(Sort):
    """A process that wants to lead."""


terms = leader.constant("Terms", 1, "how often the lock is taken at the most")
Term = Nat(terms)

leader.durable("holder", None, Node, None, "who has the lock, as the store knows it")
leader.durable("term", None, Term, 0, "how often the lock was taken")
leader.durable("written", None, Term, 0, "the term of the last write")
leader.volatile("leads", Node, bool, False, "the node believes that it leads")
leader.volatile("mine", Node, Term, 0, "the term in which it does")


@leader.action(fair="weak")
def acquire(s, n: Node):
    """A node takes the free lock: a new term begins."""
    require(free=s.holder == None, idle=~s.leads[n], terms_left=s.term < terms)
    s.holder = n
    s.term = s.term + 1
    s.leads[n] = True
    s.mine[n] = s.term


@leader.action()
def write(s, n: Node):
    """A node that believes it leads writes."""
    require(leads=s.leads[n])
    s.written = s.mine[n]


@leader.action(fair="weak")
def release(s, n: Node):
    """A node gives the lock back."""
    require(leads=s.leads[n], holds=s.holder == n)
    s.holder = None
    s.leads[n] = False


@leader.step("INV-1")
def writes_go_forward(s, t):
    """No write of an older term comes over one of a newer term."""
    return t.written >= s.written


@leader.sometimes("INV-1")
def two_terms_write(s):
    """There are writes of a second term."""
    return s.written == 2


@leader.leads_to("LIVE-1")
def the_lock_becomes_free(s):
    """Whoever has the lock, it is free again in the end."""
    return s.holder != None, s.holder == None
