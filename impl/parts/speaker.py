"""Says what is to be said, one thing of each topic at a time, each in a thread of its own.

A receiver may hang: then it is left behind after the time of a lease, in its thread, and keeps
neither the other topics nor anybody else.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from impl.derive.reference import MOST
from impl.parts.outbox import Item, Speech
from impl.parts.owner import Owner
from impl.terms.calls import described, one_line

log = logging.getLogger(__name__)

TOO_LONG = "took longer than a lease"
"""What is said of a receiver that has not come back; it may still do what it was asked."""


@dataclass
class _Spoken:
    """What is being said, by whom, and how that ended: an error, in words, or none."""

    item: Item
    speech: Speech
    until: float
    over: bool = False
    error: str | None = None


@dataclass
class Speaker:
    """Speaks for one queue, in one thread; `news` is set when there is something to go on with."""

    queue: Owner
    news: threading.Event = field(default_factory=threading.Event)
    said: int = 0
    _under_way: dict[str, _Spoken] = field(default_factory=dict)
    _now: int = 0

    def say_all(self, speeches: Mapping[str, Speech]) -> int:
        """Say all that waits, each thing once; return how many were said. Raises `StoreError`."""
        before = self.said
        self.begin()
        while self.go_on(speeches):
            self.news.wait(self.queue.lease_ms / 2000)
            self.news.clear()
        return self.said - before

    def begin(self) -> None:
        """From now on take what is due by now; what fails from now on waits for the next time."""
        self._now = self.queue.clock.now()

    def go_on(self, speeches: Mapping[str, Speech]) -> bool:
        """Note what has been said meanwhile, and take the next thing of each topic; return whether
        anything is under way. Raises `StoreError`, and may be called again.
        """
        for topic, spoken in list(self._under_way.items()):
            if spoken.over or time.monotonic() > spoken.until:
                self._note(spoken)
                del self._under_way[topic]
        for topic, speech in speeches.items():
            if topic not in self._under_way and speech.first(self.queue.store.own, self._now):
                self._take(topic, speech)
        return bool(self._under_way)

    def _take(self, topic: str, speech: Speech) -> None:
        until = time.monotonic() + self.queue.lease_ms / 1000
        # If the power takes this back, whoever was told is told again: as after any crash.
        with self.queue.transaction(durable=False) as t:
            rows = speech.first(t.own, self._now)
            later = self.queue.clock.now() + self.queue.lease_ms
            items = [item for row in rows for item in speech.take(t, row, later)]
        for item in items:
            spoken = self._under_way[topic] = _Spoken(item, speech, until)
            name = f"receiver of {topic}"
            threading.Thread(target=self._say, args=(spoken,), name=name, daemon=True).start()

    def _say(self, spoken: _Spoken) -> None:
        try:
            spoken.item.say()
        except BaseException as error:  # whatever it is, it ends no worker
            spoken.error = described(error)
        spoken.over = True
        self.news.set()

    def _note(self, spoken: _Spoken) -> None:
        item, error = spoken.item, spoken.error if spoken.over else TOO_LONG
        with self.queue.transaction() as t:
            if error is None:
                spoken.speech.said(t, item)
            else:
                spoken.speech.failed(t, item, self._due_after(item), error)
        if error is None:
            self.said += 1
        else:
            how = "is given up" if item.tries >= MOST else "was not taken"
            log.warning("%s", one_line(f"{item.what} {how}, at try {item.tries}: {error}"))

    def _due_after(self, item: Item) -> int | None:
        if item.tries >= MOST:
            return None
        line = self.queue.line
        pause = line.backoff.wait_ms(item.tries, 0, line.chance)
        return max(line.clock.now() + pause, self._now + 1)
