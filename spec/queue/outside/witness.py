"""The witness: what somebody outside a queue sees of it, and when.

It stands on whatever queue it watches, edits and all, and keeps a notebook of its own. Its actions
are the lines that it writes; all other steps are hidden from it. It adds no guard to a step of the
queue: a step that contradicts the notebook makes the witness `fooled`, and what it has written is
then no account of that run.

A worker looks at the row some time before the first line of its handler is heard of. Its last line
is heard of before it reports to the queue, or never does. An effect is seen as it takes place. A
worker that is stopped takes no step; if the store is on another machine, one that was under way may
still arrive, and so may the last one of a worker that was killed. Left out: what is seen of several
jobs at once.
"""

from collections.abc import Callable

from spec.language import Action, Enum, Spec, exists, ite, require
from spec.queue.cancel import Cancelled
from spec.queue.job import Job, Pc, Reason, Status, Worker
from spec.queue.recovery import Recoverer


class Sight(Enum):
    """What the witness knows of a worker's handler."""

    outside = "the worker is in no handler"
    entered = "the worker has entered, and the witness has not heard of it"
    inside = "the first line of the handler was heard of"
    returned = "the handler has returned"
    raised = "the handler has failed"


class Grip(Enum):
    """Whether a worker can take steps."""

    free = "it runs"
    slipping = "it is stopped or killed, and one request may be under way"
    held = "it takes no step"


ENDS = "the_history_goes_on"
"""The claim that a whole history breaks, so that a run that shows one is found, kept and opened."""

_ELSEWHERE = ("send", "confirm", "notify")
"""What a client does, or hears of, when the store may be away."""
_HANDLER = ("write_first", "write_second", "record", "find_recorded", "lose_reply")
_RECOVERY = ("look", "recover")


def watched(queue: Spec, base: Callable[[str], str] = str) -> Spec:
    """Return the queue with a witness beside it; `base` names the action of the queue that each
    action of an edited one is a way to take.
    """
    spec = Spec("watched", queue, doc=f"{queue.name}, watched from outside.")
    spec.constant("Remote", 0, "whether the store is on another machine than the workers: 0 or 1")
    spec.constant("Apart", 0, "whether recovery goes on without a worker: 0 or 1")
    spec.constant("Exact", 0, "whether a worker enters as it is heard of, not before: 0 or 1")
    spec.world("fooled", None, bool, False, "a step contradicts what the witness has written")
    spec.world("away", None, bool, False, "no request reaches the store")
    spec.world("over", None, bool, False, "the history has ended")
    spec.volatile("sight", Worker, Sight, Sight.outside, "what it knows of the handler")
    spec.world("grip", Worker, Grip, Grip.free, "whether the worker can take steps")
    spec.world("born", Worker, bool, False, "the process has been started")
    spec.world("doomed", Worker, bool, False, "the process has been killed")
    spec.world("pending", Job, bool, False, "its status is being asked for")
    spec.world("got", Job, Status, Status.absent, "the status that was read for the answer")
    spec.world("unwanted", Job, bool, False, "its client has asked for its cancellation")
    for action in queue.actions.values():
        _watch(spec, action, base(action.name))
    _processes(spec)
    _outages(spec)
    halves = [f for f in queue.fields if f.endswith("_half") and queue.fields[f].over is Worker]
    _handlers(spec, halves)
    _questions(spec)
    if "cancel" in spec.actions:
        _cancelling(spec)

    @spec.action()
    def close(s):
        """The witness has written its last line."""
        s.over = True

    @spec.invariant("")
    def the_history_goes_on(s):
        """The witness has more to write: a run that breaks this is a whole history, filled in."""
        return ~s.over

    return spec


# ------------------------------------------------------------------ what fools it
def _fooled(s, unless):
    s.fooled = s.fooled | ~unless


def _slip(s, w):
    """A request that was under way arrives, and no other will."""
    s.grip[w] = ite(s.grip[w] == Grip.slipping, Grip.held, s.grip[w])


def _watch(spec: Spec, action: Action, base: str) -> None:
    """Let a step of the queue be held against the notebook."""
    first = action.params[0].type if action.params else None
    if base == "crash":
        spec.also(action)(_crash)
    elif base == "restart":
        spec.also(action)(_restart)
    elif base == "cancel":
        spec.also(action)(_cancel)
    elif base in _RECOVERY and first is Recoverer:
        spec.also(action)(_recovery if len(action.params) == 1 else _look)
    elif base in _HANDLER:
        spec.also(action)(_handler)
    elif first is Worker and base in _STEPS:
        spec.also(action)(_STEPS[base])
    elif first is Worker and not action.fault:
        spec.also(action)(_claims if len(action.params) == 2 else _step)
    elif first is Job and not action.fault and not base.startswith(_ELSEWHERE):
        spec.also(action)(_request)


def _crash(s, w: Worker):
    """A process dies when the witness says so."""
    _fooled(s, unless=s.doomed[w])


def _restart(s, w: Worker):
    """Another process, of which nothing is known yet."""
    s.grip[w] = Grip.free
    s.doomed[w] = False


def _request(s, j: Job):
    """What a client asks for is done by the store."""
    _fooled(s, unless=~s.away)


def _cancel(s, j: Job):
    """A job is cancelled because its client asks for it."""
    _fooled(s, unless=s.unwanted[j] & ~s.away)


def _up(s, w):
    return s.born[w] & ~s.doomed[w] & (s.pc[w] != Pc.down)


def _somebody(s):
    running = exists(Worker, lambda v: _up(s, v) & (s.grip[v] == Grip.free))
    return (s.Apart == 1) | running


def _recovery(s, r: Recoverer):
    """Where worker processes do the recovery, one has to be alive."""
    _fooled(s, unless=_somebody(s) & ~s.away)


def _look(s, r: Recoverer, j: Job):
    """Where worker processes look for what has expired, one has to be alive."""
    _fooled(s, unless=_somebody(s) & ~s.away)


def _able(s, w):
    return s.born[w] & (s.grip[w] != Grip.held)


def _step(s, w: Worker):
    """A process that is stopped takes no step."""
    _fooled(s, unless=_able(s, w) & ~s.away)
    _slip(s, w)


def _claims(s, w: Worker, j: Job):
    """Only a process that was started claims."""
    _fooled(s, unless=_able(s, w) & ~s.away)
    _slip(s, w)


def _start(s, w: Worker):
    """The worker enters the handler; the witness hears of it later, or at once. It may have the job
    at hand when the store is away.
    """
    _fooled(s, unless=_able(s, w) & ((s.Exact == 0) | (s.grip[w] == Grip.free)))
    _slip(s, w)
    s.sight[w] = Sight.entered


def _handler(s, w: Worker):
    """What a handler does comes between its first line and its last."""
    inside = (s.pc[w] != Pc.running) | (s.sight[w] == Sight.inside)
    _fooled(s, unless=_able(s, w) & inside & ~s.away)
    _slip(s, w)


def _settle_done(s, w: Worker):
    """Success is reported after the last line of the handler."""
    returned = (s.pc[w] != Pc.running) | (s.sight[w] == Sight.returned)
    _fooled(s, unless=_able(s, w) & returned & ~s.away)
    _slip(s, w)


def _settle_failed(s, w: Worker):
    """No failure is reported of a handler that has returned."""
    _fooled(s, unless=_able(s, w) & (s.sight[w] != Sight.returned) & ~s.away)
    _slip(s, w)


_STEPS = {"start": _start, "settle_done": _settle_done, "settle_failed": _settle_failed}


# ------------------------------------------------------------------ what it writes down
def _processes(spec: Spec) -> None:
    """Declare the lines about processes."""

    @spec.action()
    def arrive(s, w: Worker):
        """A worker process is started."""
        require(new=~s.born[w])
        s.born[w] = True

    @spec.action()
    def stop(s, w: Worker):
        """The process is stopped."""
        require(alive=_up(s, w), running=s.grip[w] == Grip.free)
        s.grip[w] = ite(s.Remote == 1, Grip.slipping, Grip.held)

    @spec.action()
    def go_on(s, w: Worker):
        """The process goes on."""
        require(alive=_up(s, w), stopped=s.grip[w] != Grip.free)
        s.grip[w] = Grip.free

    @spec.action()
    def lapse(s, w: Worker):
        """No request of a process that is stopped or killed was under way."""
        require(loose=s.grip[w] == Grip.slipping)
        s.grip[w] = Grip.held

    @spec.action()
    def die(s, w: Worker):
        """The process is killed."""
        require(alive=_up(s, w))
        s.doomed[w] = True
        loose = (s.Remote == 1) & (s.grip[w] != Grip.held)
        s.grip[w] = ite(loose, Grip.slipping, Grip.held)
        s.sight[w] = ite(s.sight[w] == Sight.inside, Sight.outside, s.sight[w])


def _handlers(spec: Spec, halves: list[str]) -> None:
    """Declare the lines about what goes on inside handlers."""

    def whole(s, w):
        """The worker runs, and is not half-way through a step that was taken apart."""
        condition = s.grip[w] == Grip.free
        for half in halves:
            condition = condition & ~getattr(s, half)[w]
        return condition

    @spec.action()
    def begin(s, w: Worker):
        """The first line of the handler."""
        require(entered=s.sight[w] == Sight.entered, free=whole(s, w))
        s.sight[w] = Sight.inside

    @spec.action()
    def touch(s, w: Worker):
        """An effect in another system, which no queue can guard."""
        require(inside=s.sight[w] == Sight.inside, free=whole(s, w))

    @spec.action()
    def returns(s, w: Worker):
        """The last line of a handler that has done its work."""
        require(inside=s.sight[w] == Sight.inside, free=whole(s, w))
        s.sight[w] = Sight.returned

    @spec.action()
    def raises(s, w: Worker):
        """The last line of a handler that has failed."""
        require(inside=s.sight[w] == Sight.inside, free=whole(s, w))
        s.sight[w] = Sight.raised


def _outages(spec: Spec) -> None:
    """Declare the lines about the store as a whole."""

    @spec.action()
    def part(s):
        """From now on no request reaches the store."""
        s.away = True

    @spec.action()
    def rejoin(s):
        """Requests reach the store again."""
        s.away = False


def _questions(spec: Spec) -> None:
    """Declare the lines about what the queue says of a job."""

    @spec.action()
    def read(s, j: Job, v: Status):
        """The queue says what the status is, at once."""
        require(so=s.status[j] == v, there=~s.away)

    @spec.action()
    def inquire(s, j: Job):
        """Somebody asks the queue for the status."""
        s.pending[j] = True

    @spec.action()
    def peek(s, j: Job):
        """The queue reads the status for whoever has asked."""
        require(asked=s.pending[j], there=~s.away)
        s.got[j] = s.status[j]
        s.pending[j] = False

    @spec.action()
    def hear(s, j: Job, v: Status):
        """Whoever has asked is told the status."""
        require(read=~s.pending[j], so=s.got[j] == v)

    @spec.action()
    def hear_why(s, j: Job, v: Reason):
        """The queue says why the job is dead."""
        require(dead=s.status[j] == Status.dead, so=s.reason[j] == v, there=~s.away)


def _cancelling(spec: Spec) -> None:
    """Declare the lines about a client that gives its job up."""

    @spec.action()
    def want_cancel(s, j: Job):
        """The client asks for the cancellation."""
        s.unwanted[j] = True

    @spec.action()
    def hear_cancelled(s, j: Job):
        """The client is told that the job is cancelled."""
        require(so=s.reason[j] == Cancelled)
        s.unwanted[j] = False

    @spec.action()
    def hear_too_late(s, j: Job):
        """The client is told that the job could not be cancelled."""
        s.unwanted[j] = False
