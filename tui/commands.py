"""The command palette: what can be done here, failure modes, claims, scopes and kept traces."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, cast

from textual.command import DiscoveryHit, Hit, Hits, Provider

from checker.evidence.traces import FOLDER
from spec.failures import FAILURES
from spec.queue import SCOPES
from tui.rows.text import one_line

if TYPE_CHECKING:
    from tui.shared.host import Host

SAVED = Path(".ffq", "traces")
"""Where `ffq check` and the runs save what they find."""

Known = tuple[str, str, Callable[[], object]]


class Everything(Provider):
    """All that can be opened or begun, each as `what: name`."""

    @property
    def explorer(self) -> Host:
        """The application."""
        return cast("Host", self.app)

    async def discover(self) -> Hits:
        """Yield what can be done here, and the places, before anything is typed."""
        for name, about, do in (*self._here(), *self._places()):
            yield DiscoveryHit(name, do, help=about)

    async def search(self, query: str) -> Hits:
        """Yield what matches, the best first."""
        matcher = self.matcher(query)
        async for name, about, do in self._everything():
            score = max(matcher.match(name), 0.5 * matcher.match(about))
            if score > 0:
                yield Hit(score, matcher.highlight(name), do, text=name, help=about)

    async def _everything(self) -> AsyncIterator[Known]:
        ours = () if self.explorer.start.project else (self._modes, self._claims)
        every = (self._here, self._places, *ours, self._scopes, self._traces)
        for known in every:
            for one in known():
                yield one

    def _here(self) -> Iterator[Known]:
        """Yield the actions of the screen that is looked at."""
        from tui.screens.base import Base
        from tui.screens.keys import keys_of

        if not isinstance(self.screen, Base):
            return
        for key in keys_of(self.screen):
            if key.of_screen:
                not_now = f"; not now: {key.why_not}" if key.why_not else ""
                press = partial(self.explorer.simulate_key, key.key)
                yield f"here: {key.does}", f"the key is {key.shown}{not_now}", press

    def _places(self) -> Iterator[Known]:
        from tui.places import PLACES

        for place in PLACES:
            if self.explorer.why_not_place(place.mode) is None:
                go = partial(self.explorer.action_place, place.mode)
                yield f"go to: {place.label}", f"the key is {place.key.upper()}", go

    def _modes(self) -> Iterator[Known]:
        for id, mode in FAILURES.items():
            opens = partial(self.explorer.open_file, str(FOLDER / f"{id}.jsonl"), id)
            yield f"failure mode: {id} {mode.name}", mode.doc, opens

    def _claims(self) -> Iterator[Known]:
        for scope in SCOPES.values():
            for claim in scope.spec.properties.values():
                by = [id for id, mode in FAILURES.items() if mode.loss.breaks == claim.name]
                if claim.kind != "lemma" and by and FAILURES[by[0]].loss.scope == scope.name:
                    opens = partial(self.explorer.open_file, str(FOLDER / f"{by[0]}.jsonl"), by[0])
                    name = f"property: {claim.id} {claim.name}"
                    yield name, f"{claim.doc} Opens {by[0]}, which breaks it.", opens

    def _scopes(self) -> Iterator[Known]:
        from checker.evidence.work import Check

        project = self.explorer.start.project
        for name, scope in self.explorer.scopes.items():
            check = partial(self.explorer.check, Check(name, project=project))
            yield f"check: {name}", scope.doc, check

    def _traces(self) -> Iterator[Known]:
        kept = [] if self.explorer.start.project else sorted(FOLDER.glob("FM-*-*.jsonl"))
        for file in (*sorted(SAVED.glob("*.jsonl")), *kept):
            name = file.stem if file.parent == FOLDER else str(file)
            opens = partial(self.explorer.open_file, str(file), name)
            yield f"trace: {one_line(file.stem)}", str(file.parent.name), opens
