"""Balls in boxes: the corners of the language in a few actions, with names that TLA+ reserves."""

from spec.language import Enum, Nat, Sort, Spec, exists, forall, forget, ite, require

corners = Spec(
    "corners", doc="It describes nothing; an exporter must get it right (*nevertheless*)."
)


class Ball(Sort):
    """A ball."""


class Next(Sort):
    """A box, under a name that a TLA+ module has for itself."""


class Colour(Enum):
    """What a ball looks like."""

    red = "as painted last"
    blue = "as made"
    ELSE = "neither"


limit = corners.constant("Limit", 1, "how many marks a ball may have")

corners.durable("inside", Ball, Next, None, "the box the ball is in")
corners.durable("vars", Next, bool, True, "whether the box is open")
corners.durable(
    "b", Ball, Nat(limit + 1), limit, "marks of the ball, which has the name of a parameter"
)
corners.volatile("IF", Ball, Colour, Colour.blue, "its colour, lost when it falls")
corners.durable("größe", None, Nat(2), 0, "how large everything is")
corners.ghost("top", None, Ball, None, "the ball moved last")


@corners.action(fair="weak")
def put(s, b: Ball, job: Next):
    """A ball that is nowhere goes into an open box."""
    require(nowhere=s.inside[b] == None, open=s.vars[job])
    s.inside[b] = job
    s.top = b


@corners.action(fair="strong")
def WF_paint(s, b: Ball, colour: Colour, lid: bool):
    """A ball in an open box is painted, and the lid of its box set."""
    require(
        open=s.vars[s.inside[b]],
        other=s.IF[b] != colour,
        quiet=forall(Ball, lambda x: s.vars[s.inside[x]] | (s.b[x] >= limit) | (x == b)),
    )
    s.IF[b] = colour
    s.vars[s.inside[b]] = lid


@corners.action()
def swap(s, b: Ball, c: Ball):
    """Two balls swap their marks, and the first loses one to the room."""
    require(marked=s.b[b] + 1 - s.b[c] > 0, different=b != c)
    s.b[b], s.b[c] = s.b[c], s.b[b]
    s.b[b] = ite(s.b[b] > 0, s.b[b] - 1, s.b[b])
    s.größe = ite((s.größe < 2) & (s.b[b] == 0), s.größe + 1, 2 - s.größe)


@corners.action(finite=True, fault=True)
def fall(s, b: Ball):
    """A ball falls out of its box, and another open one is shut."""
    require(inside=s.inside[b] != None, large=s.größe > 0)
    s.inside[b] = None
    forget(b)


@corners.invariant("C-1")
def TypeOK(s, b: Ball):
    """A ball that has no box has no place where it could be shut in."""
    return (s.inside[b] == None) >> s.vars[s.inside[b]]


@corners.invariant("C-2")
def the_last_one_counts(s):
    """The ball moved last has a number of marks, even when there is none."""
    return (s.b[s.top] <= limit + 1) & ((s.top == None) | (s.b[s.top] - 1 <= limit))


@corners.step("C-3")
def boxes_open_when_painted(s, t, j: Next):
    """A box that is shut never opens."""
    return ~s.vars[j] >> ~t.vars[j]


@corners.step("C-4")
def marks_are_few(s, t):
    """Where a ball's marks change, some ball has few."""
    return exists(Ball, lambda x: t.b[x] <= limit) & (t.größe <= 2)


@corners.step("C-5")
def the_box_of_the_last_one(s, t):
    """When the box of the ball moved last changes, its ball exists."""
    return (t.vars[s.inside[s.top]] == False) >> (s.top != None)


@corners.sometimes("C-1")
def a_box_is_shut(s, j: Next):
    """A box can be shut with a ball in it."""
    return ~s.vars[j] & exists(Ball, lambda x: s.inside[x] == j)


@corners.leads_to("C-6")
def balls_find_a_box(s, b: Ball):
    """A ball outside comes to be inside, or no box is open."""
    return s.inside[b] == None, (s.inside[b] != None) | forall(Next, lambda n: ~s.vars[n])
