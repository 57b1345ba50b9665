"""A lock with leases and fencing tokens, after Kleppmann's "How to do distributed locking".

A client takes the lock with a token larger than all before it and works. It may pause for longer
than its lease lasts, so that another takes the lock, and write when it wakes up: it cannot know.
The storage can: it accepts no token older than the newest it has seen. Left out: clocks (a lease
may expire at any time) and reading what is stored.
"""

from spec.language import Nat, Sort, Spec, forget, ite, require

lease_lock = Spec("lease lock", doc="One lock, one storage; pauses are steps that do not come.")


class Client(Sort):
    """A process that writes to the storage while it believes that it has the lock."""


tokens = lease_lock.constant("Tokens", 1, "how many tokens are handed out at the most")
Token = Nat(tokens)

lease_lock.durable("holder", None, Client, None, "who has the lease, as the lock service knows it")
lease_lock.durable("last_token", None, Token, 0, "the token handed out last; 0 is none")
lease_lock.durable("written", None, Token, 0, "the token of the last write that was accepted")
lease_lock.volatile("works", Client, bool, False, "it believes that it has the lock")
lease_lock.volatile("token", Client, Token, 0, "the token it was given")
lease_lock.ghost("newest", None, Token, 0, "the newest token that ever wrote")


# ------------------------------------------------------------------ the lock
@lease_lock.action(fair="weak")
def acquire(s, c: Client):
    """A client takes the free lock and gets a token larger than all before it."""
    require(free=s.holder == None, tokens_left=s.last_token < tokens)
    s.holder = c
    s.last_token += 1
    s.token[c] = s.last_token
    s.works[c] = True


@lease_lock.action(fair="weak")
def expire(s):
    """The lease runs out. Nobody tells the client: it may be paused."""
    require(held=s.holder != None)
    s.holder = None


# ------------------------------------------------------------------ the storage
@lease_lock.action(fair="weak")
def write(s, c: Client):
    """A client that believes it has the lock writes, and is done."""
    require(works=s.works[c], fenced=s.token[c] >= s.written)
    s.written = s.token[c]
    s.newest = ite(s.token[c] > s.newest, s.token[c], s.newest)
    s.works[c] = False


@lease_lock.action(fair="weak")
def give_up(s, c: Client):
    """The storage refuses an old token, and the client stops."""
    require(works=s.works[c], refused=s.token[c] < s.written)
    s.works[c] = False


@lease_lock.action(finite=True)
def crash(s, c: Client):
    """A client loses its memory; the lock service does not notice."""
    require(works=s.works[c])
    forget(c)


# ------------------------------------------------------------------ what must hold
@lease_lock.invariant("LL-1")
def the_newest_write_stays(s):
    """What is stored was written under the newest token that ever wrote."""
    return s.written == s.newest


@lease_lock.invariant("LL-2")
def tokens_are_not_shared(s, c: Client, d: Client):
    """No two working clients have the same token."""
    return ((c != d) & s.works[c] & s.works[d]) >> (s.token[c] != s.token[d])


@lease_lock.invariant("LL-3")
def the_holder_has_the_last_token(s):
    """A client that has the lock and works has the token handed out last."""
    return s.works[s.holder] >> (s.token[s.holder] == s.last_token)


@lease_lock.step("LL-4")
def the_storage_goes_forward(s, t):
    """The storage never goes back to an older token."""
    return t.written >= s.written


@lease_lock.step("LL-5")
def leases_are_respected(s, t):
    """A lease ends by running out; nobody takes the lock before."""
    return (s.holder != None) >> (t.holder == None)


# ------------------------------------------------------------------ what must come to be
@lease_lock.leads_to("LL-6")
def work_ends(s, c: Client):
    """A client does not work for ever: it writes, gives up or crashes."""
    return s.works[c], ~s.works[c]


# ------------------------------------------------------------------ what must be reachable
@lease_lock.sometimes("LL-1")
def an_old_token_comes_late(s, c: Client):
    """A client can still work although a newer token has written."""
    return s.works[c] & (s.token[c] < s.written)


@lease_lock.sometimes("LL-2")
def two_clients_work(s, c: Client, d: Client):
    """Two clients can believe at once that they have the lock."""
    return (c != d) & s.works[c] & s.works[d]


@lease_lock.sometimes("LL-3")
def the_holder_works(s, c: Client):
    """A client can work while it has the lock."""
    return s.works[c] & (s.holder == c)
