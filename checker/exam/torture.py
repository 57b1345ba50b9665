"""A schedule that nobody has thought of: gates opened and faults done in an order drawn by lot.

The number of the try is the seed, so each can be put again. There are few faults, fewer than make a
job dead, so that the judge need not count them; and few workers, of which it need not know much.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import partial

from checker.exam.director import Director, Worker
from checker.exam.subject import FEW
from checker.exam.witness import GONE, Point

_MOVES, _ALIVE, _WORKERS = 14, 2, 3
"""How many moves there are, and how many workers: at once, and in all."""
_AGAIN = "again-"
"""How the questions begin that ask for a job again: who cannot be asked them is not asked here."""


def torture(d: Director) -> None:
    """Put a schedule drawn by lot."""
    _Torture(d).put()


class _Torture:
    def __init__(self, d: Director) -> None:
        self.d, self.rng = d, random.Random(f"{d.variant.title} {d.number}")
        self.faults = FEW - 1
        self.stopped: list[Worker] = []
        self.opened: set[int] = set()
        self.asked_again = d.variant.why_not(_AGAIN) is not None

    def put(self) -> None:
        """Do the moves, and let everybody go on."""
        self.d.begun()
        for _ in range(_MOVES):
            self.rng.choice(self._moves())()
        for worker in self.stopped:
            self.d.go_on(worker)
        self.d.finish()

    def _moves(self) -> list[Callable[[], object]]:
        """Return what can be done now."""
        d = self.d
        moves: list[Callable[[], object]] = [self._wait]
        alive = [w for w in d.workers if w.session.alive]
        for worker in self.stopped:
            moves.append(partial(self._go_on, worker))
        for point in self._standing():
            worker = d.named(point.process)
            if worker in self.stopped:
                continue
            moves += [partial(self._open, point, "ok")] * 3
            if self.faults and point.at == "end":
                moves.append(partial(self._fault, self._open, point, "error"))
            if self.faults:
                # Only who stands at a gate: of others a line may be on its way to the witness.
                for fault in (self._stop, d.kill, self._tell):
                    moves.append(partial(self._fault, fault, worker))
        if len(alive) < _ALIVE and len(d.workers) < _WORKERS:
            moves.append(d.worker)
        if not self.asked_again:
            moves.append(self._ask)
        return moves

    def _standing(self) -> list[Point]:
        """Return where handlers of the job stand, at gates that are shut."""
        last = {p.entry: p for p in self.d.witness.points if p.job == self.d.JOB}
        shut = [p for p in last.values() if p.number not in self.opened]
        return [p for p in shut if p.at not in ("left", GONE)]

    # ---------------------------------------------------------------- moves
    def _fault(self, fault: Callable[..., object], *given: object) -> None:
        self.faults -= 1
        fault(*given)

    def _open(self, point: Point, how: str) -> None:
        """Open a gate, and wait until that handler is heard of again, or is slow to be."""
        self.opened.add(point.number)
        self.d.witness.open(point, how)
        self.d.witness.wait(1.0, lambda p: p.entry == point.entry and p.number > point.number)

    def _wait(self) -> None:
        """Wait until another attempt begins, for as long as a lease may last."""
        self.d.starts(self.d.variant.lease + 1, since=self.d.witness.now)

    def _stop(self, worker: Worker) -> None:
        self.d.stop(worker)
        self.stopped.append(worker)

    def _tell(self, worker: Worker) -> None:
        worker.session.tell()

    def _go_on(self, worker: Worker) -> None:
        self.stopped.remove(worker)
        self.d.go_on(worker)

    def _ask(self) -> None:
        self.asked_again = True
        self.d.ask()
