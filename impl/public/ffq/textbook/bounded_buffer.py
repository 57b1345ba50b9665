"""A bounded buffer: producers wait while it is full, consumers while it is empty.

After Charpentier's "An example of debugging Java with a model checker" and Kuppe's BlockingQueue.
In `two_conditions` a step wakes one of the other kind. In `one_condition` it wakes anybody who
waits, as `notify` of a Java monitor does: that one can stand still, and does just if there are
more threads than twice the places of the buffer. Left out: what is in the buffer; it is counted.
"""

from ffq import Nat, Scope, Sort, Spec, exists, forall, require

two_conditions = Spec("two conditions", doc="Whoever is woken is of the other kind.")


class Producer(Sort):
    """A thread that puts things in."""


class Consumer(Sort):
    """A thread that takes things out."""


places = two_conditions.constant("Places", 1, "how many things the buffer holds at the most")

two_conditions.durable("filled", None, Nat(places), 0, "how many things are in the buffer")
two_conditions.durable("producer_waits", Producer, bool, False, "it sleeps until it is woken")
two_conditions.durable("consumer_waits", Consumer, bool, False, "it sleeps until it is woken")


@two_conditions.action()
def put(s, p: Producer):
    """A producer puts a thing in, and there is nobody to wake."""
    require(
        awake=~s.producer_waits[p],
        room=s.filled < places,
        no_consumer=~exists(Consumer, lambda c: s.consumer_waits[c]),
    )
    s.filled = s.filled + 1


@two_conditions.action()
def put_and_wake(s, p: Producer, c: Consumer):
    """A producer puts a thing in and wakes a consumer."""
    require(awake=~s.producer_waits[p], room=s.filled < places, asleep=s.consumer_waits[c])
    s.filled = s.filled + 1
    s.consumer_waits[c] = False


@two_conditions.action()
def wait_for_room(s, p: Producer):
    """A producer finds the buffer full and sleeps."""
    require(awake=~s.producer_waits[p], full=s.filled == places)
    s.producer_waits[p] = True


@two_conditions.action()
def take(s, c: Consumer):
    """A consumer takes a thing out, and there is nobody to wake."""
    require(
        awake=~s.consumer_waits[c],
        something=s.filled > 0,
        no_producer=~exists(Producer, lambda p: s.producer_waits[p]),
    )
    s.filled = s.filled - 1


@two_conditions.action()
def take_and_wake(s, c: Consumer, p: Producer):
    """A consumer takes a thing out and wakes a producer."""
    require(awake=~s.consumer_waits[c], something=s.filled > 0, asleep=s.producer_waits[p])
    s.filled = s.filled - 1
    s.producer_waits[p] = False


@two_conditions.action()
def wait_for_a_thing(s, c: Consumer):
    """A consumer finds the buffer empty and sleeps."""
    require(awake=~s.consumer_waits[c], empty=s.filled == 0)
    s.consumer_waits[c] = True


@two_conditions.invariant("BB-1")
def somebody_is_awake(s):
    """Not all threads sleep: nobody would ever wake them."""
    producers = forall(Producer, lambda p: s.producer_waits[p])
    return ~(producers & forall(Consumer, lambda c: s.consumer_waits[c]))


@two_conditions.sometimes("BB-1")
def both_kinds_wait(s, p: Producer, c: Consumer):
    """One of each kind can sleep at once, woken but not yet there to look again."""
    return s.producer_waits[p] & s.consumer_waits[c]


one_condition = Spec("one condition", two_conditions, doc="Whoever is woken may be of its kind.")


@one_condition.also(put)
def put_if_nobody_waits(s, p: Producer):
    """Somebody who waits is always woken."""
    require(no_producer=~exists(Producer, lambda q: s.producer_waits[q]))


@one_condition.also(take)
def take_if_nobody_waits(s, c: Consumer):
    """Somebody who waits is always woken."""
    require(no_consumer=~exists(Consumer, lambda d: s.consumer_waits[d]))


@one_condition.action()
def put_and_wake_a_producer(s, p: Producer, q: Producer):
    """A producer puts a thing in and wakes another producer."""
    require(awake=~s.producer_waits[p], room=s.filled < places, asleep=s.producer_waits[q])
    s.filled = s.filled + 1
    s.producer_waits[q] = False


@one_condition.action()
def take_and_wake_a_consumer(s, c: Consumer, d: Consumer):
    """A consumer takes a thing out and wakes another consumer."""
    require(awake=~s.consumer_waits[c], something=s.filled > 0, asleep=s.consumer_waits[d])
    s.filled = s.filled - 1
    s.consumer_waits[d] = False


buffer = Scope("buffer", two_conditions, {"Producer": 2, "Consumer": 2, "Places": 1})
