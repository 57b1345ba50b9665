"""What a failure mode is: the queue with one protection taken away, and what breaks then."""

from __future__ import annotations

from dataclasses import dataclass

from spec.failures.incidents import Incident, of


@dataclass(frozen=True)
class Loss:
    """A protection taken away: `edits` as `ffq check --without` reads them, the property that is
    broken then, and the smallest scope that shows it.

    `through`: of the runs that break it, those that tell what `doc` says, as `never` and `via` of
    `spec.language.edited.narrowed` name them; all of them if nothing is said.
    """

    edits: tuple[str, ...]
    breaks: str
    scope: str
    doc: str
    through: tuple[str, ...] = ()


@dataclass(frozen=True)
class FailureMode:
    """A way in which a queue without one protection fails; its name claims what happens.

    `elsewhere`: the same protection, missing in other places. `naive`: fixes that look right, with
    what defeats each. `modelled`: which part of the world is fields of the database here, and
    where the real one is tried, if it is; or that it is the world of another design.
    """

    id: str
    name: str
    loss: Loss
    protection: str
    elsewhere: tuple[Loss, ...] = ()
    naive: tuple[Loss, ...] = ()
    modelled: str = ""

    @property
    def doc(self) -> str:
        """What happens, in one sentence."""
        return self.loss.doc

    @property
    def incidents(self) -> tuple[Incident, ...]:
        """Where it happened."""
        return of(self.id)

    @property
    def losses(self) -> tuple[Loss, ...]:
        """The protection taken away here, elsewhere, and by naive fixes."""
        return (self.loss, *self.elsewhere, *self.naive)
