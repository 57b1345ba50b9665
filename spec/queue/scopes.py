"""The scopes that are checked: which modules together, and how many of everything.

Two workers and two recoverers are the fewest that can get in each other's way. Two interruptions,
or two failures, are the fewest that let a job be tried again.
"""

from spec.designs.schedule import schedule
from spec.language import Spec
from spec.language.project import Project
from spec.language.scope import Scope
from spec.queue.deadlines import deadlines
from spec.queue.due import due
from spec.queue.hints import hints
from spec.queue.holding.clocks import clocks
from spec.queue.holding.periods import periods
from spec.queue.limits.parking import parking
from spec.queue.limits.unique import rivals
from spec.queue.notices import notices
from spec.queue.operators import operators
from spec.queue.outside.cursor import cursor
from spec.queue.outside.effects import effects
from spec.queue.outside.fleet import fleet
from spec.queue.outside.intents import intents
from spec.queue.outside.producers import producers
from spec.queue.outside.ticks import ticks
from spec.queue.outside.versions import versions
from spec.queue.pace import pace
from spec.queue.pausing import pausing
from spec.queue.recovery import recovery
from spec.queue.reference import reference, whole
from spec.queue.related.coalescing import coalescing
from spec.queue.related.followups import followups
from spec.queue.related.items import items
from spec.queue.related.joins import joins
from spec.queue.related.lanes import lanes
from spec.queue.related.parts import parts
from spec.queue.stores.busy import busy
from spec.queue.stores.keeping import keeping
from spec.queue.stores.space import space
from spec.queue.stores.storage import copies, storage
from spec.queue.wakeups import wakeups

life = Spec(
    "life", notices, deadlines, doc="A job's life: claims, recovery, deadlines and notices."
)
requests = Spec("requests", producers, recovery, doc="Clients, claims and recovery.")
paced = Spec("paced", due, deadlines, doc="Jobs that wait for their time, and end.")
shared = Spec("shared", effects, doc="Claims, recovery and effects in two steps.")


def _scope(
    name: str, spec: Spec, jobs: int, fails: int, interrupts: int, doc: str, **more: int
) -> Scope:
    bounds = {
        "Job": jobs,
        "Worker": 2,
        "Recoverer": 2,
        "MaxFails": fails,
        "MaxInterrupts": interrupts,
        "Histories": 0,
        **more,
    }
    return Scope(name, spec, bounds, doc)


_DEFAULT = (
    _scope("one-job", life, 1, 1, 2, "One job: small enough to decide what must come to be."),
    _scope("life", life, 2, 2, 2, "Two jobs through claims, recovery, deadlines and notices."),
    _scope("requests", requests, 2, 1, 2, "Two jobs whose clients repeat their requests."),
    _scope("effects", shared, 2, 1, 2, "Two jobs that change shared state in two steps."),
    _scope("whole", whole, 1, 2, 2, "One job through all modules."),
)
# What `whole` leaves out, each in a small scope of the same queue.
_APART = (
    _scope("storage", storage, 1, 1, 2, "One job whose store may lose a claim.", Histories=1),
    _scope("copies", copies, 1, 1, 2, "One job whose store is put back from a copy.", Histories=1),
    _scope("keeping", keeping, 1, 1, 2, "One key that is asked for again, and forgotten."),
    _scope("pausing", pausing, 1, 1, 2, "One job whose kind is paused and resumed."),
    _scope("space", space, 2, 1, 2, "Two jobs on two pages.", Disk=1, Pages=2),
    _scope("due", paced, 1, 2, 2, "One job that may wait for its time, and ends."),
    _scope("pace", pace, 1, 2, 2, "One job whose retries share a budget with others."),
    _scope("intents", intents, 1, 2, 2, "One job that follows a change of its client."),
    _scope("cursor", cursor, 1, 1, 2, "One job whose number a relay may pass."),
    _scope("versions", versions, 1, 1, 2, "One job whose input may be withdrawn."),
    _scope("holding", periods, 1, 1, 2, "One job, held by name, over a connection, in time."),
    _scope("clocks", clocks, 1, 1, 2, "One job, held in time, while clocks differ."),
    _scope("busy", busy, 1, 1, 2, "One job while the store, or its row, is locked."),
    _scope("hints", hints, 1, 1, 2, "One job that workers are told of, or not."),
    _scope("wakeups", wakeups, 1, 1, 2, "One job, and workers that sleep."),
    _scope("permits", parking, 2, 2, 2, "Two jobs that need the one permit.", Permit=1),
    _scope("ticks", ticks, 1, 1, 2, "One tick, for which two schedulers look.", Scheduler=2),
    _scope("unique", rivals, 2, 1, 2, "Two jobs about the same.", Subject=1),
    _scope("followups", followups, 1, 1, 2, "One job that another one follows."),
    _scope("joins", joins, 1, 1, 2, "One job that waits for two others."),
    _scope("lanes", lanes, 1, 1, 2, "One job behind another of its lane."),
    _scope("items", items, 1, 1, 2, "One batch of two items."),
    _scope("parts", parts, 1, 1, 2, "One job whose two parts are at work at once."),
    _scope("operators", operators, 1, 1, 2, "One job that is tried anew.", Operator=2, Histories=2),
    _scope("coalescing", coalescing, 1, 1, 2, "One job that takes in values.", Client=2, Changes=2),
    _scope("fleet", fleet, 1, 1, 2, "One job while workers are deployed and rolled back."),
)
# Another design, which the queue is held against.
_DESIGNS = (
    _scope(
        "schedule", schedule, 1, 1, 2, "One job in a list of its own until it is due.", Promoter=2
    ),
)
_DEEP = (
    _scope("life-deep", life, 3, 1, 2, "Three jobs for two workers."),
    _scope("effects-deep", shared, 2, 2, 2, "Two jobs that may fail twice."),
    _scope("whole-deep", whole, 2, 2, 2, "Two jobs through all modules."),
    _scope(
        "reference",
        reference,
        1,
        2,
        2,
        "One job through all that the reference queue holds.",
        Disk=1,
        Pages=2,
        Subject=1,
    ),
)

PROJECT = Project("queue", _DEFAULT + _APART + _DESIGNS, _DEEP)
SCOPES = dict(PROJECT.scopes)
DEFAULT = tuple(scope.name for scope in PROJECT.default)
DEEP = tuple(scope.name for scope in PROJECT.deep)
