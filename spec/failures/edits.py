"""What is taken away of a spec, by name: one value that every command, trace and page reads alike.

`Edits.parse(["FM-010", "split claim lease"]).on(scope)` is the scope without it. Edits that make
another step of one come first, naive steps before all, for they replace whatever was there; the
guards and exemptions that are removed come last.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from spec.failures import FAILURES, Loss
from spec.language.declared.model import Spec
from spec.language.edited import edits
from spec.language.misuse import Misuse, near
from spec.language.scope import Scope


class Edits(tuple[str, ...]):
    """Protections taken away, each once; no edits are a spec with every protection in place."""

    __slots__ = ()

    def __new__(cls, texts: Iterable[str] = ()) -> Edits:
        """Put the texts in order; that they can be made is known when they are."""
        found = dict.fromkeys(_plain(text) for text in texts)
        return super().__new__(cls, sorted(found, key=_place))

    @classmethod
    def parse(cls, texts: Iterable[str]) -> Edits:
        """Return what people name: edits, and failure modes, which stand for what they lack.

        Raises `Misuse` for a failure mode that is not there, and for a naive step in place of an
        action that it was not written for: what is found then is no way in which a queue is built.
        """
        found = cls(text for each in texts for text in _named(each))
        for text in found:
            match text.split():
                case ["instead", action, naive]:
                    _refuse_elsewhere(action, naive)
        return found

    @property
    def whole(self) -> Edits:
        """Those that make another step, or another promise, of one."""
        return Edits(text for text in self if " " in text)

    @property
    def guards(self) -> tuple[str, ...]:
        """The guards that are removed, as `action.guard`, and the exemptions: all that a compiled
        scope does without at no cost.
        """
        return tuple(text for text in self if " " not in text)

    @property
    def narrow(self) -> bool:
        """Whether only some of the runs are looked at."""
        return any(text.startswith(("never ", "via ")) for text in self)

    def removed_from(self, action: str) -> frozenset[str]:
        """Return the guards that are removed from an action, by their own names."""
        pairs = (text.partition(".") for text in self.guards)
        return frozenset(guard for name, _, guard in pairs if name == action)

    @property
    def titles(self) -> list[str]:
        """What each is called beside others: a guard has no verb of its own."""
        return [text if " " in text else f"without {text}" for text in self]

    def but(self, text: str, spec: Spec) -> Edits:
        """Return the edits without this one: what it takes away is back, and guards that only its
        naive step has are gone with it.
        """
        return Edits(each for each in self if each != text).able(spec)

    def able(self, spec: Spec) -> Edits:
        """Return those that can be made in a spec, which may have a part of the queue alone."""
        kept = []
        for text in self:
            try:
                spec = _make(spec, text)
            except Misuse:
                continue
            kept.append(text)
        return Edits(kept)

    def made(self, spec: Spec) -> Spec:
        """Return the spec with each edit made; raises `Misuse` for one that cannot be."""
        for text in self:
            spec = _make(spec, text)
        return spec

    def on(self, scope: Scope) -> Scope:
        """Return the scope with each edit made; raises `Misuse` for one that cannot be."""
        return scope.on(self.made(scope.spec)) if self else scope

    def refused(self, spec: Spec) -> Misuse | None:
        """Return why the edits cannot be made in this spec, or None if they can."""
        try:
            self.made(spec)
        except Misuse as misuse:
            return misuse
        return None


def in_words(edit: str) -> str:
    """Return what an edit takes away as one says it."""
    match edit.split():
        case ["instead", action, other]:
            return f"{other} in place of {action}"
        case ["split", action]:
            return f"{action} split in two"
        case ["split", action, field]:
            return f"{action} split in two, {field} later"
        case ["stale", guard]:
            return f"{guard} asked before the write, and not by it"
        case ["weaken", action]:
            return f"{action} not waited for"
        case ["unfair", action]:
            return f"{action} not promised"
        case ["weakly", action]:
            return f"{action} promised only where it stays possible"
        case ["endless", action]:
            return f"{action} again and again, without an end"
        case ["never", action]:
            return f"{action} never taken"
        case ["via", *names]:
            return f"by way of {' '.join(names)}"
        case [*_, guard]:
            return f"without {guard}"
    raise AssertionError("an edit says something")


def told_by(loss: Loss) -> str:
    """Return which of the runs that break a property tell what a loss says, in words after them."""
    return f" with {', '.join(map(in_words, loss.through))}" if loss.through else ""


def _make(spec: Spec, text: str) -> Spec:
    match text.split():
        case ["instead", action, name]:
            return edits.instead(spec, action, _naive(spec, name))
    return edits.find(spec, text)


def _naive(spec: Spec, name: str) -> Callable[..., Any]:
    """Return a naive step: one of the spec itself, or without any one of the queue's."""
    if spec.naive_steps:
        known = spec.naive_steps
    else:
        from spec.failures.naive import NAIVE  # no spec of another system waits for it

        known = NAIVE
    if name not in known:
        raise Misuse(f"there is no naive step '{name}'", near(name, known))
    return known[name]


def _named(text: str) -> tuple[str, ...]:
    """Return the edits that a text stands for."""
    if text in FAILURES:
        return FAILURES[text].loss.edits
    if text.startswith("FM-"):
        raise Misuse(f"there is no failure mode '{text}'", "`ffq failures` lists them")
    return (text,)


def naive_steps() -> dict[str, list[str]]:
    """Return the naive steps that failure modes and designs know, by the action each is a way to
    take.
    """
    from spec.failures.profiles import PROFILES

    lost = [loss.edits for mode in FAILURES.values() for loss in mode.losses]
    lost += [profile.edits for profile in PROFILES.values()]
    found: dict[str, list[str]] = {}
    for words in sorted({tuple(text.split()) for texts in lost for text in texts}):
        if words[0] == "instead":
            found.setdefault(words[1], []).append(words[2])
    return found


def _refuse_elsewhere(action: str, naive: str) -> None:
    known = [name for name, ways in naive_steps().items() if naive in ways]
    if known and action not in known:
        fact = f"'{naive}' is a way to {' or '.join(sorted(known))}, and says nothing of {action}"
        raise Misuse(fact, f"write instead {known[0]} {naive}")


def _plain(text: str) -> str:
    words = text.split()
    return words[1] if len(words) == 2 and words[0] == "without" else " ".join(words)


def _place(text: str) -> int:
    return 0 if text.startswith("instead ") else 1 if " " in text else 2


NONE = Edits()
"""Every protection is in place."""
