"""Items: a job that is a batch, and each of its items ends for itself.

One claim and one worker for several things to do: two of them here. What was made of an item stands
in the row, so that a batch that is tried again goes on with what is left, and nobody takes the end
of the batch for the end of an item. An item that cannot be done is refused, and the others go on.
Left out: how often an item is tried before it is refused.
"""

from spec.language import Enum, Nat, Spec, exists, ite, require
from spec.queue.job import Job, Pc, Reason, Status, Worker, has, holds, leased
from spec.queue.lease import settle_done, settle_failed
from spec.queue.recovery import recovery

items = Spec("items", recovery, doc="A job is a batch, each item of which ends for itself.")


class Item(Enum):
    """What was made of an item of a batch."""

    open = "it is to be done"
    done = "its result is in the store"
    refused = "it cannot be done"


items.durable("item_one", Job, Item, Item.open, "what was made of its first item")
items.durable("item_two", Job, Item, Item.open, "what was made of its second item")
items.ghost("made_one", Job, Nat(2), 0, "how often the first item was done")
items.ghost("made_two", Job, Nat(2), 0, "how often the second item was done")


# ------------------------------------------------------------------ items, one by one
@items.action()
def handle(s, w: Worker, later: bool):
    """The worker does an item, the first or the `later` one, and its result is in the store."""
    j = s.job[w]
    require(
        inside=s.pc[w] == Pc.running,
        own=holds(s, w),
        open=ite(later, s.item_two[j], s.item_one[j]) == Item.open,
    )
    s.item_one[j] = ite(later, s.item_one[j], Item.done)
    s.item_two[j] = ite(later, Item.done, s.item_two[j])
    s.made_one[j] = ite(later, s.made_one[j], s.made_one[j] + 1)
    s.made_two[j] = ite(later, s.made_two[j] + 1, s.made_two[j])


@items.action()
def refuse(s, w: Worker, later: bool):
    """The worker finds that an item cannot be done, and goes on with the others."""
    j = s.job[w]
    require(
        inside=s.pc[w] == Pc.running,
        own=holds(s, w),
        open=ite(later, s.item_two[j], s.item_one[j]) == Item.open,
    )
    s.item_one[j] = ite(later, s.item_one[j], Item.refused)
    s.item_two[j] = ite(later, Item.refused, s.item_two[j])


# ------------------------------------------------------------------ and all together
@items.also(settle_done)
def settle_done_with_every_item(s, w: Worker):
    """A batch is done when nothing of it is open."""
    j = s.job[w]
    require(mentioned=(s.item_one[j] != Item.open) & (s.item_two[j] != Item.open))


@items.also(settle_failed)
def settle_failed_without_any_item(s, w: Worker):
    """A batch has failed when all of it was refused."""
    j = s.job[w]
    require(all_refused=(s.item_one[j] == Item.refused) & (s.item_two[j] == Item.refused))


# ------------------------------------------------------------------ what must hold
@items.invariant("INV-007")
def done_has_no_open_item(s, j: Job):
    """A batch that is done has no item of which nothing is known."""
    return (s.status[j] == Status.done) >> (
        (s.item_one[j] != Item.open) & (s.item_two[j] != Item.open)
    )


@items.invariant("INV-013")
def no_item_fails_for_another(s, j: Job):
    """A batch that is given up for its failures has no item that could have been done."""
    refused = (s.item_one[j] == Item.refused) & (s.item_two[j] == Item.refused)
    return (s.reason[j] == Reason.failures) >> refused


@items.invariant("INV-006")
def an_item_is_done_once(s, j: Job):
    """However often a batch is tried, each of its items is done at most once."""
    return (s.made_one[j] <= 1) & (s.made_two[j] <= 1)


@items.step("INV-010")
def items_end_once(s, t, j: Job):
    """An item that is done or refused stays so."""
    first = (s.item_one[j] != Item.open) >> (t.item_one[j] == s.item_one[j])
    return first & ((s.item_two[j] != Item.open) >> (t.item_two[j] == s.item_two[j]))


@items.step("INV-005")
def items_end_under_their_claim(s, t, j: Job):
    """An item ends only while the worker that holds its batch is inside the handler."""
    ended = (t.item_one[j] != s.item_one[j]) | (t.item_two[j] != s.item_two[j])
    inside = exists(Worker, lambda w: has(s, w, j) & (s.pc[w] == Pc.running))
    return ended >> (leased(s, j) & inside)


# ------------------------------------------------------------------ what the proofs lean on
@items.lemma("INV-006")
def who_was_done_is_marked(s, j: Job):
    """An item that was done is marked so."""
    first = (s.made_one[j] > 0) >> (s.item_one[j] == Item.done)
    return first & ((s.made_two[j] > 0) >> (s.item_two[j] == Item.done))


# ------------------------------------------------------------------ what must be reachable
@items.sometimes("INV-006")
def a_batch_is_tried_again_with_what_is_left(s, j: Job):
    """A batch can be claimed again when one of its items is done and the other is open."""
    return (
        leased(s, j)
        & (s.token[j] > 1)
        & (s.item_one[j] == Item.done)
        & (s.item_two[j] == Item.open)
    )


@items.sometimes("INV-013")
def a_batch_is_done_with_an_item_refused(s, j: Job):
    """A batch can be done although one of its items was refused."""
    return (s.status[j] == Status.done) & (s.item_one[j] == Item.refused)
