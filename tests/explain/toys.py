"""Made-up specs that violate something in each way there is, and small scopes of others."""

from dataclasses import replace

from ffq.textbook.two_phase_commit import commit_protocol

from spec.language import Nat, Sort, Spec, require
from spec.language.edited.edits import without
from spec.language.scope import Scope
from tests.specs.corners import corners
from tests.specs.lamps import STREET
from tests.specs.lease_lock import lease_lock


class Cup(Sort):
    """A cup."""


tea = Spec("tea", doc="A cup that is filled, spilt and mopped: each way to a violation.")
most = tea.constant("Most", 1, "how much a cup holds")
tea.durable("full", Cup, Nat(most), 0, "how full it is")
tea.durable("spilt", Cup, Nat(2), 0, "how often it was spilt")
tea.durable("wet", None, bool, False, "the table is")
tea.durable("asked", Cup, bool, False, "somebody waits for it")


@tea.action()
def ask(s, c: Cup):  # type: ignore[no-untyped-def]  # traced
    """Somebody asks for tea."""
    require(dry=~s.wet)
    s.asked[c] = True


@tea.action(fair="weak")
def pour(s, c: Cup):  # type: ignore[no-untyped-def]  # traced
    """Tea is poured, with nobody looking how full the cup is."""
    require(asked=s.asked[c])
    s.full[c] = s.full[c] + 1


@tea.action(fair="weak")
def serve(s, c: Cup):  # type: ignore[no-untyped-def]  # traced
    """The cup is served."""
    require(asked=s.asked[c], full=s.full[c] >= most)
    s.asked[c] = False
    s.full[c] = 0


@tea.action(fault=True)
def jolt(s, c: Cup):  # type: ignore[no-untyped-def]  # traced
    """Somebody jolts the table."""
    require(some=s.full[c] > 0)
    s.spilt[c] = s.spilt[c] + 1
    s.full[c] = s.full[c] - 1


@tea.action()
def mop(s, c: Cup):  # type: ignore[no-untyped-def]  # traced
    """What was spilt is spread over the table."""
    require(spilt=s.spilt[c] > 0)
    s.wet = True
    s.spilt[c] = s.spilt[c] - 1


@tea.invariant("TEA-1")
def the_table_is_dry(s):  # type: ignore[no-untyped-def]  # traced
    """Nothing gets wet."""
    return ~s.wet


@tea.step("TEA-2")
def nobody_waits_in_vain(s, t, c: Cup):  # type: ignore[no-untyped-def]  # traced
    """A cup loses no tea while somebody waits for it."""
    return s.asked[c] >> (t.full[c] >= s.full[c])


@tea.leads_to("TEA-3")
def who_asks_is_served(s, c: Cup):  # type: ignore[no-untyped-def]  # traced
    """Who asks is served."""
    return s.asked[c], ~s.asked[c]


fuse = Spec("fuse", doc="A fuse that can be pinched out while it is long.")
fuse.durable("lit", None, bool, False, "it burns")
fuse.durable("short", None, bool, False, "too short to be pinched")
fuse.durable("boom", None, bool, False, "it has gone off")


@fuse.action(fault=True)
def light(s):  # type: ignore[no-untyped-def]  # traced
    """A spark lights it."""
    s.lit = True


@fuse.action()
def burn(s):  # type: ignore[no-untyped-def]  # traced
    """It burns down."""
    require(lit=s.lit)
    s.short = True


@fuse.action()
def pinch(s):  # type: ignore[no-untyped-def]  # traced
    """Somebody puts it out."""
    require(long=~s.short)
    s.lit = False


@fuse.action()
def go_off(s):  # type: ignore[no-untyped-def]  # traced
    """It has burnt down."""
    require(lit=s.lit, short=s.short)
    s.boom = True


@fuse.invariant("F-1")
def nothing_goes_off(s):  # type: ignore[no-untyped-def]  # traced
    """All stays quiet."""
    return ~s.boom


@fuse.leads_to("F-2")
def fuses_go_out(s):  # type: ignore[no-untyped-def]  # traced
    """A fuse that burns goes out."""
    return s.lit, ~s.lit


blanket = Spec("blanket", fuse, doc="A fuse that a blanket can smother, a few times.")
times = blanket.constant("Times", 1, "how often")
blanket.durable("smothered", None, Nat(times), 0, "how often it was")


@blanket.action()
def smother(s):  # type: ignore[no-untyped-def]  # traced
    """Somebody throws a blanket over it."""
    require(lit=s.lit, few=s.smothered < times)
    s.lit = False
    s.smothered = s.smothered + 1


RAIN = blanket.edited(
    "rain smothers it",
    actions={**blanket.actions, "smother": replace(blanket.actions["smother"], fault=True)},
)
"""The same, but what puts the fuse out is a fault: that it is cut off is no way to finish."""


pair = Spec("pair", doc="Two numbers that leave their ranges alone or together.")
pair.durable("a", None, Nat(1), 0, "the first")
pair.durable("b", None, Nat(1), 0, "the second")


@pair.action()
def both(s):  # type: ignore[no-untyped-def]  # traced
    """Both grow at once."""
    s.a = s.a + 1
    s.b = s.b + 1


@pair.action(fault=True)
def second(s):  # type: ignore[no-untyped-def]  # traced
    """The second grows alone."""
    s.b = s.b + 1


FUSE = Scope("fuse", fuse, {})
BLANKET = Scope("blanket", blanket, {"Times": 2})
WET = Scope("rain", RAIN, {"Times": 2})
PAIR = Scope("pair", pair, {})
TEA = Scope("tea", tea, {"Cup": 1, "Most": 1})
POT = Scope("pot", tea, {"Cup": 2, "Most": 2})
CORNERS = Scope("corners", corners, {"Ball": 2, "Next": 1, "Limit": 1})
LOCK = Scope("lock", lease_lock, {"Client": 2, "Tokens": 2})
UNFENCED = LOCK.on(without(lease_lock, "write.fenced"))
UNGUARDED = Scope("two", without(commit_protocol, "decide_commit.all_prepared"), {"Manager": 2})
SOLD_LIT = STREET.on(without(STREET.spec, "sell.dark"))
