"""A small spec for cases to spoil, and what they are refused with.

Each case is a spec file. The line at fault ends in `# here`.
"""

import runpy
from pathlib import Path

import pytest

from spec.language import Misuse

BEGINNING = '''\
from spec.language import Enum, Nat, Sort, Spec, count, erase, exists, forall, forget, ite, require
from spec.language.edited.edits import find, instead, without
from spec.language.edited.split import split
from spec.language.scope import Scope

post = Spec("post")

class Clerk(Sort):
    """Who sorts."""

class Letter(Sort):
    """What is sorted."""

class Stamp(Enum):
    """What is on the letter."""
    missing = "nothing"
    paid = "enough"

limit = post.constant("Limit", 1, "weight of the heaviest letter")
post.durable("stamp", Letter, Stamp, Stamp.missing, "its stamp")
post.durable("sealed", Letter, bool, False, "whether it is sealed")
post.durable("weight", Letter, Nat(limit), 0, "how heavy it is")
post.durable("total", None, Nat(9), 0, "how heavy all are")
post.volatile("hand", Clerk, Letter, None, "the letter in the clerk's hand")

@post.action()
def take(s, c: Clerk, l: Letter):
    """A clerk takes a letter."""
    require(free=s.hand[c] == None, sealed=s.sealed[l])
    s.hand[c] = l
    s.weight[l] = limit

@post.invariant("P-1")
def stamped(s, l: Letter):
    """Sealed letters are stamped."""
    return s.sealed[l] >> (s.stamp[l] == Stamp.paid)
'''

ACTION = '''
@post.action()
def step(s, c: Clerk, l: Letter):
    """A clerk does something."""
    {}
'''

PROPERTY = '''
@post.invariant("P-9")
def claim(s, l: Letter):
    """Something holds."""
    {}
'''

STEP = '''
@post.step("P-9")
def change(s, t, l: Letter):
    """Something stays."""
    {}
'''


def refusal(text: str, folder: Path) -> Misuse:
    """Return how the spec file is refused; the message must name the line that ends in `# here`."""
    file = folder / "post.py"
    file.write_text(BEGINNING + text, encoding="utf-8")
    lines = file.read_text(encoding="utf-8").splitlines()
    (at,) = [n for n, line in enumerate(lines, 1) if line.endswith("# here")]
    with pytest.raises(Misuse) as caught:
        runpy.run_path(str(file))
    message = str(caught.value)
    assert message.startswith(f"{file}:{at}: `{lines[at - 1].strip()}`: "), message
    assert caught.value.fact and caught.value.remedy
    return caught.value


def within(frame: str, *lines: str) -> str:
    return frame.format("\n    ".join(lines))
